/* ntkit reproduce figure2: the loss at the plateau where training stops over d^2 and N, and the
 * line N = c d^2 between its two phases. */
#include "cli/reproduce/reproduce_time.h"

#include "cli/draw/figure.h"
#include "cli/reproduce/reproduce.h"
#include "cli/shell/command.h"
#include "cli/shell/report.h"
#include "cli/study/study_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The authors' setting (their public scripts; the paper's Section 4). */
static const char spec[] =
    "# Figure 2 of Bombari, Amani, Mondelli (2022): the loss after training over d^2 and N\n"
    "name: figure2\n"
    "quantity: [plateau_loss, final_loss, smallest_loss]\n"
    "network:\n"
    "  widths: [d, d, d]     # four layers, d = n_1 = n_2 = n_3\n"
    "  activation: relu\n"
    "  init: paper           # N(0, 1/n_{l-1}), last layer N(0, 1)\n"
    "data:\n"
    "  source: gaussian\n"
    "train:\n"
    "  optimizer: adam       # betas 0.9 and 0.999, epsilon 1e-8; on all samples at once\n"
    "  lr: 1/(10*sqrt(N))\n"
    "  loss: mean            # 1/N sum_i (f(x_i) - y_i)^2\n"
    "  labels: gaussian\n"
    "  epochs: 10000         # at most\n"
    "  plateau: 100          # stop when 100 losses sum to more than the 100 before them\n"
    "  precision: float\n"
    "grid:\n"
    "  N: [400:2800:400, 3600:12000:400]  # 3200 is not in the authors' list\n"
    "  d: floor(sqrt(500*i)) for i in 1:30\n"
    "trials: 10\n"
    "seed: 1\n";

static const char *const quick[] = {
    "grid.N=200:1600:200",
    "grid.d=floor(sqrt(250*i)) for i in 1:10",
    "trials=3",
};
static const char *const small[] = {
    "grid.N=400:4800:400",
    "grid.d=floor(sqrt(500*i)) for i in 1:12",
    "trials=5",
};
/* Both phases are seen at these sizes too; c is not the paper's. */
static const char *const tiny[] = {
    "grid.N=10,20,40,80,160",
    "grid.d=4:12:2",
    "trials=2",
    "train.epochs=3000",
};
static const reproduction_preset presets[] = {
    {"tiny", sizeof tiny / sizeof tiny[0], tiny},
    {"quick", sizeof quick / sizeof quick[0], quick},
    {"small", sizeof small / sizeof small[0], small},
    {"paper", 0, NULL},
};

/* Where the boundary lies in the paper's figure, read off it: near d^2 = 12000 at N = 9600. */
static const double PAPER_CONSTANT = 0.8;

static const ntk_map_options over_plane = {
    .quantity = "plateau_loss", .x = "d^2", .y = "N", .log = true, .seed = 1};

/* ---- What the database says ------------------------------------------------------------------ */

typedef struct result {
  ntk_map map;
  ntk_boundary boundary; /* constant NaN: there is none */
  ntk_boundary onset;    /* the same at the level ONSET */
  ntk_boundary last;     /* at the first level, of the loss that each trial had at its end */
  ntk_boundary smallest; /* and of the smallest that it had */
} result;

/* The loss that training cannot get under where the network is far too small is about 2. */
static const double ONSET = 0.03;

/* The boundary at a level, 0: half way; one that is not there is no failure, nor a level. */
static ntk_status fit(const ntk_study_table *table, const char *quantity, double level,
                      ntk_boundary *boundary) {
  ntk_map_options options = over_plane;
  options.quantity = quantity;
  *boundary = (ntk_boundary){.constant = NAN, .level = NAN};
  if (isnan(level))
    return NTK_OK;
  const ntk_status status = ntk_study_boundary(table, &options, level, boundary);
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

static exit_status read_result(const char *database, result *r) {
  ntk_study_table table;
  ntk_map map = {0};
  ntk_status status = ntk_study_table_read(database, &table);
  if (status != NTK_OK)
    return report_library(status, NULL);
  status = ntk_study_map(&table, &over_plane, &map);
  if (status == NTK_OK)
    status = fit(&table, over_plane.quantity, 0.0, &r->boundary);
  if (status == NTK_OK)
    status = fit(&table, over_plane.quantity, ONSET, &r->onset);
  if (status == NTK_OK)
    status = fit(&table, "final_loss", r->boundary.level, &r->last);
  if (status == NTK_OK)
    status = fit(&table, "smallest_loss", r->boundary.level, &r->smallest);
  ntk_study_table_clear(&table);
  if (status != NTK_OK) {
    ntk_map_clear(&map);
    return report_library(status, NULL);
  }
  r->map = map;
  return EXIT_DONE;
}

/* ---- The figure ------------------------------------------------------------------------------ */

static exit_status draw_result(const result *r, const char *database, const char *base) {
  figure_cell *cell = NULL;
  char label[FIGURE_LABEL];
  double largest = 0.0;
  for (size_t i = 0; i < r->map.cells; i++)
    largest = fmax(largest, r->map.cell[i].x);
  largest *= 1.1; /* past the last cells: gnuplot cuts it off at their edge */
  const figure_point line[] = {{0.0, 0.0, NAN, NAN},
                               {largest, r->boundary.constant * largest, NAN, NAN}};
  const figure_curve curve = {.label = label, .points = 2, .point = line};
  snprintf(label, sizeof label, "N = %.2f d^{2}", r->boundary.constant);
  figure f = {.base = base,
              .input = database,
              .about = "figure2: geometric mean of the loss at the plateau over x = d^2 and y = N; "
                       "then the line between the phases",
              .x = {"d^{2}", false},
              .y = {"N", false},
              .value = {"loss at the plateau (geometric mean)", true},
              .curve = &curve};
  if (!isnan(r->boundary.constant))
    f.curves = 1;
  exit_status status = study_map_cells(&r->map, &cell, &f.cells);
  if (status == EXIT_DONE && f.cells == 0)
    status = report_error(EXIT_FAILED, "%s: no trial has a loss to show", database);
  f.cell = cell;
  if (status == EXIT_DONE)
    status = figure_draw(&f);
  free(cell);
  return status;
}

static exit_status draw(const reproduce_settings *settings, char *database, char *base) {
  (void)settings;
  result r = {0};
  exit_status status = read_result(database, &r);
  if (status != EXIT_DONE)
    return status;
  status = draw_result(&r, database, base);
  ntk_map_clear(&r.map);
  return status;
}

/* ---- The table ------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median and largest of the cells' standard deviations; NaN where no cell has two trials. */
static void spread(const ntk_map *map, double *median, double *largest) {
  *median = *largest = NAN;
  double *sorted = calloc(map->cells, sizeof *sorted);
  size_t count = 0;
  for (size_t i = 0; i < map->cells && sorted != NULL; i++)
    if (!isnan(map->cell[i].deviation))
      sorted[count++] = map->cell[i].deviation;
  if (count > 0) {
    qsort(sorted, count, sizeof *sorted, by_size);
    *median = sorted[count / 2];
    *largest = sorted[count - 1];
  }
  free(sorted);
}

static void write_boundary(const ntk_boundary *b, const char *level, FILE *out) {
  if (isnan(b->constant))
    fprintf(out, "  %-10s no d has losses on both sides of it\n", level);
  else
    fprintf(out, "  %-10s %6.3f   %6.3f .. %-6.3f %4zu of %-4zu %8.0f %%\n", level, b->constant,
            b->low, b->high, b->crossed, b->columns, 100.0 * b->scatter);
}

static const char explanation[] =
    "\n"
    "The loss at the plateau is the authors': twice the mean over the 100 epochs before the\n"
    "100 whose sum rose, which stopped the training. The first loss is half way, in log10,\n"
    "between the smallest and the largest mean of the map: the line that is drawn. The second\n"
    "is where the loss begins to fall; the network has 3 d^2 + d parameters. At each d, N* is\n"
    "where the mean of log10 loss crosses that loss, linear between the cells, and c = sum\n"
    "d^2 N* / sum d^4: least squares through the origin. Interval: 2000 resamples of the\n"
    "trials of each cell. Scatter: of N* / (c d^2) over the d. The last two rows take of each\n"
    "trial the loss at its end and its smallest instead, at the first row's loss.\n";

static void write_table(const void *what, FILE *out) {
  const result *r = what;
  double median = 0.0, largest = 0.0;
  size_t trials = 0, missing = 0, zero = 0;
  char level[32];
  spread(&r->map, &median, &largest);
  for (size_t i = 0; i < r->map.cells; i++) {
    trials += r->map.cell[i].count;
    missing += r->map.cell[i].missing;
    zero += r->map.cell[i].left_out;
  }
  fprintf(out, "The boundary N = c d^2 between the two phases of the loss at the plateau\n\n");
  fprintf(out, "  %-10s %6s   %-16s %s %10s\n", "loss", "c", "95 % interval", "d that cross",
          "scatter");
  snprintf(level, sizeof level, "%.2g", r->boundary.level);
  write_boundary(&r->boundary, isnan(r->boundary.constant) ? "half way" : level, out);
  snprintf(level, sizeof level, "%.2g", ONSET);
  write_boundary(&r->onset, level, out);
  write_boundary(&r->last, "at the end", out);
  write_boundary(&r->smallest, "smallest", out);
  fputs(explanation, out);
  fprintf(out, "The paper's figure has its boundary near d^2 = 12000 at N = 9600: c = %.1f.\n\n",
          PAPER_CONSTANT);
  fprintf(
      out,
      "%zu cells, %zu trials; standard deviation of log10 loss over the trials of a cell: median "
      "%.2g, largest %.2g\n",
      r->map.cells, trials, median, largest);
  if (missing + zero > 0)
    fprintf(out,
            "left out: %zu trials without a loss (failed, or diverged), %zu with a loss of 0\n",
            missing, zero);
}

static exit_status tabulate(const char *database, const char *base) {
  result r = {0};
  exit_status status = read_result(database, &r);
  if (status != EXIT_DONE)
    return status;
  status = reproduce_save(base, ".txt", write_table, &r);
  write_table(&r, stdout);
  ntk_map_clear(&r.map);
  return status;
}

exit_status command_reproduce_figure2(const void *given) {
  const reproduce_settings *settings = given;
  static const reproduction figure2 = {.name = "figure2",
                                       .spec = spec,
                                       .presets = sizeof presets / sizeof presets[0],
                                       .preset = presets,
                                       .announce = reproduce_time,
                                       .draw = draw,
                                       .tabulate = tabulate};
  return reproduce(settings, &figure2);
}
