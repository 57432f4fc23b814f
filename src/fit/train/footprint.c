/* How much memory ntk_train takes, known before anything is allocated: what is held all the time,
 * and the most that one phase needs besides. */
#include "kernel/footprint.h"

#include "base/ranks/ranks.h"
#include "data/dataset.h"
#include "fit/train/batch.h"
#include "fit/train/floor.h"
#include "fit/train/lm.h"
#include "fit/train/question.h"
#include "fit/train/track.h"
#include "kernel/ends/extremes.h"
#include "spectrum/eigen.h"

#include <math.h>

typedef struct run {
  const ntk_share *share; /* of the samples */
  double n, p, L, d;      /* n: rows of J */
  double here;            /* samples whose x_i one rank has */
  double points, epochs;  /* tracked ones; all */
  double eigen, digits;   /* an eigensolver; what judges its smallest */
  ntk_way way;            /* of K's ends */
  ntk_kernel_bytes of;    /* features and K */
  size_t batch, clients;
  bool tracked, keep, margin, linear, second_order, checkpoint, question;
  ntk_precision precision;
  size_t slots;
} run;

static run describe(const ntk_context *context, const ntk_network_spec *spec,
                    const ntk_share *share, size_t P, const ntk_train_options *o,
                    const ntk_optimizer *optimizer) {
  const size_t N = share->N;
  ntk_kernel_bytes of = ntk_kernel_bytes_in(context, spec, NTK_OUTPUTS_ALL, share);
  of.build = fmax(of.build, ntk_deficiency_bytes(spec, NTK_OUTPUTS_ALL, N)); /* before K is made */
  const double n = (double)N * (double)ntk_spec_width(spec, spec->depth);    /* rows of J */
  /* The list of losses grows as epochs are made: a limit on time may be the real one. */
  const double epochs = fmin(1e7, (double)ntk_training_epochs(o, optimizer->second_order));
  return (run){.n = n,
               .share = share,
               .here = (double)ntk_share_most(share),
               .p = (double)P,
               .L = (double)spec->depth,
               .d = (double)spec->width[0],
               .points = ntk_epochs_count(o, epochs),
               .epochs = epochs,
               .eigen = (double)ntk_eigen_bytes((size_t)n) + 16.0 * n,
               .digits = ntk_digits_bytes(spec, NTK_OUTPUTS_ALL) + 16.0 * (double)spec->depth * n,
               .of = of,
               .tracked = ntk_epochs_tracked(o),
               .keep = o->track_weights,
               .linear = optimizer->linear,
               .second_order = optimizer->second_order,
               .checkpoint = o->checkpoint != NULL,
               .question = o->question,
               .batch = o->batch,
               .clients = o->clients,
               .margin = o->margin > 0.0,
               .slots = ntk_optimizer_slots(optimizer)};
}

/* A list that grows by doubling, from `first` on: the new one beside the old one. */
static double list(double count, double first, double size) {
  return size * (3.0 * count + 2.0 * first);
}

/* Data, theta, theta_0, losses and points; a second-order method's vectors and features; theta_0's
 * network, features and, for the linear model, K_0. */
static double lasting(const run *r, const ntk_network_spec *spec) {
  double bytes = NTK_SMALL_OBJECTS + 8.0 * r->here * (double)spec->width[0];
  bytes += 8.0 * r->p * (r->precision == NTK_PRECISION_DOUBLE ? 2.0 : 3.0) +
           list(r->epochs, 1024.0, 8.0);
  if (r->second_order)
    bytes += ntk_lm_bytes((size_t)r->n, (size_t)r->p) + r->of.features;
  bytes += ntk_batches_bytes(r->batch, (double)r->share->N, (double)r->slots, r->p, r->n);
  if (r->clients > 0)
    bytes += ntk_clients_bytes((double)r->share->N, (double)r->clients, r->p) +
             list(r->epochs, 1024.0, 8.0) +
             (r->n <= NTK_LAW_MOST ? ntk_law_bytes(r->n, (double)r->clients) : 0.0);
  if (r->tracked && r->keep)
    bytes += 8.0 * r->p * r->points;
  if (r->tracked)
    bytes += list(r->points, 64.0, sizeof(ntk_track_point)) + 8.0 * r->p + r->of.features +
             (r->linear ? r->of.kernel + 40.0 * r->n : 0.0);
  return bytes;
}

/* K and its eigenvalues. */
static double spectrum(const run *r) {
  return ntk_ends_bytes(&r->of, r->way, (size_t)r->n, r->digits);
}

/* The most of: a step's trial or kernel; the start; a tracked epoch; the question; a checkpoint. */
static double phases(const run *r) {
  const ntk_kernel_bytes *of = &r->of;
  double most = 0.0;
  if (r->second_order)
    most = ntk_damped_bytes(of, r->way, (size_t)r->n) + fmax(of->output, of->product);
  if (r->linear && !r->tracked)
    most = fmax(most, of->features +
                          fmax(fmax(of->create, 16.0 * r->L * r->n),
                               r->n <= NTK_KERNEL_AT_START ? spectrum(r) : r->eigen + of->apply));
  if (r->tracked)
    most = fmax(most, of->features + fmax(fmax(of->create, spectrum(r)),
                                          16.0 * r->p + 24.0 * r->n + r->eigen + of->product));
  if (r->question) /* the residual first; K_0 of a tracked run lasts anyway */
    most = fmax(most, fmax(ntk_question_bytes((size_t)r->n) + of->apply, 8.0 * r->n + of->output) +
                          of->features +
                          (r->tracked || r->n > NTK_KERNEL_AT_START ? 0.0 : of->kernel));
  const bool kept = r->question || (r->clients > 0 && r->n <= NTK_LAW_MOST);
  if (kept && r->linear && !r->tracked && r->n <= NTK_KERNEL_AT_START)
    most = fmax(most, of->features + of->kernel + spectrum(r)); /* K_0 beside its factor */
  if (r->clients > 0 && r->linear && (r->n > NTK_LAW_MOST || r->share->ranks > 1)) /* one's own */
    most = fmax(most, of->features + fmax(of->create, r->eigen + of->apply) + 8.0 * r->here * r->d);
  if (r->margin) /* whose labels are in the way; of the last weights */
    most = fmax(fmax(most, ntk_training_floor_bytes(r->share->N)),
                of->features + fmax(of->create, 24.0 * r->L * r->n) + 8.0 * r->n);
  if (r->checkpoint)
    most = fmax(most, 8.0 * (r->epochs + (double)r->slots * r->p + 2.0 * r->n) +
                          r->points * (sizeof(ntk_track_point) + (r->keep ? 8.0 * r->p : 0.0)) +
                          (r->second_order ? of->features + of->create : 0.0));
  return most;
}

static double total_of(const ntk_context *context, const ntk_network_spec *spec, const run *r) {
  const double targets = r->margin ? 8.0 * r->n : 0.0;
  const double descent =
      r->second_order ? 0.0 : (double)ntk_descent_bytes(context, spec, r->share, r->precision);
  return ntk_backend_bytes(context) + lasting(r, spec) + phases(r) + descent + targets;
}

static ntk_way choose(ntk_context *context, const ntk_network_spec *spec, ntk_mode mode,
                      const run *r) {
  run in_double = *r, mixed = *r;
  in_double.way = NTK_WAY_DOUBLE;
  mixed.way = NTK_WAY_MIXED;
  const double available = ntk_memory_agreed(context), twice = total_of(context, spec, &in_double);
  const ntk_way way =
      ntk_way_choose(mode, (size_t)r->n, false, available, twice, total_of(context, spec, &mixed));
  /* Solves by the features' products may take longer than a factor in double. */
  return r->second_order && mode == NTK_MODE_AUTO && way == NTK_WAY_MIXED_SMALLER &&
                 twice <= available
             ? NTK_WAY_DOUBLE
             : way;
}

void ntk_training_choose(ntk_training *t) {
  const ntk_network_spec spec = ntk_spec_of(t->network);
  run r = describe(t->context, &spec, &t->data->share, t->P, &t->options, t->optimizer);
  r.precision = t->precision;
  t->way = choose(t->context, &spec, t->mode, &r);
}

ntk_status ntk_train_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                            const ntk_train_options *options, size_t *bytes) {
  static const ntk_train_options defaults;
  const ntk_train_options *o = options != NULL ? options : &defaults;
  const ntk_optimizer *optimizer = NULL;
  size_t P = 0;
  NTK_TRY(ntk_footprint_begin(spec, N, &P, bytes));
  NTK_TRY(ntk_optimizer_find(o->optimizer != NULL ? o->optimizer : "gd", &optimizer));
  ntk_mode mode;
  NTK_TRY(ntk_batch_check(o, N));
  NTK_TRY(ntk_split_check(o->clients, N));
  const ntk_share share = ntk_ranks_share(context, N);
  run r = describe(context, spec, &share, P, o, optimizer);
  NTK_TRY(ntk_precision_find(o->precision != NULL ? o->precision : "double", &r.precision));
  NTK_TRY(ntk_mode_find(o->kernel_precision, &mode));
  r.way = choose(context, spec, mode, &r);
  const double total = total_of(context, spec, &r);
  return ntk_footprint_end(context, total, N, "this training", bytes);
}
