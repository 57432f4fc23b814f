/* For a build without MPI: a process is alone. */
#include "base/ranks/wire.h"

ntk_status ntk_wire_open(ntk_context *context, ntk_ranks **ranks) {
  static const char how[] = "'make mpi' or 'cmake --preset mpi' builds one that has it";
  (void)context;
  (void)ranks;
  const int launched = ntk_launched(NULL);
  if (launched > 1)
    return ntk_fail(NTK_ERR_RANKS,
                    "mpirun has started %d of these, and this ntkit is built without MPI; %s",
                    launched, how);
  return ntk_fail(NTK_ERR_RANKS, "this ntkit is built without MPI; %s", how);
}

const char *ntk_wire_library(void) {
  return "";
}
