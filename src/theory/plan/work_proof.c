/* What a proof for the kernel in exact arithmetic takes (kernel/ends/proof.c), in flops of the
 * passes that take as long: those of N = 2000, d = n = 500, and of 10,000 units and 200 samples, on
 * an AMD EPYC (Zen 5). */
#include "theory/plan/work.h"

#include "kernel/ends/proof.h"
#include "kernel/resolve/enclose.h"

#include "net/network.h"

#include <string.h>

/* A product on the grid: 5 operations, and what loads its numbers. */
static const double PRODUCT = 5.5;
/* Flops of one of K's in double-double, and of its factor's (N = 2000; 1.5 times that at 4096). */
static const double EXACT_PRODUCT = 40.0;
/* phi and phi' of a unit, and its norms: with exponentials, or none; with a logarithm; by erf. */
static const double USUAL = 6600.0, PLAIN = 2500.0, LOGARITHM = 12000.0, ERF = 11000.0;

static double cost_of(const ntk_network_spec *spec, size_t l) {
  static const char *const plain[] = {"relu", "leaky_relu", "identity", "softsign", "quadratic"};
  ntk_activation phi;
  if (ntk_activation_at(spec->activation, spec->depth - 1, l, &phi) != NTK_OK)
    return USUAL; /* refused elsewhere */
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
    if (strcmp(phi.info.name, plain[i]) == 0)
      return PLAIN;
  return strcmp(phi.info.name, "softplus") == 0                                    ? LOGARITHM
         : strcmp(phi.info.name, "erf") == 0 || strcmp(phi.info.name, "gelu") == 0 ? ERF
                                                                                   : USUAL;
}

void ntk_put_enclosure(const ntk_network_spec *spec, ntk_outputs outputs, size_t N, double m,
                       ntk_work_list *list) {
  double columns = 0.0;
  if (m > NTK_ENCLOSE_ROWS)
    return;
  for (size_t l = 1; l <= spec->depth; l++)
    columns += (double)spec->width[l - 1] + (double)ntk_back_width(spec, outputs, l);
  ntk_put(list, "proof for stored K", NTK_WORK_FORWARD,
          EXACT_PRODUCT * m * m * (columns / 2.0 + m / 6.0), 0.0, 0.0);
  ntk_put_proof(spec, outputs, N, false, list);
}

void ntk_put_proof(const ntk_network_spec *spec, ntk_outputs outputs, size_t N, bool again,
                   ntk_work_list *list) {
  const double n = (double)N;
  const size_t first = list->count;
  const double C = (double)ntk_spec_width(spec, spec->depth);
  double flops = ntk_proof_powers(spec);
  for (size_t l = 1; l < spec->depth; l++) {
    const double here = (double)spec->width[l], below = (double)spec->width[l - 1];
    flops += PRODUCT * 2.0 * n * here * below * (l > 1 ? 1.0 + C : 1.0);
    flops += cost_of(spec, l) * n * here;
  }
  if (again)
    (void)ntk_put_features(spec, outputs, N, list);
  ntk_put(list, "proof for exact K", NTK_WORK_FORWARD, flops, 0.0, 0.0);
  for (size_t i = first; i < list->count; i++)
    list->work[i].alone = true; /* as ntk_proof_refuses has it */
}
