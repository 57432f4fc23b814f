/* X X^T of N samples with independent entries of one variance: Marchenko and Pastur's law of ratio
 * N / d, times the mean of ||x_i||^2. */
#include "spectrum/laws/marchenko_pastur.h"

#include "base/memory.h"
#include "theory/laws/job.h"

#include <math.h>

typedef struct scaled_law {
  ntk_marchenko_pastur law;
  double norm2;
} scaled_law;

static ntk_status curve(void *user, double x, double *below, double *density) {
  const scaled_law *s = user;
  *below = ntk_marchenko_pastur_below(&s->law, x / s->norm2);
  *density = ntk_marchenko_pastur_density(&s->law, x / s->norm2) / s->norm2;
  return NTK_OK;
}

ntk_status ntk_law_gram(ntk_law_job *j) {
  ntk_law_result *r = j->result;
  scaled_law s = {ntk_marchenko_pastur_of((double)j->of.N / (double)j->of.d), j->of.norm2};
  r->matrix = "X X^T";
  ntk_law_suppose_data(j);
  ntk_law_suppose(r, (ntk_law_hypothesis){.name = "isotropy",
                                          .help = "root mean square of x_i . x_j over norm^2 / "
                                                  "sqrt d, which is 1 of independent entries",
                                          .value = j->of.overlap * sqrt((double)j->of.d),
                                          .least = 0.8 - 2.0 / (double)j->of.N,
                                          .most = 1.25 + 2.0 / (double)j->of.N});
  if (!ntk_law_judge(r))
    return NTK_OK;
  NTK_TRY(ntk_alloc_doubles(j->context, j->of.N, "the data's eigenvalues", &j->own));
  size_t at = 0;
  if (j->of.atom[0] == 0.0)
    for (; at + j->of.atoms - 1 < j->of.N; at++)
      j->own[at] = 0.0;
  for (size_t i = at > 0 ? 1 : 0; i < j->of.atoms; i++)
    j->own[at++] = j->of.atom[i];
  j->values = j->own;
  r->atom = s.law.atom;
  r->atom_at = 0.0;
  r->lower = s.law.lower * s.norm2;
  r->upper = s.law.upper * s.norm2;
  return ntk_law_draw(j, curve, &s);
}
