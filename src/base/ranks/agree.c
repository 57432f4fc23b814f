/* How ranks meet, agree and part. */
#include "base/hash.h"
#include "base/ranks/handshake.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int ntk_rank(const ntk_context *context) {
  return context->ranks != NULL ? context->ranks->rank : 0;
}

int ntk_ranks_count(const ntk_context *context) {
  return context->ranks != NULL ? context->ranks->ranks : 1;
}

ntk_share ntk_ranks_share(const ntk_context *context, size_t N) {
  return ntk_share_deal(N, ntk_rank(context), ntk_ranks_count(context));
}

ntk_traffic ntk_ranks_traffic(const ntk_context *context) {
  return context->ranks != NULL ? context->ranks->traffic : (ntk_traffic){0};
}

void ntk_ranks_keep_memory(ntk_context *context, double least) {
  if (context->ranks != NULL)
    context->ranks->memory = least;
}

double ntk_ranks_memory(const ntk_context *context) {
  return context->ranks != NULL && context->ranks->memory > 0.0 ? context->ranks->memory : INFINITY;
}

/* ---- Agreement ------------------------------------------------------------------------------- */

/* What this thread last made a hash of, for the line where ranks are not at the same place. */
static _Thread_local struct {
  const char *operation;
  size_t size[3];
  uint64_t what;
} place;

/* Of a rank that leaves. */
enum { LEAVING = 0 };

uint64_t ntk_ranks_what(const char *operation, size_t a, size_t b, size_t c) {
  uint64_t hash = ntk_hash_bytes(NTK_HASH_START, operation, strlen(operation));
  const size_t size[3] = {a, b, c};
  for (int i = 0; i < 3; i++)
    hash = ntk_hash_word(hash, size[i]);
  place.operation = operation;
  memcpy(place.size, size, sizeof size);
  place.what = hash != LEAVING ? hash : 1;
  return place.what;
}

/* The failure that broke the ranks, once more. */
static ntk_status again(const ntk_ranks *r) {
  static _Thread_local char option[NTK_RANK_OPTION]; /* as long as ntk_error_last may be asked */
  memcpy(option, r->option, sizeof option);
  return ntk_fail_about(ntk_fail(r->failed, "%s", r->line),
                        (ntk_error){.option = option[0] != '\0' ? option : NULL,
                                    .sample = {r->sample[0], r->sample[1]}});
}

/* A rank's failure in its words. */
typedef struct letter {
  char line[NTK_RANK_LINE];
  char option[NTK_RANK_OPTION];
  size_t sample[2];
} letter;

/* The failure of one rank becomes that of all; `alike`: all have it, in the same words. */
static ntk_status spread(ntk_ranks *r, int from, ntk_status status, bool alike) {
  letter told = {0};
  if (r->rank == from) {
    const ntk_error error = ntk_error_last();
    ntk_format(told.line, sizeof told.line, "%s", ntk_error_message());
    ntk_format(told.option, sizeof told.option, "%s", error.option != NULL ? error.option : "");
    memcpy(told.sample, error.sample, sizeof told.sample);
  }
  if (r->wire->hand(r, NTK_AGREEMENTS, from, sizeof told, &told)) {
    r->failed = status;
    if (alike || status == NTK_ERR_CANCELLED)
      memcpy(r->line, told.line, sizeof r->line);
    else
      ntk_format(r->line, sizeof r->line, "rank %d on %s: %s", from, r->names[from], told.line);
    memcpy(r->option, told.option, sizeof r->option);
    memcpy(r->sample, told.sample, sizeof r->sample);
  }
  return again(r);
}

static const uint64_t NONE = UINT64_MAX;

/* Some ranks leave, the others do not: what the lowest that does has failed with. */
static ntk_status left(ntk_ranks *r, bool leaving) {
  const ntk_status own = ntk_error_status();
  uint64_t word = leaving ? (uint64_t)r->rank << 8 | (own != NTK_OK ? own : NTK_ERR_RANKS) : NONE;
  if (!r->wire->least(r, 1, &word))
    return again(r);
  const int from = (int)(word >> 8);
  if (r->rank == from && own == NTK_OK)
    ntk_fail_message("has left while others compute; accepted: the same calls on all ranks");
  return spread(r, from, (ntk_status)(word & 0xff), false);
}

/* Ranks are at different places: where the first one is that is not where rank 0 is. */
static ntk_status apart(ntk_ranks *r, uint64_t what) {
  struct {
    uint64_t what;
    char text[1024];
  } own = {what, "another place"}, first = own, other = own;
  const size_t *size = place.size;
  if (place.operation != NULL && place.what == what && size[0] == 0)
    ntk_format(own.text, sizeof own.text, "%s", place.operation);
  else if (place.operation != NULL && place.what == what)
    ntk_format(own.text, sizeof own.text, "%s (%zu, %zu, %zu)", place.operation, size[0], size[1],
               size[2]);
  int differs = 0;
  for (int from = 0; from < r->ranks; from++) {
    if (differs == 0)
      other = own;
    if (differs == 0 && !r->wire->hand(r, NTK_AGREEMENTS, from, sizeof other, &other))
      return again(r);
    if (from == 0)
      first = other;
    if (differs == 0 && other.what != first.what)
      differs = from;
  }
  r->failed = NTK_ERR_RANKS;
  ntk_format(r->line, sizeof r->line,
             "ranks disagree: rank %d on %s is at %s, rank 0 at %s; accepted: the same calls on "
             "all ranks",
             differs, r->names[differs], other.text, first.text);
  return again(r);
}

/* All ranks, each in an agreement or leaving. of_first: what rank 0 fails with needs no name. */
static ntk_status meet(ntk_ranks *r, ntk_status own, uint64_t what, bool of_first) {
  const char *line = ntk_error_message();
  const bool fine = own == NTK_OK;
  const uint64_t hash = fine ? 0 : ntk_hash_bytes(NTK_HASH_START, line, strlen(line));
  /* Of x and ~x the smallest say the smallest and the largest x. */
  uint64_t words[] = {fine ? NONE : (uint64_t)r->rank << 8 | own, what, ~what, hash, ~hash};
  const size_t count = sizeof words / sizeof words[0];
  r->traffic.bytes += 2.0 * sizeof words * (r->ranks - 1) / r->ranks;
  r->traffic.messages += 1.0;
  if (!r->wire->least(r, count, words))
    return again(r);
  const int from = (int)(words[0] >> 8);
  if (words[0] != NONE)
    return spread(r, from, (ntk_status)(words[0] & 0xff),
                  words[3] == ~words[4] || (of_first && from == 0));
  if (words[1] == ~words[2])
    return NTK_OK;
  return words[1] == LEAVING ? left(r, what == LEAVING) : apart(r, what);
}

static ntk_status meet_in(ntk_context *context, ntk_status own, uint64_t what, bool of_first) {
  ntk_ranks *r = context->ranks;
  if (r == NULL)
    return own;
  if (r->failed != NTK_OK)
    return again(r);
  if (own == NTK_OK && context->stopped[0] != '\0')
    own = ntk_fail(NTK_ERR_CANCELLED, "interrupted while computing: %s", context->stopped);
  return meet(r, own, what, of_first);
}

ntk_status ntk_ranks_meet(ntk_context *context, ntk_status own, uint64_t what) {
  return meet_in(context, own, what, false);
}

ntk_status ntk_ranks_agree_first(ntk_context *context, ntk_status own, uint64_t what) {
  const ntk_status all = meet_in(context, own, what, true);
  return all == NTK_OK ? own : all;
}

/* ---- Meeting and parting -----------------------------------------------------------------------
 */

static void release(ntk_ranks *r) {
  free(r->rows);
  free(r->names);
  free(r->bytes);
  r->wire->close(r);
}

/* The cards of all ranks, room for which and for what else there is one of each is made here: a
 * rank without it lets the others wait for nothing, as the launcher ends them. */
static ntk_status shake(ntk_context *context, ntk_ranks *r, ntk_card_room *cards) {
  const int P = r->ranks;
  memset(&cards[r->rank], 0, sizeof *cards);
  ntk_card_fill(context, r, &cards[r->rank].card);
  if (!ntk_wire_records(r, 0, P, sizeof *cards, cards))
    return again(r);
  NTK_TRY(ntk_cards_check(cards, P));
  ntk_cards_keep(cards, r->rank);
  for (int i = 0; i < P; i++)
    memcpy(r->names[i], cards[i].card.name, NTK_RANK_NAME);
  if (context->threads == 0)
    context->threads = ntk_cards_cores(cards, P, r->rank);
  if (context->memory_limit == 0)
    context->memory_limit = ntk_cards_memory(cards, P, r->rank);
  return NTK_OK;
}

ntk_status ntk_ranks_enter(ntk_context *context) {
  ntk_ranks *r = NULL;
  NTK_TRY(ntk_wire_open(context, &r));
  if (r == NULL)
    return NTK_OK;
  const size_t P = (size_t)r->ranks;
  ntk_card_room *cards = malloc(P * sizeof *cards);
  r->bytes = malloc(P * sizeof *r->bytes);
  r->names = calloc(P, sizeof *r->names);
  uint64_t there = cards != NULL && r->bytes != NULL && r->names != NULL;
  ntk_status status = NTK_OK;
  if (!r->wire->least(r, 1, &there))
    status = again(r);
  else if (cards == NULL || there == 0)
    status = ntk_fail(NTK_ERR_MEMORY, "what ranks know of each other could not be allocated");
  else
    status = shake(context, r, cards);
  free(cards);
  if (status == NTK_OK)
    context->ranks = r;
  else
    release(r);
  return status;
}

const char *ntk_mpi(void) {
  return ntk_wire_library();
}

void ntk_ranks_leave(ntk_context *context) {
  ntk_ranks *r = context->ranks;
  if (r == NULL)
    return;
  if (r->failed == NTK_OK)
    (void)meet(r, NTK_OK, LEAVING, false);
  release(r);
  context->ranks = NULL;
}
