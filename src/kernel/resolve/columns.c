#include "kernel/resolve/columns.h"

#include "base/blas.h"
#include "base/memory.h"
#include "kernel/kernel.h"
#include "net/exact/passes.h"

#include <math.h>
#include <string.h>

/* ---- Features -------------------------------------------------------------------------------- */

/* F_l and B_l, l = 1..L-1, hi and lo, and B_L of all of several outputs. */
static double numbers_of(const ntk_network_spec *spec, ntk_outputs outputs, size_t N) {
  const double C = (double)ntk_spec_width(spec, spec->depth);
  double numbers = outputs == NTK_OUTPUTS_ALL ? C * C : 0.0;
  for (size_t l = 1; l < spec->depth; l++)
    numbers += 2.0 * (double)spec->width[l] * (1.0 + (double)ntk_copies(spec, outputs, l));
  return numbers * (double)N;
}

double ntk_columns_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         ntk_outputs outputs, size_t N) {
  return 8.0 * (numbers_of(spec, outputs, N) + (double)ntk_kernel_rows(spec, outputs, N)) +
         ntk_exact_passes_bytes(context, spec);
}

double ntk_columns_count(const ntk_network_spec *spec, ntk_outputs outputs, const double *scale) {
  double count = 0.0;
  for (size_t l = 1; l <= spec->depth; l++) {
    const bool bare = l == spec->depth && outputs == NTK_OUTPUTS_TRACE;
    const double in = (scale == NULL || scale[2 * l - 2] > 0.0 ? (double)spec->width[l - 1] : 0.0) +
                      (scale == NULL ? (ntk_spec_bias(spec, l) ? 1.0 : 0.0)
                                     : (scale[2 * l - 1] > 0.0 ? 1.0 : 0.0));
    count += in * (bare ? 1.0 : (double)ntk_back_width(spec, outputs, l));
  }
  return count;
}

/* Where each layer's arrays are in J->storage: F and B, L + 1 entries each. */
static void place(const ntk_network *network, ntk_outputs outputs, const double *X, ntk_columns *J,
                  ntk_exact_entries *F, ntk_exact_entries *B) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t L = network->depth, N = J->N, C = network->width[L];
  double *next = J->storage;
  F[0] = (ntk_exact_entries){(double *)(uintptr_t)X, NULL}; /* read only */
  B[0] = F[L] = B[L] = (ntk_exact_entries){NULL, NULL};
  for (size_t l = 1; l < L; l++) {
    const size_t f = N * network->width[l], b = f * ntk_copies(&spec, outputs, l);
    F[l] = (ntk_exact_entries){next, next + f};
    B[l] = (ntk_exact_entries){next + 2 * f, next + 2 * f + b};
    next += 2 * (f + b);
  }
  if (outputs == NTK_OUTPUTS_TRACE)
    return;
  B[L].hi = next; /* rows of the identity */
  for (size_t e = 0; e < N * C * C; e++)
    next[e] = e % C == e / C % C ? 1.0 : 0.0;
}

static void describe(const ntk_network *network, ntk_outputs outputs, const ntk_exact_entries *F,
                     const ntk_exact_entries *B, ntk_columns *J) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t L = network->depth;
  J->count = 0;
  for (size_t k = 0; k < L; k++) {
    const double a = network->scale[2 * k], b = network->scale[2 * k + 1];
    ntk_columns_block *block = &J->block[k];
    *block =
        (ntk_columns_block){.in = (a > 0.0 ? network->width[k] : 0) + (b > 0.0 ? 1 : 0),
                            .width = network->width[k],
                            .out = B[k + 1].hi == NULL ? 1 : ntk_back_width(&spec, outputs, k + 1),
                            .F = F[k],
                            .B = B[k + 1],
                            .a = a,
                            .b = b,
                            .root = {sqrt(a), sqrt(b)},
                            .first = J->count};
    J->count += block->in * block->out;
  }
}

ntk_status ntk_columns_create(const ntk_network *network, ntk_outputs outputs, size_t N,
                              const double *X, ntk_columns *J) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t L = network->depth;
  void *pointer = NULL;
  if (network->width[L] == 1)
    outputs = NTK_OUTPUTS_TRACE;
  *J = (ntk_columns){.context = network->context,
                     .N = N,
                     .rows = ntk_kernel_rows(&spec, outputs, N),
                     .per = outputs == NTK_OUTPUTS_ALL ? network->width[L] : 1,
                     .blocks = L};
  if (!(8.0 * numbers_of(&spec, outputs, N) < 0x1p62) ||
      !(ntk_columns_count(&spec, outputs, network->scale) < 0x1p62))
    return ntk_fail(NTK_ERR_LIMIT, "the features exceed the address space");
  NTK_TRY(ntk_alloc(J->context, L, sizeof *J->block, "features", &pointer));
  J->block = pointer;
  NTK_TRY(ntk_alloc_doubles(J->context, (size_t)numbers_of(&spec, outputs, N), "features",
                            &J->storage));
  NTK_TRY(ntk_alloc_doubles(J->context, J->rows, "features", &J->moved));
  NTK_TRY(ntk_alloc(J->context, 2 * (L + 1), sizeof(ntk_exact_entries), "features", &pointer));
  ntk_exact_entries *F = pointer, *B = F + L + 1;
  place(network, outputs, X, J, F, B);
  describe(network, outputs, F, B, J);
  const ntk_status status = ntk_exact_passes(network, outputs, N, X, F, B, J->moved);
  ntk_free(J->context, pointer);
  double sum = 0.0;
  for (size_t i = 0; i < J->rows && status == NTK_OK; i++)
    sum += J->moved[i];
  if (!isfinite(sum))
    return ntk_fail(NTK_ERR_NOT_FINITE, "the features are not known in double-double: they "
                                        "overflow, or are sin beyond 2^30");
  return status;
}

void ntk_columns_destroy(ntk_columns *J) {
  ntk_free(J->context, J->block);
  ntk_free(J->context, J->storage);
  ntk_free(J->context, J->moved);
  J->block = NULL;
  J->moved = NULL;
  J->storage = NULL;
}

/* ---- Columns --------------------------------------------------------------------------------- */

/* Columns (a, c) to (a, c + count - 1) of a block. */
static void take_run(const ntk_columns *J, const ntk_columns_block *k, size_t a, size_t c,
                     size_t count, double *Y, size_t distance) {
  const bool bias = k->b > 0.0 && a + 1 == k->in;
  for (size_t r = 0; r < J->rows; r++) {
    const double f = bias ? k->root[1] : k->root[0] * k->F.hi[r / J->per * k->width + a];
    double *y = Y + r * distance;
    if (k->B.hi == NULL)
      y[0] = f;
    else
      for (size_t e = 0; e < count; e++)
        y[e] = f * k->B.hi[r * k->out + c + e];
  }
}

void ntk_columns_take(const ntk_columns *J, size_t first, size_t count, double *Y,
                      size_t distance) {
  const ntk_columns_block *block = J->block;
  while (count > 0) {
    block = ntk_columns_block_of(block, first);
    const size_t at = first - block->first, a = at / block->out, c = at % block->out;
    const size_t run = block->out - c < count ? block->out - c : count;
    take_run(J, block, a, c, run, Y, distance);
    first += run;
    count -= run;
    Y += run;
  }
}

static double square_of(size_t n, const double *x) {
  double sum = 0.0;
  for (size_t j = 0; j < n; j++)
    sum += x[j] * x[j];
  return sum;
}

double ntk_columns_square(const ntk_columns *J, size_t r) {
  double sum = 0.0;
  for (size_t l = 0; l < J->blocks; l++) {
    const ntk_columns_block *k = &J->block[l];
    const double f = square_of(k->width, k->F.hi + r / J->per * k->width);
    sum += (k->a * f + k->b) * (k->B.hi != NULL ? square_of(k->out, k->B.hi + r * k->out) : 1.0);
  }
  return sum;
}

/* ---- Gram matrix ----------------------------------------------------------------------------- */

/* C += the block's part, G = F F^T being that of the samples that the rows belong to, s0 and t0 the
 * first of these; B: B B^T of the rows, or NULL: 1. */
static void add_products(const ntk_columns *J, const ntk_columns_block *k, const double *G,
                         size_t G_rows, const size_t at[4], const double *B, double *C,
                         size_t distance) {
  const size_t i0 = at[0], m = at[1], j0 = at[2], n = at[3], per = J->per;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < m; i++) {
      const double f =
          k->a * G[(i0 + i) / per - i0 / per + ((j0 + j) / per - j0 / per) * G_rows] + k->b;
      C[i + j * distance] += B != NULL ? f * B[i + j * m] : f;
    }
}

void ntk_columns_gram(const ntk_columns *J, size_t i0, size_t m, size_t j0, size_t n, double *C,
                      size_t distance, double *scratch) {
  const size_t at[4] = {i0, m, j0, n}, per = J->per;
  const size_t s0 = i0 / per, s = (i0 + m - 1) / per - s0 + 1;
  const size_t t0 = j0 / per, t = (j0 + n - 1) / per - t0 + 1;
  double *G = scratch, *B = scratch + m * n;
  for (size_t j = 0; j < n; j++)
    memset(C + j * distance, 0, m * sizeof *C);
  for (size_t l = 0; l < J->blocks; l++) {
    const ntk_columns_block *k = &J->block[l];
    ntk_dgemm('T', 'N', s, t, k->width, 1.0, k->F.hi + s0 * k->width, k->width,
              k->F.hi + t0 * k->width, k->width, 0.0, G, s);
    if (k->B.hi != NULL)
      ntk_dgemm('T', 'N', m, n, k->out, 1.0, k->B.hi + i0 * k->out, k->out, k->B.hi + j0 * k->out,
                k->out, 0.0, B, m);
    add_products(J, k, G, s, at, k->B.hi != NULL ? B : NULL, C, distance);
  }
}
