/* The backend of several processes: the CPU's operations, each rank with its share of the rows. */
#include "base/ranks/ranks.h"
#include "kernel/backend.h"

static ntk_status enter(ntk_context *context, void **state) {
  const ntk_status status = ntk_ranks_enter(context);
  *state = context->ranks; /* NULL where there is one */
  return status;
}

static void leave(ntk_context *context, void *state) {
  (void)state;
  ntk_ranks_leave(context);
}

const ntk_backend ntk_backend_mpi = {
    .name = "mpi",
    .parent = &ntk_backend_cpu,
    .own = {.create = enter, .destroy = leave},
};
