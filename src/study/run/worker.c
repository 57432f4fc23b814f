#define _GNU_SOURCE /* MSG_NOSIGNAL, SOCK_CLOEXEC */
#include "study/run/worker.h"

#include "base/context.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* Seconds until a worker that is not ready is given up, doubled for each that follows: getting
 * ready takes milliseconds, and on a crowded machine it may take more. */
static const double PATIENCE = 2.0;
enum { MOST_TRIES = 8 };

/* Bytes that a worker keeps between trials: few beside what a machine has, for others see them as
 * taken. */
enum { KEPT = 256 << 20 };

/* Between making a socket and closing the worker's end of it nobody else in this process forks a
 * worker: that would keep the end open, and its death from being seen. */
static pthread_mutex_t forking = PTHREAD_MUTEX_INITIALIZER;

typedef struct request {
  size_t point, trial;
  uint64_t lacks; /* so wide that no byte between members is sent as it happens to be */
} request;

/* ---- In the worker --------------------------------------------------------------------------- */

static bool receive_all(int socket, void *bytes, size_t count) {
  char *at = bytes;
  while (count > 0) {
    const ssize_t got = recv(socket, at, count, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    at += got;
    count -= (size_t)got;
  }
  return true;
}

static bool send_all(int socket, const void *bytes, size_t count) {
  const char *at = bytes;
  while (count > 0) {
    const ssize_t sent = send(socket, at, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      return false;
    at += sent;
    count -= (size_t)sent;
  }
  return true;
}

/* Each measure is run once for all of the quantities asked for that are its own. */
static ntk_status measure(ntk_context *context, const ntk_study *study, const ntk_point *point,
                          const request *asked, ntk_outcome *outcome) {
  const ntk_quantity *lacks[NTK_MOST_QUANTITIES];
  const size_t lacking =
      ntk_quantity_some(study->quantity, study->quantities, (uint32_t)asked->lacks, lacks);
  const uint64_t seed = ntk_study_seed(study, asked->point, asked->trial);
  for (size_t q = 0; q < lacking; q++) {
    const ntk_measure *m = lacks[q]->measure;
    const ntk_quantity *own[NTK_MOST_QUANTITIES];
    const size_t count = ntk_quantity_group(lacks, lacking, q, own);
    if (count > 0)
      NTK_TRY(m->run(context, point, seed, own, count, outcome));
  }
  return NTK_OK;
}

static void compute(ntk_context *context, const ntk_study *study, const request *asked,
                    ntk_outcome *outcome) {
  const double start = ntk_clock();
  *outcome = (ntk_outcome){.status = NTK_OK};
  ntk_point point;
  ntk_status status = ntk_study_point(study, asked->point, &point);
  if (status == NTK_OK)
    status = measure(context, study, &point, asked, outcome);
  outcome->status = status;
  outcome->seconds = ntk_clock() - start;
  if (status != NTK_OK) {
    snprintf(outcome->error, sizeof outcome->error, "%s", ntk_error_message());
    outcome->count = 0;
  }
}

/* What gcov has counted since (preset coverage): a worker is killed at its end, and leaves nothing.
 */
static void leave_counts(void) {
#ifdef NTK_COVERAGE
  extern void __gcov_dump(void);
  extern void __gcov_reset(void);
  __gcov_dump();
  __gcov_reset();
#endif
}

/* Until the other end of the socket is closed. Making a context multiplies and factorises matrices,
 * reads a file and formats a text: whatever of this another thread had locked hangs it here. */
static void work(const ntk_study *study, int socket) {
  ntk_context *context = NULL;
  request asked;
  static ntk_outcome outcome;
  const ntk_status made = ntk_context_create(&(ntk_context_options){.threads = 1}, &context);
  if (!send_all(socket, "", 1))
    return;
  while (receive_all(socket, &asked, sizeof asked)) {
    if (made == NTK_OK) {
      compute(context, study, &asked, &outcome);
    } else {
      outcome = (ntk_outcome){.status = made};
      snprintf(outcome.error, sizeof outcome.error, "%s", ntk_error_message());
    }
    leave_counts();
    if (!send_all(socket, &outcome, sizeof outcome))
      break;
  }
  ntk_context_destroy(context);
}

/* The parent alone decides when to stop: a Ctrl-C, or a batch system's SIGTERM, reaches every
 * process of the group, and is no failure of a trial. But no worker is to outlive its parent. */
static void settle_in(pid_t parent) {
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
#ifdef __linux__
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
#ifdef __GLIBC__
  /* What a trial frees the next one takes again: pages that go back to the system are cleared anew,
   * 4 % of a trial's time. Hints: refusing them costs speed alone. */
  (void)mallopt(M_MMAP_MAX, 0);
  (void)mallopt(M_TRIM_THRESHOLD, KEPT);
#endif
  if (getppid() != parent)
    _exit(1);
}

/* ---- In the parent --------------------------------------------------------------------------- */

/* Both ends are closed by a host's thread that runs another program. */
static int make_pair(int pair[2]) {
#ifdef SOCK_CLOEXEC
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
#else
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
    return -1;
  (void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
  (void)fcntl(pair[1], F_SETFD, FD_CLOEXEC);
  return 0;
#endif
}

static ntk_status start(const ntk_study *study, ntk_worker *workers, size_t count, size_t which,
                        int lock) {
  int pair[2];
  ntk_worker *worker = &workers[which];
  *worker = (ntk_worker){.started = ntk_clock()};
  if (make_pair(pair) != 0)
    return ntk_fail(NTK_ERR_MEMORY, "a worker's socket: %s", strerror(errno));
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    const int why = errno;
    (void)close(pair[0]);
    (void)close(pair[1]);
    return ntk_fail(NTK_ERR_MEMORY, "a worker process: %s", strerror(why));
  }
  if (pid == 0) {
    settle_in(parent);
    (void)close(pair[0]);
    if (lock >= 0)
      (void)close(lock);
    for (size_t w = 0; w < count; w++) /* else another worker would not see its end closed */
      if (workers[w].pid > 0)
        (void)close(workers[w].socket);
    work(study, pair[1]);
    _exit(0);
  }
  (void)close(pair[1]);
  worker->pid = pid;
  worker->socket = pair[0];
  return NTK_OK;
}

ntk_status ntk_worker_start(const ntk_study *study, ntk_worker *workers, size_t count, size_t which,
                            int lock) {
  (void)pthread_mutex_lock(&forking);
  const ntk_status status = start(study, workers, count, which, lock);
  (void)pthread_mutex_unlock(&forking);
  return status;
}

void ntk_worker_give(ntk_worker *worker, size_t point, size_t trial, uint32_t lacks) {
  const request asked = {point, trial, lacks};
  worker->busy = true;
  worker->point = point;
  worker->trial = trial;
  worker->lacks = lacks;
  worker->since = ntk_clock();
  worker->received = 0;
  (void)send_all(worker->socket, &asked, sizeof asked);
}

/* Ends a process and waits for it. There is one: kill and waitpid take 0 and below for whole groups
 * of processes, the caller's own among them. One that is dead is not killed: where the host waits
 * for any child, or ignores SIGCHLD, its number may be another's by now. */
static int bury(ntk_worker *worker) {
  int status = 0;
  pid_t dead = waitpid(worker->pid, &status, WNOHANG);
  if (dead == 0) {
    (void)kill(worker->pid, SIGKILL);
    do
      dead = waitpid(worker->pid, &status, 0);
    while (dead < 0 && errno == EINTR);
  }
  (void)close(worker->socket);
  worker->pid = 0;
  return status;
}

static void describe_death(ntk_worker *worker, int status) {
  ntk_outcome *outcome = &worker->outcome;
  *outcome = (ntk_outcome){.status = NTK_ERR_NUMERIC, .seconds = ntk_clock() - worker->since};
  if (WIFSIGNALED(status))
    snprintf(outcome->error, sizeof outcome->error, "the worker was ended by signal %d (%s)%s",
             WTERMSIG(status), strsignal(WTERMSIG(status)),
             WTERMSIG(status) == SIGKILL ? ": by hand, or for want of memory" : "");
  else
    snprintf(outcome->error, sizeof outcome->error, "the worker ended with status %d",
             WIFEXITED(status) ? WEXITSTATUS(status) : status);
}

/* Whether the process is gone although its socket is open: a child of the host's may hold that. */
static bool is_gone(const ntk_worker *worker) {
  siginfo_t info = {0};
  return waitid(P_PID, (id_t)worker->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0
             ? errno == ECHILD
             : info.si_pid != 0;
}

ntk_worker_news ntk_worker_read(ntk_worker *worker) {
  char byte, *at = (char *)&worker->outcome + worker->received;
  const size_t left = sizeof worker->outcome - worker->received;
  const ssize_t got = worker->ready ? recv(worker->socket, at, left, MSG_DONTWAIT)
                                    : recv(worker->socket, &byte, 1, MSG_DONTWAIT);
  const bool nothing = got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK);
  if (nothing && !is_gone(worker))
    return NTK_WORKER_NOTHING;
  if (got <= 0) {
    describe_death(worker, bury(worker));
    return NTK_WORKER_DEAD;
  }
  if (!worker->ready) {
    worker->ready = true;
    return NTK_WORKER_NOTHING;
  }
  worker->received += (size_t)got;
  if (worker->received < sizeof worker->outcome)
    return NTK_WORKER_NOTHING;
  worker->busy = false;
  return NTK_WORKER_ANSWER;
}

ntk_status ntk_worker_revive(const ntk_study *study, ntk_worker *workers, size_t count,
                             size_t which, int lock) {
  ntk_worker *worker = &workers[which];
  if (worker->pid == 0 || worker->ready ||
      ntk_clock() - worker->started < PATIENCE * (double)(1u << worker->tries))
    return NTK_OK;
  const unsigned tries = worker->tries + 1;
  const bool busy = worker->busy;
  const size_t point = worker->point, trial = worker->trial;
  const uint32_t lacks = worker->lacks;
  (void)bury(worker);
  if (tries > MOST_TRIES)
    return ntk_fail(NTK_ERR_NUMERIC,
                    "no worker process gets ready: %u were started, and hang by what other "
                    "threads of this program have locked",
                    tries);
  NTK_TRY(ntk_worker_start(study, workers, count, which, lock));
  worker->tries = tries;
  if (busy)
    ntk_worker_give(worker, point, trial, lacks);
  return NTK_OK;
}

void ntk_worker_stop(ntk_worker *worker) {
  if (worker->pid > 0)
    (void)bury(worker);
  worker->busy = false;
}
