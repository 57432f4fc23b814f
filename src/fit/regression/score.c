/* What the predictions are worth: losses, errors, accuracies, and how far the weights move. */
#include "fit/regression/regression.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>

typedef struct score {
  double loss, error, accuracy;
} score;

/* What labels are to an accuracy: of one output 1 and `other`, of several 1 at one of them and
 * `other` at the rest, which is -1 or 0; else there is none. */
typedef struct coding {
  bool known;
  double other;
} coding;

static bool has_coding(const double *Y, size_t N, size_t n, double other) {
  for (size_t i = 0; i < N; i++) {
    size_t ones = 0;
    for (size_t c = 0; c < n; c++) {
      if (Y[i * n + c] != 1.0 && Y[i * n + c] != other)
        return false;
      ones += Y[i * n + c] == 1.0;
    }
    if (n > 1 && ones != 1)
      return false;
  }
  return true;
}

/* That of the training labels. */
static coding coding_of(const ntk_regressor *s) {
  const size_t N = ntk_dataset_samples(s->data), n = s->outputs;
  size_t i = 0;
  while (i < N * n && s->Y[i] == 1.0)
    i++;
  const double other = i < N * n && s->Y[i] == 0.0 ? 0.0 : -1.0;
  return (coding){has_coding(s->Y, N, n, other), other};
}

/* Of one sample with f = y + e: the largest output, or of one the nearer number, as
 * ntk_classes_decode has it. */
static bool is_right(double other, const double *e, const double *y, size_t n) {
  size_t most = 0;
  if (n == 1)
    return (y[0] + e[0] > 0.5 * (1.0 + other)) == (y[0] == 1.0);
  for (size_t c = 1; c < n; c++)
    most = y[c] + e[c] > y[most] + e[most] ? c : most;
  return y[most] == 1.0;
}

/* e = f - Y, N x n. */
static score score_of(const ntk_regressor *s, coding code, const double *e, const double *Y,
                      size_t N) {
  const size_t n = s->outputs;
  const bool coded = code.known && has_coding(Y, N, n, code.other);
  const double off = ntk_regressor_length(N * n, e), all = ntk_regressor_length(N * n, Y);
  const double root = off / sqrt(s->mean ? (double)N : 2.0);
  size_t right = 0;
  for (size_t i = 0; i < N; i++)
    right += is_right(code.other, e + i * n, Y + i * n, n);
  return (score){.loss = root * root,
                 .error = all > 0.0 ? off / all : off,
                 .accuracy = !coded ? NAN : (double)right / (double)N};
}

/* e: as many as the larger of both has. */
static ntk_regression_point point_of(const ntk_regressor *s, coding code, size_t t, double *e) {
  const size_t N = ntk_dataset_samples(s->data), M = ntk_dataset_samples(s->test), n = s->outputs;
  const double *test = s->options.test_labels;
  score of_test = {NAN, NAN, NAN}, of_out = of_test;
  for (size_t i = 0; i < N; i++)
    for (size_t c = 0; c < n; c++)
      e[i * n + c] = -s->left[ntk_regressor_at(s, i, c, t)];
  const score of_train = score_of(s, code, e, s->Y, N);
  for (size_t i = 0; i < N && s->out != NULL; i++)
    for (size_t c = 0; c < n; c++)
      e[i * n + c] = -s->out[ntk_regressor_at(s, i, c, t)];
  if (s->out != NULL)
    of_out = score_of(s, code, e, s->Y, N);
  for (size_t i = 0; i < M * n && test != NULL; i++)
    e[i] = s->predicted[i * s->points + t] - test[i];
  if (test != NULL)
    of_test = score_of(s, code, e, test, M);
  return (ntk_regression_point){.time = s->options.times > 0 ? s->options.time[t] : NAN,
                                .ridge = s->ridge != NULL ? s->ridge[t] : 0.0,
                                .train_loss = of_train.loss,
                                .test_loss = of_test.loss,
                                .train_error = of_train.error,
                                .test_error = of_test.error,
                                .train_accuracy = of_train.accuracy,
                                .test_accuracy = of_test.accuracy,
                                .loo_error = of_out.error,
                                .loo_accuracy = of_out.accuracy,
                                .norm = s->to->point[t].norm};
}

static ntk_status check_loss(const ntk_regression_point *at) {
  const double larger = fmax(at->train_loss, at->test_loss); /* fmax leaves a NaN out */
  return isfinite(larger)
             ? NTK_OK
             : ntk_fail(NTK_ERR_NOT_FINITE,
                        "the loss is %g: labels, or the outputs to begin with, are too "
                        "large for double precision; accepted: squares that add up to "
                        "less than 1e308",
                        larger);
}

ntk_status ntk_regressor_score(ntk_regressor *s, size_t chosen) {
  const size_t N = ntk_dataset_samples(s->data), M = ntk_dataset_samples(s->test);
  double *e = NULL;
  NTK_TRY(ntk_alloc_doubles(s->context, (N > M ? N : M) * s->outputs, "errors", &e));
  const coding code = coding_of(s);
  ntk_status status = NTK_OK;
  for (size_t t = 0; t < s->points && status == NTK_OK; t++) {
    s->to->point[t] = point_of(s, code, t, e);
    status = check_loss(&s->to->point[t]);
  }
  s->to->chosen = s->to->point[chosen];
  ntk_free(s->context, e);
  return status;
}
