/* Where the numbers of K or of its features leave double precision, the job goes on with a network
 * whose layers do not (net/rescale.h), and whose K is K; or K over a power of two, where double
 * precision does not hold K either: then all that is told of it is, too. */
#include "theory/spectrum/job.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"
#include "kernel/footprint.h"
#include "net/rescale.h"

#include <math.h>

/* Exponents that leave room for rounding: of squares that are multiplied with each other, of K, of
 * K in double-double. And up to which K stays as it is. */
static const double ROOM = 700.0, ROOM_OF_K = 850.0, ROOM_TO_RESOLVE = 300.0;
static const double KEPT = 750.0, KEPT_TO_RESOLVE = 250.0;

static bool within(double x, double exponent) {
  return x <= ldexp(1.0, (int)exponent) && x >= ldexp(1.0, -(int)exponent);
}

static double largest_of(size_t n, const double *x) {
  double largest = 0.0;
  for (size_t i = 0; i < n && !isnan(largest); i++)
    largest = isnan(x[i]) ? x[i] : fmax(largest, x[i]);
  return largest;
}

/* X is as it is. */
static bool layers_within(const ntk_job *j) {
  for (size_t k = 0; k < j->L; k++)
    if ((k > 0 && !within(largest_of(j->rows, j->f2 + k * j->rows), ROOM)) ||
        (k + 1 < j->L && !within(largest_of(j->rows, j->b2 + k * j->rows), ROOM)))
      return false;
  return true;
}

/* Of the blocks that are asked for by themselves, the first that is not; L: all are. */
static size_t block_beyond(const ntk_job *j) {
  const double *scale = j->network->scale;
  size_t k = 0;
  if (!j->options.per_block && j->options.block_path == NULL)
    return j->L;
  while (k < j->L && ((scale[2 * k] == 0.0 && scale[2 * k + 1] == 0.0) ||
                      within(j->result->block[k].trace, ROOM_OF_K)))
    k++;
  return k;
}

static bool kernel_within(const ntk_job *j) {
  return within(j->trace, j->options.resolve ? ROOM_TO_RESOLVE : ROOM_OF_K);
}

/* Of the rows that are here; then of all. */
static ntk_status find_sizes(const ntk_job *j, ntk_sizes *sizes) {
  const ntk_held held = ntk_dataset_held(j->data);
  const ntk_status status = ntk_sizes_add(j->network, ntk_held_count(&held), held.X, sizes);
  NTK_TRY(ntk_ranks_agree(j->context, status, ntk_ranks_what("sizes", j->rows, j->L, 0)));
  for (size_t l = 0; l <= j->L && held.share.ranks > 1; l++) {
    sizes->g[l] = -ntk_ranks_least(j->context, -sizes->g[l]);
    sizes->f[l] = -ntk_ranks_least(j->context, -sizes->f[l]);
    sizes->b[l] = -ntk_ranks_least(j->context, -sizes->b[l]);
    sizes->least[l] = ntk_ranks_least(j->context, sizes->least[l]);
  }
  return NTK_OK;
}

static ntk_status scale_network(ntk_job *j) {
  ntk_sizes sizes;
  NTK_TRY(ntk_sizes_create(j->network, &sizes));
  ntk_status status = find_sizes(j, &sizes);
  if (status == NTK_OK)
    status = ntk_network_rescale(j->network, &sizes, j->options.resolve ? KEPT_TO_RESOLVE : KEPT,
                                 &j->scaled, &j->result->exponent);
  ntk_sizes_destroy(j->network, &sizes);
  return status;
}

/* Features and norms of the other network, as memory allows them beside it. */
static ntk_status begin_again(ntk_job *j) {
  ntk_features_destroy(j->features);
  j->features = NULL;
  ntk_implicit_destroy(&j->implicit);
  const ntk_network_spec spec = ntk_spec_of(j->network);
  size_t bytes = 0;
  NTK_TRY(ntk_footprint_end(j->context, ntk_sizes_bytes(&spec) + ntk_rescaled_bytes(&spec), j->rows,
                            "the network, scaled to be held in double precision,", &bytes));
  NTK_TRY(scale_network(j));
  j->network = j->scaled;
  const ntk_way way = j->way;
  const char *why = j->result->precision_reason;
  NTK_TRY(ntk_job_check_memory(j));
  if (j->way == way)
    j->result->precision_reason = why;
  j->result->method = ntk_job_method(j);
  NTK_TRY(ntk_job_features(j));
  return ntk_job_norms(j);
}

/* What is asked for and cannot be had of K over a power of two. */
static ntk_status refuse(const ntk_job *j) {
  const size_t k = block_beyond(j);
  if (j->result->exponent != 0.0 &&
      (j->options.kernel_path != NULL || j->options.block_path != NULL))
    return ntk_fail(NTK_ERR_NOT_FINITE,
                    "K is near 2^%.0f, which files in double precision do not hold; accepted: "
                    "a run without kernel_path and block_path (--save-kernel, --save-blocks)",
                    j->result->exponent);
  return k == j->L ? NTK_OK
                   : ntk_fail(NTK_ERR_NOT_FINITE,
                              "block %zu is too small beside K for the numbers of both in double "
                              "precision; accepted: a run without per_block and block_path "
                              "(--per-block, --save-blocks)",
                              k);
}

/* Traces of blocks that are lost beside K's, of which `scale` says that they need not be 0. */
static void forget_traces(const double *scale, ntk_job *j) {
  const double *scaled = j->scaled->scale;
  for (size_t k = 0; k < j->L; k++) {
    double *trace = &j->result->block[k].trace;
    const bool lost = (scale[2 * k] > 0.0 && scaled[2 * k] == 0.0) ||
                      (scale[2 * k + 1] > 0.0 && scaled[2 * k + 1] == 0.0);
    if (*trace == 0.0 ? lost : !within(*trace, ROOM_OF_K))
      *trace = NAN;
  }
}

ntk_status ntk_job_fit_range(ntk_job *j) {
  const double *scale = j->network->scale;
  const bool whole = layers_within(j) && kernel_within(j) && block_beyond(j) == j->L;
  const bool data = within(largest_of(j->rows, j->f2), ROOM); /* which stay as they are */
  if (!whole && data && !j->part)
    NTK_TRY(begin_again(j));
  if (!isfinite(j->trace))
    return ntk_fail(NTK_ERR_NOT_FINITE, "the kernel overflows: its trace is not finite; accepted: "
                                        "other scales of weights or data");
  if (j->scaled == NULL)
    return NTK_OK;
  NTK_TRY(refuse(j));
  forget_traces(scale, j);
  return NTK_OK;
}
