#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/ranks/handshake.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
  card->available = ntk_memory_of_machine(); /* a limit is its rank's alone */
  card->first = ranks->first;
  card->threads = context->threads;
  card->processors = (int32_t)sysconf(_SC_NPROCESSORS_ONLN);
  card->pid = (int32_t)getpid();
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

static int on_machine_of(const ntk_card_room *cards, int P, int rank) {
  int ranks = 1; /* itself */
  for (int r = 0; r < P; r++)
    ranks += r != rank && cards[r].card.first == cards[rank].card.first;
  return ranks;
}

/* Whether all ranks ask for as many threads, and have as many cores, as this one. */
static bool all_alike(const ntk_card_room *cards, int P, int rank) {
  bool alike = true;
  for (int r = 0; r < P; r++)
    alike = alike && cards[r].card.threads == cards[rank].card.threads &&
            ntk_cards_cores(cards, P, r) == ntk_cards_cores(cards, P, rank);
  return alike;
}

/* More threads than a rank's cores; how it gets them, where the machine has so many for all. */
static ntk_status refuse_threads(const ntk_card_room *cards, int P, int rank, int cores) {
  const ntk_card *card = &cards[rank].card;
  char whose[128] = ", and each rank", how[96] = "";
  if (!all_alike(cards, P, rank))
    ntk_format(whose, sizeof whose, " on rank %d on %s, which", rank, card->name);
  if (card->threads <= card->processors / on_machine_of(cards, P, rank))
    ntk_format(how, sizeof how, " (mpirun --map-by slot:PE=%d gives it %d)", card->threads,
               card->threads);
  return ntk_fail_about(ntk_fail(NTK_ERR_ARGUMENT, "%d%s may use %d core%s; accepted: %s%d%s",
                                 card->threads, whose, cores, cores == 1 ? "" : "s",
                                 cores == 1 ? "" : "1 to ", cores, how),
                        (ntk_error){.option = "threads"});
}

ntk_status ntk_cards_check(const ntk_card_room *cards, int P) {
  for (int r = 1; r < P; r++)
    NTK_TRY(check_same(&cards[r].card, r, &cards[0].card));
  for (int r = 0; r < P; r++) {
    const int cores = ntk_cards_cores(cards, P, r);
    if (cards[r].card.threads > cores)
      return refuse_threads(cards, P, r, cores);
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

/* Those of its machine that stand before this rank; it is behind nobody it could ask where rank 0
 * is on another one, or there are too many. */
enum { MOST_BEFORE = 1024 };
static struct {
  pid_t pid[MOST_BEFORE];
  _Atomic int count; /* 0: none to ask */
} before;

void ntk_cards_keep(const ntk_card_room *cards, int rank) {
  if (cards[rank].card.first != cards[0].card.first || rank > MOST_BEFORE)
    return;
  int count = 0;
  for (int r = 0; r < rank; r++)
    if (cards[r].card.first == cards[rank].card.first)
      before.pid[count++] = (pid_t)cards[r].card.pid;
  atomic_store(&before.count, count);
}

bool ntk_launched_lowest(void) {
  const int count = atomic_load(&before.count);
  bool alone = count > 0;
  for (int i = 0; i < count && alone; i++)
    alone = getpgid(before.pid[i]) == -1 && errno == ESRCH; /* no more than a system call */
  return alone;
}

size_t ntk_cards_memory(const ntk_card_room *cards, int P, int rank) {
  size_t least = SIZE_MAX;
  for (int r = 0; r < P; r++)
    if (cards[r].card.first == cards[rank].card.first && cards[r].card.available < least)
      least = (size_t)cards[r].card.available;
  return least / (size_t)on_machine_of(cards, P, rank);
}
