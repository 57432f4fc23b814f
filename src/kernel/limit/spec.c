/* What is known of a limit by its architecture alone. */
#include "kernel/limit/limit.h"

#include "base/memory.h"

ntk_status ntk_limit_narrow(ntk_context *context, const ntk_network_spec *spec,
                            ntk_network **narrow) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, spec->depth, sizeof *spec->width, "widths", &pointer));
  size_t *width = pointer;
  for (size_t l = 0; l < spec->depth; l++)
    width[l] = l == 0 ? spec->width[0] : 1;
  const ntk_network_spec of = {.depth = spec->depth,
                               .width = width,
                               .activation = spec->activation,
                               .init = "standard",
                               .bias = spec->bias};
  const ntk_status status = ntk_network_create(context, &of, narrow);
  ntk_free(context, width);
  return status;
}

ntk_status ntk_limit_numbers(const ntk_network_spec *spec, double *numbers) {
  *numbers = 0.0;
  for (size_t l = 1; l < spec->depth; l++) {
    ntk_activation phi;
    NTK_TRY(ntk_activation_at(spec->activation, spec->depth - 1, l, &phi));
    *numbers += 4.0 + (double)ntk_dual_terms_most(&phi);
  }
  return NTK_OK;
}
