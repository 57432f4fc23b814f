/* K_{L-2} c = r for the base network, by Cholesky, by conjugate gradients, or by these with a
 * factor in single precision.
 *
 * The base network has W, n_{L-2} x m, as its last hidden layer's weights, and a = +-1 as W_L: with
 * |a_j| = 1 all m units count alike, where Gaussian a_j would make the kernel that of about m / 3
 * units. A bias b_{L-1} is one more row of W: f_{L-2} has a coordinate 1 then. */
#include "fit/memorize/memorize.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/ends/extremes.h"
#include "kernel/ends/mixed.h"
#include "kernel/ends/rank_bound.h"
#include "kernel/range.h"
#include "spectrum/certificate.h"
#include "spectrum/conjugate.h"

#include <math.h>
#include <string.h>

/* Of an eigenvalue's residual; more, and the next eigenvalue is taken for it. In mixed precision
 * the vector is the single factor's, whose residual in double is larger. */
static const double CONDITION_TOLERANCE = 1e-4, CONDITION_MIXED = 0.2;
static const double CG_TOLERANCE = 1e-5;    /* one correction more makes up for it */
static const double MIXED_TOLERANCE = 1e-8; /* products are few */
enum { CG_PRODUCTS = 4000, CG_PRODUCTS_SINGULAR = 100, CG_PRODUCTS_SHIFTED = 50 };

/* W_1, ..., W_{L-2}, and as many columns of W_{L-1} as the base network has; their biases, too,
 * which are the rows below. */
static void take_below(ntk_network *base, const ntk_network *from) {
  for (size_t l = 1; l < base->depth; l++)
    for (size_t i = 0; i < ntk_network_rows(base, l); i++)
      memcpy(base->W[l] + i * base->width[l], from->W[l] + i * from->width[l],
             base->width[l] * sizeof(double));
}

static ntk_status make_base(ntk_linear_system *s, const ntk_network_spec *spec,
                            const ntk_network *below) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(s->context, spec->depth, sizeof(size_t), "network", &pointer));
  size_t *width = pointer;
  memcpy(width, spec->width, spec->depth * sizeof *width);
  width[spec->depth - 1] /= 2;
  ntk_network_spec base = *spec;
  base.width = width;
  base.gamma = 0.0;
  base.parameterization = NULL; /* weights that fit are no matter of the blocks' scales */
  base.scale = NULL;
  if (spec->init != NULL && strcmp(spec->init, "antisymmetric") == 0)
    base.init = "paper"; /* the construction pairs the units itself */
  const ntk_status status = ntk_network_create(s->context, &base, &s->base);
  ntk_free(s->context, width);
  if (status != NTK_OK)
    return status;
  if (below != NULL)
    take_below(s->base, below);
  double *a = s->base->W[spec->depth];
  for (size_t j = 0; j < s->base->width[spec->depth - 1]; j++)
    a[j] = a[j] < 0.0 ? -1.0 : 1.0;
  return NTK_OK;
}

static ntk_status build(ntk_linear_system *s, double *trace) {
  const double start = ntk_clock();
  double least;
  ntk_kernel_destroy(s->factor);
  s->factor = NULL;
  NTK_TRY(ntk_kernel_create(s->features, s->block, &s->factor));
  ntk_kernel_diagonal(s->factor, trace, &least);
  s->seconds_kernel += ntk_clock() - start;
  return NTK_OK;
}

/* Both ends of K_{L-2} as far as they are needed; s->factor becomes its factor, where it has one
 * that is more than rounding: *e says so. */
static ntk_status judge(ntk_linear_system *s, ntk_extremes *e) {
  const double start = ntk_clock();
  double *vector;
  NTK_TRY(ntk_alloc_doubles(s->context, s->features->N, "eigenvector", &vector));
  ntk_status status = ntk_extremes_ends(s->factor, CONDITION_TOLERANCE, s->seed, vector, e, NULL);
  if (status == NTK_OK)
    status = ntk_digits_of(s->features, s->base->depth - 2, vector, e);
  ntk_free(s->context, vector);
  s->seconds_factor += e->seconds_factor;
  s->seconds_condition += ntk_clock() - start - e->seconds_factor;
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

static ntk_status apply_block(void *user, const double *V, size_t m, double *U) {
  const ntk_linear_system *s = user;
  return s->K != NULL ? ntk_kernel_multiply(s->K, V, m, U)
                      : ntk_kernel_apply(s->features, s->block, V, m, U);
}

static ntk_status solve_factor(void *user, double *V, size_t m) {
  const ntk_linear_system *s = user;
  return ntk_kernel_solve(s->factor, V, m);
}

/* K_{L-2} in single precision into s->factor, from that in double, s->K, where there is room. */
static ntk_status build_single(ntk_linear_system *s, double *squares) {
  const size_t N = s->features->N;
  const double start = ntk_clock();
  double trace = 0.0;
  if (s->way == NTK_WAY_MIXED) {
    NTK_TRY(build(s, &trace));
    s->K = s->factor;
    s->factor = NULL;
    return ntk_kernel_copy_in(s->K, ntk_mixed_form(N, trace, NTK_PRECISION_DOUBLE), &s->factor);
  }
  NTK_TRY(ntk_row_squares(s->features, squares));
  for (size_t i = 0; i < N; i++)
    trace += squares[i];
  const ntk_kernel_form form = ntk_mixed_form(N, trace, NTK_PRECISION_DOUBLE);
  NTK_TRY(ntk_kernel_create_in(s->features, s->block, form, &s->factor));
  s->seconds_kernel += ntk_clock() - start;
  return NTK_OK;
}

/* lambda_min by the factor in single precision, to a few per cent by a product in double: that
 * solves converge shows later that it will do. */
static ntk_status smallest_mixed(ntk_linear_system *s, const ntk_operator *A, double *vector,
                                 double *scratch, ntk_extremes *e) {
  const size_t N = A->n;
  const double start = ntk_clock();
  NTK_TRY(ntk_kernel_factor(s->factor, 0.0));
  e->seconds_factor = ntk_clock() - start;
  const ntk_operator M = ntk_kernel_operator(s->factor);
  ntk_eigenpair pair;
  NTK_TRY(ntk_eigen_smallest(s->context, &M, CONDITION_TOLERANCE, s->seed, &pair, vector));
  NTK_TRY(A->apply(A->user, vector, 1, scratch));
  const double value = ntk_ddot(N, vector, scratch);
  ntk_daxpy(N, -value, vector, scratch);
  ntk_extremes_judge(e, value);
  NTK_TRY(ntk_digits_of(s->features, s->base->depth - 2, vector, e));
  if (!(value > 4.0 * e->resolution) || ntk_dnrm2(N, scratch) > CONDITION_MIXED * value)
    e->why = "the factor in single precision does not tell the smallest eigenvalue";
  return NTK_OK;
}

/* Both ends, s->factor becoming the factor in single precision; e->why: it does not do. vector: 2 N
 * of scratch. */
static ntk_status ends_mixed(ntk_linear_system *s, double *vector, ntk_extremes *e) {
  ntk_operator A = {.n = s->features->N, .apply = apply_block, .user = s};
  ntk_eigenpair pair;
  double *scratch = vector + s->features->N;
  NTK_TRY(build_single(s, scratch));
  NTK_TRY(ntk_mixed_largest(s->factor, &A, CONDITION_TOLERANCE, s->seed, &pair, vector, scratch));
  e->lambda_max = pair.value;
  return smallest_mixed(s, &A, vector, scratch, e);
}

static ntk_status judge_mixed(ntk_linear_system *s, ntk_extremes *e) {
  const double start = ntk_clock(), kernel = s->seconds_kernel;
  double *vector;
  NTK_TRY(ntk_alloc_doubles(s->context, 2 * s->features->N, "eigenvector", &vector));
  const ntk_status status = ends_mixed(s, vector, e);
  ntk_free(s->context, vector);
  s->seconds_factor += e->seconds_factor;
  s->seconds_condition += ntk_clock() - start - e->seconds_factor - (s->seconds_kernel - kernel);
  if (status == NTK_ERR_NUMERIC)
    e->why = "the factor in single precision, or an eigenvalue by it, is not found";
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

/* From mixed precision to double, for that reason: s->factor is K_{L-2} again. */
static ntk_status fall_back(ntk_linear_system *s, const char *why) {
  double trace;
  s->why = why;
  s->way = NTK_WAY_DOUBLE;
  ntk_kernel_destroy(s->factor);
  s->factor = s->K;
  s->K = NULL;
  return s->factor != NULL ? NTK_OK : build(s, &trace);
}

/* The least shift that gives a singular K_{L-2} a factor, of K_{L-2} + shift I. built: s->factor is
 * K_{L-2} still. */
static ntk_status add_shift(ntk_linear_system *s, bool built, double *trace) {
  ntk_status status = NTK_ERR_NUMERIC;
  for (int i = 0; i < 4 && status == NTK_ERR_NUMERIC; i++) {
    s->shift = (i == 0 ? 1.0 : 100.0) * fmax(s->shift, ntk_cholesky_bound(s->features->N, *trace));
    if (i > 0 || !built)
      NTK_TRY(build(s, trace));
    const double start = ntk_clock();
    status = ntk_kernel_factor(s->factor, -s->shift);
    s->seconds_factor += ntk_clock() - start;
  }
  return status;
}

/* K_{L-2} by itself, in either precision; *e: whether it has an inverse. */
static ntk_status try_factor(ntk_linear_system *s, ntk_extremes *e, double *trace) {
  double least;
  if (s->way != NTK_WAY_DOUBLE) {
    NTK_TRY(judge_mixed(s, e));
    if (e->why == NULL)
      return NTK_OK;
    NTK_TRY(fall_back(s, e->why));
    ntk_kernel_diagonal(s->factor, trace, &least);
  } else {
    NTK_TRY(build(s, trace));
  }
  return judge(s, e);
}

/* A singular K_{L-2} gets a shift: what can be fitted then is. Where it is singular for want of
 * parameters, no weights fit more than these do. */
static ntk_status make_factor(ntk_linear_system *s) {
  const size_t block = s->base->depth - 2;
  double trace = 0.0;
  ntk_extremes e;
  NTK_TRY(ntk_extremes_foresee(s->features, block, &e));
  const bool known = e.verdict == NTK_VERDICT_RANK_DEFICIENT;
  if (known) {
    s->way = NTK_WAY_DOUBLE;
    NTK_TRY(build(s, &trace));
  } else {
    NTK_TRY(try_factor(s, &e, &trace));
  }
  if (e.lambda_min > 0.0) {
    s->condition = e.lambda_max / e.lambda_min;
    return NTK_OK;
  }
  s->damped = s->features->N > ntk_rank_bound(s->base, NTK_OUTPUTS_TRACE, block) ||
              ntk_network_linear_above(s->base, 0);
  return add_shift(s, known, &trace);
}

ntk_status ntk_linear_system_create(ntk_context *context, const ntk_network_spec *spec,
                                    const ntk_dataset *all, const ntk_distinct *d,
                                    const ntk_memorize_options *options, ntk_way way,
                                    ntk_linear_system *system) {
  const ntk_held held = ntk_dataset_held(all);
  const bool factored = !options->iterative && options->margin == 0.0;
  void *pointer = NULL;
  *system = (ntk_linear_system){.context = context,
                                .iterative = options->iterative,
                                .way = factored ? way : NTK_WAY_DOUBLE,
                                .seed = options->seed,
                                .condition = NAN};
  ntk_status status = make_base(system, spec, options->below);
  if (status == NTK_OK)
    status = ntk_deficiency_find(system->base, NTK_OUTPUTS_TRACE, &held, spec->depth - 2,
                                 &system->deficiency);
  if (status == NTK_OK)
    status = ntk_features_create(system->base, d->data, &system->features);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(context, system->base->parameters, "gradient", &system->g);
  if (status == NTK_OK)
    status = ntk_alloc(context, spec->depth, sizeof(bool), "blocks", &pointer);
  if (status == NTK_OK) {
    system->block = pointer;
    memset(system->block, 0, spec->depth * sizeof(bool));
    system->block[spec->depth - 2] = true;
    status = ntk_range_check(system->features, spec->depth - 2);
    if (status == NTK_OK && factored)
      status = make_factor(system);
  }
  if (status != NTK_OK)
    ntk_linear_system_destroy(system);
  return status;
}

void ntk_linear_system_destroy(ntk_linear_system *s) {
  ntk_kernel_destroy(s->factor);
  ntk_kernel_destroy(s->K);
  ntk_features_destroy(s->features);
  ntk_network_destroy(s->base);
  ntk_free(s->context, s->block);
  ntk_free(s->context, s->g);
  *s = (ntk_linear_system){0};
}

/* Where K_{L-2} is known to be singular, by the rank that it can have, conjugate
 * gradients have no solution to go to, and get few products. */
static size_t most_products(const ntk_linear_system *s) {
  if (!s->iterative)
    return CG_PRODUCTS_SHIFTED;
  return s->features->N > ntk_rank_bound(s->base, NTK_OUTPUTS_TRACE, s->base->depth - 2)
             ? CG_PRODUCTS_SINGULAR
             : CG_PRODUCTS;
}

static ntk_status solve_directly(const ntk_linear_system *s, const double *r, double *c) {
  memcpy(c, r, s->features->N * sizeof *c);
  return ntk_kernel_solve(s->factor, c, 1);
}

/* c = K_{L-2}^{-1} r, or damped. A shifted factor only guides conjugate gradients: they apply J
 * (J^T v), which knows the differences of nearly equal rows to u, where the sums of K know them to
 * u over the square of the distance. So does one in single precision; where that leads nowhere, one
 * in double is made. */
static ntk_status solve(ntk_linear_system *s, const double *r, double *c) {
  const bool mixed = s->way != NTK_WAY_DOUBLE;
  if (!s->iterative && !mixed && (s->shift == 0.0 || s->damped))
    return solve_directly(s, r, c);
  const ntk_operator A = {.n = s->features->N,
                          .apply = apply_block,
                          .solve = s->iterative ? NULL : solve_factor,
                          .user = s};
  const double tolerance = mixed ? MIXED_TOLERANCE : CG_TOLERANCE;
  double residual = 0.0;
  size_t products = 0;
  NTK_TRY(ntk_conjugate_gradients(s->context, &A, r, tolerance, most_products(s), c, &residual,
                                  &products));
  if (!mixed || residual <= tolerance)
    return NTK_OK;
  NTK_TRY(fall_back(s, "solves with the factor in single precision do not converge in double"));
  NTK_TRY(ntk_kernel_factor(s->factor, 0.0));
  return solve_directly(s, r, c);
}

ntk_status ntk_linear_system_correct(ntk_linear_system *s, const double *r, double *c, double *D) {
  const ntk_network *base = s->base;
  const size_t L = base->depth, entries = ntk_network_rows(base, L - 1) * base->width[L - 1];
  NTK_TRY(solve(s, r, c));
  NTK_TRY(ntk_jacobian_adjoint(s->features, c, s->g));
  const double *step = s->g + ntk_layer_offset(base, L - 1); /* with b's row */
  for (size_t e = 0; e < entries; e++)
    D[e] += step[e];
  return NTK_OK;
}
