#include "kernel/ends/ends.h"

#include "base/memory.h"
#include "kernel/ends/mixed.h"
#include "kernel/ends/near_rows.h"
#include "spectrum/eigen.h"

#include <math.h>

/* Where mixed begins to take less time (docs/performance.md): of processor time on one thread 0.77
 * to 0.97 of double's at N = 2000, up to a condition of 10^8, and 0.83 to 1.1 at 1500. */
enum { MIXED_FROM = 2000 };

/* A product is 4 flops for each sample and parameter, K one for each pair of samples and width;
 * that half of the latter is saved is worth so many products. */
enum { PRODUCTS = 6 };

bool ntk_products_cheap(const ntk_network_spec *spec, ntk_outputs outputs, size_t N) {
  double parameters = 0.0, widths = 0.0;
  for (size_t l = 1; l <= spec->depth; l++) {
    const double back = l < spec->depth ? (double)ntk_back_width(spec, outputs, l) : 1.0;
    parameters += (double)spec->width[l - 1] * back;
    widths += (double)spec->width[l - 1] + (l < spec->depth ? back : 0.0);
  }
  return PRODUCTS * 4.0 * parameters < 0.5 * (double)ntk_kernel_rows(spec, outputs, N) * widths;
}

ntk_way ntk_way_choose(ntk_mode mode, size_t rows, bool cheap, double available, double in_double,
                       double mixed) {
  if (mode == NTK_MODE_DOUBLE ||
      (mode == NTK_MODE_AUTO && rows < MIXED_FROM && in_double <= available))
    return NTK_WAY_DOUBLE;
  return !cheap && mixed <= fmin(available, fmax(in_double, available / 2.0))
             ? NTK_WAY_MIXED
             : NTK_WAY_MIXED_SMALLER;
}

/* What is asked, and what is there. */
typedef struct search {
  ntk_features *features;
  uint64_t seed;
  bool keep;
  ntk_kernel *K, *rough;    /* in double, and in single precision; NULL: not made */
  double *vector, *scratch; /* rows each */
  ntk_extremes *e;
} search;

static ntk_status trace_of(const ntk_features *features, double *trace) {
  const size_t n = features->rows, L = features->network->depth;
  double *norms = NULL;
  NTK_TRY(ntk_features_take_norms(features, &norms));
  *trace = 0.0;
  for (size_t k = 0; k < L; k++)
    for (size_t i = 0; i < n; i++)
      *trace += ntk_diagonal_part(features->network, k, norms[k * n + i], norms[(L + k) * n + i]);
  ntk_free(features->context, norms);
  return NTK_OK;
}

ntk_status ntk_rough_create(const ntk_features *features, const ntk_kernel *K, double *trace,
                            ntk_kernel **rough) {
  double least = 0.0;
  if (K != NULL)
    ntk_kernel_diagonal(K, trace, &least);
  else
    NTK_TRY(trace_of(features, trace));
  const ntk_kernel_form form = ntk_mixed_form(features->rows, *trace, NTK_PRECISION_FLOAT);
  return K != NULL ? ntk_kernel_copy_in(K, form, rough)
                   : ntk_kernel_create_in(features, NULL, form, rough);
}

static ntk_status find_largest(search *s) {
  const ntk_operator A =
      s->K != NULL ? ntk_kernel_operator(s->K) : ntk_features_operator(s->features);
  ntk_eigenpair pair;
  NTK_TRY(
      s->K != NULL
          ? ntk_eigen_largest(s->features->context, &A, NTK_TOLERANCE, s->seed, &pair, s->vector)
          : ntk_mixed_largest(s->rough, &A, NTK_TOLERANCE, s->seed, &pair, s->vector, s->scratch));
  s->e->lambda_max = pair.value;
  return NTK_OK;
}

static ntk_status smallest_mixed(search *s) {
  const ntk_operator A =
      s->K != NULL ? ntk_kernel_operator(s->K) : ntk_features_operator(s->features);
  double trace = 0.0;
  if (s->rough == NULL)
    NTK_TRY(ntk_rough_create(s->features, s->K, &trace, &s->rough));
  const ntk_status status =
      ntk_mixed_smallest(s->rough, &A, NTK_TOLERANCE, s->seed, s->vector, s->e);
  ntk_kernel_destroy(s->rough);
  s->rough = NULL;
  return status;
}

/* Of K, or of a copy where K is kept. */
static ntk_status smallest_double(search *s) {
  ntk_kernel *copy = NULL;
  if (s->K == NULL)
    NTK_TRY(ntk_kernel_create(s->features, NULL, &s->K));
  if (s->keep)
    NTK_TRY(ntk_kernel_copy(s->K, &copy));
  const ntk_status status =
      ntk_extremes_smallest(s->keep ? copy : s->K, NTK_TOLERANCE, s->seed, s->vector, s->e);
  ntk_kernel_destroy(copy);
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

static ntk_status find(search *s, ntk_way way) {
  double trace = 0.0;
  NTK_TRY(way != NTK_WAY_MIXED_SMALLER || s->keep
              ? ntk_kernel_create(s->features, NULL, &s->K)
              : ntk_rough_create(s->features, NULL, &trace, &s->rough));
  NTK_TRY(find_largest(s));
  if (s->e->verdict == NTK_VERDICT_RANK_DEFICIENT)
    return NTK_OK;
  if (way != NTK_WAY_DOUBLE)
    NTK_TRY(smallest_mixed(s));
  if (way == NTK_WAY_DOUBLE || s->e->why != NULL)
    NTK_TRY(smallest_double(s));
  return ntk_digits_of(s->features, s->features->network->depth, s->vector, s->e);
}

ntk_status ntk_ends_find(ntk_features *features, ntk_way way, uint64_t seed, ntk_extremes *e,
                         ntk_kernel **kept) {
  ntk_extremes found;
  search s = {.features = features, .seed = seed, .keep = kept != NULL, .e = &found};
  NTK_TRY(ntk_extremes_foresee(features, features->network->depth, &found));
  NTK_TRY(ntk_alloc_doubles(features->context, 2 * features->rows, "eigenvector", &s.vector));
  s.scratch = s.vector + features->rows;
  const ntk_held held = ntk_features_held(features);
  ntk_status status = find(&s, way);
  if (status == NTK_OK && found.verdict == NTK_VERDICT_BELOW_RESOLUTION)
    status = ntk_near_rows_say(features->network, &held, sizeof found.reason, found.reason);
  if (status == NTK_OK)
    ntk_extremes_offer(features->context, found.verdict, "'spectrum' with the option resolve",
                       sizeof found.reason, found.reason);
  ntk_free(features->context, s.vector);
  ntk_kernel_destroy(s.rough);
  if (status == NTK_OK && kept != NULL)
    *kept = s.K;
  else
    ntk_kernel_destroy(s.K);
  if (status == NTK_OK)
    *e = found;
  return status;
}

double ntk_ends_bytes(const ntk_kernel_bytes *of, ntk_way way, size_t rows, double digits) {
  const double vectors = 16.0 * (double)rows, eigen = fmax((double)ntk_eigen_bytes(rows), digits);
  if (way == NTK_WAY_DOUBLE)
    return vectors + of->kernel + fmax(of->build, eigen);
  const double single = of->single + fmax(eigen, ntk_mixed_bytes(rows));
  return vectors + (way == NTK_WAY_MIXED
                        ? of->kernel + fmax(of->build, single)
                        : of->single + fmax(of->build, single - of->single + of->apply));
}
