/* ntkit study plot: curves of a mean with a band, or a map of it, from a study's table. */
#include "cli/study/study_plot.h"
#include "cli/shell/command.h"
#include "cli/shell/file.h"
#include "cli/shell/number.h"
#include "cli/shell/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static exit_status choose(const study_settings *settings, const ntk_study_table *table,
                          plot_choices *c) {
  c->count = 1;
  if (settings->quantity == NULL)
    return study_choose(settings, table, c->chosen);
  char *names = strdup(settings->quantity);
  if (names == NULL) {
    (void)report_error(EXIT_FAILED, "no memory for the names of quantities");
    return EXIT_FAILED; /* said twice, for analysers: nothing is chosen */
  }
  exit_status status = EXIT_DONE;
  c->count = 0;
  char *name = names, *comma = NULL;
  do {
    study_settings one = *settings;
    comma = strchr(name, ',');
    if (comma != NULL)
      *comma = '\0';
    one.quantity = name;
    if (c->count == FIGURE_CURVES)
      status = report_error(EXIT_INPUT,
                            "--quantity: above %d names; expected fewer, for so many "
                            "curves can be told apart",
                            FIGURE_CURVES);
    else
      status = study_choose(&one, table, &c->chosen[c->count++]);
    name = comma != NULL ? comma + 1 : name;
  } while (comma != NULL && status == EXIT_DONE);
  free(names);
  return status;
}

static figure begin(const study_settings *settings, const plot_labels *l) {
  return (figure){
      .base = settings->output,
      .input = settings->common.operand[0],
      .about = l->about,
      .title = l->title,
      .x = {l->x, strchr(settings->log, 'x') != NULL},
      .y = {l->y, strchr(settings->log, 'y') != NULL},
      .value = {l->quantity, strchr(settings->log, 'z') != NULL},
      .bars = strstr(settings->band, "bars") != NULL,
      .width = settings->size[0],
      .height = settings->size[1],
  };
}

/* ---- Curves ---------------------------------------------------------------------------------- */

enum { LABEL = 2 * FIGURE_LABEL + 2 }; /* of a quantity, and of its group */

/* The summary of each quantity. */
typedef struct summaries {
  size_t count;
  ntk_summary summary[FIGURE_CURVES];
} summaries;

static void summaries_clear(summaries *s) {
  for (size_t i = 0; i < s->count; i++)
    ntk_summary_clear(&s->summary[i]);
}

/* Curves and their points that have a mean, each in one array. */
typedef struct curves {
  size_t shown, used; /* curves and points so far */
  figure_curve *curve;
  figure_point *point;
  char (*label)[LABEL];
} curves;

static void curves_clear(curves *c) {
  free(c->curve);
  free(c->point);
  free(c->label);
}

static figure_point make_point(const ntk_summary_point *p, const char *band) {
  figure_point point = {p->x, p->mean, NAN, NAN};
  if (strcmp(band, "sd") == 0 || strcmp(band, "bars") == 0) {
    point.low = p->mean - p->deviation;
    point.high = p->mean + p->deviation;
  } else if (strncmp(band, "ci", 2) == 0) {
    point.low = p->low;
    point.high = p->high;
  }
  return point;
}

/* "n_1 = leaky_relu": the variable is mathematics, its value may be a name. */
static void label_curve(const char *plain, char *text) {
  const char *value = strstr(plain, " = ");
  char name[FIGURE_LABEL];
  snprintf(name, sizeof name, "%.*s", value != NULL ? (int)(value - plain) : 0, plain);
  figure_formula(name, FIGURE_LABEL, text);
  const size_t used = strlen(text);
  figure_plain(value != NULL ? value : plain, FIGURE_LABEL - used, text + used);
}

/* Adds the curves of a summary that have a point; quantity: to be said in the legend, or NULL. */
static void add_curves(const ntk_summary *summary, const char *quantity, bool rounds,
                       const char *band, curves *c) {
  for (size_t k = 0; k < summary->curves; k++) {
    figure_curve *curve = &c->curve[c->shown];
    char *label = c->label[c->shown];
    *curve = (figure_curve){.label = label, .point = c->point + c->used};
    for (size_t i = 0; i < summary->points; i++)
      if (summary->point[i].curve == k && isfinite(summary->point[i].mean)) {
        c->point[c->used++] = make_point(&summary->point[i], band);
        curve->points++;
      }
    char group[FIGURE_LABEL], stem[FIGURE_LABEL];
    label_curve(summary->label[k], group);
    if (quantity != NULL) {
      plot_label_quantity(quantity, rounds, stem);
      snprintf(label, LABEL, "%s%s%s", stem, *group != '\0' ? ", " : "", group);
    } else {
      snprintf(label, LABEL, "%s", group);
    }
    c->shown += curve->points > 0; /* a curve without a point is none */
  }
}

static bool make_curves(const plot_choices *choice, const summaries *s, const char *band,
                        curves *c) {
  size_t most = 1, points = 1;
  for (size_t i = 0; i < s->count; i++) {
    most += s->summary[i].curves;
    points += s->summary[i].points;
  }
  *c = (curves){
      .curve = calloc(most, sizeof *c->curve),
      .point = calloc(points, sizeof *c->point),
      .label = calloc(most, sizeof *c->label),
  };
  if (c->curve == NULL || c->point == NULL || c->label == NULL)
    return false;
  for (size_t i = 0; i < s->count; i++)
    add_curves(&s->summary[i], s->count > 1 ? choice->chosen[i].quantity : NULL, choice->rounds,
               band, c);
  return true;
}

/* A mean over the trials that happen to have a value may mislead. */
static void warn_missing(const study_settings *settings, size_t missing, size_t all) {
  if (missing > 0)
    report_warning(&settings->common,
                   "%zu of %zu trials have no value: the means leave them out; 'ntkit study "
                   "export' tells why",
                   missing, all);
}

static void warn_curves(const study_settings *settings, const summaries *s) {
  size_t missing = 0, all = 0;
  for (size_t i = 0; i < s->count; i++)
    for (size_t p = 0; p < s->summary[i].points; p++) {
      missing += s->summary[i].point[p].missing;
      all += s->summary[i].point[p].missing + s->summary[i].point[p].count;
    }
  warn_missing(settings, missing, all);
}

/* y = c x^slope from the first point of the first curve to the last x; false: nothing is above 0.
 */
static bool lay_guide(const char *slope, const curves *c, figure_point guide[2]) {
  const figure_point *first = NULL;
  double last = 0.0;
  for (size_t k = 0; k < c->shown; k++)
    for (size_t i = 0; i < c->curve[k].points; i++) {
      const figure_point *p = &c->curve[k].point[i];
      if (!(p->x > 0.0 && p->y > 0.0))
        continue;
      first = first == NULL ? p : first;
      last = fmax(last, p->x);
    }
  if (first == NULL)
    return false;
  guide[0] = (figure_point){first->x, first->y, NAN, NAN};
  guide[1] = (figure_point){last, first->y * pow(last / first->x, strtod(slope, NULL)), NAN, NAN};
  return guide[1].y > 0.0 && isfinite(guide[1].y);
}

static exit_status draw_summaries(const study_settings *settings, const ntk_study_table *table,
                                  const plot_choices *choice, const summaries *s,
                                  const plot_labels *l) {
  curves c;
  exit_status status = EXIT_DONE;
  if (!make_curves(choice, s, settings->band, &c))
    status = report_error(EXIT_FAILED, "no memory for the figure's points");
  else if (c.shown == 0)
    status = study_refuse_empty(settings, table, choice->chosen, "");
  else if (c.shown > FIGURE_CURVES)
    status = report_error(EXIT_INPUT,
                          "--group %s makes %zu curves, and %d can be told apart; expected a "
                          "variable with fewer values, or none",
                          choice->chosen->group != NULL ? choice->chosen->group : "none", c.shown,
                          FIGURE_CURVES);
  if (status == EXIT_DONE) {
    warn_curves(settings, s);
    figure f = begin(settings, l);
    f.curves = c.shown;
    f.curve = c.curve;
    figure_point guide[2];
    char label[FIGURE_LABEL];
    if (settings->slope != NULL && lay_guide(settings->slope, &c, guide)) {
      snprintf(label, sizeof label, "slope %.32s", settings->slope);
      f.guide = guide;
      f.guide_label = label;
    }
    status = figure_draw(&f);
  }
  curves_clear(&c);
  return status;
}

static exit_status draw_curves(const study_settings *settings, const ntk_study_table *table,
                               const plot_choices *choice, const plot_labels *l) {
  summaries s = {0};
  exit_status status = EXIT_DONE;
  for (size_t i = 0; i < choice->count && status == EXIT_DONE; i++) {
    const ntk_status done = ntk_study_summarise(table, &choice->chosen[i], &s.summary[i]);
    if (done != NTK_OK)
      status = report_library(done, NULL);
    else
      s.count++;
  }
  if (status == EXIT_DONE)
    status = draw_summaries(settings, table, choice, &s, l);
  summaries_clear(&s);
  return status;
}

/* ---- Maps ------------------------------------------------------------------------------------ */

/* Trials that the colours leave out. */
static void warn_left_out(const study_settings *settings, const ntk_map *map) {
  size_t missing = 0, left_out = 0, all = 0;
  for (size_t i = 0; i < map->cells; i++) {
    missing += map->cell[i].missing;
    left_out += map->cell[i].left_out;
    all += map->cell[i].count + map->cell[i].missing + map->cell[i].left_out;
  }
  warn_missing(settings, missing, all);
  if (left_out > 0)
    report_warning(&settings->common,
                   "%zu of %zu trials are 0 or below: the logarithmic means leave them out",
                   left_out, all);
}

static exit_status draw_map(const study_settings *settings, const ntk_study_table *table,
                            const ntk_summary_options *chosen, const plot_labels *l) {
  const ntk_map_options options = {.quantity = chosen->quantity,
                                   .x = chosen->x,
                                   .y = settings->heat,
                                   .log = strchr(settings->log, 'z') != NULL};
  ntk_map map;
  const ntk_status made = ntk_study_map(table, &options, &map);
  if (made != NTK_OK)
    return report_library(made, "heat");
  figure_cell *cell = NULL;
  figure f = begin(settings, l);
  exit_status status = study_map_cells(&map, &cell, &f.cells);
  if (status == EXIT_DONE && f.cells == 0)
    status = study_refuse_empty(settings, table, chosen,
                                options.log ? "; a logarithmic colour shows values above 0" : "");
  if (status == EXIT_DONE) {
    warn_left_out(settings, &map);
    f.cell = cell;
    status = figure_draw(&f);
  }
  free(cell);
  ntk_map_clear(&map);
  return status;
}

/* ---- The command ----------------------------------------------------------------------------- */

static exit_status check_plot(const study_settings *settings) {
  if (settings->output == NULL)
    return report_error(EXIT_INPUT,
                        "--output is needed: the name of the figure's files without .svg");
  static const char *const added[] = {".svg", ".pdf", ".png", ".dat", ".gp"}, *const others[] = {
                                                                                  ".eps",  ".ps",
                                                                                  ".jpg",  ".jpeg",
                                                                                  ".gif",  ".tif",
                                                                                  ".tiff", ".bmp",
                                                                                  ".webp", ".html"};
  const char *dot = strrchr(settings->output, '.');
  if (file_ends_in(settings->output, added, sizeof added / sizeof added[0]))
    return report_error(EXIT_INPUT,
                        "--output %s: expected the name without %s, which is added, as are the "
                        "others",
                        settings->output, dot);
  if (file_ends_in(settings->output, others, sizeof others / sizeof others[0]))
    return report_error(EXIT_INPUT,
                        "--output %s: no %s is drawn; expected the name without it, to which .svg, "
                        ".pdf and .png are added",
                        settings->output, dot);
  if (settings->heat != NULL && settings->group != NULL)
    return report_error(EXIT_INPUT, "--group makes curves and --heat a map; one of them");
  if (settings->heat != NULL && settings->quantity != NULL &&
      strchr(settings->quantity, ',') != NULL)
    return report_error(EXIT_INPUT, "--quantity %.60s: a map shows one quantity",
                        settings->quantity);
  if (settings->heat == NULL && strchr(settings->log, 'z') != NULL)
    return report_error(EXIT_INPUT, "--log %s: z is the colour of a map, which --heat draws",
                        settings->log);
  const char *number = settings->slope != NULL ? settings->slope : "0";
  number += *number == '-';
  double slope = 0.0;
  if (strcmp(number, "0") != 0 && number_positive(number, strlen(number), &slope) != NULL)
    return report_error(EXIT_INPUT, "--slope %.60s: expected a number, as 2 or -0.5",
                        settings->slope);
  if (settings->slope != NULL && (settings->heat != NULL || strncmp(settings->log, "xy", 2) != 0))
    return report_error(EXIT_INPUT,
                        "--slope %.60s: expected --log xy beside it, where c x^slope is a line",
                        settings->slope);
  return figure_check(settings->output, settings->common.operand[0], "output");
}

exit_status command_study_plot(const void *given) {
  const study_settings *settings = given;
  exit_status status = check_plot(settings);
  ntk_study_table table;
  if (status == EXIT_DONE)
    status = study_open(settings, &table);
  if (status != EXIT_DONE)
    return status;
  plot_choices choice = {.rounds = strstr(table.spec, "\n  clients:") != NULL};
  status = choose(settings, &table, &choice);
  if (status == EXIT_DONE)
    status = study_warn_pooled(settings, &table, choice.chosen, settings->heat);
  if (status == EXIT_DONE) {
    plot_labels l;
    plot_label(settings, &table, &choice, &l);
    status = settings->heat != NULL ? draw_map(settings, &table, choice.chosen, &l)
                                    : draw_curves(settings, &table, &choice, &l);
  }
  ntk_study_table_clear(&table);
  return status;
}
