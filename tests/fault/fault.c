/* Put before the C library (LD_PRELOAD) by the walk of faults: fails chosen allocations and counts
 * what is held when main returns. Tells the walk that main begins by a prctl that nobody else
 * makes; the walk itself fails system calls.
 *
 * Counted are allocations of the program and of the libraries that it hands on the failures of. Not
 * of those that end the process by themselves when they get no memory, and say so: OpenMP's, BLAS,
 * Fortran's, the dynamic loader; nor of Jansson while it reads. */
#define _GNU_SOURCE
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *pointer);
void *memalign(size_t alignment, size_t size); /* of a header that POSIX does not have */

static fault_page *page; /* NULL until main begins */

/* ---- Who asks -------------------------------------------------------------------------------- */

enum { MOST_RANGES = 128 };
typedef struct range {
  uintptr_t first, end;
} range;
static range spared[MOST_RANGES], libc[MOST_RANGES];
static size_t spared_count, libc_count;

static bool is_in(const range *list, size_t count, const void *caller) {
  for (size_t i = 0; i < count; i++)
    if ((uintptr_t)caller >= list[i].first && (uintptr_t)caller < list[i].end)
      return true;
  return false;
}

static bool is_named(const char *path, const char *const *part, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strstr(path, part[i]) != NULL)
      return true;
  return false;
}

static int see_library(struct dl_phdr_info *info, size_t size, void *user) {
  static const char *const ends[] = {"libgomp",     "libomp",   "blas",     "lapack",
                                     "libgfortran", "quadmath", "ld-linux", "libblis"};
  static const char *const system[] = {"/libc.so", "/libm.so"};
  (void)size;
  (void)user;
  const bool is_spared = is_named(info->dlpi_name, ends, sizeof ends / sizeof ends[0]);
  const bool is_libc = is_named(info->dlpi_name, system, 2);
  for (size_t i = 0; i < info->dlpi_phnum && (is_spared || is_libc); i++) {
    const uintptr_t first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    const range of = {first, first + info->dlpi_phdr[i].p_memsz};
    if (info->dlpi_phdr[i].p_type != PT_LOAD)
      continue;
    if (is_spared && spared_count < MOST_RANGES)
      spared[spared_count++] = of;
    if (is_libc && libc_count < MOST_RANGES)
      libc[libc_count++] = of;
  }
  return 0;
}

/* ---- What is held ---------------------------------------------------------------------------- */

enum { SLOTS = 1 << 18 }; /* far more than a small run holds at once */
static struct { uintptr_t block, caller; } held[SLOTS];
static atomic_flag busy = ATOMIC_FLAG_INIT;
static const uintptr_t REMOVED = 1;

static void lock(void) {
  while (atomic_flag_test_and_set(&busy)) {
  }
}
static void unlock(void) {
  atomic_flag_clear(&busy);
}

static size_t slot_of(uintptr_t block) {
  return (size_t)(block / 16 * 0x9e3779b97f4a7c15u >> 40) % SLOTS;
}

/* The C library's own (a stream's buffer) are its to keep. */
static void hold(const void *block, const void *caller) {
  if (page == NULL || block == NULL || is_in(spared, spared_count, caller) ||
      is_in(libc, libc_count, caller))
    return;
  lock();
  size_t at = slot_of((uintptr_t)block), tries = 0;
  while (held[at].block > REMOVED && tries++ < SLOTS)
    at = (at + 1) % SLOTS;
  held[at].block = (uintptr_t)block;
  held[at].caller = (uintptr_t)caller;
  unlock();
}

static void let_go(const void *block) {
  if (page == NULL || block == NULL)
    return;
  lock();
  size_t at = slot_of((uintptr_t)block), tries = 0;
  while (held[at].block != 0 && held[at].block != (uintptr_t)block && tries++ < SLOTS)
    at = (at + 1) % SLOTS;
  if (held[at].block == (uintptr_t)block)
    held[at].block = REMOVED;
  unlock();
}

static void count_held(void) {
  long blocks = 0;
  for (size_t at = 0; at < SLOTS; at++)
    if (held[at].block > REMOVED) {
      if (blocks < FAULT_CALLERS)
        page->caller[blocks] = held[at].caller - page->base;
      blocks++;
    }
  page->held = blocks;
}

/* ---- Allocations ----------------------------------------------------------------------------- */

static _Thread_local bool reading; /* JSON */

static bool fails(const void *caller) {
  if (page == NULL || reading || is_in(spared, spared_count, caller))
    return false;
  const long number = atomic_fetch_add(&page->count, 1) + 1;
  if (page->at == 0 || number < page->at || (number > page->at && !page->for_good))
    return false;
  if (atomic_fetch_add(&page->fired, 1) == 0)
    page->by = (uintptr_t)caller - page->base;
  errno = ENOMEM;
  return true;
}

#define CALLER __builtin_return_address(0)

static void *held_by(void *block, const void *caller) {
  hold(block, caller);
  return block;
}

void *malloc(size_t size) {
  return fails(CALLER) ? NULL : held_by(__libc_malloc(size), CALLER);
}
void *calloc(size_t count, size_t size) {
  return fails(CALLER) ? NULL : held_by(__libc_calloc(count, size), CALLER);
}
void *realloc(void *pointer, size_t size) {
  if (fails(CALLER))
    return NULL;
  let_go(pointer);
  void *moved = __libc_realloc(pointer, size);
  return held_by(moved != NULL || size == 0 ? moved : pointer, CALLER) == pointer && moved == NULL
             ? NULL
             : moved;
}
void *aligned_alloc(size_t alignment, size_t size) {
  return fails(CALLER) ? NULL : held_by(__libc_memalign(alignment, size), CALLER);
}
void *memalign(size_t alignment, size_t size) {
  return fails(CALLER) ? NULL : held_by(__libc_memalign(alignment, size), CALLER);
}
int posix_memalign(void **pointer, size_t alignment, size_t size) {
  void *block = fails(CALLER) ? NULL : held_by(__libc_memalign(alignment, size), CALLER);
  if (block != NULL)
    *pointer = block;
  return block != NULL ? 0 : ENOMEM;
}
void free(void *pointer) {
  let_go(pointer);
  __libc_free(pointer);
}
char *strndup(const char *text, size_t length) {
  const size_t size = strnlen(text, length);
  char *copy = fails(CALLER) ? NULL : held_by(__libc_malloc(size + 1), CALLER);
  if (copy != NULL) {
    memcpy(copy, text, size);
    copy[size] = '\0';
  }
  return copy;
}
char *strdup(const char *text) {
  const size_t size = strlen(text) + 1;
  char *copy = fails(CALLER) ? NULL : held_by(__libc_malloc(size), CALLER);
  return copy != NULL ? memcpy(copy, text, size) : NULL;
}

/* Jansson (2.14) does not look whether the text it reads could be kept, and reads on past its end.
 */
typedef void *load_buffer(const char *text, size_t length, size_t flags, void *error);
typedef void *load_text(const char *text, size_t flags, void *error);
void *json_loadb(const char *text, size_t length, size_t flags, void *error);
void *json_loads(const char *text, size_t flags, void *error);
void *json_load_file(const char *path, size_t flags, void *error);

void *json_loadb(const char *text, size_t length, size_t flags, void *error) {
  load_buffer *load = NULL;
  *(void **)&load = dlsym(RTLD_NEXT, "json_loadb");
  reading = true;
  void *read = load(text, length, flags, error);
  reading = false;
  return read;
}

static void *load_as(const char *name, const char *text, size_t flags, void *error) {
  load_text *load = NULL;
  *(void **)&load = dlsym(RTLD_NEXT, name);
  reading = true;
  void *read = load(text, flags, error);
  reading = false;
  return read;
}

void *json_loads(const char *text, size_t flags, void *error) {
  return load_as("json_loads", text, flags, error);
}
void *json_load_file(const char *path, size_t flags, void *error) {
  return load_as("json_load_file", path, flags, error);
}

/* ---- From main on ---------------------------------------------------------------------------- */

typedef int main_function(int, char **, char **);
typedef int start_function(main_function *, int, char **, void (*)(void), void (*)(void),
                           void (*)(void), void *);
static main_function *program;

static int see_program(struct dl_phdr_info *info, size_t size, void *base) {
  (void)size;
  *(uintptr_t *)base = info->dlpi_addr;
  return 1; /* the first one is the program */
}

static int counted_main(int count, char **words, char **environment) {
  const char *number = getenv(FAULT_PAGE);
  fault_page *shared = MAP_FAILED;
  if (number != NULL) {
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(number), 0);
    (void)close(atoi(number));
  }
  (void)unsetenv("LD_PRELOAD"); /* programs that are started are not the walk's */
  (void)unsetenv(FAULT_PAGE);
  (void)dl_iterate_phdr(see_library, NULL);
  (void)pthread_atfork(NULL, NULL, unlock);
  if (shared != MAP_FAILED) {
    (void)dl_iterate_phdr(see_program, &shared->base);
    page = shared;
  }
  (void)prctl(FAULT_MAIN, 0, 0, 0, 0);
  const int status = program(count, words, environment);
  if (page != NULL)
    count_held();
  return status;
}

start_function __libc_start_main;
int __libc_start_main(main_function *given, int count, char **words, void (*init)(void),
                      void (*fini)(void), void (*end)(void), void *stack) {
  start_function *start = NULL;
  *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
  program = given;
  return start(counted_main, count, words, init, fini, end, stack);
}
