/* The wire over MPI-3: the one file that knows it. MPI is started once in a process and ended by
 * whoever started it, after the last context. Calls come from the thread that entered the library
 * (MPI_THREAD_FUNNELED), and on duplicates of MPI_COMM_WORLD, so that they meet no one else's. */
#include "base/ranks/wire.h"
#include "base/text.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct mpi_ranks {
  ntk_ranks ranks;
  MPI_Comm channel[2]; /* by ntk_channel */
  int *counts, *places;
} mpi_ranks;

static mpi_ranks *mpi_of(ntk_ranks *ranks) {
  return (mpi_ranks *)ranks;
}

static MPI_Comm on(ntk_ranks *ranks, ntk_channel channel) {
  return mpi_of(ranks)->channel[channel];
}

static pid_t started_by;        /* a child that was forked since ends nothing */
static bool ends_without_words; /* some ranks were lost */

static bool good(ntk_ranks *ranks, int code) {
  if (code == MPI_SUCCESS)
    return true;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  (void)MPI_Error_string(code, text, &length);
  if (ranks->failed == NTK_OK)
    ntk_format(ranks->line, sizeof ranks->line, "rank %d on %s: MPI: %s", ranks->rank, ranks->name,
               text);
  ranks->failed = NTK_ERR_RANKS;
  ranks->lost = true;
  return false;
}

static bool wire_least(ntk_ranks *ranks, size_t n, uint64_t *words) {
  return good(ranks, MPI_Allreduce(MPI_IN_PLACE, words, (int)n, MPI_UINT64_T, MPI_MIN,
                                   on(ranks, NTK_AGREEMENTS)));
}

static bool wire_hand(ntk_ranks *ranks, ntk_channel channel, int from, size_t bytes, void *x) {
  return good(ranks, MPI_Bcast(x, (int)bytes, MPI_BYTE, from, on(ranks, channel)));
}

static bool wire_sum(ntk_ranks *ranks, size_t n, void *x, ntk_precision precision) {
  return good(ranks, MPI_Allreduce(MPI_IN_PLACE, x, (int)n,
                                   precision == NTK_PRECISION_FLOAT ? MPI_FLOAT : MPI_DOUBLE,
                                   MPI_SUM, on(ranks, NTK_ROWS)));
}

static bool wire_gather(ntk_ranks *ranks, const size_t *bytes, void *all) {
  const mpi_ranks *own = mpi_of(ranks);
  size_t place = 0;
  for (int i = 0; i < ranks->ranks; place += bytes[i], i++) {
    own->counts[i] = (int)bytes[i];
    own->places[i] = (int)place;
  }
  return good(ranks, MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, own->counts,
                                    own->places, MPI_BYTE, on(ranks, NTK_ROWS)));
}

typedef struct flight {
  int pieces;
  MPI_Request request[];
} flight;

static bool wire_begin(ntk_ranks *ranks, int from, size_t bytes, void *x, void **request) {
  const size_t pieces = bytes / ranks->most + (bytes % ranks->most != 0);
  flight *f = pieces <= INT_MAX ? malloc(sizeof *f + pieces * sizeof f->request[0]) : NULL;
  bool fine = true;
  for (size_t i = 0; i < pieces && fine; i++) {
    const size_t done = i * ranks->most, left = bytes - done;
    MPI_Request alone, *here = f != NULL ? &f->request[i] : &alone;
    fine = good(ranks, MPI_Ibcast((char *)x + done, (int)(left < ranks->most ? left : ranks->most),
                                  MPI_BYTE, from, on(ranks, NTK_ROWS), here));
    if (fine && f == NULL) /* it is not hidden then, but the others need not know */
      fine = good(ranks, MPI_Wait(here, MPI_STATUS_IGNORE));
  }
  if (f != NULL)
    f->pieces = (int)pieces;
  if (!fine)
    free(f);
  *request = fine ? f : NULL;
  return fine;
}

static bool wire_test(ntk_ranks *ranks, void *request) {
  flight *f = request;
  int there = 0;
  return !good(ranks, MPI_Testall(f->pieces, f->request, &there, MPI_STATUSES_IGNORE)) || there;
}

static bool wire_end(ntk_ranks *ranks, void *request) {
  flight *f = request;
  const bool fine = good(ranks, MPI_Waitall(f->pieces, f->request, MPI_STATUSES_IGNORE));
  free(f);
  return fine;
}

static void wire_close(ntk_ranks *ranks) {
  mpi_ranks *own = mpi_of(ranks);
  ends_without_words |= ranks->lost;
  for (int i = 0; i < 2; i++)
    if (ranks->failed == NTK_OK && own->channel[i] != MPI_COMM_NULL)
      (void)MPI_Comm_free(&own->channel[i]);
  free(own->counts);
  free(own);
}

static const ntk_wire wire = {
    .least = wire_least,
    .hand = wire_hand,
    .sum = wire_sum,
    .gather = wire_gather,
    .begin = wire_begin,
    .test = wire_test,
    .end = wire_end,
    .close = wire_close,
};

static void finish(void) {
  int done = 0;
  if (started_by == getpid() && !ends_without_words && MPI_Finalized(&done) == MPI_SUCCESS && !done)
    (void)MPI_Finalize();
}

const char *ntk_wire_library(void) {
  static char version[MPI_MAX_LIBRARY_VERSION_STRING]; /* the same, whoever asks first */
  int length = 0;
  if (version[0] == '\0' && MPI_Get_library_version(version, &length) == MPI_SUCCESS)
    version[strcspn(version, ",\n")] = '\0';
  return version;
}

static ntk_status start(void) {
  int has = 0;
  if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &has) != MPI_SUCCESS)
    return ntk_fail(NTK_ERR_RANKS, "MPI could not be started");
  started_by = getpid();
  if (atexit(finish) != 0)
    return ntk_fail(NTK_ERR_MEMORY, "MPI's end could not be arranged");
  return NTK_OK;
}

/* Whether this thread may call MPI, and the launcher is this MPI's. */
static ntk_status check(int launched, int *size) {
  int level = MPI_THREAD_SINGLE, main_thread = 0;
  MPI_Query_thread(&level);
  MPI_Is_thread_main(&main_thread);
  if (level < MPI_THREAD_FUNNELED || (level < MPI_THREAD_SERIALIZED && !main_thread))
    return ntk_fail(NTK_ERR_RANKS, "MPI was started without the right to be called from this "
                                   "thread; accepted: MPI_THREAD_FUNNELED from its main thread");
  MPI_Comm_size(MPI_COMM_WORLD, size);
  if (launched == 1 || launched == *size)
    return NTK_OK;
  return ntk_fail(NTK_ERR_RANKS,
                  "started by another MPI's mpirun: it says %d processes, and %s says %d; "
                  "accepted: that one's mpirun",
                  launched, ntk_wire_library(), *size);
}

/* The lowest rank on this machine. */
static bool find_first(ntk_ranks *ranks) {
  MPI_Comm node = MPI_COMM_NULL;
  ranks->first = ranks->rank;
  if (!good(ranks, MPI_Comm_split_type(on(ranks, NTK_ROWS), MPI_COMM_TYPE_SHARED, ranks->rank,
                                       MPI_INFO_NULL, &node)))
    return false;
  const bool told = good(ranks, MPI_Bcast(&ranks->first, 1, MPI_INT, 0, node));
  return good(ranks, MPI_Comm_free(&node)) && told;
}

static bool open_channels(mpi_ranks *own) {
  ntk_ranks *ranks = &own->ranks;
  char name[MPI_MAX_PROCESSOR_NAME] = "";
  int length = 0;
  if (!good(ranks, MPI_Comm_rank(MPI_COMM_WORLD, &ranks->rank)) ||
      !good(ranks, MPI_Get_processor_name(name, &length)))
    return false;
  ntk_format(ranks->name, sizeof ranks->name, "%s", name);
  for (int i = 0; i < 2; i++)
    if (!good(ranks, MPI_Comm_dup(MPI_COMM_WORLD, &own->channel[i])) ||
        !good(ranks, MPI_Comm_set_errhandler(own->channel[i], MPI_ERRORS_RETURN)))
      return false;
  return find_first(ranks);
}

ntk_status ntk_wire_open(ntk_context *context, ntk_ranks **ranks) {
  const int launched = ntk_launched(NULL);
  int started = 0, ended = 0, size = 1;
  (void)context;
  if (MPI_Initialized(&started) != MPI_SUCCESS || MPI_Finalized(&ended) != MPI_SUCCESS || ended)
    return ntk_fail(NTK_ERR_RANKS, "MPI has been finalised in this process");
  if (!started && launched == 1)
    return NTK_OK;
  if (!started)
    NTK_TRY(start());
  NTK_TRY(check(launched, &size));
  if (size == 1)
    return NTK_OK;
  mpi_ranks *own = calloc(1, sizeof *own);
  int *numbers = calloc(2 * (size_t)size, sizeof *numbers);
  if (own == NULL || numbers == NULL) {
    free(own);
    free(numbers);
    ends_without_words = true; /* so that nobody waits for this one */
    return ntk_fail(NTK_ERR_MEMORY, "what ranks know of each other could not be allocated");
  }
  own->ranks = (ntk_ranks){.wire = &wire, .ranks = size, .most = (size_t)1 << 30};
  own->channel[NTK_AGREEMENTS] = own->channel[NTK_ROWS] = MPI_COMM_NULL;
  own->counts = numbers;
  own->places = numbers + size;
  if (!open_channels(own)) {
    const ntk_status status = ntk_fail(NTK_ERR_RANKS, "%s", own->ranks.line);
    wire_close(&own->ranks);
    return status;
  }
  *ranks = &own->ranks;
  return NTK_OK;
}
