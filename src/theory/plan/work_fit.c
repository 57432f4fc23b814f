/* What fitting takes: training, with what it asks of K, and memorisation. */
#include "theory/plan/work.h"

#include "kernel/ends/extremes.h"
#include "kernel/epochs.h"
#include "kernel/kernel.h"
#include "net/network.h"

#include <math.h>
#include <string.h>

/* Of ntk_memorize: corrections, each a solve and a product with the base network's J^T; forward
 * passes of the whole, with those that tell the error and its rounding; and what it takes to know
 * the condition to a few per cent. Where a factor in single guides conjugate gradients, so many of
 * their products a correction. */
static const double CORRECTIONS = 4.0, EVALUATIONS = 8.0, CONDITION_SOLVES = 16.0,
                    CONDITION_PRODUCTS = 4.0, GUIDED = 4.0;
/* Of ntk_train: products with J_t - J_0 at a tracked epoch; steps tried with one factor by lm; and
 * epochs where none are asked for. */
static const double DISTANCE = 10.0, TRIALS = 3.0, EPOCHS = 10000.0, EPOCHS_LM = 100.0;

/* What the options of a training come to. */
typedef struct training {
  bool second_order, linear, theorem, by_rule, tracked;
  double epochs, rows;
  double clients, local_steps; /* 0: not federated; of a round */
} training;

static training training_of(const ntk_network_spec *spec, size_t N, const ntk_train_options *o) {
  const char *by = o->optimizer != NULL ? o->optimizer : "gd";
  training t = {.second_order = strcmp(by, "lm") == 0,
                .theorem = strcmp(by, "gd") == 0,
                .tracked = ntk_epochs_tracked(o),
                .rows = (double)ntk_kernel_rows(spec, NTK_OUTPUTS_ALL, N)};
  t.linear = !t.second_order && strcmp(by, "adam") != 0;
  t.by_rule = t.linear && o->lr == 0.0 && (o->lr_rule == NULL || strcmp(o->lr_rule, "theory") != 0);
  t.clients = (double)o->clients;
  t.local_steps = o->local_steps > 0 ? (double)o->local_steps : 1.0;
  t.epochs = o->epochs > 0 ? (double)o->epochs : t.second_order ? EPOCHS_LM : EPOCHS;
  return t;
}

/* Whether both ends of K are found before the first step. */
static bool ends_at_start(const training *t) {
  return t->tracked || ((t->by_rule || t->theorem) && t->rows <= NTK_KERNEL_AT_START);
}

bool ntk_work_train_factors(const ntk_network_spec *spec, size_t N,
                            const ntk_train_options *options) {
  const training t = training_of(spec, N, options);
  return !ntk_work_singular(spec, NTK_OUTPUTS_ALL, N) && (t.second_order || ends_at_start(&t));
}

static void put_times(const ntk_work *work, double times, const char *phase, ntk_work_list *list) {
  ntk_work added = {.phase = phase, .kind = work->kind, .single = work->single};
  ntk_work_add(&added, work, times);
  if (list->count < NTK_WORK_PHASES)
    list->work[list->count++] = added;
}

/* Both ends of K, so many times; phase: the name of all of it, or NULL. */
static void put_ends(const ntk_network_spec *spec, size_t N, bool mixed, double times,
                     const char *phase, ntk_work_list *list) {
  const ntk_spectrum_options all = {.outputs = NTK_OUTPUTS_ALL};
  ntk_work_list ends = {0};
  if (mixed)
    ntk_work_mixed(spec, N, &all, true, &ends);
  else
    ntk_work_spectrum(spec, N, &all, &ends);
  if (ntk_work_singular(spec, NTK_OUTPUTS_ALL, N)) /* it is built here all the same */
    ntk_put_kernel(spec, NTK_OUTPUTS_ALL, (double)ntk_kernel_rows(spec, NTK_OUTPUTS_ALL, N),
                   "kernel", &ends);
  for (size_t i = 0; i < ends.count; i++)
    put_times(&ends.work[i], times, phase != NULL ? phase : ends.work[i].phase, list);
}

/* An epoch's. */
static double steps_of(size_t N, const ntk_train_options *o) {
  return o->batch == 0 ? 1.0 : ceil((double)N / (double)o->batch);
}

/* K(theta_t) and how far J_t has moved, at each tracked epoch but the first; the linear model, one
 * product with K_0 a step. */
static void put_tracking(const ntk_network_spec *spec, size_t N, const ntk_train_options *o,
                         const training *t, bool mixed, ntk_work_list *list) {
  static const char phase[] = "tracking";
  const double points = ntk_epochs_count(o, t->epochs) - 1.0;
  put_ends(spec, N, mixed, points, phase, list);
  ntk_put_passes(spec, NTK_OUTPUTS_ALL, N, points * DISTANCE * 2.0, phase, list);
  if (t->linear)
    ntk_put_products(t->rows, t->epochs * steps_of(N, o), phase, list);
}

/* The operator of a round of clients of one size, dense and on one thread: their blocks'
 * eigenvectors, Q^T K Q and all its eigenvalues, of whose reduction half is products from memory.
 * Where rounds are followed, D once each. */
static void put_law(const training *t, ntk_work_list *list) {
  static const char phase[] = "operator of a round";
  const double R = t->rows, C = t->clients, cube = R * R * R;
  const size_t first = list->count;
  if (C == 0.0 || R > NTK_LAW_MOST)
    return;
  ntk_put(list, phase, NTK_WORK_FACTOR, 9.0 * cube / (C * C) + 4.0 * cube / C + 2.0 / 3.0 * cube,
          0.0, 0.0);
  ntk_put(list, phase, NTK_WORK_FACTOR, 0.0, 4.0 / 3.0 * cube, 0.0);
  if (t->tracked)
    ntk_put(list, "tracking", NTK_WORK_PRODUCT, 0.0, t->epochs * 8.0 * R * R / C, 0.0);
  for (size_t i = first; i < list->count; i++) {
    list->work[i].serial = list->work[i].alone = true;
  }
}

/* Levenberg-Marquardt: K, its factor, and steps tried with it, each a solve, J^T c and the
 * residual. */
static void put_damped_steps(const ntk_network_spec *spec, size_t N, const training *t, bool mixed,
                             ntk_work_list *list) {
  static const char phase[] = "training";
  const double solves = t->epochs * TRIALS * (mixed ? GUIDED : 1.0);
  ntk_work_list step = {0};
  (void)ntk_put_features(spec, NTK_OUTPUTS_ALL, N, &step);
  ntk_put_kernel(spec, NTK_OUTPUTS_ALL, t->rows, phase, &step);
  ntk_put_factor(t->rows, mixed, phase, &step);
  for (size_t i = 0; i < step.count; i++)
    put_times(&step.work[i], t->epochs, phase, list);
  ntk_put_solves(t->rows, solves, 1.0, phase, list);
  if (mixed)
    ntk_put_products(t->rows, solves, phase, list);
  ntk_put_passes(spec, NTK_OUTPUTS_ALL, N, t->epochs * TRIALS, phase, list);
}

/* Forward, gradient, and back through all but the first layer; in batches, and of clients, who make
 * that E times and read and write theta, the loss of all samples too. */
static void put_steps(const ntk_network_spec *spec, size_t N, const ntk_train_options *o,
                      const training *t, ntk_work_list *list) {
  const double n = (double)N, passes = t->clients > 0.0 ? t->local_steps : 1.0;
  const double steps = t->clients > 0.0 ? t->clients * (passes + 1.0) : steps_of(N, o);
  const double loss = o->batch > 0 || t->clients > 0.0 ? 1.0 : 0.0;
  const double all = ntk_work_layers(spec, 1),
               flops = 2.0 * n * (loss * all + passes * (2.0 * all + ntk_work_layers(spec, 2)));
  const double columns = ntk_shape_of(spec).columns, P = ntk_shape_of(spec).parameters;
  ntk_put(list, "training", NTK_WORK_STEP, t->epochs * flops,
          t->epochs * 8.0 * (passes * n * (double)spec->width[0] + 4.0 * steps * P),
          t->epochs * n * columns * (loss + passes));
  const bool single = o->precision != NULL && strcmp(o->precision, "float") == 0;
  list->work[list->count - 1].single = single;
  /* The gradient's sum, and that of the residual's square. */
  ntk_pass_sums(P, single ? 4.0 : 8.0, 0.0, t->epochs * steps, 2.0, list);
}

void ntk_work_train(const ntk_network_spec *spec, size_t N, const ntk_train_options *options,
                    bool mixed, ntk_work_list *list) {
  static const ntk_train_options defaults;
  const ntk_train_options *o = options != NULL ? options : &defaults;
  const training t = training_of(spec, N, o);
  *list = (ntk_work_list){0};
  if (ends_at_start(&t))
    put_ends(spec, N, mixed, 1.0, NULL, list);
  else if (t.by_rule || t.theorem)
    (void)ntk_put_features(spec, NTK_OUTPUTS_ALL, N, list);
  if (!ends_at_start(&t) && t.by_rule)
    ntk_put_passes(spec, NTK_OUTPUTS_ALL, N, NTK_WORK_PRODUCTS, "largest eigenvalue", list);
  put_law(&t, list);
  if (t.tracked)
    put_tracking(spec, N, o, &t, mixed, list);
  if (t.second_order)
    put_damped_steps(spec, N, &t, mixed, list);
  else
    put_steps(spec, N, o, &t, list);
}

void ntk_work_memorize(const ntk_network_spec *spec, size_t N, bool mixed, ntk_work_list *list) {
  const double m = (double)N, P = ntk_shape_of(spec).weights;
  *list = (ntk_work_list){0};
  ntk_network_spec one = *spec;
  one.outputs = 1;
  (void)ntk_put_features(&one, NTK_OUTPUTS_TRACE, N, list);
  /* K_{L-2}: of F_{L-2}, and of B_{L-1}, which has half of the last layer's columns. */
  const double columns =
      (double)spec->width[spec->depth - 2] + 0.5 * (double)spec->width[spec->depth - 1];
  ntk_put(list, "kernel", NTK_WORK_KERNEL, m * m * columns, 4.0 * m * m + 8.0 * m * columns, m * m);
  ntk_pass_rows(m, columns, 0.0, 0.0, 2.0, list);
  if (mixed)
    ntk_put(list, "copying the kernel", NTK_WORK_PRODUCT, 0.0, 6.0 * m * m, 0.0);
  ntk_put_products(m, CONDITION_PRODUCTS, "largest eigenvalue", list);
  ntk_put_factor(m, mixed, "factorisation", list);
  ntk_put_solves(m, CONDITION_SOLVES * (mixed ? 0.5 : 1.0), 1.0, "smallest eigenvalue", list);
  ntk_put_solves(m, CORRECTIONS * (mixed ? 0.5 * GUIDED : 1.0), 1.0, "corrections", list);
  if (mixed)
    ntk_put_products(m, CORRECTIONS * GUIDED, "corrections", list);
  /* The base network has half of the last layer. */
  const double base =
      P - 0.5 * (double)spec->width[spec->depth - 2] * (double)spec->width[spec->depth - 1];
  ntk_put(list, "corrections", NTK_WORK_PASSES, CORRECTIONS * 2.0 * m * base, 0.0, 0.0);
  ntk_pass_sums(base, 8.0, 0.0, CORRECTIONS, 1.0, list);
  ntk_put(list, "corrections", NTK_WORK_FORWARD, EVALUATIONS * 2.0 * m * P, 0.0,
          EVALUATIONS * m * ntk_shape_of(spec).columns);
  ntk_pass_sums(0.0, 0.0, m * (double)ntk_spec_width(spec, spec->depth), EVALUATIONS, 1.0, list);
}
