/* How much memory ntk_train takes, known before anything is allocated: what is held all the time,
 * and the most that one phase needs besides. Sums are made in double precision, which cannot
 * overflow and is exact up to 2^53 bytes. */
#include "base/blas.h"
#include "base/memory.h"
#include "fit/train/lm.h"
#include "fit/train/track.h"
#include "kernel/workspace.h"
#include "spectrum/eigen.h"
#include "spectrum/packed.h"

#include <math.h>

/* What objects and lists take besides arrays. */
static const double SMALL_OBJECTS = 1 << 16;

typedef struct run {
  double n, p, L, threads;
  double points, epochs;           /* tracked ones; all */
  double both, half, eigen;        /* features, K, an eigensolver */
  double forward, tiles, operator; /* workspaces */
  bool tracked, linear, second_order, checkpoint, single;
  size_t slots;
} run;

static run describe(const ntk_context *context, const ntk_network_spec *spec, size_t N, size_t P,
                    const ntk_train_options *o, const ntk_optimizer *optimizer) {
  const double n = (double)N, threads = context->threads;
  double columns = 1.0, widest = 1.0, pair = 1.0;
  for (size_t l = 1; l <= spec->depth; l++) {
    const double here = l < spec->depth ? (double)spec->width[l] : 1.0;
    pair = fmax(pair, (double)spec->width[l - 1] + here);
    widest = fmax(widest, here);
    columns += l < spec->depth ? 2.0 * here : 0.0;
  }
  /* The list of losses grows as epochs are made: a limit on time may be the real one. */
  const double epochs = fmin(1e7, (double)(o->epochs > 0 ? o->epochs : 10000));
  return (run){.n = n,
               .p = (double)P,
               .L = (double)spec->depth,
               .threads = threads,
               .points = o->track > 0 ? epochs / (double)o->track + 2.0 : 0.0,
               .epochs = epochs,
               .both = 8.0 * n * columns,
               .half = 4.0 * n * (n + 1.0),
               .eigen = (double)ntk_eigen_bytes(N) + 16.0 * n,
               .forward = 8.0 * threads * FORWARD_ROWS * widest,
               .tiles = fmax(8.0 * threads * GRAM_COLUMNS * pair, 24.0 * n),
               .operator= 8.0 * threads * OPERATOR_ROWS * widest,
               .tracked = o->track > 0,
               .linear = optimizer->linear,
               .second_order = optimizer->second_order,
               .checkpoint = o->checkpoint != NULL,
               .single = o->precision != NULL && o->precision[0] == 'f',
               .slots = ntk_optimizer_slots(optimizer)};
}

/* A list that grows by doubling, from `first` on: the new one beside the old one. */
static double list(double count, double first, double size) {
  return size * (3.0 * count + 2.0 * first);
}

/* Data, theta, theta_0, losses and points; a second-order method's vectors and features; theta_0's
 * network, features and, for the linear model, K_0. */
static double lasting(const run *r, const ntk_network_spec *spec) {
  double bytes = SMALL_OBJECTS + 8.0 * r->n * (double)spec->width[0];
  bytes += 8.0 * r->p * (r->single ? 3.0 : 2.0) + list(r->epochs, 1024.0, 8.0);
  if (r->second_order)
    bytes += ntk_lm_bytes((size_t)r->n, (size_t)r->p) + r->both;
  if (r->tracked)
    bytes += list(r->points, 64.0, sizeof(ntk_track_point)) + 8.0 * r->p + r->both +
             (r->linear ? r->half + 32.0 * r->n : 0.0);
  return bytes;
}

/* K and its eigenvalues. */
static double spectrum(const run *r) {
  return r->half + fmax(r->tiles, r->eigen);
}

/* The most of: a step's trial or kernel; the start; a tracked epoch; a checkpoint. */
static double phases(const run *r) {
  double most = 0.0;
  if (r->second_order)
    most = r->half + fmax(r->tiles, fmax(3.0 * r->forward, r->operator));
  if (r->linear && !r->tracked)
    most = fmax(most,
                r->both + fmax(fmax(r->forward, 16.0 * r->L * r->n),
                               r->n <= NTK_KERNEL_AT_START ? spectrum(r)
                                                           : r->eigen + r->operator+ 8.0 * r->p));
  if (r->tracked)
    most = fmax(most, r->both + fmax(fmax(r->forward, spectrum(r)),
                                     16.0 * r->p + 24.0 * r->n + r->eigen + r->operator));
  if (r->checkpoint)
    most = fmax(most, 8.0 * (r->epochs + (double)r->slots * r->p + 2.0 * r->n) +
                          r->points * sizeof(ntk_track_point) +
                          (r->second_order ? r->both + r->forward : 0.0));
  return most;
}

ntk_status ntk_train_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                            const ntk_train_options *options, size_t *bytes) {
  static const ntk_train_options defaults;
  const ntk_train_options *o = options != NULL ? options : &defaults;
  const ntk_optimizer *optimizer = NULL;
  size_t P = 0;
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "N is 0; accepted: 1 and up");
  NTK_TRY(ntk_optimizer_find(o->optimizer != NULL ? o->optimizer : "gd", &optimizer));
  NTK_TRY(ntk_architecture_check(spec, &P));
  const run r = describe(context, spec, N, P, o, optimizer);
  double total = lasting(&r, spec) + phases(&r);
  if (!r.second_order)
    total += ntk_descent_bytes(context, spec->depth, spec->width, N, r.single);
  *bytes = total < 0x1p63 ? (size_t)total : SIZE_MAX;
  if (N > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "N = %zu samples; accepted: up to %zu", N, NTK_PACKED_MAX);
  return ntk_memory_check(context, *bytes, "this training");
}
