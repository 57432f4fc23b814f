#include "theory/population.h"

#include "base/memory.h"
#include "data/dataset.h"

#include <math.h>
#include <string.h>

ntk_status ntk_source_features(ntk_context *context, const ntk_network *network,
                               const ntk_source *source, size_t first, size_t count,
                               ntk_dataset **piece, ntk_features **features) {
  const size_t d = network->width[0];
  ntk_dataset *made = NULL;
  NTK_TRY(ntk_dataset_allocate(context, count, d, &made));
  if (source->distribution != NULL)
    ntk_distribution_fill(context, source->distribution,
                          (ntk_random){source->seed, NTK_STREAM_POPULATION, 0}, first, count, d,
                          made->X);
  else
    memcpy(made->X, source->data->X + first * d, count * d * sizeof(double));
  const ntk_status status = ntk_features_create(network, made, features);
  if (status == NTK_OK)
    *piece = made;
  else
    ntk_dataset_destroy(made);
  return status;
}

/* What the pass needs besides. */
typedef struct pass {
  const ntk_network *network;
  ntk_population *p;
  double *values;     /* NTK_POPULATION_PIECE x the largest width */
  double *ones, *g;   /* 1, ..., 1; J^T 1 of a piece, P */
  double *sum, *sum2; /* L each: sums of ||f_l|| and its square */
  double *sum4;       /* L: of ||f_l||^4 */
  /* About the first sample, lest digits cancel where the mean is far from 0. */
  double *first;   /* its f_0, ..., f_{L-1}, b, one behind the other */
  double *shifted; /* L + 1: sums of ||f_l - that||^2, and of b */
} pass;

/* sum (n) += the rows of A (count x n). */
static void add_rows(size_t count, size_t n, const double *A, double *sum) {
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < n; j++)
      sum[j] += A[i * n + j];
}

static double row_square(size_t n, const double *a) {
  double square = 0.0;
  for (size_t j = 0; j < n; j++)
    square += a[j] * a[j];
  return square;
}

static double distance_square(size_t n, const double *a, const double *b) {
  double square = 0.0;
  for (size_t j = 0; j < n; j++)
    square += (a[j] - b[j]) * (a[j] - b[j]);
  return square;
}

/* Rows of values (count x n), of which *first is the first of all. */
static double shifted_squares(bool begins, size_t count, size_t n, const double *values,
                              double *first) {
  double sum = 0.0;
  if (begins)
    memcpy(first, values, n * sizeof *first);
  for (size_t i = 0; i < count; i++)
    sum += distance_square(n, values + i * n, first);
  return sum;
}

static ntk_status add_piece(pass *s, bool begins, const ntk_features *features) {
  const ntk_network *network = s->network;
  const size_t L = network->depth, count = features->N;
  double *first = s->first;
  for (size_t l = 0; l < L; l++) {
    const size_t n = network->width[l];
    features->backend->features_values(features, false, l, s->values);
    add_rows(count, n, s->values, s->p->mean_f[l]);
    for (size_t i = 0; i < count; i++) {
      const double square = row_square(n, s->values + i * n);
      s->sum[l] += sqrt(square);
      s->sum2[l] += square;
      s->sum4[l] += square * square;
    }
    s->shifted[l] += shifted_squares(begins, count, n, s->values, first);
    first += n;
  }
  const size_t m = network->width[L - 1];
  features->backend->features_values(features, true, L - 1, s->values);
  add_rows(count, m, s->values, s->p->mean_b);
  s->shifted[L] += shifted_squares(begins, count, m, s->values, first);
  NTK_TRY(ntk_jacobian_adjoint(features, s->ones, s->g)); /* sum_i f_i b_i^T, block L - 2 */
  const double *G = s->g + (network->W[L - 1] - network->theta);
  for (size_t e = 0; e < network->width[L - 2] * m; e++)
    s->p->M[e] += G[e];
  return NTK_OK;
}

static ntk_moments moments(double sum, double sum_of_squares, double n) {
  const double mean = sum / n, variance = (sum_of_squares - n * mean * mean) / fmax(1.0, n - 1.0);
  return (ntk_moments){mean, sqrt(fmax(0.0, variance))};
}

/* E ||f - E f||^2, unbiased, from a sum of ||f - first||^2. */
static double centred(size_t n, const double *mean, const double *first, double shifted,
                      double count) {
  const double square = shifted - count * distance_square(n, mean, first);
  return fmax(0.0, square) / fmax(1.0, count - 1.0);
}

/* Sums to expectations. */
static void finish(pass *s) {
  ntk_population *p = s->p;
  const ntk_network *network = s->network;
  const size_t L = network->depth, n = network->width[L - 2], m = network->width[L - 1];
  const double count = (double)p->samples;
  const double *first = s->first;
  for (size_t l = 0; l < L; l++) {
    for (size_t j = 0; j < network->width[l]; j++)
      p->mean_f[l][j] /= count;
    p->norm[l] = moments(s->sum[l], s->sum2[l], count);
    p->square[l] = moments(s->sum2[l], s->sum4[l], count);
    p->centred[l] = centred(network->width[l], p->mean_f[l], first, s->shifted[l], count);
    first += network->width[l];
  }
  for (size_t j = 0; j < m; j++)
    p->mean_b[j] /= count;
  p->centred_b = centred(m, p->mean_b, first, s->shifted[L], count);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < m; j++)
      p->M[i * m + j] = p->M[i * m + j] / count - p->mean_f[L - 2][i] * p->mean_b[j];
}

static ntk_status stream(pass *s, const ntk_source *source) {
  ntk_context *context = s->p->context;
  for (size_t first = 0; first < s->p->samples; first += NTK_POPULATION_PIECE) {
    const size_t left = s->p->samples - first;
    const size_t count = left < NTK_POPULATION_PIECE ? left : NTK_POPULATION_PIECE;
    ntk_dataset *piece = NULL;
    ntk_features *features = NULL;
    NTK_TRY(
        ntk_progress_report(context, "population samples", (double)first / (double)s->p->samples));
    NTK_TRY(ntk_source_features(context, s->network, source, first, count, &piece, &features));
    const ntk_status status = add_piece(s, first == 0, features);
    ntk_features_destroy(features);
    ntk_dataset_destroy(piece);
    NTK_TRY(status);
  }
  finish(s);
  return NTK_OK;
}

/* Until _end, moments hold sums and sums of squares. */
static void add_moment(ntk_moments *sums, double value) {
  sums->mean += value;
  sums->deviation += value * value;
}

void ntk_population_add_centred(ntk_population *p, const ntk_features *features, double *values) {
  for (size_t l = 0; l <= p->L; l++) {
    const bool b = l == p->L;
    const size_t layer = b ? l - 1 : l, n = features->network->width[layer];
    const double *mean = b ? p->mean_b : p->mean_f[l];
    features->backend->features_values(features, b, layer, values);
    for (size_t i = 0; i < features->N; i++) {
      double square = 0.0;
      for (size_t j = 0; j < n; j++)
        square += (values[i * n + j] - mean[j]) * (values[i * n + j] - mean[j]);
      add_moment(&p->centred_norm[l], sqrt(square));
      add_moment(&p->centred_square[l], square);
    }
  }
}

void ntk_population_end_centred(ntk_population *p, size_t samples) {
  for (size_t l = 0; l <= p->L; l++) {
    ntk_moments *norm = &p->centred_norm[l], *square = &p->centred_square[l];
    *norm = moments(norm->mean, norm->deviation, (double)samples);
    *square = moments(square->mean, square->deviation, (double)samples);
  }
}

/* One block of memory for all arrays, sliced and zeroed. */
static ntk_status allocate(ntk_context *context, const ntk_network *network, size_t samples,
                           ntk_population **population) {
  const size_t L = network->depth, m = network->width[L - 1];
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, 1, sizeof(ntk_population), "expectations", &pointer));
  ntk_population *made = pointer;
  *made = (ntk_population){.context = context, .samples = samples, .L = L};
  size_t entries = m + network->width[L - 2] * m + 5 * L + 4 * (L + 1);
  for (size_t l = 0; l < L; l++)
    entries += network->width[l];
  ntk_status status = ntk_alloc_doubles(context, entries, "expectations", &made->storage);
  if (status == NTK_OK)
    status = ntk_alloc(context, L, sizeof(double *), "expectations", &pointer);
  if (status != NTK_OK) {
    ntk_population_destroy(made);
    return status;
  }
  memset(made->storage, 0, entries * sizeof(double));
  made->mean_f = pointer;
  double *next = made->storage;
  for (size_t l = 0; l < L; l++, next += network->width[l - 1])
    made->mean_f[l] = next;
  made->mean_b = next;
  made->M = made->mean_b + m;
  made->norm = (ntk_moments *)(made->M + network->width[L - 2] * m);
  made->square = made->norm + L;
  made->centred_norm = made->square + L;
  made->centred_square = made->centred_norm + L + 1;
  made->centred = (double *)(made->centred_square + L + 1);
  *population = made;
  return NTK_OK;
}

ntk_status ntk_population_create(ntk_context *context, const ntk_network *network,
                                 const ntk_source *source, size_t samples,
                                 ntk_population **population) {
  const size_t L = network->depth;
  size_t widest = 0, all = network->width[L - 1];
  for (size_t l = 0; l < L; l++) {
    widest = network->width[l] > widest ? network->width[l] : widest;
    all += network->width[l];
  }
  ntk_population *made = NULL;
  NTK_TRY(
      allocate(context, network, source->distribution != NULL ? samples : source->data->N, &made));
  double *work = NULL;
  const size_t rows = NTK_POPULATION_PIECE * widest, sums = 4 * L + 1;
  ntk_status status =
      ntk_alloc_doubles(context, rows + NTK_POPULATION_PIECE + network->parameters + all + sums,
                        "expectations", &work);
  if (status == NTK_OK) {
    pass s = {.network = network, .p = made, .values = work, .ones = work + rows};
    for (size_t i = 0; i < NTK_POPULATION_PIECE; i++)
      s.ones[i] = 1.0;
    s.g = s.ones + NTK_POPULATION_PIECE;
    s.first = s.g + network->parameters;
    s.sum = s.first + all;
    s.sum2 = s.sum + L;
    s.sum4 = s.sum2 + L;
    s.shifted = s.sum4 + L;
    memset(s.sum, 0, sums * sizeof(double));
    status = stream(&s, source);
  }
  ntk_free(context, work);
  if (status == NTK_OK)
    *population = made;
  else
    ntk_population_destroy(made);
  return status;
}

void ntk_population_destroy(ntk_population *p) {
  if (p == NULL)
    return;
  ntk_free(p->context, p->mean_f);
  ntk_free(p->context, p->storage);
  ntk_free(p->context, p);
}
