#include "spectrum/packed/stream.h"

#include "base/simd.h"

typedef void stream_fn(const ntk_block *A, const ntk_meeting *with);
typedef void triangle_fn(const ntk_block *L, bool transposed, size_t m, double *Y);
extern NTK_LANES_DECLARE(stream_fn, ntk_stream_block);
extern NTK_LANES_DECLARE_SINGLE(stream_fn, ntk_stream_block);
extern NTK_LANES_DECLARE(triangle_fn, ntk_stream_triangle);
extern NTK_LANES_DECLARE_SINGLE(triangle_fn, ntk_stream_triangle);

void ntk_stream_block(const ntk_block *A, const ntk_meeting *with) {
  if (A->precision == NTK_PRECISION_FLOAT)
    NTK_LANES_BEST_SINGLE(ntk_stream_block)(A, with);
  else
    NTK_LANES_BEST(ntk_stream_block)(A, with);
}

void ntk_stream_triangle(const ntk_block *L, bool transposed, size_t m, double *Y) {
  if (L->precision == NTK_PRECISION_FLOAT)
    NTK_LANES_BEST_SINGLE(ntk_stream_triangle)(L, transposed, m, Y);
  else
    NTK_LANES_BEST(ntk_stream_triangle)(L, transposed, m, Y);
}
