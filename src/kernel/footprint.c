#include "kernel/footprint.h"

#include "base/memory.h"
#include "spectrum/packed/packed.h"

ntk_status ntk_footprint_begin(const ntk_network_spec *spec, size_t N, size_t *parameters,
                               size_t *bytes) {
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "N is 0; accepted: 1 and up");
  const ntk_status possible = ntk_architecture_check(spec, parameters);
  if (possible == NTK_ERR_LIMIT)
    *bytes = SIZE_MAX;
  return possible;
}

ntk_status ntk_footprint_end(const ntk_context *context, double total, size_t N, const char *what,
                             size_t *bytes) {
  *bytes = total < 0x1p63 ? (size_t)total : SIZE_MAX;
  if (N > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT,
                    "N = %zu samples; accepted: up to %zu, what packed storage holds", N,
                    NTK_PACKED_MAX);
  return ntk_memory_check(context, *bytes, what);
}
