/* What ranks tell each other when they meet. */
#ifndef NTK_BASE_RANKS_HANDSHAKE_H
#define NTK_BASE_RANKS_HANDSHAKE_H

#include "base/ranks/wire.h"

/* A processor set of up to 1024. */
enum { NTK_MASK_WORDS = 16, NTK_CARD_BYTES = 2048 };

/* Of one rank. Its layout is not to change but at its end, nor the room it has: builds that differ
 * have to understand this much of each other. */
typedef struct ntk_card {
  char version[32], commit[64], compiler[128], built[64];
  char blas[128], core[64], simd[32], cpu[128];
  char name[NTK_RANK_NAME];      /* of the machine */
  uint64_t mask[NTK_MASK_WORDS]; /* the processors that the rank may use */
  uint64_t available;            /* bytes there */
  int32_t first;                 /* lowest rank of the machine */
  int32_t threads;               /* asked for; 0: as many as there are cores for it */
  int32_t processors;            /* of the machine, whoever may use them */
  int32_t pid;
} ntk_card;

typedef union ntk_card_room {
  ntk_card card;
  char bytes[NTK_CARD_BYTES];
} ntk_card_room;

void ntk_card_fill(const ntk_context *context, const ntk_ranks *ranks, ntk_card *card);
/* Whether P ranks can compute together. NTK_ERR_RANKS, _ARGUMENT. */
ntk_status ntk_cards_check(const ntk_card_room *cards, int P);
/* A rank's cores: of its processors, shared among those of the machine's ranks that have the very
 * same; at least 1. */
int ntk_cards_cores(const ntk_card_room *cards, int P, int rank);
/* For ntk_launched_lowest: whom this rank stands behind. */
void ntk_cards_keep(const ntk_card_room *cards, int rank);
/* Bytes for a rank: its part of the least that the machine's ranks saw available. */
size_t ntk_cards_memory(const ntk_card_room *cards, int P, int rank);

#endif
