#include "kernel/footprint.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/text.h"
#include "spectrum/packed/packed.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

ntk_status ntk_footprint_begin(const ntk_network_spec *spec, size_t N, size_t *parameters,
                               size_t *bytes) {
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "N is 0; accepted: 1 and up");
  const ntk_status possible = ntk_architecture_check(spec, parameters);
  if (possible == NTK_ERR_LIMIT)
    *bytes = SIZE_MAX;
  return possible;
}

double ntk_memory_agreed(const ntk_context *context) {
  ntk_context *asked = (ntk_context *)context; /* of which its ranks alone change */
  const double own = (double)ntk_memory_available(context);
  return ntk_ranks_agree(asked, NTK_OK, ntk_ranks_what("memory", 0, 0, 0)) == NTK_OK
             ? ntk_ranks_least(asked, own)
             : own; /* why comes again in the next agreement */
}

/* What one rank needs and has. */
typedef struct room {
  double needed, available;
  char node[64];
} room;

/* Of all ranks: the line is the same on all, and tells of the one that has least. */
static ntk_status compare(const room *rooms, int ranks, const char *what) {
  double needed = 0.0, each = 0.0, available = 0.0;
  bool fits = true;
  int least = 0;
  for (int r = 0; r < ranks; r++) {
    needed += rooms[r].needed;
    available += rooms[r].available;
    each = fmax(each, rooms[r].needed);
    fits = fits && rooms[r].needed <= rooms[r].available;
    least = rooms[r].available < rooms[least].available ? r : least;
  }
  if (fits)
    return NTK_OK;
  char text[4][NTK_AMOUNT];
  return ntk_fail(NTK_ERR_MEMORY,
                  "%s needs %s of memory on %d ranks (%s each), and %s are available on all of "
                  "them, %s on rank %d (%s)",
                  what, ntk_amount(needed, text[0]), ranks, ntk_amount(each, text[1]),
                  ntk_amount(available, text[2]), ntk_amount(rooms[least].available, text[3]),
                  least, rooms[least].node);
}

static ntk_status check_ranks(ntk_context *context, double bytes, const char *what) {
  const int ranks = ntk_ranks_count(context);
  room own = {bytes, (double)ntk_memory_available(context), "?"};
  room *rooms = calloc((size_t)ranks, sizeof *rooms);
  size_t *counts = calloc((size_t)ranks, sizeof *counts);
  (void)gethostname(own.node, sizeof own.node - 1);
  ntk_status status = NTK_OK;
  if (rooms == NULL || counts == NULL)
    status = ntk_fail(NTK_ERR_MEMORY, "no memory for a list of %d ranks", ranks);
  for (int r = 0; r < ranks && status == NTK_OK; r++)
    counts[r] = 1;
  status = ntk_ranks_agree(context, status, ntk_ranks_what(what, 0, 0, 0));
  if (status == NTK_OK) {
    ntk_ranks_gather(context, sizeof own, &own, counts, rooms);
    status = compare(rooms, ranks, what);
  }
  free(rooms);
  free(counts);
  return status;
}

ntk_status ntk_footprint_end(const ntk_context *context, double total, size_t N, const char *what,
                             size_t *bytes) {
  *bytes = total < 0x1p63 ? (size_t)total : SIZE_MAX;
  if (N > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT,
                    "N = %zu samples; accepted: up to %zu, what packed storage holds", N,
                    NTK_PACKED_MAX);
  return ntk_ranks_count(context) == 1 ? ntk_memory_check(context, *bytes, what)
                                       : check_ranks((ntk_context *)context, total, what);
}
