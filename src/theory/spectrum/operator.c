/* The method operator: lambda_min without K. Products are J (C (J^T v)), 4 N P flops each, from
 * features that are kept or, where they do not fit, made anew by blocks of samples; what stands for
 * K^{-1} is made of some columns of K (kernel/subset.h); the search is spectrum/davidson.c's.
 * Memory: some times the features. docs/decisions.md has how many products it takes. */
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/text.h"
#include "kernel/footprint.h"
#include "spectrum/davidson.h"
#include "spectrum/eigen.h"
#include "theory/spectrum/job.h"

#include <float.h>
#include <math.h>

enum { MOST_PRODUCTS = 8000 };

const char *ntk_job_needs_kernel(const ntk_spectrum_options *options) {
  const struct {
    bool asked;
    const char *what;
  } needs[] = {{options->resolve, "resolve"},
               {options->certify, "a certificate"},
               {options->full, "the whole spectrum"},
               {options->density, "the density"},
               {options->prefix_count > 0, "a prefix"},
               {options->kernel_path != NULL, "a file of it"},
               {options->per_block || options->block_path != NULL, "every block"}};
  for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
    if (needs[i].asked)
      return needs[i].what;
  return NULL;
}

/* Of an operator with some error, as a solve's (kernel/operators.c). */
static double noise_of(double trace) {
  return 16.0 * (DBL_EPSILON / 2) * trace;
}

static ntk_lanczos_options search_for(size_t count, double tolerance, uint64_t seed) {
  return (ntk_lanczos_options){.block = 1,
                               .count = count,
                               .tolerance = tolerance,
                               .max_products = MOST_PRODUCTS,
                               .seed = seed,
                               .phase = "smallest eigenvalue",
                               .tells = true};
}

/* At a layout: held throughout, and the larger of the two searches. */
static double bytes_at(const ntk_context *context, const ntk_network_spec *spec,
                       const ntk_share *all, const ntk_spectrum_options *options,
                       const struct ntk_layout *layout) {
  const size_t n = ntk_kernel_rows(spec, options->outputs, all->N), per = n / all->N;
  const ntk_lanczos_options search = search_for(options->vectors, 0.0, 0);
  const ntk_share chosen = ntk_share_whole(layout->samples);
  const ntk_share rows = ntk_share_times(*all, per);
  const double some =
      ntk_implicit_bytes(context, spec, options->outputs, &chosen, layout->samples) +
      8.0 * (double)layout->samples * (double)spec->width[0];
  const double subset = ntk_subset_bytes(context, &rows, per * layout->samples);
  double after = fmax(some, (double)ntk_davidson_bytes(n, &search));
  after = fmax(after, ntk_digits_bytes(spec, options->outputs));
  if (options->vectors > 0)
    after = fmax(after, (double)ntk_eigen_pairs_bytes(n, options->vectors));
  return ntk_implicit_bytes(context, spec, options->outputs, all, layout->block) +
         2.0 * (double)options->vectors * (8.0 * (double)n + 64.0) +
         fmax((double)ntk_eigen_bytes(n), subset + after);
}

double ntk_operator_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          const ntk_share *share, const ntk_spectrum_options *options,
                          double available, struct ntk_layout *layout) {
  /* Parts of a rank's samples whose features are held, and of the wanted subset. */
  static const struct {
    size_t block, subset;
  } shares[] = {{1, 1}, {1, 2}, {1, 4}, {16, 1}, {16, 2}, {64, 4}, {64, 8}};
  const size_t N = share->N, per = ntk_kernel_rows(spec, options->outputs, N) / N;
  double columns = 0.0, bytes = 0.0;
  for (size_t l = 1; l < spec->depth; l++)
    columns += 2.0 * (double)spec->width[l];
  const size_t most = ntk_share_most(share);
  const double wanted = fmax(1.0, fmin((double)N / 4.0, columns / (double)per));
  for (size_t s = 0; s < sizeof shares / sizeof shares[0]; s++) {
    *layout = (struct ntk_layout){.block = (most + shares[s].block - 1) / shares[s].block,
                                  .samples = (size_t)fmax(1.0, wanted / (double)shares[s].subset)};
    bytes = bytes_at(context, spec, share, options, layout);
    if (bytes <= available)
      break;
  }
  return bytes;
}

static ntk_status apply(void *user, const double *V, size_t m, double *U) {
  const ntk_operator A = ntk_implicit_operator(&((ntk_job *)user)->implicit);
  return A.apply(A.user, V, m, U);
}

static ntk_status solve(void *user, double *V, size_t m) {
  return ntk_subset_solve(&((ntk_job *)user)->subset, V, m);
}

ntk_operator ntk_job_preconditioned(ntk_job *j) {
  return (ntk_operator){
      .n = j->rows, .apply = apply, .solve = solve, .user = j, .noise = noise_of(j->trace)};
}

ntk_status ntk_job_precondition(ntk_job *j) {
  for (size_t i = 0; i < j->rows; i++) {
    j->scratch[i] = 0.0;
    for (size_t k = 0; k < j->L; k++)
      j->scratch[i] +=
          ntk_diagonal_part(j->network, k, j->f2[k * j->rows + i], j->b2[k * j->rows + i]);
  }
  return ntk_subset_create(&j->implicit, j->layout.samples, j->scratch, &j->subset);
}

ntk_status ntk_job_smallest_pairs(ntk_context *context, const ntk_operator *A, double tolerance,
                                  uint64_t seed, size_t count, ntk_eigenpair *pair,
                                  double *vectors) {
  ntk_lanczos_options options = search_for(count, tolerance, seed);
  options.noise = A->noise;
  return ntk_davidson_smallest(context, A, &options, NULL, 0, pair, vectors);
}

/* That the search has failed, as its line says, and what else there is: a factor, where one fits
 * once what the search holds is given back. */
static ntk_status refer(ntk_job *j, ntk_status status) {
  char line[240], other[240];
  (void)ntk_format(line, sizeof line, "%s", ntk_error_message());
  ntk_subset_destroy(&j->subset);
  ntk_implicit_destroy(&j->implicit);
  j->options.method = "factor";
  const ntk_status fits = ntk_job_check_memory(j);
  (void)ntk_format(other, sizeof other, "%s", ntk_error_message());
  return fits == NTK_OK ? ntk_fail(status, "%s; accepted: the method factor, which fits", line)
                        : ntk_fail(status, "%s; nor does the method factor do: %s", line, other);
}

/* The least Ritz value is never below lambda_min but for rounding: once it is not above the
 * resolution, nothing else is left to find; nor where the least of the diagonal is not, in whose
 * place rows of all sizes would make the search long. */
ntk_status ntk_job_search(ntk_job *j, double *vector, ntk_extremes *e) {
  const double start = ntk_clock();
  const ntk_operator A = ntk_job_preconditioned(j);
  ntk_lanczos_options options = search_for(1, j->options.tolerance, j->options.seed);
  ntk_eigenpair pair;
  if (!(j->result->bounds.diagonal_min > e->resolution)) {
    ntk_extremes_judge(e, j->result->bounds.diagonal_min);
    return NTK_OK;
  }
  NTK_TRY(ntk_job_precondition(j));
  e->seconds_factor = ntk_clock() - start;
  options.noise = A.noise;
  options.enough = e->resolution;
  const ntk_status status = ntk_davidson_smallest(j->context, &A, &options, NULL, 0, &pair, vector);
  if (status == NTK_ERR_NUMERIC)
    return refer(j, status);
  NTK_TRY(status);
  e->solves = pair.applications;
  ntk_extremes_judge(e, pair.value);
  return NTK_OK;
}
