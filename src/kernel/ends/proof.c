#include "kernel/ends/proof.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "kernel/kernel.h"
#include "net/exact/passes.h"

#include <math.h>
#include <omp.h>

enum { MOST_ROWS = 32, ROOM = 1 << 20 }; /* rows and numbers of a thread */

static size_t rows_at_once(const ntk_network_spec *spec) {
  const double fit = ROOM / ntk_proof_numbers(spec, 1);
  return fit < 1.0 ? 1 : fit > MOST_ROWS ? MOST_ROWS : (size_t)fit;
}

/* W_2^T .. W_{L-1}^T, and the widest layer. */
static double down_numbers(const ntk_network_spec *spec) {
  double numbers = 0.0;
  for (size_t l = 2; l < spec->depth; l++)
    numbers += (double)spec->width[l] * (double)spec->width[l - 1];
  return numbers;
}

static size_t widest_of(const ntk_network_spec *spec) {
  size_t widest = 1;
  for (size_t l = 0; l < spec->depth; l++)
    widest = spec->width[l] > widest ? spec->width[l] : widest;
  return widest;
}

/* Of a deep network norms of entries, which multiply twice from layer to layer, leave nothing to
 * prove; those by powers of W_l W_l^T take more, and are found where the others come to that much.
 */
enum { DEEP = 6, WIDE = 2048 };
static const double MUCH = 0x1p14;

static size_t lesser_width(const size_t *n, size_t l) {
  return n[l - 1] < n[l] ? n[l - 1] : n[l];
}

static double powers_numbers(const ntk_network_spec *spec) {
  size_t most = 0;
  for (size_t l = 2; l < spec->depth && spec->depth >= DEEP; l++) {
    const size_t m = lesser_width(spec->width, l);
    most = m <= WIDE && m > most ? m : most;
  }
  return 2.0 * (double)most * (double)most;
}

double ntk_proof_powers(const ntk_network_spec *spec) {
  double flops = 0.0;
  for (size_t l = 2; l < spec->depth && spec->depth >= DEEP; l++) {
    const double m = (double)lesser_width(spec->width, l);
    if (m <= WIDE)
      flops += 2.0 * m * m * ((double)spec->width[l - 1] + (double)spec->width[l] + m);
  }
  return flops;
}

/* W_L^T, and one vector more, in double-double. */
static double last_numbers(const ntk_network_spec *spec) {
  return 2.0 * ((double)ntk_spec_width(spec, spec->depth) + 1.0) *
         (double)spec->width[spec->depth - 1];
}

/* Numbers: those of all threads, the weights', norms of weights and a layer to find them in. */
static double numbers_of(const ntk_network_spec *spec, int threads) {
  return (double)threads * ntk_proof_numbers(spec, rows_at_once(spec)) + last_numbers(spec) +
         down_numbers(spec) + (double)(spec->depth * sizeof(ntk_weight_norms)) / 8.0 +
         (double)widest_of(spec) + powers_numbers(spec);
}

double ntk_proof_bytes(const ntk_context *context, const ntk_network_spec *spec,
                       ntk_outputs outputs, size_t N) {
  return ntk_ranks_count(context) > 1 ? 0.0
                                      : 8.0 * (numbers_of(spec, context->threads) +
                                               (double)ntk_kernel_rows(spec, outputs, N));
}

const char *ntk_proof_refuses(const ntk_network *network) {
  return ntk_ranks_count(network->context) > 1 ? "it is made in one process alone"
         : network->slope != NULL              ? "some layers are beyond the range of double precision"
                                               : NULL;
}

/* Of all layers but the last, of which what is needed is in `last` and `own`. */
static void take_weights(const ntk_network *network, ntk_weight_norms *W, double *down,
                         double *column) {
  const size_t *n = network->width;
  for (size_t l = 1; l < network->depth; l++)
    W[l - 1] = ntk_weight_norms_of(network->W[l], network->b[l], n[l - 1], n[l], column);
  for (size_t l = 2; l < network->depth; l++)
    for (size_t j = 0; j < n[l]; j++)
      for (size_t i = 0; i < n[l - 1]; i++)
        *down++ = network->W[l][i * n[l] + j];
}

static void sharpen(const ntk_network *network, ntk_weight_norms *W, double *room) {
  const size_t *n = network->width;
  double gain = 1.0;
  for (size_t l = 2; l < network->depth; l++)
    gain *= W[l - 1].spectral;
  if (network->depth < DEEP || !(gain > MUCH))
    return;
  const int previous = ntk_blas_enter(1); /* the same bits for any number of threads */
  for (size_t l = 2; l < network->depth; l++)
    if (lesser_width(n, l) <= WIDE)
      W[l - 1].spectral = fmin(W[l - 1].spectral, ntk_weight_spectral(network->W[l], n[l - 1], n[l],
                                                                      W[l - 1].frobenius, room));
  ntk_blas_leave(previous);
}

/* last, own and what they err by, in last_numbers from `next` on. */
static void take_last(ntk_proof_pass *p, ntk_outputs outputs, double *next) {
  const size_t n = p->network->width[p->L - 1], all = p->C * n;
  p->last = (ntk_exact_entries){next, next + all};
  p->own = (ntk_exact_entries){next + 2 * all, next + 2 * all + n};
  ntk_exact_last(p->network, outputs, p->last, p->own);
  if (p->C > 1 && outputs == NTK_OUTPUTS_TRACE)
    p->rounded = (2.0 * (double)p->C + 64.0) * 0x1p-106;
  else
    p->own = (ntk_exact_entries){NULL, NULL};
}

ntk_proof_stored ntk_proof_features(const ntk_features *features) {
  return (ntk_proof_stored){.features = features,
                            .network = features->network,
                            .outputs = features->outputs,
                            .N = features->N,
                            .rows = features->rows};
}

ntk_status ntk_proof_distances(const ntk_proof_stored *stored, double *moved) {
  const ntk_network *network = stored->network;
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t N = stored->N, S = rows_at_once(&spec);
  const size_t part = (size_t)ntk_proof_numbers(&spec, S), down = (size_t)down_numbers(&spec);
  ntk_watch watch = {.context = network->context, .phase = "proof for exact K"};
  const int threads = ntk_team(network->context);
  double *numbers = NULL;
  if (!(numbers_of(&spec, threads) < 0x1p58))
    return ntk_fail(NTK_ERR_LIMIT, "the layers exceed the address space");
  NTK_TRY(ntk_alloc_doubles(network->context, (size_t)numbers_of(&spec, threads),
                            "workspace of the proof", &numbers));
  double *all = numbers + (size_t)threads * part;
  ntk_weight_norms *W = (ntk_weight_norms *)(void *)(all + down);
  ntk_proof_pass p = {.stored = stored,
                      .network = network,
                      .L = network->depth,
                      .S = S,
                      .widest = widest_of(&spec),
                      .C = network->width[network->depth],
                      .rows = stored->rows / N,
                      .W = W,
                      .down = all,
                      .moved = moved};
  double *column = (double *)(void *)(W + p.L);
  take_last(&p, stored->outputs, column + p.widest + (size_t)powers_numbers(&spec));
  take_weights(network, W, all, column);
  sharpen(network, W, column + p.widest);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (size_t first = 0; first < N; first += S)
    if (ntk_watch_on(&watch, 0.6 + 0.4 * (double)first / (double)N))
      ntk_proof_rows(&p, first, N - first < S ? N - first : S,
                     numbers + (size_t)omp_get_thread_num() * part);
  ntk_free(network->context, numbers);
  return watch.status;
}

/* The root of the sum into *jacobian, or why there is none. */
static const char *sum_up(size_t N, const double *moved, double *jacobian) {
  double sum = 0.0;
  for (size_t i = 0; i < N; i++) {
    if (moved[i] == NTK_PROOF_KINK)
      return "a unit is so near a kink of its activation that its slope is not known";
    sum += moved[i];
  }
  *jacobian = NTK_SLACK * ntk_norm_above(sum, N);
  return isfinite(sum)
             ? NULL
             : "the bound on errors of the features, which grows from layer to layer, overflows";
}

ntk_status ntk_proof_carry(const ntk_proof_stored *stored, ntk_accuracy *of, double lower,
                           double upper, ntk_kernel_proof *proof) {
  ntk_context *context = stored->network->context;
  double *moved = NULL;
  *proof = (ntk_kernel_proof){false, NAN, NAN, ""};
  NTK_TRY(ntk_alloc_doubles(context, stored->rows, "workspace of the proof", &moved));
  const ntk_status status = ntk_proof_distances(stored, moved);
  const char *why = status == NTK_OK ? sum_up(stored->rows, moved, &of->jacobian) : "";
  ntk_free(context, moved);
  NTK_TRY(status);
  if (why == NULL && !isfinite(of->gram + upper))
    why = "the bound on rounding of K overflows";
  if (why != NULL) {
    proof->reason = why;
    return NTK_OK;
  }
  ntk_accuracy_carry(of, lower, upper, &proof->lower, &proof->upper);
  if (lower > 0.0 && !(proof->lower > 0.0) && proof->upper > 2.0 * upper)
    *proof = (ntk_kernel_proof){false, NAN, NAN,
                                "the bound on errors of the features is larger than lambda_min"};
  else
    proof->proved = true;
  return NTK_OK;
}

ntk_status ntk_proof_find(const ntk_features *features, const ntk_norms *norms, double lower,
                          double upper, ntk_kernel_proof *proof) {
  const ntk_proof_stored stored = ntk_proof_features(features);
  const char *why = ntk_proof_refuses(features->network);
  ntk_accuracy accuracy;
  *proof = (ntk_kernel_proof){false, NAN, NAN, why};
  if (why != NULL)
    return NTK_OK;
  NTK_TRY(ntk_kernel_accuracy(features->network, norms, &accuracy)); /* gram alone is a bound */
  return ntk_proof_carry(&stored, &accuracy, lower, upper, proof);
}
