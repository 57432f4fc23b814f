#include "spectrum/packed/factor_tile.h"

#include "base/simd.h"

typedef void update_fn(const ntk_factor_tile *t, size_t k, size_t k_end);
typedef size_t finish_fn(const ntk_factor_tile *t);
extern NTK_LANES_DECLARE(update_fn, ntk_factor_update);
extern NTK_LANES_DECLARE_SINGLE(update_fn, ntk_factor_update);
extern NTK_LANES_DECLARE(finish_fn, ntk_factor_finish);
extern NTK_LANES_DECLARE_SINGLE(finish_fn, ntk_factor_finish);

void ntk_factor_update(const ntk_factor_tile *t, size_t k, size_t k_end) {
  if (t->A->precision == NTK_PRECISION_FLOAT)
    NTK_LANES_BEST_SINGLE(ntk_factor_update)(t, k, k_end);
  else
    NTK_LANES_BEST(ntk_factor_update)(t, k, k_end);
}

size_t ntk_factor_finish(const ntk_factor_tile *t) {
  return t->A->precision == NTK_PRECISION_FLOAT ? NTK_LANES_BEST_SINGLE(ntk_factor_finish)(t)
                                                : NTK_LANES_BEST(ntk_factor_finish)(t);
}
