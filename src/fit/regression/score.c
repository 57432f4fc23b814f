/* What the predictions are worth: losses, errors, accuracies, and how far the weights move. */
#include "fit/regression/regression.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>

typedef struct score {
  double loss, error, accuracy;
} score;

/* What labels are to an accuracy: 1 and -1 of one output; of several, 1 at one output and `other`
 * at the rest. */
typedef enum coding { NUMBERS, SIGNS, ONE_OF_MANY } coding;

static coding coding_of(const double *Y, size_t N, size_t n) {
  const double other = n > 1 && (Y[0] == 1.0 ? Y[1] : Y[0]) == 0.0 ? 0.0 : -1.0;
  for (size_t i = 0; i < N; i++) {
    size_t ones = 0;
    for (size_t c = 0; c < n; c++) {
      const double y = Y[i * n + c];
      if (y != 1.0 && y != other)
        return NUMBERS;
      ones += y == 1.0;
    }
    if (n > 1 && ones != 1)
      return NUMBERS;
  }
  return n > 1 ? ONE_OF_MANY : SIGNS;
}

/* Of one sample with f = y + e. */
static bool is_right(coding code, const double *e, const double *y, size_t n) {
  size_t most = 0;
  for (size_t c = 1; c < n; c++)
    most = y[c] + e[c] > y[most] + e[most] ? c : most;
  return code == SIGNS ? y[0] * (y[0] + e[0]) > 0.0 : y[most] == 1.0;
}

/* e = f - Y, N x n. */
static score score_of(const ntk_regressor *s, const double *e, const double *Y, size_t N) {
  const size_t n = s->outputs;
  const coding code = coding_of(Y, N, n);
  double sum = 0.0, all = 0.0;
  size_t right = 0;
  for (size_t i = 0; i < N * n; i++) {
    sum += e[i] * e[i];
    all += Y[i] * Y[i];
  }
  for (size_t i = 0; i < N; i++)
    right += is_right(code, e + i * n, Y + i * n, n);
  return (score){.loss = s->mean ? sum / (double)N : 0.5 * sum,
                 .error = all > 0.0 ? sqrt(sum / all) : sqrt(sum),
                 .accuracy = code == NUMBERS ? NAN : (double)right / (double)N};
}

/* sqrt(a^T K a), K a = r - left; summed over the outputs of a limit. */
static double norm_of(const ntk_regressor *s, size_t t) {
  const size_t R = s->rows;
  double sum = 0.0;
  for (size_t c = 0; c < s->vectors; c++) {
    const size_t at = (c * s->points + t) * R;
    for (size_t i = 0; i < R; i++)
      sum += s->a[at + i] * (s->r[c * R + i] - s->left[at + i]);
  }
  return sqrt(fmax(sum, 0.0));
}

/* e: as many as the larger of both has. */
static ntk_regression_point point_of(const ntk_regressor *s, size_t t, double *e) {
  const size_t N = ntk_dataset_samples(s->data), M = ntk_dataset_samples(s->test), n = s->outputs;
  const double *test = s->options.test_labels;
  score of_test = {NAN, NAN, NAN};
  for (size_t i = 0; i < N; i++)
    for (size_t c = 0; c < n; c++)
      e[i * n + c] = -s->left[ntk_regressor_at(s, i, c, t)];
  const score of_train = score_of(s, e, s->Y, N);
  for (size_t i = 0; i < M * n && test != NULL; i++)
    e[i] = s->predicted[i * s->points + t] - test[i];
  if (test != NULL)
    of_test = score_of(s, e, test, M);
  return (ntk_regression_point){.time = s->options.times > 0 ? s->options.time[t] : NAN,
                                .train_loss = of_train.loss,
                                .test_loss = of_test.loss,
                                .train_error = of_train.error,
                                .test_error = of_test.error,
                                .train_accuracy = of_train.accuracy,
                                .test_accuracy = of_test.accuracy,
                                .norm = norm_of(s, t)};
}

ntk_status ntk_regressor_score(ntk_regressor *s) {
  const size_t N = ntk_dataset_samples(s->data), M = ntk_dataset_samples(s->test);
  double *e = NULL;
  NTK_TRY(ntk_alloc_doubles(s->context, (N > M ? N : M) * s->outputs, "errors", &e));
  for (size_t t = 0; t < s->points; t++)
    s->to->point[t] = point_of(s, t, e);
  s->to->last = s->to->point[s->points - 1];
  ntk_free(s->context, e);
  return NTK_OK;
}
