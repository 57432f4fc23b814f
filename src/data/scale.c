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
 * Cost: 4 to 5 passes over X. Where ranks have X in parts, a sum goes from rank to rank in the
 * order of the rows, so that it is one process's to the bit; while one adds the others wait. */
#include "base/memory.h"
#include "base/names.h"
#include "base/ranks/ranks.h"
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
  double scale, mean, sum, deviation; /* sum: of what is averaged, as far as it has come */
} column;

/* Takes a row, d numbers, into what its columns have. */
typedef void take_fn(size_t d, const double *x, column *columns);

/* All rows in their order, by whoever has them. */
static ntk_status take_rows(const ntk_dataset *data, take_fn *take, double part, column *columns) {
  const ntk_share *share = &data->share;
  const size_t N = data->N, d = data->d;
  const double *x = data->X;
  for (size_t i = 0, end; i < N; i = end) {
    const int owner = ntk_share_owner(share, i);
    for (end = i; end < N && ntk_share_owner(share, end) == owner;)
      end = N - end > share->unit ? end + share->unit : N;
    for (; owner == share->rank && i < end; i++, x += d) {
      if (i % 64 == 0)
        NTK_TRY(poll(data, part + 0.25 * (double)i / (double)N));
      take(d, x, columns);
    }
    if (share->ranks > 1)
      ntk_ranks_hand(data->context, owner, d * sizeof *columns, columns);
  }
  return NTK_OK;
}

static void take_largest(size_t d, const double *x, column *columns) {
  for (size_t j = 0; j < d; j++)
    columns[j].scale = fmax(columns[j].scale, fabs(x[j]));
}

/* column[j].scale from the largest |x_ij|. Numbers so large that a difference of two overflows are
 * refused. */
static ntk_status find_scales(const ntk_dataset *data, const char *source, column *columns) {
  for (size_t j = 0; j < data->d; j++)
    columns[j] = (column){0};
  NTK_TRY(take_rows(data, take_largest, 0.0, columns));
  for (size_t j = 0; j < data->d; j++) {
    if (columns[j].scale > DBL_MAX / 2.0)
      return ntk_fail(NTK_ERR_LIMIT,
                      "%s: column %zu (counted from 1) holds %g, too large to subtract a mean "
                      "from; accepted: up to %g",
                      source, j + 1, columns[j].scale, DBL_MAX / 2.0);
    columns[j].scale = power_scale(columns[j].scale);
  }
  return NTK_OK;
}

static void take_rest(size_t d, const double *x, column *columns) {
  for (size_t j = 0; j < d; j++)
    columns[j].sum += x[j] * columns[j].scale - columns[j].mean;
}

/* column[j].mean += (1/N) sum_i (x_ij - column[j].mean) */
static ntk_status refine_means(const ntk_dataset *data, double part, column *columns) {
  for (size_t j = 0; j < data->d; j++)
    columns[j].sum = 0.0;
  NTK_TRY(take_rows(data, take_rest, part, columns));
  for (size_t j = 0; j < data->d; j++)
    columns[j].mean += columns[j].sum / (double)data->N;
  return NTK_OK;
}

static ntk_status find_means(const ntk_dataset *data, const char *source, column *columns) {
  NTK_TRY(find_scales(data, source, columns));
  NTK_TRY(refine_means(data, 0.25, columns));
  return refine_means(data, 0.5, columns);
}

static size_t rows_here(const ntk_dataset *data) {
  return ntk_share_count(&data->share, data->share.rank);
}

static void subtract_means(ntk_dataset *data, const column *columns) {
  const size_t here = rows_here(data), d = data->d;
  for (size_t i = 0; i < here; i++)
    for (size_t j = 0; j < d; j++)
      data->own[i * d + j] -= columns[j].mean / columns[j].scale;
}

static void take_square(size_t d, const double *x, column *columns) {
  for (size_t j = 0; j < d; j++) {
    const double deviation = x[j] * columns[j].scale - columns[j].mean;
    columns[j].sum += deviation * deviation;
  }
}

/* A column is constant when its deviation is of the size of the roundings of its numbers. */
static ntk_status standardize(ntk_dataset *data, column *columns) {
  const size_t here = rows_here(data), d = data->d;
  for (size_t j = 0; j < d; j++)
    columns[j].sum = 0.0;
  NTK_TRY(take_rows(data, take_square, 0.75, columns));
  data->constant_columns = 0;
  for (size_t j = 0; j < d; j++) {
    columns[j].deviation = sqrt(columns[j].sum / (double)data->N);
    if (columns[j].deviation > 4.0 * DBL_EPSILON) /* the largest |x| is 1/2 to 1 here */
      continue;
    columns[j].deviation = 0.0;
    data->constant_columns++;
  }
  for (size_t i = 0; i < here; i++)
    for (size_t j = 0; j < d; j++) {
      double *x = &data->own[i * d + j];
      const column c = columns[j];
      *x = c.deviation > 0.0 ? (*x * c.scale - c.mean) / c.deviation : 0.0;
    }
  return NTK_OK;
}

/* For others to be scaled alike. Dividing by a power of two is exact, so that (x - m) / s has the
 * bits of what was done here. */
static void keep_columns(ntk_dataset *data, ntk_scaling scaling, const column *columns) {
  for (size_t j = 0; j < data->d; j++) {
    data->columns[j] = columns[j].mean / columns[j].scale;
    data->columns[data->d + j] =
        scaling == NTK_SCALE_CENTER ? 1.0 : columns[j].deviation / columns[j].scale;
  }
}

/* Borrowed values are the caller's, who may share them with others. */
static ntk_status check_own(const ntk_dataset *data) {
  if (data->own != NULL)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT, "the values of this data set are borrowed and are not written "
                                    "to; accepted: data sets with a copy of their own");
}

/* What one rank's rows came to becomes what all of them did. */
static ntk_status agree(const ntk_dataset *data, ntk_status own) {
  if (data->share.ranks == 1)
    return own;
  return ntk_ranks_agree(data->context, own, ntk_ranks_what("scaling", data->N, data->d, 0));
}

/* Row `here` of those that are here, counted from 1 among all. */
static size_t number_of(const ntk_dataset *data, size_t here) {
  return ntk_share_row(&data->share, here) + 1;
}

static ntk_status apply(ntk_dataset *data, const double *columns) {
  const size_t here = rows_here(data), d = data->d;
  for (size_t i = 0; i < here; i++)
    for (size_t j = 0; j < d; j++) {
      double *x = &data->own[i * d + j];
      const double s = columns[d + j];
      *x = s > 0.0 ? (*x - columns[j]) / s : 0.0;
      if (!isfinite(*x))
        return ntk_fail(NTK_ERR_NOT_FINITE,
                        "row %zu, column %zu (counted from 1) overflows when it is scaled",
                        number_of(data, i), j + 1);
    }
  return NTK_OK;
}

ntk_status ntk_dataset_apply_scaling(ntk_dataset *data, const double *columns) {
  const size_t d = data->d;
  NTK_TRY(check_own(data));
  for (size_t j = 0; j < d; j++)
    if (!isfinite(columns[j]) || !(columns[d + j] >= 0.0) || isinf(columns[d + j]))
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "column %zu (counted from 1) has the mean %g and the deviation %g; accepted: "
                      "finite means, and finite deviations from 0 (of a constant column) up",
                      j + 1, columns[j], columns[d + j]);
  return agree(data, apply(data, columns));
}

static ntk_status scale_columns(ntk_dataset *data, ntk_scaling scaling, const char *source) {
  void *pointer = NULL;
  ntk_status status = ntk_alloc(data->context, data->d, sizeof(column), "column means", &pointer);
  column *columns = pointer; /* d */
  if (status == NTK_OK)
    status = ntk_alloc_doubles(data->context, 2 * data->d, "column means", &data->columns);
  status = agree(data, status);
  if (status == NTK_OK)
    status = find_means(data, source, columns);
  if (status == NTK_OK && scaling == NTK_SCALE_CENTER)
    subtract_means(data, columns);
  else if (status == NTK_OK)
    status = standardize(data, columns);
  if (status == NTK_OK)
    keep_columns(data, scaling, columns);
  ntk_free(data->context, pointer);
  return status;
}

static ntk_status project_rows(ntk_dataset *data, const char *source) {
  const size_t here = rows_here(data), d = data->d;
  for (size_t i = 0; i < here; i++) {
    NTK_TRY(poll(data, (double)i / (double)here));
    double *x = data->own + i * d; /* d */
    double largest = 0.0;
    for (size_t j = 0; j < d; j++)
      largest = fmax(largest, fabs(x[j]));
    if (!(largest > 0.0))
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "%s: row %zu (counted from 1) is all zeros and has no direction; scaling "
                      "'sphere' accepts rows with a nonzero number",
                      source, number_of(data, i));
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
    return agree(data, project_rows(data, source));
  }
  return ntk_fail(NTK_ERR_ARGUMENT, "unknown scaling %d; accepted: NTK_SCALE_NONE to _SPHERE",
                  (int)scaling);
}
