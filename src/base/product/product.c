#include "base/product/product.h"

#include "base/simd.h"

typedef void multiply_fn(const ntk_product *p);
typedef void pack_fn(const ntk_product_source *source, double *packed);
extern NTK_LANES_DECLARE(multiply_fn, ntk_multiply);
extern NTK_LANES_DECLARE(pack_fn, ntk_pack);

void ntk_multiply(const ntk_product *p) {
  NTK_LANES_BEST(ntk_multiply)(p);
}

void ntk_pack(const ntk_product_source *source, double *packed) {
  NTK_LANES_BEST(ntk_pack)(source, packed);
}
