/* The spectral density, in two parts of the job: products with K while it is there, solves with its
 * factor, the same vectors for both (spectrum/density.h). */
#include "theory/spectrum/job.h"

#include "base/memory.h"

#include <math.h>

/* An interval has two parts: chance, which falls as the root of probes times rows, and what the
 * steps do not resolve, a share of the rows that more of them do not change. With EVEN / rows
 * probes the two are even. */
enum { MOST = 1000, STEPS = 100, EVEN = 16000, FEWEST = 2, USUAL = 8 };

void ntk_job_density_numbers(const ntk_spectrum_options *options, size_t rows, size_t *probes,
                             size_t *steps) {
  const size_t even = EVEN / rows, usual = even < FEWEST ? FEWEST : even < USUAL ? even : USUAL;
  *probes = !options->density ? 0 : options->probes > 0 ? options->probes : usual;
  *steps = options->steps > 0 ? options->steps : STEPS;
}

ntk_status ntk_job_check_density(const ntk_job *j) {
  const ntk_spectrum_options *options = &j->options;
  if (!options->density && (options->probes > 0 || options->steps > 0))
    return ntk_fail(NTK_ERR_ARGUMENT, "probes and steps are numbers of the spectral density, which "
                                      "is not asked for; accepted: 0, or density as well");
  if (options->probes > MOST)
    return ntk_fail(NTK_ERR_ARGUMENT, "probes is %zu; accepted: up to %d, 0: 2 to 8 by the rows",
                    options->probes, MOST);
  if (options->steps > MOST)
    return ntk_fail(NTK_ERR_ARGUMENT, "steps is %zu; accepted: up to %d, 0: %d", options->steps,
                    MOST, STEPS);
  return NTK_OK;
}

ntk_status ntk_job_density_products(ntk_job *j) {
  const double start = ntk_clock();
  size_t probes, steps;
  if (!j->options.density)
    return NTK_OK;
  ntk_job_density_numbers(&j->options, j->rows, &probes, &steps);
  const ntk_operator A = ntk_kernel_operator(j->factor);
  NTK_TRY(ntk_density_begin(j->context, j->rows, probes, steps, j->options.seed, &j->density));
  NTK_TRY(ntk_density_add(&j->density, &A, false));
  j->result->seconds.density = ntk_clock() - start;
  return NTK_OK;
}

ntk_status ntk_job_density(ntk_job *j) {
  ntk_spectrum_result *r = j->result;
  const double start = ntk_clock();
  if (!j->options.density)
    return NTK_OK;
  const bool resolved = r->verdict == NTK_VERDICT_OK;
  const ntk_density_ends ends = {resolved ? r->lambda_min : 0.0, r->lambda_max, r->resolution,
                                 j->trace, j->zeros};
  if (resolved) {
    const ntk_operator A = ntk_kernel_operator(j->factor);
    NTK_TRY(ntk_density_add(&j->density, &A, true));
  }
  NTK_TRY(ntk_density_make(&j->density, &ends, &r->density));
  r->seconds.density += ntk_clock() - start;
  return NTK_OK;
}
