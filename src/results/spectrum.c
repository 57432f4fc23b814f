/* What ntk_spectrum finds, and on what. */
#include "results/results.h"

#include <math.h>
#include <string.h>

#define ROW ntk_environment
static const ntk_field environment[] = {
    FIELD(version, "", "of the library"),
    FIELD(commit, "", "of the library's source"),
    FIELD(compiler, "", "that built the library"),
    FIELD(blas, "", "the BLAS, as it reports itself"),
    FIELD(blas_core, "", "the kind of core that the BLAS computes for"),
    FIELD(simd, "", "instruction set of the library's own loops"),
    FIELD(backend, "", "where features and kernels are computed"),
    FIELD(cpu, "", "the processor's name"),
    FIELD(threads, "", "threads used"),
    FIELD(ranks, "", "processes that computed together"),
    FIELD(rank, "", "which of them tells this, from 0"),
};
const ntk_description ntk_table_environment =
    DESCRIPTION(environment, NULL, "What a result depends on besides its inputs.");
#undef ROW

#define ROW ntk_activation_info
static const ntk_field activation[] = {
    FIELD(name, "", "as options take it"),
    FIELD(aliases, "", "other names that they take, separated by commas"),
    FIELD(formula, "", "phi"),
    FIELD(lipschitz, "", "M, the Lipschitz constant of phi (Assumption 2.3)"),
    FIELD(lipschitz_grad, "", "M', the Lipschitz constant of phi'; null: infinite"),
    FIELD(source, "", "where M and M' come from"),
    FIELD(nonlinear, "", "whether phi is nonlinear (Assumption 2.3, item 1)"),
    FIELD(parameter, "", "what its parameter is called; empty: it has none"),
    FIELD(value, "", "the parameter where none is given; M and M' are of it"),
};
const ntk_description ntk_table_activation =
    DESCRIPTION(activation, NULL, "An activation function.");
#undef ROW

#define ROW ntk_kernel_proof
static const ntk_field kernel_proof[] = {
    FIELD(proved, "", "whether lower and upper were proved"),
    FIELD(lower, "", "lambda_min of K in exact arithmetic is at least this, proved"),
    FIELD(upper, "", "lambda_min of K in exact arithmetic is at most this, proved"),
    FIELD(reason, "", "one line where nothing was proved, else empty"),
};
const ntk_description ntk_table_kernel_proof = DESCRIPTION(
    kernel_proof, NULL, "lambda_min(K) in exact arithmetic of the stored X, W and scales.");
#undef ROW

static ntk_field_value sample_if(bool known, size_t sample) {
  return (ntk_field_value){.known = known, .whole = sample};
}

/* By sizes alone no sample is to blame. */
static bool has_samples(const ntk_deficiency *d) {
  return d->cause != NULL && (isfinite(d->factor) || strcmp(d->cause, "zero") == 0 ||
                              strcmp(d->cause, "inactive") == 0);
}

static ntk_field_value first_of(const void *row) {
  const ntk_deficiency *d = row;
  return sample_if(has_samples(d), d->first);
}

static ntk_field_value second_of(const void *row) {
  const ntk_deficiency *d = row;
  return sample_if(has_samples(d), d->second);
}

static ntk_field_value is_always(const void *row) {
  const ntk_deficiency *d = row;
  return ntk_field_flag(d->cause != NULL, d->always);
}

#define ROW ntk_deficiency
static const ntk_field deficiency[] = {
    FIELD(cause, "",
          "equal, multiple, zero, inactive, data, parameters, linear, polynomial, layers, pairs, "
          "scales or outputs; null: not known to be singular"),
    COMPUTED("always", "always", NTK_TYPE_FLAG, is_always,
             "for all widths, beta and weights: data and activations make it so"),
    COMPUTED("first", "first", NTK_TYPE_WHOLE, first_of,
             "sample, from 0, of a pair, or the one to blame; null: none is"),
    COMPUTED("second", "second", NTK_TYPE_WHOLE, second_of, "the other of the pair"),
    FIELD(factor, "", "x_second = factor x_first"),
    FIELD(zeros, "", "eigenvalues that are 0, at least"),
    FIELD(reason, "", "one line, or empty"),
};
const ntk_description ntk_table_deficiency =
    DESCRIPTION(deficiency, NULL, "Why a kernel is known to be singular, to the last bit.");
#undef ROW

#define ROW ntk_certificate
static const ntk_field certificate[] = {
    FIELD(certified, "", "whether lower and upper were proved"),
    FIELD(lower, "",
          "lambda_min of K as stored, or of resolve in double-double, is at least this, proved"),
    FIELD(upper, "",
          "lambda_min of K as stored, or of resolve in double-double, is at most this, proved"),
    NAMED("kernel_estimate.lower", kernel_lower, "",
          "the same for K in exact arithmetic of the stored X and W: an estimate"),
    NAMED("kernel_estimate.upper", kernel_upper, "", "the same from above"),
    OBJECT(kernel, ntk_table_kernel_proof, "the same, proved"),
};
const ntk_description ntk_table_certificate = DESCRIPTION(
    certificate, NULL,
    "What is known for sure of lambda_min(K). kernel_estimate counts what rounding may have "
    "done at most, kernel measures what it did: where that is proved, the estimate may be "
    "the wider one. Of resolve they are the same.");
#undef ROW

/* Of a block whose eigenvalue nobody asked for it is no verdict: known by its OK without a value.
 */
static ntk_field_value block_verdict(const void *row) {
  const ntk_block_result *block = row;
  const bool asked = block->verdict != NTK_VERDICT_OK || !isnan(block->lambda_min);
  return ntk_field_text(asked ? ntk_verdict_name(block->verdict) : NULL);
}

#define ROW ntk_block_result
static const ntk_field block[] = {
    FIELD(lambda_min, "", "smallest eigenvalue of K_k; null: not asked for, or not resolved"),
    FIELD(trace, "", "of K_k"),
    VERDICT("verdict", block_verdict, "on lambda_min; null: not asked for"),
};
const ntk_description ntk_table_block =
    DESCRIPTION(block, "block", "A block K_k of the kernel, (8).");
#undef ROW

#define ROW ntk_bounds
static const ntk_field bounds[] = {
    FIELD(lower_scale, "", "n_{L-2} n_{L-1}, (6)"),
    FIELD(upper_scale, "", "d n_{L-1}, (7)"),
    FIELD(ratio_lower, "", "lambda_min / lower_scale"),
    FIELD(ratio_upper, "", "lambda_min / upper_scale"),
    FIELD(diagonal_min, "", "min_i K_ii, which lambda_min is at most (16)"),
};
const ntk_description ntk_table_bounds =
    DESCRIPTION(bounds, NULL, "Theorem 3.1 beside the measurement.");
#undef ROW

#define ROW ntk_spectrum_pair
static const ntk_field spectrum_pair[] = {
    FIELD(value, "", "v^T K v, an eigenvalue to within the residual"),
    FIELD(residual, "", "||K v - value v|| for unit v, recomputed"),
    APART(order, "", "rows of K"),
    REALS(vector, order, true, "v, unit; one for each row of K"),
};
const ntk_description ntk_table_spectrum_pair =
    DESCRIPTION(spectrum_pair, "place", "One of several eigenpairs at an end of K; not proved.");
#undef ROW

static ntk_field_value prefix_verdict(const void *row) {
  return ntk_field_text(ntk_verdict_name(((const ntk_spectrum_prefix *)row)->verdict));
}

#define ROW ntk_spectrum_prefix
static const ntk_field spectrum_prefix[] = {
    FIELD(samples, "", "the first so many of the data"),
    FIELD(lambda_min, "", "smallest eigenvalue of their kernel; null: not resolved"),
    FIELD(residual, "", "||K v - lambda_min v|| for unit v, recomputed; null: there is no v"),
    COMPUTED("verdict", "verdict", NTK_TYPE_TEXT, prefix_verdict, "on lambda_min"),
    FIELD(reason, "", "what explains the verdict; empty when it is ok"),
    FIELD(digits, "", "of lambda_min that are sure, as of the whole: an estimate"),
};
const ntk_description ntk_table_spectrum_prefix =
    DESCRIPTION(spectrum_prefix, NULL, "lambda_min of the kernel of the first samples.");
#undef ROW

#define ROW ntk_density_point
static const ntk_field density_point[] = {
    FIELD(eigenvalue, "", "a number on the axis of eigenvalues"),
    FIELD(count, "", "eigenvalues below it: an estimate"),
    FIELD(count_low, "", "there are that many at least, with the probability of level"),
    FIELD(count_high, "", "there are that many at most, with the same"),
    FIELD(density, "1/decade", "eigenvalues per decade, the mean over a window around it"),
    FIELD(density_low, "1/decade", "that at least, with the probability of level"),
    FIELD(density_high, "1/decade", "that at most, with the same"),
};
const ntk_description ntk_table_density_point =
    DESCRIPTION(density_point, NULL, "The eigenvalues below and around a number.");
#undef ROW

#define ROW ntk_density_quantile
static const ntk_field density_quantile[] = {
    FIELD(share, "", "of the eigenvalues"),
    FIELD(eigenvalue, "", "so many are below it: an estimate; null: not told from 0"),
    FIELD(low, "", "the quantile is that at least, with the probability of level"),
    FIELD(high, "", "it is that at most, with the same"),
};
const ntk_description ntk_table_density_quantile =
    DESCRIPTION(density_quantile, NULL, "The eigenvalue below which a share of them is.");
#undef ROW

#define ROW ntk_density
static const ntk_field density[] = {
    FIELD(probes, "", "random vectors; 0: not asked for"),
    FIELD(steps, "", "products, and solves, for each of them"),
    FIELD(level, "", "probability with which an interval has the number, each by itself"),
    FIELD(window, "decades", "width that a density is the mean over"),
    FIELD(products, "", "with K, vectors counted one by one"),
    FIELD(solves, "", "with K^{-1}; 0: K is singular, or not resolved"),
    OBJECTS("quantiles", quantile, quantiles, ntk_table_density_quantile, "by their shares"),
    OBJECTS("points", point, points, ntk_table_density_point,
            "by eigenvalue, equally spaced in its logarithm"),
};
const ntk_description ntk_table_density =
    DESCRIPTION(density, NULL, "How the eigenvalues are distributed, by stochastic quadrature.");
#undef ROW

#define ROW ntk_spectrum_seconds
static const ntk_field seconds[] = {
    FIELD(forward, "s", "features"),
    FIELD(kernel, "s", "K from the features"),
    FIELD(factor, "s", "Cholesky factorisation, or the preconditioner"),
    FIELD(eigen, "s", "smallest and largest eigenvalue"),
    FIELD(largest, "s", "of that, the largest"),
    FIELD(certify, "s", "the certificate"),
    FIELD(full, "s", "all eigenvalues"),
    {NTK_NAMED("blocks", blocks, "s", "the blocks"), .former = "layers"},
    FIELD(density, "s", "the spectral density"),
    FIELD(total, "s", "all of it"),
};
const ntk_description ntk_table_spectrum_seconds =
    DESCRIPTION(seconds, NULL, "Where the time went.");
#undef ROW

static ntk_field_value verdict(const void *row) {
  return ntk_field_text(ntk_verdict_name(((const ntk_spectrum_result *)row)->verdict));
}

static ntk_field_value condition(const void *row) {
  const ntk_spectrum_result *result = row;
  return ntk_field_real(result->lambda_max / result->lambda_min);
}

#define ROW ntk_spectrum_result
static const ntk_field spectrum[] = {
    VERDICT("verdict", verdict,
            "ok, rank_deficient (lambda_min is 0, known without computing), below_resolution or "
            "inaccurate (fewer than 3 digits are sure)"),
    FIELD(digits, "", "of lambda_min that rounding in the network and in K leaves: an estimate"),
    FIELD(reason, "", "one line on a verdict that is not ok, else empty"),
    OBJECT(deficiency, ntk_table_deficiency, "what makes K singular, where that is known"),
    APART(samples, "", "N"),
    APART(order, "", "rows of K: N, or N n_L of all outputs"),
    FIELD(lambda_min, "", "smallest eigenvalue of K; null: not resolved"),
    FIELD(lambda_max, "", "largest eigenvalue of K"),
    FIELD(exponent, "",
          "of two: lambda_min and all other numbers of K's size are to be multiplied by "
          "2^exponent; 0 unless double precision does not hold them"),
    COMPUTED("condition", "", NTK_TYPE_REAL, condition, "lambda_max / lambda_min"),
    FIELD(
        residual_min, "",
        "||K v - lambda_min v|| for unit v, recomputed; of resolve sqrt(lambda_min) times that of "
        "K^{-1/2} (K v - lambda_min v); null: there is no v"),
    FIELD(residual_max, "", "the same of lambda_max"),
    FIELD(precision, "",
          "of the factor: double; mixed: single, with products in double; or of resolve "
          "double-double"),
    FIELD(precision_reason, "", "one line: why double where mixed was wanted, else empty"),
    FIELD(resolution, "", "eigenvalues of this size and below are lost in rounding"),
    OBJECT(certificate, ntk_table_certificate, "what is known for sure of lambda_min"),
    {NTK_OBJECTS("blocks", block, blocks, ntk_table_block, "K_0..K_{L-1}"), .former = "layers"},
    OBJECT(bounds, ntk_table_bounds, "Theorem 3.1 beside the measurement"),
    FIELD(method, "", "factor, or operator: by products, without K"),
    FIELD(rounds, "", "of resolve, which has lambda_min from J; 0: it is from K"),
    NAMED("iterations.solves", solves, "", "with K^{-1}, or what is near it, by the eigensolver"),
    NAMED("iterations.products", products, "", "with K, by the eigensolver"),
    OBJECT(seconds, ntk_table_spectrum_seconds, "where the time went"),
    FIELD(memory_bytes, "bytes", "most held at once, by one rank"),
    FIELD(ranks, "", "processes that computed it together"),
    FIELD(traffic, "bytes", "that a rank has received from others, at most"),
    REALS(eigenvector, order, true, "unit, of lambda_min; one for each row of K"),
    REALS(eigenvalues, order, false, "all of K, ascending, where asked for"),
    OBJECTS("smallest", smallest, smallest_count, ntk_table_spectrum_pair,
            "so many of the smallest as vectors were asked for, ascending"),
    OBJECTS("largest", largest, largest_count, ntk_table_spectrum_pair,
            "so many of the largest, descending"),
    OBJECTS("prefixes", prefix, prefixes, ntk_table_spectrum_prefix,
            "lambda_min of the first samples, where asked for"),
    OBJECT(density, ntk_table_density, "how the eigenvalues are distributed, where asked for"),
};
const ntk_description ntk_table_spectrum =
    DESCRIPTION(spectrum, NULL, "The ends of the kernel's spectrum (ntk_spectrum).");
#undef ROW

#define ROW ntk_eigenpair
static const ntk_field eigenpair[] = {
    FIELD(value, "", "the eigenvalue"),
    FIELD(residual, "", "estimate of ||A v - lambda v||"),
    FIELD(applications, "", "of the operator or its inverse, vectors counted one by one"),
};
const ntk_description ntk_table_eigenpair =
    DESCRIPTION(eigenpair, NULL, "An eigenvalue of any operator (ntk_eigen_smallest, _largest).");
