/* What ntk_limit_spectrum finds. */
#include "results/results.h"

#include "ntkit/limit.h"

#include <math.h>

static ntk_field_value verdict(const void *row) {
  return ntk_field_text(ntk_verdict_name(((const ntk_limit_result *)row)->verdict));
}

static ntk_field_value condition(const void *row) {
  const ntk_limit_result *result = row;
  return ntk_field_real(result->lambda_max / result->lambda_min);
}

/* As of a block of K (spectrum.c). */
static ntk_field_value block_verdict(const void *row) {
  const ntk_limit_block *block = row;
  const bool asked = block->verdict != NTK_VERDICT_OK || !isnan(block->lambda_min);
  return ntk_field_text(asked ? ntk_verdict_name(block->verdict) : NULL);
}

#define ROW ntk_limit_block
static const ntk_field block[] = {
    FIELD(lambda_min, "",
          "smallest eigenvalue of the limit of K_k; null: not asked for, or not resolved; 0: known "
          "to be"),
    FIELD(trace, "", "of the limit of K_k"),
    FIELD(distance, "",
          "||K_k - limit|| / ||limit||, Frobenius norms; null: no network beside it, or 0"),
    VERDICT("verdict", block_verdict, "on lambda_min; null: not asked for"),
};
const ntk_description ntk_table_limit_block =
    DESCRIPTION(block, "block", "The limit of a block K_k at infinite width.");
#undef ROW

#define ROW ntk_limit_result
static const ntk_field limit[] = {
    VERDICT("verdict", verdict,
            "on lambda_min: ok, rank_deficient (known to be 0) or below_resolution"),
    FIELD(reason, "", "one line on a verdict that is not ok, else empty"),
    OBJECT(deficiency, ntk_table_deficiency,
           "what makes the limit singular, whatever the widths, where that is known"),
    APART(samples, "", "N"),
    FIELD(lambda_min, "",
          "smallest eigenvalue of the limit, at the widths given; null: not resolved; 0: known to "
          "be"),
    FIELD(lambda_max, "", "largest eigenvalue of the limit"),
    FIELD(exponent, "",
          "of two: lambda_min and all other numbers of the limit's size, those of limit.npy and of "
          "blocks too, are to be multiplied by 2^exponent; 0 unless double precision does not hold "
          "them"),
    COMPUTED("condition", "", NTK_TYPE_REAL, condition, "lambda_max / lambda_min"),
    FIELD(residual_min, "", "||A v - lambda_min v|| for unit v, recomputed; null: there is no v"),
    FIELD(residual_max, "", "the same of lambda_max"),
    FIELD(resolution, "", "eigenvalues of this size and below are lost in rounding"),
    FIELD(trace, "", "of the limit"),
    OBJECT(certificate, ntk_table_certificate,
           "what is known for sure of lambda_min of the limit as stored; kernel_estimate counts "
           "the error of its entries"),
    FIELD(distance, "",
          "||K - limit|| / ||limit||, Frobenius norms; null: no network beside it, or an exponent"),
    OBJECTS("blocks", block, blocks, ntk_table_limit_block, "of K_0..K_{L-1}"),
    FIELD(seconds, "s", "all of it"),
    FIELD(seconds_kernel, "s", "of that the limit, once"),
    REALS(eigenvector, samples, true, "unit, of lambda_min; one for each sample"),
};
const ntk_description ntk_table_limit =
    DESCRIPTION(limit, NULL, "The kernel of infinite width (ntk_limit_spectrum).");
#undef ROW
