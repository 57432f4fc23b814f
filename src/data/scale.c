/* Centring, standardizing, and projection to the sphere, in place.
 *
 *   center       x_ij - m_j,           m_j = (1/N) sum_i x_ij
 *   standardize  (x_ij - m_j) / s_j,   s_j^2 = (1/N) sum_i (x_ij - m_j)^2; 0 where s_j = 0
 *   sphere       sqrt d x_i / ||x_i||
 *
 * The mean is taken in two passes, the second one averaging what the first left over: its error is
 * then an ulp or so instead of N of them, and a constant column's deviations are 0. Sums are taken
 * of numbers divided by a power of two near the largest of the column (row), which is exact and
 * keeps squares from overflowing or vanishing (Chan, Golub and LeVeque, Amer. Statist. 1983).
 * Cost: 4 to 5 passes over X. */
#include "base/memory.h"
#include "base/names.h"
#include "data/dataset.h"

#include <float.h>
#include <math.h>

static const char *const names[] = {
    [NTK_SCALE_NONE] = "none",
    [NTK_SCALE_CENTER] = "center",
    [NTK_SCALE_STANDARDIZE] = "standardize",
    [NTK_SCALE_SPHERE] = "sphere",
};

const char *const *ntk_scaling_list(size_t *count) {
  *count = sizeof names / sizeof names[0];
  return names;
}

ntk_status ntk_scaling_parse(const char *name, ntk_scaling *scaling) {
  size_t k = 0;
  NTK_TRY(NTK_NAME_FIND("scaling", name, names, sizeof names / sizeof names[0], &k));
  *scaling = (ntk_scaling)k;
  return NTK_OK;
}

/* Between passes over X, which are of memory's speed. */
static ntk_status poll(const ntk_dataset *data, double fraction) {
  return ntk_progress_poll(data->context, "scaling", fraction);
}

/* The power of two that brings the largest |x| to between 1/2 and 1, or as near as one can for
 * subnormal numbers. */
static double power_scale(double largest) {
  int exponent = 0;
  (void)frexp(largest, &exponent);
  return ldexp(1.0, exponent < -1023 ? 1023 : -exponent);
}

/* Per column: what standardizing needs. All in units of 1 / scale. */
typedef struct column {
  double scale, mean, square; /* square: sum of squared deviations */
} column;

/* column[j].scale from the largest |x_ij|. Numbers so large that a difference of two overflows are
 * refused. */
static ntk_status find_scales(const ntk_dataset *data, const char *source, column *columns) {
  const size_t N = data->N, d = data->d;
  for (size_t j = 0; j < d; j++)
    columns[j] = (column){0};
  for (size_t i = 0; i < N; i++) {
    if (i % 64 == 0)
      NTK_TRY(poll(data, 0.25 * (double)i / (double)N));
    for (size_t j = 0; j < d; j++)
      columns[j].scale = fmax(columns[j].scale, fabs(data->X[i * d + j]));
  }
  for (size_t j = 0; j < d; j++) {
    if (columns[j].scale > DBL_MAX / 2.0)
      return ntk_fail(NTK_ERR_LIMIT,
                      "%s: column %zu (counted from 1) holds %g, too large to subtract a mean "
                      "from; accepted: up to %g",
                      source, j + 1, columns[j].scale, DBL_MAX / 2.0);
    columns[j].scale = power_scale(columns[j].scale);
  }
  return NTK_OK;
}

/* column[j].mean += (1/N) sum_i (x_ij - column[j].mean) */
static void refine_means(const ntk_dataset *data, column *columns) {
  const size_t N = data->N, d = data->d;
  for (size_t j = 0; j < d; j++)
    columns[j].square = 0.0; /* the sum's place, for now */
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < d; j++)
      columns[j].square += data->X[i * d + j] * columns[j].scale - columns[j].mean;
  for (size_t j = 0; j < d; j++)
    columns[j].mean += columns[j].square / (double)N;
}

static ntk_status find_means(const ntk_dataset *data, const char *source, column *columns) {
  NTK_TRY(find_scales(data, source, columns));
  NTK_TRY(poll(data, 0.25));
  refine_means(data, columns);
  NTK_TRY(poll(data, 0.5));
  refine_means(data, columns);
  return poll(data, 0.75);
}

static void subtract_means(ntk_dataset *data, const column *columns) {
  const size_t N = data->N, d = data->d;
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < d; j++)
      data->own[i * d + j] -= columns[j].mean / columns[j].scale;
}

/* A column is constant when its deviation is of the size of the roundings of its numbers. */
static void standardize(ntk_dataset *data, column *columns) {
  const size_t N = data->N, d = data->d;
  for (size_t j = 0; j < d; j++)
    columns[j].square = 0.0;
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < d; j++) {
      const double deviation = data->X[i * d + j] * columns[j].scale - columns[j].mean;
      columns[j].square += deviation * deviation;
    }
  data->constant_columns = 0;
  for (size_t j = 0; j < d; j++) {
    columns[j].square = sqrt(columns[j].square / (double)N);
    if (columns[j].square > 4.0 * DBL_EPSILON) /* the largest |x| is 1/2 to 1 here */
      continue;
    columns[j].square = 0.0;
    data->constant_columns++;
  }
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < d; j++) {
      double *x = &data->own[i * d + j];
      const column c = columns[j];
      *x = c.square > 0.0 ? (*x * c.scale - c.mean) / c.square : 0.0;
    }
}

/* For others to be scaled alike. Dividing by a power of two is exact, so that (x - m) / s has the
 * bits of what was done here. */
static void keep_columns(ntk_dataset *data, ntk_scaling scaling, const column *columns) {
  for (size_t j = 0; j < data->d; j++) {
    data->columns[j] = columns[j].mean / columns[j].scale;
    data->columns[data->d + j] =
        scaling == NTK_SCALE_CENTER ? 1.0 : columns[j].square / columns[j].scale;
  }
}

/* Borrowed values are the caller's, who may share them with others. */
static ntk_status check_own(const ntk_dataset *data) {
  if (data->own != NULL)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT, "the values of this data set are borrowed and are not written "
                                    "to; accepted: data sets with a copy of their own");
}

ntk_status ntk_dataset_apply_scaling(ntk_dataset *data, const double *columns) {
  const size_t N = data->N, d = data->d;
  NTK_TRY(check_own(data));
  for (size_t j = 0; j < d; j++)
    if (!isfinite(columns[j]) || !(columns[d + j] >= 0.0) || isinf(columns[d + j]))
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "column %zu (counted from 1) has the mean %g and the deviation %g; accepted: "
                      "finite means, and finite deviations from 0 (of a constant column) up",
                      j + 1, columns[j], columns[d + j]);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < d; j++) {
      double *x = &data->own[i * d + j];
      const double s = columns[d + j];
      *x = s > 0.0 ? (*x - columns[j]) / s : 0.0;
      if (!isfinite(*x))
        return ntk_fail(NTK_ERR_NOT_FINITE,
                        "row %zu, column %zu (counted from 1) overflows when it is scaled", i + 1,
                        j + 1);
    }
  return NTK_OK;
}

static ntk_status scale_columns(ntk_dataset *data, ntk_scaling scaling, const char *source) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(data->context, data->d, sizeof(column), "column means", &pointer));
  column *columns = pointer; /* d */
  ntk_status status = ntk_alloc_doubles(data->context, 2 * data->d, "column means", &data->columns);
  if (status == NTK_OK)
    status = find_means(data, source, columns);
  if (status == NTK_OK) {
    if (scaling == NTK_SCALE_CENTER)
      subtract_means(data, columns);
    else
      standardize(data, columns);
    keep_columns(data, scaling, columns);
  }
  ntk_free(data->context, pointer);
  return status;
}

static ntk_status project_rows(ntk_dataset *data, const char *source) {
  const size_t N = data->N, d = data->d;
  for (size_t i = 0; i < N; i++) {
    NTK_TRY(poll(data, (double)i / (double)N));
    double *x = data->own + i * d; /* d */
    double largest = 0.0;
    for (size_t j = 0; j < d; j++)
      largest = fmax(largest, fabs(x[j]));
    if (!(largest > 0.0))
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "%s: row %zu (counted from 1) is all zeros and has no direction; scaling "
                      "'sphere' accepts rows with a nonzero number",
                      source, i + 1);
    const double scale = power_scale(largest);
    double square = 0.0;
    for (size_t j = 0; j < d; j++)
      square += x[j] * scale * (x[j] * scale);
    const double factor = sqrt((double)d / square);
    for (size_t j = 0; j < d; j++)
      x[j] = x[j] * scale * factor;
  }
  return NTK_OK;
}

ntk_status ntk_dataset_scale(ntk_dataset *data, ntk_scaling scaling, const char *source) {
  if (scaling != NTK_SCALE_NONE)
    NTK_TRY(check_own(data));
  switch (scaling) {
  case NTK_SCALE_NONE:
    return NTK_OK;
  case NTK_SCALE_CENTER:
  case NTK_SCALE_STANDARDIZE:
    return scale_columns(data, scaling, source);
  case NTK_SCALE_SPHERE:
    return project_rows(data, source);
  }
  return ntk_fail(NTK_ERR_ARGUMENT, "unknown scaling %d; accepted: NTK_SCALE_NONE to _SPHERE",
                  (int)scaling);
}
