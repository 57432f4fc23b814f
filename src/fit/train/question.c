/* The plain question. With K_0 = sum_j lambda_j v_j v_j^T and r_0 = F(theta_0) - Y the linear
 * model's sum of squares after t steps is sum_j (v_j^T r_0)^2 p_t(lambda_j)^2, p_t being (1 - eta
 * lambda)^t for gradient descent. The even derivatives of that are not negative, so that Gauss' and
 * Lobatto's rules (spectrum/density/quadrature.h) enclose it at any t at the cost of a few products
 * with K_0, and so do the epochs at which they come down to the target. Eigenvalues up to the
 * resolution of K_0 count as 0. Of methods with momentum, whose p_t has no such sign, the two rules
 * are estimates until they agree; their p_t is found step by step. */
#include "fit/train/question.h"

#include "base/memory.h"
#include "base/text.h"
#include "fit/train/floor.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>

enum { FIRST_STEPS = 16, MOST_STEPS = 512, MOST_STEPS_FROM_FEATURES = 64 };
static const double FITTED = 1e-6;      /* of the loss of outputs 0: ||F - Y|| = ||Y|| / 1000 */
static const double MOST_EPOCHS = 1e15; /* in closed form */
static const double MOST_UPDATES = 2e7; /* of nodes, step by step */
static const double AGREE = 1e-3;       /* two epochs that are one */
static const double MARGIN = 2e-6;      /* of the eigenvalues at the ends, which Lanczos found */

const char *ntk_answer_name(ntk_answer answer) {
  return answer == NTK_ANSWER_YES ? "yes" : answer == NTK_ANSWER_NO ? "no" : "open";
}

double ntk_question_bytes(size_t N) {
  return fmax(ntk_quadrature_bytes(N, MOST_STEPS) + 8.0 * 6.0 * (MOST_STEPS + 1.0) +
                  8.0 * (double)N,
              ntk_training_floor_bytes(N));
}

/* ---- The linear model ------------------------------------------------------------------------ */

typedef struct model {
  const ntk_optimizer *optimizer;
  double step, momentum; /* eta times the gradient's scale */
  double target;         /* of the sum of squares */
  double resolution;     /* eigenvalues up to this count as 0 */
  double ends[2];        /* around the spectrum of K_0 */
  double *work;          /* 6 (MOST_STEPS + 1): nodes, weights, error, momentum, direction */
} model;

/* Sum of squares after t >= 1 steps of gradient descent. */
static double after(const model *m, size_t count, const double *node, const double *weight,
                    double t) {
  double sum = 0.0;
  for (size_t j = 0; j < count; j++) {
    const double x = m->step * node[j];
    sum += weight[j] * exp(2.0 * t * (x < 0.5 ? log1p(-x) : log(fabs(1.0 - x))));
  }
  return sum;
}

/* The first epoch, 1 at least, at which gradient descent is at the target. */
static double descend(const model *m, size_t count, const double *node, const double *weight) {
  double low = 0.0, high = 1.0; /* above the target; at it */
  while (after(m, count, node, weight, high) > m->target) {
    low = high;
    high *= 2.0;
    if (high > MOST_EPOCHS)
      return INFINITY;
  }
  while (high - low > 1.0) {
    const double middle = floor(0.5 * (low + high));
    *(after(m, count, node, weight, middle) > m->target ? &low : &high) = middle;
  }
  return high;
}

/* The same with momentum; NaN: not within MOST_UPDATES. */
static double roll(const model *m, size_t count, const double *node, const double *weight) {
  double *error = m->work + 2 * (MOST_STEPS + 1), *v = error + count, *direction = v + count;
  for (size_t j = 0; j < count; j++) {
    error[j] = 1.0;
    v[j] = 0.0;
  }
  for (size_t t = 1; (double)t * (double)count <= MOST_UPDATES; t++) {
    double sum = 0.0;
    ntk_optimizer_direction(m->optimizer, m->momentum, count, error, v, direction);
    for (size_t j = 0; j < count; j++) {
      error[j] -= m->step * node[j] * direction[j];
      sum += weight[j] * error[j] * error[j];
    }
    if (sum <= m->target)
      return (double)t;
  }
  return NAN;
}

/* The first epoch by a rule, and what its sum of squares stays above. */
static ntk_status by_rule(const model *m, const ntk_quadrature *q, const double *ends,
                          double *epoch, double *limit) {
  double *node = m->work, *weight = node + MOST_STEPS + 1, total = 0.0;
  size_t count = 0;
  NTK_TRY(ntk_quadrature_rule(q, ends, &count, node, weight));
  *limit = 0.0;
  for (size_t j = 0; j < count; j++) {
    node[j] = node[j] > m->resolution ? node[j] : 0.0;
    *limit += node[j] == 0.0 ? weight[j] : 0.0;
    total += weight[j];
  }
  *epoch = total <= m->target           ? 0.0
           : *limit > m->target         ? INFINITY
           : m->optimizer->has_momentum ? roll(m, count, node, weight)
                                        : descend(m, count, node, weight);
  return NTK_OK;
}

/* Of both rules; every rank computes them, and has memory for them or not. */
static ntk_status by_both(const ntk_training *t, const model *m, const ntk_quadrature *q,
                          double *least, double *low, double *most, double *high) {
  ntk_status status = by_rule(m, q, NULL, least, low);
  if (status == NTK_OK)
    status = by_rule(m, q, m->ends, most, high);
  return ntk_training_agree(t, status, "rules of the linear model");
}

/* More and more steps, until the rules agree. */
static ntk_status enclose(ntk_training *t, const model *m, const ntk_operator *A,
                          ntk_quadrature *q) {
  ntk_train_answer *a = &t->answer;
  double least = NAN, most = NAN, low = NAN, high = NAN;
  bool agree = false;
  for (size_t size = FIRST_STEPS; !agree; size *= 2) {
    NTK_TRY(
        ntk_progress_report(t->context, "the linear model", (double)q->size / (double)q->capacity));
    NTK_TRY(ntk_quadrature_extend(q, 1, A->apply, A->user, size));
    NTK_TRY(by_both(t, m, q, &least, &low, &most, &high));
    agree = isinf(least) || most - least <= AGREE * least || q->whole || q->size == q->capacity;
  }
  const bool known = !isnan(least + most); /* else a rule gave up, and the other is no interval */
  a->linear_least = t->optimizer->has_momentum && known ? fmin(least, most) : least;
  a->linear_most = t->optimizer->has_momentum && known ? fmax(least, most) : most;
  if (isinf(most) && !isinf(least))
    a->linear_most = NAN;
  a->linear_limit = ntk_training_loss(t, low);
  return NTK_OK;
}

/* A: K_0. */
static ntk_status measure(ntk_training *t, model *m, const ntk_operator *A, size_t steps,
                          double *r) {
  ntk_quadrature q = {0};
  NTK_TRY(ntk_network_output(t->network, t->data, r));
  for (size_t i = 0; i < t->R; i++)
    r[i] -= t->Y[i];
  ntk_status status = ntk_quadrature_create(t->context, t->R, r, steps, &q);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(t->context, 6 * (MOST_STEPS + 1), "the linear model", &m->work);
  status = ntk_training_agree(t, status, "room for the linear model");
  if (status == NTK_OK)
    status = enclose(t, m, A, &q);
  ntk_free(t->context, m->work);
  ntk_quadrature_destroy(&q);
  return status;
}

/* e: of K_0; features: NULL where K_0 is there. */
static ntk_status follow(ntk_training *t, const ntk_extremes *e, ntk_features *features) {
  const double rounding = (double)t->R * DBL_EPSILON * e->lambda_max;
  const double least = e->lambda_min > 0.0 ? (1.0 - MARGIN) * e->lambda_min : 0.0;
  model m = {.optimizer = t->optimizer,
             .step = t->lr * t->scale,
             .momentum = t->momentum,
             .target = t->answer.target / ntk_training_loss(t, 1.0),
             .resolution = e->lambda_min > 0.0 ? 0.0 : fmax(rounding, e->resolution), /* or NaN */
             .ends = {least, (1.0 + MARGIN) * e->lambda_max}};
  if (!(t->lr < ntk_optimizer_largest_lr(t->optimizer, t->scale * e->lambda_max, t->momentum)))
    return NTK_OK; /* it grows without bound */
  const ntk_operator A =
      features == NULL ? ntk_kernel_operator(t->tracker->K) : ntk_features_operator(features);
  double *r = NULL;
  ntk_status status = ntk_alloc_doubles(t->context, t->R, "the linear model", &r);
  NTK_TRY(ntk_training_agree(t, status, "room for the residual"));
  const size_t steps = features == NULL ? MOST_STEPS : MOST_STEPS_FROM_FEATURES;
  status = measure(t, &m, &A, steps, r);
  ntk_free(t->context, r);
  return status;
}

static ntk_status follow_features(ntk_training *t) {
  ntk_features *features = NULL;
  ntk_extremes e;
  NTK_TRY(ntk_features_create_of(t->network, t->data, NTK_OUTPUTS_ALL, &features));
  ntk_status status = ntk_extremes_foresee(features, t->L, &e);
  e.lambda_max = t->tracker->at_start.lambda_max;
  if (status == NTK_OK)
    status = follow(t, &e, features);
  ntk_features_destroy(features);
  return status;
}

ntk_status ntk_question_ask(ntk_training *t) {
  ntk_train_answer *a = &t->answer;
  *a = (ntk_train_answer){.asked = true,
                          .target = t->options.target,
                          .linear_least = NAN,
                          .linear_most = NAN,
                          .linear_limit = NAN};
  if (a->target == 0.0)
    a->target = FITTED * (t->loss_of_zero > 0.0 ? t->loss_of_zero : t->loss[0]);
  NTK_TRY(ntk_training_find_floor(t));
  if (!ntk_training_is_linear(t) || t->loss[0] <= a->target)
    return NTK_OK;
  const ntk_status status =
      t->tracker->K != NULL ? follow(t, &t->tracker->at_start, NULL) : follow_features(t);
  if (!ntk_epochs_tracked(&t->options)) { /* it has served */
    ntk_kernel_destroy(t->tracker->K);
    t->tracker->K = NULL;
  }
  return status;
}

/* ---- The answer ------------------------------------------------------------------------------ */

/* From this loss on at this rate. */
static double epochs_more(double loss, double target, double rate) {
  return loss <= target ? 0.0
         : isnan(rate)  ? NAN
         : rate < 1.0   ? ceil(log(target / loss) / log(rate))
                        : INFINITY;
}

__attribute__((format(printf, 3, 4))) static void say(ntk_train_answer *a, ntk_answer answer,
                                                      const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)ntk_format_list(a->reason, sizeof a->reason, format, arguments);
  va_end(arguments);
  a->answer = answer;
}

enum { CLAUSE = 160, EPOCH = 24 };

/* In full, as long as a double knows it to one. */
static const char *epoch_in(double epoch, char text[EPOCH]) {
  ntk_format(text, EPOCH, epoch < 1e15 ? "%.0f" : "%.6g", epoch);
  return text;
}

/* What the linear model says, as a clause; whether it comes to the target. */
static bool tell_linear(const ntk_train_answer *a, const ntk_training *t, const ntk_convergence *c,
                        char text[CLAUSE]) {
  const bool found = isfinite(a->linear_least) && isfinite(a->linear_most);
  char least[EPOCH], most[EPOCH];
  if (!t->optimizer->linear)
    ntk_format(text, CLAUSE, "%s has no linear model to follow", t->options.optimizer);
  else if (t->rounds != NULL)
    ntk_format(text, CLAUSE, "the linear model of clients is not followed without steps");
  else if (t->options.batch > 0)
    ntk_format(text, CLAUSE, "in batches the linear model's epoch is chance");
  else if (t->lr >= c->lr_largest)
    ntk_format(text, CLAUSE, "the linear model diverges: its largest stable step is %.4g",
               c->lr_largest);
  else if (isinf(a->linear_least))
    ntk_format(text, CLAUSE, "the linear model's loss stays at %.4g: %s", a->linear_limit,
               c->lambda_min == 0.0 ? "K_0 is singular and the labels have a part outside its range"
                                    : "there K_0 is not told from a singular matrix");
  else if (found && a->linear_least < a->linear_most)
    ntk_format(text, CLAUSE, "the linear model is there between epochs %s and %s",
               epoch_in(a->linear_least, least), epoch_in(a->linear_most, most));
  else if (found)
    ntk_format(text, CLAUSE, "the linear model is there at epoch %s",
               epoch_in(a->linear_least, least));
  else
    ntk_format(text, CLAUSE, "when the linear model is there was not found");
  return found;
}

/* What neither a measurement nor a theorem has decided. */
static void lean(const ntk_training *t, const ntk_convergence *c, ntk_train_answer *a) {
  char linear[CLAUSE], epoch[EPOCH];
  const bool fits = tell_linear(a, t, c, linear);
  const bool hopeless =
      ntk_training_is_linear(t) && (isinf(a->linear_least) || t->lr >= c->lr_largest);
  if (isinf(a->epochs_recent))
    say(a, NTK_ANSWER_OPEN, "unlikely: the loss does not fall any more at epoch %zu; %s", t->epoch,
        linear);
  else if (hopeless)
    say(a, NTK_ANSWER_OPEN, "unlikely unless the kernel moves: %s", linear);
  else if (isfinite(a->epochs_recent))
    say(a, NTK_ANSWER_OPEN,
        fits && a->linear_least > 2.0 * a->epochs_recent
            ? "likely, and not soon: at the recent rate, which falls, epoch %s; %s"
            : "likely: at the recent rate the loss is there at epoch %s; %s",
        epoch_in(a->epochs_recent, epoch), linear);
  else
    say(a, NTK_ANSWER_OPEN, fits ? "likely, if the kernel stays near K_0: %s" : "not known: %s",
        linear);
}

static void count_epochs(const ntk_training *t, const ntk_train_result *r, ntk_train_answer *a) {
  a->epochs_bound = epochs_more(t->loss[0], a->target, r->rate_bound);
  a->rate_recent = ntk_training_recent_rate(t);
  a->epochs_recent = (double)t->epoch + epochs_more(t->loss[t->epoch], a->target, a->rate_recent);
  for (size_t e = t->epoch + 1; e-- > 0;)
    if (t->loss[e] <= a->target)
      a->epochs_recent = (double)e;
}

void ntk_question_conclude(const ntk_training *t, ntk_train_result *r) {
  static const ntk_train_answer not_asked = {.target = NAN,
                                             .floor = NAN,
                                             .epochs_bound = NAN,
                                             .linear_least = NAN,
                                             .linear_most = NAN,
                                             .linear_limit = NAN,
                                             .rate_recent = NAN,
                                             .epochs_recent = NAN};
  const ntk_convergence *c = &r->convergence;
  ntk_train_answer *a = &r->answer;
  *a = t->options.question ? t->answer : not_asked;
  char epoch[EPOCH];
  if (!a->asked)
    return;
  count_epochs(t, r, a);
  if (a->epochs_recent <= (double)t->epoch)
    say(a, NTK_ANSWER_YES, "the loss was %.4g at epoch %s", t->loss[(size_t)a->epochs_recent],
        epoch_in(a->epochs_recent, epoch));
  else if (a->floor > a->target)
    say(a, NTK_ANSWER_NO, "%s: no weights give a loss below %.4g", t->floor_reason, a->floor);
  else if (r->stopped == NTK_STOP_DIVERGED)
    say(a, NTK_ANSWER_NO, "not with this step size: %s", r->reason);
  else if (t->epoch > 0 && c->condition_known && c->condition_held && isfinite(a->epochs_bound))
    say(a, NTK_ANSWER_YES,
        "(21) held at every tracked epoch, and while it does (20) is there at epoch %s",
        epoch_in(a->epochs_bound, epoch));
  else
    lean(t, c, a);
}
