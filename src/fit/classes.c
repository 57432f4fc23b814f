/* Labels that are classes: one against the rest. */
#include "ntkit/fit.h"

#include "base/status.h"

#include <math.h>
#include <stdlib.h>

/* Whole numbers of doubles up to here are all different. */
static const double LARGEST_CLASS = 0x1p53;

static int by_value(const void *a, const void *b) {
  const double p = *(const double *)a, q = *(const double *)b;
  return (p > q) - (p < q);
}

ntk_status ntk_classes_find(const double *Y, size_t N, size_t *count, double *value) {
  for (size_t i = 0; i < N; i++)
    if (!(Y[i] == floor(Y[i]) && fabs(Y[i]) <= LARGEST_CLASS))
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "label %zu (from 1) is %.17g; expected whole numbers, the classes", i + 1,
                      Y[i]);
  for (size_t i = 0; i < N; i++)
    value[i] = Y[i] + 0.0; /* no -0 */
  qsort(value, N, sizeof *value, by_value);
  size_t found = 1;
  for (size_t i = 1; i < N; i++)
    if (value[i] != value[found - 1])
      value[found++] = value[i];
  if (found < 2)
    return ntk_fail(NTK_ERR_ARGUMENT, "every label is %.17g; expected two classes or more",
                    value[0]);
  *count = found;
  return NTK_OK;
}

void ntk_classes_targets(const double *Y, size_t N, size_t count, const double *value, double *Z) {
  for (size_t c = 0; c < count; c++)
    for (size_t i = 0; i < N; i++)
      Z[c * N + i] = Y[i] == value[c] ? 1.0 : -1.0;
}

void ntk_classes_choose(const double *F, size_t N, size_t count, const double *value,
                        double *chosen) {
  for (size_t i = 0; i < N; i++) {
    size_t best = 0;
    bool finite = true;
    for (size_t c = 0; c < count; c++) {
      finite = finite && isfinite(F[c * N + i]);
      if (F[c * N + i] > F[best * N + i])
        best = c;
    }
    chosen[i] = finite ? value[best] : NAN;
  }
}

ntk_status ntk_classes_encode(const double *Y, size_t N, size_t count, const double *value,
                              size_t outputs, double other, double *Z) {
  const bool pair = outputs == 1 && count == 2;
  if (outputs != count && !pair)
    return ntk_fail(NTK_ERR_SHAPE,
                    "%zu classes for %zu output%s; accepted: an output for each class, or one "
                    "output for two",
                    count, outputs, outputs == 1 ? "" : "s");
  for (size_t i = 0; i < N; i++)
    for (size_t c = 0; c < outputs; c++)
      Z[i * outputs + c] = Y[i] == value[pair ? 1 : c] ? 1.0 : other;
  return NTK_OK;
}

void ntk_classes_decode(const double *F, size_t N, size_t count, const double *value,
                        size_t outputs, double other, double *chosen) {
  for (size_t i = 0; i < N; i++) {
    const double *f = F + i * outputs; /* outputs */
    size_t best = outputs == 1 && f[0] > 0.5 * (1.0 + other) ? 1 : 0;
    bool finite = true;
    for (size_t c = 0; c < outputs; c++) {
      finite = finite && isfinite(f[c]);
      if (outputs == count && f[c] > f[best])
        best = c;
    }
    chosen[i] = finite ? value[best] : NAN;
  }
}
