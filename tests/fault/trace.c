/* By ptrace: a filter in the kernel (seccomp) stops the program at the calls of the chosen kind
 * alone; one that is to fail is skipped, and its answer written in its place. */
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_CALLS = 8, MOST_STARTED = 64 };
static const int calls[FAULT_KINDS][MOST_CALLS] = {
    [FAULT_OPEN] = {SYS_open, SYS_openat, SYS_creat},
    [FAULT_READ] = {SYS_read, SYS_pread64, SYS_readv},
    [FAULT_WRITE] = {SYS_write, SYS_pwrite64, SYS_writev, SYS_ftruncate},
    [FAULT_SYNC] = {SYS_fsync, SYS_fdatasync},
    [FAULT_RENAME] = {SYS_rename, SYS_renameat, SYS_renameat2},
    [FAULT_FOLDER] = {SYS_mkdir, SYS_mkdirat},
    [FAULT_STAT] = {SYS_stat, SYS_lstat, SYS_fstat, SYS_newfstatat, SYS_statx},
    [FAULT_THREAD] = {SYS_clone, SYS_clone3},
    [FAULT_PROCESS] = {SYS_clone, SYS_clone3, SYS_fork, SYS_vfork},
};

typedef struct run {
  const fault_plan *plan;
  fault_seen *seen;
  bool begun; /* main */
  pid_t first, started[MOST_STARTED];
  size_t others; /* processes that have started another program */
} run;

static volatile sig_atomic_t late;
static void on_alarm(int number) {
  (void)number;
  late = 1;
}

/* ---- In the program -------------------------------------------------------------------------- */

static bool put_filter(fault_kind kind) {
  struct sock_filter code[MOST_CALLS + 4];
  size_t count = 0, targets = 0;
  while (targets < MOST_CALLS &&
         (calls[kind][targets] != 0 || (targets == 0 && kind == FAULT_READ)))
    targets++;
  code[count++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i <= targets; i++) {
    const unsigned call = i < targets ? (unsigned)calls[kind][i] : SYS_prctl;
    code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call,
                                                 (unsigned char)(targets - i + 1), 0);
  }
  code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
  const struct sock_fprog filter = {(unsigned short)count, code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void become(const fault_plan *plan, char **words, const char *library, const char *folder,
                   const char *const stream[2], int descriptor) {
  char number[16];
  (void)setpgid(0, 0);
  const int in = open("/dev/null", O_RDONLY),
            out = open(stream[0], O_WRONLY | O_CREAT | O_TRUNC, 0666),
            err = open(stream[1], O_WRONLY | O_CREAT | O_TRUNC, 0666);
  snprintf(number, sizeof number, "%d", descriptor);
  if (chdir(folder) != 0 || dup2(in, 0) != 0 || dup2(out, 1) != 1 || dup2(err, 2) != 2 ||
      setenv(FAULT_PAGE, number, 1) != 0 || setenv("LD_PRELOAD", library, 1) != 0)
    _exit(126);
  for (int i = 3; i < 64; i++)
    if (i != descriptor)
      (void)close(i);
  if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0 || raise(SIGSTOP) != 0 || !put_filter(plan->kind))
    _exit(125);
  (void)execv(words[0], words);
  _exit(127);
}

/* ---- At a stop ------------------------------------------------------------------------------- */

/* Whether the file is one in which the system tells of itself: without it the machine is "unknown".
 */
static bool is_of_system(pid_t id, const struct user_regs_struct *now, bool opened) {
  char path[64] = "", link[64];
  if (opened) {
    const unsigned long long at = now->orig_rax == SYS_openat ? now->rsi : now->rdi;
    const struct iovec here = {path, 6}, there = {(void *)(uintptr_t)at, 6};
    (void)process_vm_readv(id, &here, 1, &there, 1, 0);
  } else {
    (void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)id, (int)now->rdi);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
  }
  return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0;
}

/* Whether the call makes what the plan is of: a thread shares its maker's signal handlers. */
static bool is_meant(const run *r, pid_t id, const struct user_regs_struct *now) {
  const fault_kind kind = r->plan->kind;
  if (kind == FAULT_WRITE)
    return now->rdi != 2;
  if (kind == FAULT_OPEN || kind == FAULT_READ)
    return !is_of_system(id, now, kind == FAULT_OPEN);
  if (kind != FAULT_THREAD && kind != FAULT_PROCESS)
    return true;
  unsigned long long flags = now->rdi;
  if (now->orig_rax == SYS_clone3)
    flags = (unsigned long long)ptrace(PTRACE_PEEKDATA, id, (void *)now->rdi, 0);
  const bool calls_clone = now->orig_rax == SYS_clone || now->orig_rax == SYS_clone3;
  return (calls_clone && (flags & CLONE_THREAD) != 0) == (kind == FAULT_THREAD);
}

static bool is_other(const run *r, pid_t id) {
  for (size_t i = 0; i < r->others; i++)
    if (r->started[i] == id)
      return true;
  return false;
}

static void see_call(run *r, pid_t id) {
  struct user_regs_struct now;
  const fault_plan *plan = r->plan;
  if (ptrace(PTRACE_GETREGS, id, 0, &now) != 0)
    return;
  if (now.orig_rax == SYS_prctl) {
    r->begun = r->begun || now.rdi == FAULT_MAIN;
    return;
  }
  if (!r->begun || is_other(r, id) || !is_meant(r, id, &now))
    return;
  const long number = ++r->seen->count;
  if (plan->at == 0 || number < plan->at || (number > plan->at && !plan->for_good))
    return;
  r->seen->fired++;
  if (plan->kind == FAULT_WRITE && now.rdi == 1)
    r->seen->on_output = true;
  if (plan->error == 0) {
    now.rdx = now.rdx > 1 ? now.rdx / 2 : now.rdx;
  } else {
    now.orig_rax = (unsigned long long)-1;
    now.rax = (unsigned long long)-(long)plan->error;
  }
  (void)ptrace(PTRACE_SETREGS, id, 0, &now);
}

/* Lets the stopped thread go on; a signal that is its own reaches it. */
static void let_go(run *r, pid_t id, int status) {
  const int signal = WSTOPSIG(status), event = status >> 16;
  int own = 0;
  if (event == PTRACE_EVENT_SECCOMP)
    see_call(r, id);
  else if (event == PTRACE_EVENT_EXEC && r->begun && r->others < MOST_STARTED)
    r->started[r->others++] = id;
  else if (event == 0 && signal != SIGSTOP && signal != SIGTRAP)
    own = signal;
  (void)ptrace(PTRACE_CONT, id, 0, own);
}

static void follow(run *r) {
  int status = 0;
  for (;;) {
    const pid_t id = waitpid(-1, &status, __WALL);
    if (id < 0 && errno == ECHILD)
      return;
    if (late) {
      r->seen->hung = true;
      (void)kill(-r->first, SIGKILL); /* the whole group: workers too */
      late = 0;
    }
    if (id < 0)
      continue;
    if (WIFSTOPPED(status))
      let_go(r, id, status);
    else if (id == r->first)
      r->seen->status = status;
  }
}

bool fault_run(const fault_plan *plan, char **words, const char *library, const char *folder,
               const char *const stream[2], fault_page *page, int descriptor, fault_seen *seen) {
  const bool memory = plan->kind == FAULT_MEMORY;
  run r = {.plan = plan, .seen = seen};
  *seen = (fault_seen){0};
  *page =
      (fault_page){.at = memory ? plan->at : 0, .for_good = memory && plan->for_good, .held = -1};
  const pid_t child = fork();
  if (child == 0)
    become(plan, words, library, folder, stream, descriptor);
  if (child < 0)
    return false;
  r.first = child;
  int status = 0;
  if (waitpid(child, &status, __WALL) != child || !WIFSTOPPED(status))
    return errno = EPERM, false;
  const struct sigaction alarm = {.sa_handler = on_alarm};
  const long seconds = (long)plan->patience;
  const struct itimerval timer = {.it_value = {seconds, 0}, .it_interval = {1, 0}}, none = {0};
  if (ptrace(PTRACE_SETOPTIONS, child, 0,
             PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                 PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC) != 0)
    return false;
  (void)sigaction(SIGALRM, &alarm, NULL);
  late = 0;
  (void)setitimer(ITIMER_REAL, &timer, NULL);
  (void)ptrace(PTRACE_CONT, child, 0, 0);
  follow(&r);
  (void)setitimer(ITIMER_REAL, &none, NULL);
  if (memory) {
    seen->count = page->count;
    seen->fired = page->fired;
  }
  return true;
}
