/* Figures of ntkit train, for --plot and --report: the loss with what the theory says of it, the
 * ends of the kernel's spectrum over epochs, and the drift of clients. */
#include "cli/shell/report.h"
#include "cli/show/page.h"
#include "cli/train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  KEPT = 500,  /* points of a longer curve that are drawn: one in two pixels */
  SHAPES = 30, /* as many points can have a shape each */
  CURVES = 3
};

enum { LOSS, SPECTRUM, DRIFT, BASES };
static const char *const bases[BASES] = {"loss", "spectrum", "drift"};
static const char *const suffixes[] = {".svg", ".pdf", ".png", ".dat", ".gp"};
enum { SUFFIXES = sizeof suffixes / sizeof suffixes[0] };

/* Whether what it shows was asked for. */
static bool is_asked(const train_run *run, size_t base) {
  return base == SPECTRUM ? run->settings->track != NULL
                          : base == LOSS || run->settings->clients > 0;
}

bool train_figure_name(const train_run *run, size_t i, size_t size, char *text) {
  for (size_t base = 0; base < BASES; base++) {
    if (!is_asked(run, base))
      continue;
    if (i < SUFFIXES) {
      snprintf(text, size, "%s%s", bases[base], suffixes[i]);
      return true;
    }
    i -= SUFFIXES;
  }
  return false;
}

/* Curves under way, and the points of all of them. */
typedef struct curves {
  size_t count, used;
  figure_curve curve[CURVES];
  figure_point *point;
  char bound[FIGURE_LABEL], linear[FIGURE_LABEL], y[FIGURE_LABEL]; /* labels */
} curves;

static void begin(curves *c, const char *label) {
  c->curve[c->count] = (figure_curve){.label = label, .point = c->point + c->used};
}

/* Where a logarithmic axis cannot show y there is no point. */
static void add(curves *c, double x, double y, double least) {
  if (!(isfinite(y) && y > least))
    return;
  c->point[c->used++] = (figure_point){x, y, NAN, NAN};
  c->curve[c->count].points++;
}

/* A curve without points is none; many points have no room for shapes. */
static void end(curves *c, figure_style style) {
  figure_curve *curve = &c->curve[c->count];
  curve->style = style == FIGURE_BOTH && curve->points > SHAPES ? FIGURE_LINE : style;
  c->count += curve->points > 0;
}

/* Row i of `kept` spread over `count`, first and last included. */
static size_t spread(size_t i, size_t kept, size_t count) {
  return kept < 2 ? 0 : (size_t)((double)i * (double)(count - 1) / (double)(kept - 1) + 0.5);
}

static exit_status draw(train_run *run, const char *name, figure f) {
  saved_folder *folder = &run->job.folder;
  char *base = saved_staged(folder, name), *place = saved_path(run->job.settings->save, name);
  if (base == NULL || place == NULL) {
    free(base);
    free(place);
    return EXIT_FAILED;
  }
  f.base = base;
  f.place = place;
  f.option = "save";
  f.title = NULL;
  exit_status status = figure_draw(&f);
  for (size_t i = 0; i < SUFFIXES; i++) { /* without gnuplot there are two of them */
    char file[SAVED_NAME];
    snprintf(file, sizeof file, "%s%s", name, suffixes[i]);
    char *path = saved_staged(folder, file);
    if (path != NULL && access(path, F_OK) == 0 && saved_add(folder, file) != EXIT_DONE)
      status = EXIT_FAILED;
    free(path);
  }
  free(base);
  free(place);
  return status;
}

/* In the label of a curve whose last value is at or below what is drawn: where it ends. */
static void note_end(char label[FIGURE_LABEL], double last, double least) {
  const size_t used = strlen(label);
  if (last <= least)
    snprintf(label + used, FIGURE_LABEL - used, ", down to %.1g", least);
}

/* The bound is known at every epoch, the prediction of the linear model where K was tracked. Both
 * may fall below every loss there is, where they must not pull the axis after them. */
static void losses(const train_run *run, curves *c, figure *f) {
  const ntk_train_result *result = &run->result;
  const size_t count = result->epochs + 1, kept = count < KEPT ? count : KEPT;
  double least = INFINITY;
  begin(c, "loss");
  for (size_t i = 0; i < kept; i++) {
    const size_t t = spread(i, kept, count);
    add(c, (double)t, result->loss[t], 0.0);
    least = result->loss[t] > 0.0 ? fmin(least, result->loss[t]) : least;
  }
  end(c, FIGURE_BOTH);
  if (c->count == 0)
    return;
  snprintf(c->bound, sizeof c->bound, "bound (20)");
  if (!isnan(result->convergence.c))
    snprintf(c->bound, sizeof c->bound, "bound (20), c = %.3g", result->convergence.c);
  const bool momentum = !isnan(result->linear.momentum_best); /* which has no bound (20) */
  const double rate = momentum ? result->linear.rate : result->rate_bound;
  if (momentum)
    snprintf(c->bound, sizeof c->bound, "rate by K_0, c = %.3g", result->linear.c);
  begin(c, c->bound);
  for (size_t i = 0; i < kept && !isnan(rate); i++) {
    const double t = (double)spread(i, kept, count);
    add(c, t, result->loss_initial * pow(rate, t), 0.1 * least);
  }
  note_end(c->bound, result->loss_initial * pow(rate, (double)result->epochs), 0.1 * least);
  end(c, FIGURE_BOTH);
  snprintf(c->linear, sizeof c->linear, "linearised");
  begin(c, c->linear);
  const size_t step = result->tracked < SHAPES ? 1 : result->tracked / SHAPES;
  for (size_t i = 0; i < result->tracked; i += step)
    add(c, (double)result->track[i].epoch, result->track[i].prediction, 0.1 * least);
  if (result->tracked > 0)
    note_end(c->linear, result->track[result->tracked - 1].prediction, 0.1 * least);
  end(c, FIGURE_SHAPES);
  snprintf(c->y, sizeof c->y, "loss (%s%s)", run->settings->loss,
           run->settings->margin > 0.0 ? ", of the margin" : "");
  const bool bound = !momentum && !isnan(rate);
  f->title = c->count == 1 ? "Loss"
             : bound       ? "Loss, beside Theorem 4.2"
                           : "Loss, beside the linear model";
  f->about = c->count == 1 ? "loss"
             : bound       ? "loss, the bound (20), and the loss if the kernel stayed K_0"
                           : "loss, and that of the linear model";
  f->y.label = c->y;
}

static void eigenvalues(const train_run *run, curves *c, figure *f) {
  const ntk_train_result *result = &run->result;
  begin(c, "λ_{max}");
  for (size_t i = 0; i < result->tracked; i++)
    add(c, (double)result->track[i].epoch, result->track[i].lambda_max, 0.0);
  end(c, FIGURE_BOTH);
  begin(c, "λ_{min}");
  for (size_t i = 0; i < result->tracked; i++)
    add(c, (double)result->track[i].epoch, result->track[i].lambda_min, 0.0);
  end(c, FIGURE_BOTH);
  f->title = "The kernel while it was trained";
  f->about = "largest and smallest eigenvalue of K(theta_t)";
  f->y.label = "eigenvalues of K(θ_t)";
}

/* Of one client it is 0: then there is no curve. */
static void drifts(const train_run *run, curves *c, figure *f) {
  const ntk_train_result *result = &run->result;
  const size_t count = result->drift != NULL ? result->epochs + 1 : 0;
  const size_t kept = count < KEPT ? count : KEPT;
  begin(c, "drift");
  for (size_t i = 0; i < kept; i++) {
    const size_t t = spread(i, kept, count);
    add(c, (double)t, result->drift[t], 0.0);
  }
  end(c, FIGURE_BOTH);
  f->title = "Drift of clients";
  f->about = "root of the mean squared distance of the clients' weights from their mean, by round";
  f->y.label = "drift";
}

/* Figure i of BASES; of c, which has room for the points, it borrows. */
static figure make(const train_run *run, size_t i, curves *c) {
  static void (*const fill[BASES])(const train_run *, curves *, figure *) = {losses, eigenvalues,
                                                                             drifts};
  figure f = {.x = {run->settings->clients > 0 ? "round" : "epoch", false},
              .y = {.log = true},
              .curve = c->curve};
  c->count = c->used = 0;
  fill[i](run, c, &f);
  f.curves = c->count;
  return f;
}

static bool make_room(const train_run *run, curves *c) {
  c->point = calloc(2 * KEPT + 2 * run->result.tracked, sizeof *c->point);
  return c->point != NULL;
}

void train_figures(const train_run *run, FILE *out) {
  curves c;
  if (!make_room(run, &c)) /* the page goes on without them */
    return;
  for (size_t i = 0; i < BASES; i++) {
    const figure f = make(run, i, &c);
    page_figure(out, &f);
  }
  free(c.point);
}

exit_status train_plot(train_run *run) {
  static const char *const empty[BASES] = {"every loss is 0, which a logarithmic axis has not",
                                           "no eigenvalue above 0 was found",
                                           "the drift of one client is 0"};
  curves c;
  if (!make_room(run, &c))
    return report_error(EXIT_FAILED, "no memory for the figures' points");
  exit_status status = EXIT_DONE;
  for (size_t i = 0; i < BASES && status == EXIT_DONE; i++) {
    const figure f = make(run, i, &c);
    if (!is_asked(run, i))
      continue;
    if (c.count > 0)
      status = draw(run, bases[i], f);
    else
      report_warning(run->job.settings, "--plot: %s", empty[i]);
  }
  free(c.point);
  return status;
}
