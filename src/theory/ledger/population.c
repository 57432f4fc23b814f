#include "theory/ledger/population.h"

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
  ntk_status status = NTK_OK;
  if (source->distribution != NULL)
    status = ntk_distribution_fill(context, source->distribution,
                                   (ntk_random){source->seed, NTK_STREAM_POPULATION, 0}, first,
                                   count, d, made->own);
  else
    memcpy(made->own, source->data->X + first * d, count * d * sizeof(double));
  if (status == NTK_OK)
    status = ntk_features_create(network, made, features);
  if (status == NTK_OK)
    *piece = made;
  else
    ntk_dataset_destroy(made);
  return status;
}

/* What the pass needs besides. Everything is summed about the first sample: digits cancel where
 * values hardly differ, and what is left of them then is what E f~ and M are made of. */
typedef struct pass {
  const ntk_network *network;
  ntk_population *p;
  size_t seen;      /* samples */
  double *values;   /* NTK_POPULATION_PIECE x the largest width */
  double *ones, *g; /* 1, ..., 1; J^T 1 of a piece, P */
  double *first;    /* its f_0, ..., f_{L-1}, b, one behind the other */
  double *shifted;  /* L + 1: sums of ||f_l - that||^2, and of b */
} pass;

static double row_square(size_t n, const double *a) {
  double square = 0.0;
  for (size_t j = 0; j < n; j++)
    square += a[j] * a[j];
  return square;
}

/* Rows of values (count x n) less *first, which is the first of all; sum (n) += these. Returns
 * their squares' sum. */
static double add_shifted(bool begins, size_t count, size_t n, double *values, double *first,
                          double *sum) {
  double squares = 0.0;
  if (begins)
    memcpy(first, values, n * sizeof *first);
  for (size_t i = 0; i < count; i++) {
    double *row = values + i * n;
    for (size_t j = 0; j < n; j++)
      sum[j] += row[j] -= first[j];
    squares += row_square(n, row);
  }
  return squares;
}

/* Of value number `count`, from 1 (Welford). Until end_moments deviation holds the sum of squared
 * deviations. */
static void add_moment(ntk_moments *m, size_t count, double value) {
  const double before = value - m->mean;
  m->mean += before / (double)count;
  m->deviation += before * (value - m->mean);
}

static void end_moments(ntk_moments *m, double count) {
  m->deviation = sqrt(m->deviation / fmax(1.0, count - 1.0));
}

/* M += sum_i (f_i - first f) (b_i - first b)^T of a piece, f = f_{L-2}. */
static ntk_status add_products(pass *s, const ntk_features *features, const double *first_f,
                               const double *first_b) {
  const ntk_network *network = s->network;
  const size_t L = network->depth;
  ntk_features *about = NULL;
  NTK_TRY(ntk_features_centre(features, first_f, first_b, &about));
  const ntk_status status = ntk_jacobian_adjoint(about, s->ones, s->g); /* its block L - 2 */
  ntk_features_destroy(about);
  NTK_TRY(status);
  const double *G = s->g + ntk_layer_offset(network, L - 1);
  for (size_t e = 0; e < network->width[L - 2] * network->width[L - 1]; e++)
    s->p->M[e] += G[e];
  return NTK_OK;
}

static ntk_status add_piece(pass *s, bool begins, const ntk_features *features) {
  const ntk_network *network = s->network;
  ntk_population *p = s->p;
  const size_t L = network->depth, count = features->N;
  double *first = s->first, *first_f = NULL;
  for (size_t l = 0; l < L; l++) {
    const size_t n = network->width[l];
    ntk_features_values(features, false, l, s->values);
    for (size_t i = 0; i < count; i++) {
      const double square = row_square(n, s->values + i * n);
      add_moment(&p->norm[l], s->seen + i + 1, sqrt(square));
      add_moment(&p->square[l], s->seen + i + 1, square);
    }
    first_f = l == L - 2 ? first : first_f;
    s->shifted[l] += add_shifted(begins, count, n, s->values, first, p->mean_f[l]);
    first += n;
  }
  ntk_features_values(features, true, L - 1, s->values);
  s->shifted[L] += add_shifted(begins, count, network->width[L - 1], s->values, first, p->mean_b);
  s->seen += count;
  return add_products(s, features, first_f, first);
}

/* E ||f - E f||^2, unbiased, from sums of f - first (n, made the mean of it) and its square. */
static double centred(size_t n, double *mean, double shifted, double count) {
  for (size_t j = 0; j < n; j++)
    mean[j] /= count;
  return fmax(0.0, shifted - count * row_square(n, mean)) / fmax(1.0, count - 1.0);
}

/* Sums to expectations. */
static void finish(pass *s) {
  ntk_population *p = s->p;
  const ntk_network *network = s->network;
  const size_t L = network->depth, n = network->width[L - 2], m = network->width[L - 1];
  const double count = (double)p->samples;
  for (size_t l = 0; l < L; l++) {
    end_moments(&p->norm[l], count);
    end_moments(&p->square[l], count);
    p->centred[l] = centred(network->width[l], p->mean_f[l], s->shifted[l], count);
  }
  p->centred_b = centred(m, p->mean_b, s->shifted[L], count);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < m; j++)
      p->M[i * m + j] = p->M[i * m + j] / count - p->mean_f[L - 2][i] * p->mean_b[j];
  const double *first = s->first; /* in the order of mean_f[0], ..., mean_b, one array too */
  for (size_t e = 0; e < (size_t)(p->mean_b + m - p->mean_f[0]); e++)
    p->mean_f[0][e] += first[e];
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

void ntk_population_add_centred(ntk_population *p, const ntk_features *features, double *values) {
  for (size_t l = 0; l <= p->L; l++) {
    const bool b = l == p->L;
    const size_t layer = b ? l - 1 : l, n = features->network->width[layer];
    const double *mean = b ? p->mean_b : p->mean_f[l];
    ntk_features_values(features, b, layer, values);
    for (size_t i = 0; i < features->N; i++) {
      double square = 0.0;
      for (size_t j = 0; j < n; j++)
        square += (values[i * n + j] - mean[j]) * (values[i * n + j] - mean[j]);
      add_moment(&p->centred_norm[l], p->centred_seen + i + 1, sqrt(square));
      add_moment(&p->centred_square[l], p->centred_seen + i + 1, square);
    }
  }
  p->centred_seen += features->N;
}

void ntk_population_end_centred(ntk_population *p) {
  for (size_t l = 0; l <= p->L; l++) {
    end_moments(&p->centred_norm[l], (double)p->centred_seen);
    end_moments(&p->centred_square[l], (double)p->centred_seen);
  }
}

/* One block of memory for all arrays, sliced and zeroed. */
static ntk_status allocate_population(ntk_context *context, const ntk_network *network,
                                      size_t samples, ntk_population **population) {
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
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t widest = ntk_widest(&spec, 0);
  size_t all = network->width[L - 1];
  for (size_t l = 0; l < L; l++)
    all += network->width[l];
  ntk_population *made = NULL;
  NTK_TRY(allocate_population(context, network,
                              source->distribution != NULL ? samples : source->data->N, &made));
  double *work = NULL;
  const size_t rows = NTK_POPULATION_PIECE * widest, sums = L + 1;
  ntk_status status =
      ntk_alloc_doubles(context, rows + NTK_POPULATION_PIECE + network->parameters + all + sums,
                        "expectations", &work);
  if (status == NTK_OK) {
    pass s = {.network = network, .p = made, .values = work, .ones = work + rows};
    for (size_t i = 0; i < NTK_POPULATION_PIECE; i++)
      s.ones[i] = 1.0;
    s.g = s.ones + NTK_POPULATION_PIECE;
    s.first = s.g + network->parameters;
    s.shifted = s.first + all;
    memset(s.shifted, 0, sums * sizeof(double));
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
