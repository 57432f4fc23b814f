#include "kernel/footprint.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/text.h"
#include "spectrum/packed/packed.h"

#include <math.h>
#include <string.h>
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

double ntk_memory_agreed(ntk_context *context) {
  const double own = (double)ntk_memory_available(context);
  return ntk_ranks_agree(context, NTK_OK, ntk_ranks_what("memory", 0, 0, 0)) == NTK_OK
             ? ntk_ranks_least(context, own)
             : own; /* why comes again in the next agreement */
}

/* What one rank needs and has. */
typedef struct room {
  double needed, available;
  char node[64];
} room;

/* Of all ranks. */
typedef struct rooms {
  double needed, each, available; /* each: the most */
  bool fits;
  int least; /* which of them has least: */
  room of_least;
} rooms;

static void take_room(int rank, const void *record, void *user) {
  rooms *all = user;
  room one;
  memcpy(&one, record, sizeof one);
  all->needed += one.needed;
  all->available += one.available;
  all->each = fmax(all->each, one.needed);
  all->fits = all->fits && one.needed <= one.available;
  if (rank == 0 || one.available < all->of_least.available) {
    all->least = rank;
    all->of_least = one;
  }
}

/* The line is the same on all, and tells of the one that has least. */
static ntk_status check_ranks(ntk_context *context, double bytes, const char *what) {
  room own = {bytes, (double)ntk_memory_available(context), "?"};
  rooms all = {.fits = true};
  char text[4][NTK_AMOUNT];
  (void)gethostname(own.node, sizeof own.node - 1);
  NTK_TRY(ntk_ranks_agree(context, NTK_OK, ntk_ranks_what(what, 0, 0, 0)));
  if (!ntk_ranks_fold(context, sizeof own, &own, take_room, &all))
    return ntk_ranks_agree(context, NTK_OK, 0); /* says what has broken them */
  ntk_ranks_keep_memory(context, all.of_least.available);
  if (all.fits)
    return NTK_OK;
  return ntk_fail(NTK_ERR_MEMORY,
                  "%s needs %s of memory on %d ranks (%s each), and %s are available on all of "
                  "them, %s on rank %d (%s)",
                  what, ntk_amount(all.needed, text[0]), ntk_ranks_count(context),
                  ntk_amount(all.each, text[1]), ntk_amount(all.available, text[2]),
                  ntk_amount(all.of_least.available, text[3]), all.least, all.of_least.node);
}

ntk_status ntk_footprint_end(ntk_context *context, double total, size_t N, const char *what,
                             size_t *bytes) {
  *bytes = total < 0x1p63 ? (size_t)total : SIZE_MAX;
  if (N > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT,
                    "N = %zu samples; accepted: up to %zu, what packed storage holds", N,
                    NTK_PACKED_MAX);
  return ntk_ranks_count(context) == 1 ? ntk_memory_check(context, *bytes, what)
                                       : check_ranks(context, total, what);
}
