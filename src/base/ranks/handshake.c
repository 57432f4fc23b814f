#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/ranks/handshake.h"

#include "base/text.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sched.h>
#endif

/* A whole number of at least `least` in the environment; -1: there is none. */
static int number_of(const char *variable, int least) {
  const char *text = getenv(variable);
  char *end = NULL;
  const long number = text != NULL ? strtol(text, &end, 10) : -1;
  return text != NULL && end != text && *end == '\0' && number >= least && number < INT32_MAX
             ? (int)number
             : -1;
}

int ntk_launched(int *rank) {
  /* Not SLURM_NTASKS, which an sbatch script's own process has, too. */
  static const char *const variables[][2] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                                             {"PMI_SIZE", "PMI_RANK"},
                                             {"SLURM_STEP_NUM_TASKS", "PMIX_RANK"}};
  int size = 1, place = 0;
  for (size_t i = sizeof variables / sizeof variables[0]; i-- > 0;) {
    const int there = number_of(variables[i][0], 1), at = number_of(variables[i][1], 0);
    if (there > at && at >= 0) {
      size = there;
      place = at;
    }
  }
  if (rank != NULL)
    *rank = place;
  return size;
}

#define KEEP(card, member, text) ntk_format((card)->member, sizeof(card)->member, "%s", text)

/* Where it cannot be told which processors they are: the first so many. */
static void fill_mask(uint64_t mask[NTK_MASK_WORDS]) {
  const int bits = 64 * NTK_MASK_WORDS;
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int i = 0; i < bits && i < CPU_SETSIZE; i++)
      mask[i / 64] |= (uint64_t)(CPU_ISSET((size_t)i, &set) != 0) << (i % 64);
    return;
  }
#endif
  for (int i = 0; i < bits && i < omp_get_num_procs(); i++)
    mask[i / 64] |= UINT64_C(1) << (i % 64);
}

void ntk_card_fill(const ntk_context *context, const ntk_ranks *ranks, ntk_card *card) {
#ifdef __OPTIMIZE__
  static const char optimised[] = "optimised";
#else
  static const char optimised[] = "not optimised";
#endif
  const ntk_environment e = ntk_context_environment(context);
  (void)KEEP(card, version, e.version);
  (void)KEEP(card, commit, e.commit);
  (void)KEEP(card, compiler, e.compiler);
  (void)ntk_format(card->built, sizeof card->built, "%s, sizes %zu %zu %zu", optimised,
                   sizeof(size_t), sizeof(long double), sizeof(ntk_context_options));
  (void)KEEP(card, blas, e.blas);
  (void)KEEP(card, core, e.blas_core);
  (void)KEEP(card, simd, e.simd);
  (void)KEEP(card, cpu, e.cpu);
  (void)KEEP(card, name, ranks->name);
  fill_mask(card->mask);
  card->available = ntk_memory_available(context);
  card->first = ranks->first;
  card->threads = context->threads;
}

/* What has to be the same on all ranks, for vectors that all compute to have the same bits. */
static const struct {
  const char *what;
  size_t offset;
} same[] = {
    {"version", offsetof(ntk_card, version)},      {"commit", offsetof(ntk_card, commit)},
    {"compiler", offsetof(ntk_card, compiler)},    {"build", offsetof(ntk_card, built)},
    {"BLAS core", offsetof(ntk_card, core)},       {"BLAS", offsetof(ntk_card, blas)},
    {"instruction set", offsetof(ntk_card, simd)}, {"processor", offsetof(ntk_card, cpu)},
};

static ntk_status check_same(const ntk_card *card, int rank, const ntk_card *first) {
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    const char *here = (const char *)card + same[i].offset;
    const char *there = (const char *)first + same[i].offset;
    if (strcmp(here, there) != 0)
      return ntk_fail(NTK_ERR_RANKS,
                      "rank %d on %s has the %s '%s', rank 0 on %s '%s'; accepted: one build, on "
                      "one kind of processor",
                      rank, card->name, same[i].what, here, first->name, there);
  }
  return NTK_OK;
}

ntk_status ntk_cards_check(const ntk_card_room *cards, int P) {
  for (int r = 1; r < P; r++)
    NTK_TRY(check_same(&cards[r].card, r, &cards[0].card));
  for (int r = 0; r < P; r++) {
    const ntk_card *card = &cards[r].card;
    const int cores = ntk_cards_cores(cards, P, r);
    if (card->threads > cores)
      return ntk_fail_about(
          ntk_fail(NTK_ERR_ARGUMENT,
                   "%d on rank %d on %s, which may use %d core%s; accepted: 1 to %d (mpirun "
                   "--map-by slot:PE=%d gives it %d)",
                   card->threads, r, card->name, cores, cores == 1 ? "" : "s", cores, card->threads,
                   card->threads),
          (ntk_error){.option = "threads"});
  }
  return NTK_OK;
}

static int bits_of(uint64_t word) {
  int count = 0;
  for (; word != 0; word &= word - 1)
    count++;
  return count;
}

int ntk_cards_cores(const ntk_card_room *cards, int P, int rank) {
  const ntk_card *own = &cards[rank].card;
  int sharing = 0, processors = 0;
  for (int r = 0; r < P; r++)
    sharing += cards[r].card.first == own->first &&
               memcmp(cards[r].card.mask, own->mask, sizeof own->mask) == 0;
  for (size_t i = 0; i < NTK_MASK_WORDS; i++)
    processors += bits_of(own->mask[i]);
  return processors > sharing ? processors / sharing : 1;
}

size_t ntk_cards_memory(const ntk_card_room *cards, int P, int rank) {
  size_t least = SIZE_MAX, ranks = 0;
  for (int r = 0; r < P; r++)
    if (cards[r].card.first == cards[rank].card.first) {
      ranks++;
      least = cards[r].card.available < least ? (size_t)cards[r].card.available : least;
    }
  return least / ranks;
}
