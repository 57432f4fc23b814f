#include "net/exact/exact.h"

#include "base/names.h"
#include "base/simd.h"

#include <math.h>
#include <string.h>

typedef void (*exact_fn)(size_t n, double p, ntk_exact_entries g, ntk_exact_entries f,
                         ntk_exact_entries df);
typedef const exact_fn exact_table[NTK_ACTIVATION_COUNT];
extern NTK_LANES_DECLARE(exact_table, ntk_exact_evals);

static bool is(const ntk_activation *phi, const char *name) {
  return strcmp(phi->info.name, name) == 0;
}

void ntk_exact_activation(const ntk_activation *phi, size_t n, ntk_exact_entries g,
                          ntk_exact_entries f, ntk_exact_entries df) {
  size_t count = 0;
  const ntk_activation_info *table = ntk_activation_list(&count);
  const size_t row = ntk_name_row(phi->info.name, table, sizeof *table, count);
  NTK_LANES_BEST(ntk_exact_evals)[row](n, phi->info.value, g, f, df);
}

/* Of sums of a few terms that are not negative, and of E against computed values. */
static double bound(double relative_to) {
  return (1.0 + 1e-9) * NTK_EXACT_ERROR * relative_to + 2.0 * NTK_EXACT_FLOOR;
}

double ntk_exact_value_error(const ntk_activation *phi, double g, double f) {
  return bound(fabs(f) + (is(phi, "sin") ? fabs(g) : 0.0));
}

double ntk_exact_slope_error(const ntk_activation *phi, double g, double df) {
  const bool turns = is(phi, "sin") || is(phi, "gelu") || is(phi, "silu") || is(phi, "gelu_tanh");
  return bound(fabs(df) + (turns ? phi->info.lipschitz_grad * fabs(g) : 0.0));
}
