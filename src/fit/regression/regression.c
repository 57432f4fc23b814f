/* Regression by a kernel: that of the network linearised at theta_0, or its limit of infinite
 * width. The coefficients come from one factorisation, or at times of gradient descent from all
 * eigenvectors (solve.c, flow.c); predictions from cross kernels (predict.c). */
#include "fit/regression/regression.h"

#include "base/memory.h"
#include "data/dataset.h"
#include "fit/train/optimizer.h"
#include "kernel/limit/limit.h"
#include "net/network.h"

#include <math.h>
#include <string.h>

/* ---- What is accepted ------------------------------------------------------------------------ */

static ntk_status refuse(const char *option, ntk_status status) {
  return ntk_fail_about(status, (ntk_error){.option = option});
}

static ntk_status check_times(const ntk_regression_options *o) {
  if (o->times == 0 || o->time == NULL)
    return o->lr == 0.0 && o->times == 0
               ? NTK_OK
               : refuse("time", ntk_fail(NTK_ERR_ARGUMENT, "lr, or a number of times, without "
                                                           "times; accepted: both"));
  if (o->ridge > 0.0 || o->ridges > 0)
    return refuse("ridge", ntk_fail(NTK_ERR_ARGUMENT,
                                    "a ridge, and times of gradient descent, which has none; "
                                    "accepted: one of them"));
  for (size_t t = 0; t < o->times; t++) {
    const double T = o->time[t];
    if (!(T >= 0.0 && isfinite(T)))
      return refuse("time", ntk_fail(NTK_ERR_ARGUMENT,
                                     "time %zu (from 1) is %g; accepted: 0 and up", t + 1, T));
    if (o->lr > 0.0 && !(T == floor(T) && T <= 0x1p53))
      return refuse("time",
                    ntk_fail(NTK_ERR_ARGUMENT,
                             "time %zu (from 1) is %.17g; accepted: whole numbers of steps, "
                             "up to 2^53",
                             t + 1, T));
  }
  return NTK_OK;
}

/* One, or a list to choose from. */
static ntk_status check_ridges(const ntk_regression_options *o) {
  if (!(o->ridge >= 0.0 && isfinite(o->ridge)))
    return refuse("ridge", ntk_fail(NTK_ERR_ARGUMENT, "ridge is %g; accepted: 0 and up", o->ridge));
  if (o->ridges == 0)
    return NTK_OK;
  if (o->ridge_list == NULL || o->ridge > 0.0)
    return refuse("ridge", ntk_fail(NTK_ERR_ARGUMENT,
                                    o->ridge_list == NULL
                                        ? "a number of ridges without a list; accepted: both"
                                        : "a ridge, and a list of them; accepted: one of both"));
  for (size_t k = 0; k < o->ridges; k++)
    if (!(o->ridge_list[k] >= 0.0 && isfinite(o->ridge_list[k])))
      return refuse("ridge",
                    ntk_fail(NTK_ERR_ARGUMENT, "ridge %zu (from 1) is %g; accepted: 0 and up",
                             k + 1, o->ridge_list[k]));
  return NTK_OK;
}

static ntk_status check_options(ntk_regressor *s) {
  const ntk_regression_options *o = &s->options;
  NTK_TRY(check_ridges(o));
  if (!(o->lr >= 0.0 && isfinite(o->lr)))
    return refuse("lr", ntk_fail(NTK_ERR_ARGUMENT, "lr is %g; accepted: a number above 0", o->lr));
  return check_times(o);
}

/* Sizes: d, n_L. */
static ntk_status check_shapes(ntk_regressor *s) {
  const ntk_network *network = s->network;
  const ntk_network_spec *limit = s->options.limit;
  size_t parameters = 0;
  if (network == NULL && limit == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "no network, and no limit; accepted: one of them, or both");
  if (limit != NULL)
    NTK_TRY(ntk_architecture_check(limit, &parameters));
  const size_t own = network != NULL ? network->width[network->depth] : 0;
  s->outputs = limit != NULL ? ntk_spec_width(limit, limit->depth) : own;
  if (network != NULL && own != s->outputs)
    return ntk_fail(NTK_ERR_SHAPE,
                    "the network has %zu outputs, and the limit %zu; they must agree", own,
                    s->outputs);
  const size_t d = network != NULL ? network->width[0] : ntk_spec_width(limit, 0);
  NTK_TRY(ntk_dim_check(s->data, d));
  NTK_TRY(ntk_dim_check(s->test, d));
  const ntk_held held = ntk_dataset_held(s->data), test = ntk_dataset_held(s->test);
  NTK_TRY(ntk_held_whole(&held, "a kernel regression"));
  NTK_TRY(ntk_held_whole(&test, "a kernel regression"));
  NTK_TRY(ntk_targets_check(s->Y, ntk_dataset_samples(s->data), s->outputs));
  return s->options.test_labels == NULL
             ? NTK_OK
             : ntk_targets_check(s->options.test_labels, ntk_dataset_samples(s->test), s->outputs);
}

static ntk_status check(ntk_regressor *s) {
  const ntk_regression_options *o = &s->options;
  NTK_TRY(check_options(s));
  NTK_TRY(ntk_loss_find(o->loss != NULL ? o->loss : "half-sum", &s->mean));
  NTK_TRY(check_shapes(s));
  const size_t N = ntk_dataset_samples(s->data);
  s->scale = s->mean ? 2.0 / (double)N : 1.0;
  s->points = o->times > 0 ? o->times : o->ridges > 0 ? o->ridges : 1;
  s->choose = o->ridges > 0;
  s->ridge = o->times > 0 ? NULL : s->choose ? o->ridge_list : &o->ridge;
  s->vectors = o->limit != NULL ? s->outputs : 1;
  if (o->limit != NULL)
    s->rows = N;
  else
    NTK_TRY(ntk_size_multiply(N, s->outputs, "rows of K", &s->rows));
  return NTK_OK;
}

/* ---- The parts in turn ----------------------------------------------------------------------- */

static ntk_status make_kernel(ntk_regressor *s) {
  if (s->options.limit != NULL)
    return ntk_limit_make(s->context, s->options.limit, s->data, NULL, false, &s->K, &s->error);
  NTK_TRY(ntk_features_create_of(s->network, s->data, NTK_OUTPUTS_ALL, &s->features));
  return ntk_kernel_create(s->features, NULL, &s->K);
}

/* Losses are squares: what of them overflows is refused before anything is solved. */
static ntk_status check_size(const ntk_regressor *s) {
  const size_t train = s->rows * s->vectors, test = ntk_dataset_samples(s->test) * s->outputs;
  const double *labels = s->options.test_labels;
  const double r = ntk_regressor_length(train, s->r);
  const double of_test = labels != NULL ? ntk_regressor_length(test, labels) : 0.0;
  if (isfinite(r * r) && isfinite(of_test * of_test))
    return NTK_OK;
  return ntk_fail(NTK_ERR_NOT_FINITE,
                  "%s: the root of their squares' sum is %.3g; accepted: below 1.3e154",
                  isfinite(r * r) ? "the test labels are too large for double precision"
                                  : "the labels, less the outputs to begin with, are too large for "
                                    "double precision",
                  isfinite(r * r) ? of_test : r);
}

/* Y - f0(X), in the order of right-hand sides. F: N x outputs. */
static ntk_status make_residual(ntk_regressor *s, double *F) {
  const size_t N = ntk_dataset_samples(s->data), n = s->outputs;
  const bool moved = s->network != NULL && !s->options.centered;
  if (moved)
    NTK_TRY(ntk_network_output(s->network, s->data, F));
  for (size_t i = 0; i < N; i++)
    for (size_t c = 0; c < n; c++)
      s->r[s->vectors == 1 ? i * n + c : c * N + i] =
          s->Y[i * n + c] - (moved ? F[i * n + c] : 0.0);
  return NTK_OK;
}

/* Arrays of the computation, and of the result. */
static ntk_status allocate(ntk_regressor *s) {
  const size_t N = ntk_dataset_samples(s->data), n = s->outputs;
  size_t train = 0, test = 0, all = 0, tests = 0;
  void *pointer = NULL;
  NTK_TRY(ntk_size_multiply(N, n, "training data", &train));
  NTK_TRY(ntk_size_multiply(ntk_dataset_samples(s->test), n, "test data", &test));
  NTK_TRY(ntk_size_multiply(train, s->points, "coefficients", &all));
  NTK_TRY(ntk_size_multiply(test, s->points, "predictions", &tests));
  NTK_TRY(ntk_alloc_doubles(s->context, train, "labels", &s->r));
  NTK_TRY(ntk_alloc_doubles(s->context, all, "coefficients", &s->a));
  NTK_TRY(ntk_alloc_doubles(s->context, all, "coefficients", &s->left));
  if (s->choose)
    NTK_TRY(ntk_alloc_doubles(s->context, all, "errors", &s->out));
  NTK_TRY(ntk_alloc_doubles(s->context, tests, "predictions", &s->predicted));
  NTK_TRY(ntk_alloc_doubles(s->context, test, "predictions", &s->to->prediction));
  NTK_TRY(ntk_alloc_doubles(s->context, train, "predictions", &s->to->fitted));
  NTK_TRY(ntk_alloc_doubles(s->context, train, "coefficients", &s->to->coefficient));
  NTK_TRY(ntk_alloc(s->context, s->points, sizeof *s->to->point, "points", &pointer));
  s->to->point = pointer;
  return NTK_OK;
}

/* What the chosen point gives, as the caller has labels. */
static void finish(const ntk_regressor *s, size_t chosen) {
  const size_t N = ntk_dataset_samples(s->data), M = ntk_dataset_samples(s->test), n = s->outputs;
  for (size_t i = 0; i < N; i++)
    for (size_t c = 0; c < n; c++) {
      const size_t at = ntk_regressor_at(s, i, c, chosen);
      s->to->fitted[i * n + c] = s->Y[i * n + c] - s->left[at];
      s->to->coefficient[i * n + c] = s->a[at];
    }
  for (size_t i = 0; i < M * n; i++)
    s->to->prediction[i] = s->predicted[i * s->points + chosen];
}

static ntk_status run(ntk_regressor *s) {
  ntk_regression_result *to = s->to;
  size_t chosen = s->points - 1;
  double start = ntk_clock();
  NTK_TRY(allocate(s));
  NTK_TRY(make_kernel(s));
  NTK_TRY(make_residual(s, to->fitted)); /* which is filled last */
  NTK_TRY(check_size(s));
  to->seconds_kernel = ntk_clock() - start;
  start = ntk_clock();
  NTK_TRY(s->options.times > 0 ? ntk_regressor_flow(s) : ntk_regressor_solve(s, &chosen));
  to->seconds_solve = ntk_clock() - start;
  start = ntk_clock();
  NTK_TRY(ntk_regressor_predict(s));
  to->seconds_predict = ntk_clock() - start;
  NTK_TRY(ntk_regressor_score(s, chosen));
  finish(s, chosen);
  return NTK_OK;
}

ntk_status ntk_regression(ntk_context *context, const ntk_network *network, const ntk_dataset *data,
                          const double *Y, const ntk_dataset *test,
                          const ntk_regression_options *options, ntk_regression_result *result) {
  const double start = ntk_clock();
  ntk_regression_result made = {.context = context, .lambda_min = NAN, .lambda_max = NAN};
  ntk_regressor s = {
      .context = context, .network = network, .data = data, .test = test, .Y = Y, .to = &made};
  if (options != NULL)
    s.options = *options;
  NTK_TRY(check(&s));
  made.samples = ntk_dataset_samples(data);
  made.outputs = s.outputs;
  made.tests = ntk_dataset_samples(test);
  made.points = s.points;
  made.numbers = made.samples * made.outputs;
  made.test_numbers = made.tests * made.outputs;
  const ntk_status status = run(&s);
  ntk_kernel_destroy(s.K);
  ntk_features_destroy(s.features);
  ntk_free(context, s.r);
  ntk_free(context, s.a);
  ntk_free(context, s.left);
  ntk_free(context, s.out);
  ntk_free(context, s.predicted);
  made.seconds = ntk_clock() - start;
  if (status == NTK_OK)
    *result = made;
  else
    ntk_regression_clear(&made);
  return status;
}

void ntk_regression_clear(ntk_regression_result *result) {
  if (result->context == NULL)
    return;
  ntk_free(result->context, result->point);
  ntk_free(result->context, result->prediction);
  ntk_free(result->context, result->fitted);
  ntk_free(result->context, result->coefficient);
  *result = (ntk_regression_result){0};
}
