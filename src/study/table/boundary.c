/* A line y = c x between two phases of a map: small values below it, large ones above.
 *
 * In the column of cells at one x let m(y) be the mean of the trials (of their log10, with
 * options.log), linear between cells. The column's crossing is
 *
 *     y*(x) = y_first + |{y : m(y) < level}|,
 *
 * which is where m crosses the level when it does so once, and takes the average of what a noisy
 * column has to say when it does so more often. Least squares through the origin gives
 *
 *     c = sum x y* / sum x^2
 *
 * over the columns that begin below the level and end above it: of the others only a bound is
 * known. The interval resamples the trials within each cell (Efron 1979); a column that a resample
 * leaves on one side counts with its end. Cost: NTK_RESAMPLES draws of all trials. */
#include "study/table/cells.h"
#include "study/table/stats.h"

#include <math.h>
#include <stdlib.h>

/* Cells first .. end - 1 of one x, and their means. */
typedef struct column {
  size_t first, end;
} column;

typedef struct fit {
  ntk_cells cells;
  double *mean; /* of every cell */
  size_t columns;
  column *column; /* those that cross */
  double level;   /* in the means' units */
} fit;

/* Length of the piece of [0, 1] where the line from a to b is below the level. */
static double part_below(double a, double b, double level) {
  if (a < level && b < level)
    return 1.0;
  if (a >= level && b >= level)
    return 0.0;
  const double t = (level - a) / (b - a);
  return a < level ? t : 1.0 - t;
}

static double crossing(const fit *f, const column *c) {
  const ntk_map_cell *cell = f->cells.cell;
  double y = cell[c->first].y;
  for (size_t i = c->first; i + 1 < c->end; i++)
    y += (cell[i + 1].y - cell[i].y) * part_below(f->mean[i], f->mean[i + 1], f->level);
  return y;
}

static double constant(const fit *f) {
  double xx = 0.0, xy = 0.0;
  for (size_t k = 0; k < f->columns; k++) {
    const double x = f->cells.cell[f->column[k].first].x;
    xx += x * x;
    xy += x * crossing(f, &f->column[k]);
  }
  return xy / xx;
}

/* Cells without a value are none. */
static void drop_empty(ntk_cells *cells) {
  size_t kept = 0;
  for (size_t c = 0; c < cells->count; c++)
    if (cells->cell[c].count > 0) {
      cells->cell[kept] = cells->cell[c];
      cells->start[kept++] = cells->start[c];
    }
  cells->count = kept; /* start[kept] is not needed: a cell knows its count */
}

/* Half way between the smallest and the largest mean. */
static double half_way(const fit *f) {
  double low = INFINITY, high = -INFINITY;
  for (size_t c = 0; c < f->cells.count; c++) {
    low = fmin(low, f->mean[c]);
    high = fmax(high, f->mean[c]);
  }
  return 0.5 * (low + high);
}

/* The columns that begin below the level and end above it; *all: how many there are. */
static void find_columns(fit *f, size_t *all) {
  const ntk_map_cell *cell = f->cells.cell;
  *all = 0;
  for (size_t first = 0, end = 0; first < f->cells.count; first = end) {
    for (end = first; end < f->cells.count && cell[end].x == cell[first].x; end++)
      ;
    (*all)++;
    if (f->mean[first] < f->level && f->mean[end - 1] >= f->level)
      f->column[f->columns++] = (column){first, end};
  }
}

/* Root mean square of y* / (c x) - 1 over the columns. */
static double scatter(const fit *f, double c) {
  double sum = 0.0;
  for (size_t k = 0; k < f->columns; k++) {
    const double line = c * f->cells.cell[f->column[k].first].x;
    const double off = crossing(f, &f->column[k]) / line - 1.0;
    sum += off * off;
  }
  return sqrt(sum / (double)f->columns);
}

static void resample(fit *f, uint64_t seed, ntk_boundary *boundary) {
  double constants[NTK_RESAMPLES];
  for (size_t r = 0; r < NTK_RESAMPLES; r++) {
    for (size_t k = 0; k < f->columns; k++)
      for (size_t c = f->column[k].first; c < f->column[k].end; c++) {
        const size_t n = f->cells.cell[c].count;
        f->mean[c] =
            ntk_resampled_sum(seed, 0, c, r, n, f->cells.value + f->cells.start[c]) / (double)n;
      }
    constants[r] = constant(f);
  }
  ntk_percentiles(constants, &boundary->low, &boundary->high);
}

static ntk_status solve(fit *f, const ntk_map_options *options, double level,
                        ntk_boundary *boundary) {
  ntk_boundary made = {0};
  bool repeated = false;
  drop_empty(&f->cells);
  for (size_t c = 0; c < f->cells.count; c++) {
    const ntk_map_cell *cell = &f->cells.cell[c];
    f->mean[c] = ntk_mean(cell->count, f->cells.value + f->cells.start[c]);
    made.trials += cell->count;
    repeated |= cell->count > 1;
  }
  f->level = level > 0.0 ? (options->log ? log10(level) : level) : half_way(f);
  find_columns(f, &made.columns);
  if (f->columns == 0)
    return ntk_fail(NTK_ERR_NUMERIC,
                    "no x has values on both sides of the level %.3g: there is no boundary to fit",
                    options->log ? pow(10.0, f->level) : f->level);
  made.level = options->log ? pow(10.0, f->level) : f->level;
  made.cells = f->cells.count;
  made.crossed = f->columns;
  made.constant = constant(f);
  made.scatter = scatter(f, made.constant);
  made.low = made.high = NAN;
  if (repeated) /* else nothing is known of the trials' scatter */
    resample(f, options->seed, &made);
  *boundary = made;
  return NTK_OK;
}

ntk_status ntk_study_boundary(const ntk_study_table *table, const ntk_map_options *options,
                              double level, ntk_boundary *boundary) {
  if (boundary == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "boundary is NULL; accepted: where the boundary goes");
  fit f = {0};
  NTK_TRY(ntk_cells_collect(table, options, &f.cells));
  f.mean = calloc(f.cells.count, sizeof *f.mean);
  f.column = calloc(f.cells.count, sizeof *f.column);
  ntk_status status = NTK_OK;
  if (f.mean == NULL || f.column == NULL)
    status = ntk_fail(NTK_ERR_MEMORY, "no memory for a boundary of %zu cells", f.cells.count);
  for (size_t c = 0; c < f.cells.count && status == NTK_OK; c++)
    if (!(f.cells.cell[c].x > 0.0))
      status = ntk_fail(NTK_ERR_ARGUMENT, "x is %.10g at a cell; accepted for a boundary: above 0",
                        f.cells.cell[c].x);
  if (status == NTK_OK)
    status = solve(&f, options, level, boundary);
  free(f.column);
  free(f.mean);
  ntk_cells_clear(&f.cells);
  return status;
}
