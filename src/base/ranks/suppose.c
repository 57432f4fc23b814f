/* Ranks that are only supposed: a wire that carries nothing, as all of them say the same. */
#include "base/ranks/wire.h"

#include <stdlib.h>
#include <string.h>

static bool wire_least(ntk_ranks *ranks, size_t n, uint64_t *words) {
  (void)ranks, (void)n, (void)words;
  return true;
}

static bool wire_hand(ntk_ranks *ranks, ntk_channel channel, int from, size_t bytes, void *x) {
  (void)ranks, (void)channel, (void)from, (void)bytes, (void)x;
  return true;
}

/* Rank 0's, which lie first, are everyone's. */
static bool wire_gather(ntk_ranks *ranks, const size_t *bytes, void *all) {
  size_t place = bytes[0];
  for (int i = 1; i < ranks->ranks; place += bytes[i], i++)
    memcpy((char *)all + place, all, bytes[i] < bytes[0] ? bytes[i] : bytes[0]);
  return true;
}

static void wire_close(ntk_ranks *ranks) {
  free(ranks);
}

ntk_status ntk_ranks_suppose(ntk_context *context, int ranks) {
  /* Forecasts agree and gather; they have no rows to hand on. */
  static const ntk_wire wire = {
      .least = wire_least, .hand = wire_hand, .gather = wire_gather, .close = wire_close};
  ntk_ranks *made = calloc(1, sizeof *made);
  size_t *bytes = calloc((size_t)ranks, sizeof *bytes);
  void *names = calloc((size_t)ranks, sizeof *made->names);
  if (made == NULL || bytes == NULL || names == NULL) {
    free(made);
    free(bytes);
    free(names);
    return ntk_fail(NTK_ERR_MEMORY, "a list of %d ranks could not be allocated", ranks);
  }
  *made = (ntk_ranks){
      .wire = &wire, .ranks = ranks, .most = (size_t)1 << 30, .bytes = bytes, .names = names};
  context->ranks = made;
  return NTK_OK;
}
