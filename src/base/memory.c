/* Each block is preceded by one cache line holding its size, so that freeing can uncount it.
 * Large blocks ask for huge pages: the factor is streamed through twice per solve. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* madvise */
#endif
#include "base/memory.h"

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

enum { HEADER = 64, HUGE_PAGE = 2 << 20 };
static const size_t CHECK_FROM = (size_t)64 << 20; /* smaller requests do not ask the system */

ntk_status ntk_size_multiply(size_t a, size_t b, const char *what, size_t *product) {
  if (b != 0 && a > SIZE_MAX / b)
    return ntk_fail(NTK_ERR_LIMIT, "%s: %zu x %zu elements exceed the address space", what, a, b);
  *product = a * b;
  return NTK_OK;
}

ntk_status ntk_alloc(ntk_context *context, size_t count, size_t size, const char *what,
                     void **pointer) {
  size_t bytes = 0;
  NTK_TRY(ntk_size_multiply(count ? count : 1, size, what, &bytes));
  if (bytes > SIZE_MAX / 2)
    return ntk_fail(NTK_ERR_LIMIT, "%s: %zu bytes exceed the address space", what, bytes);
  NTK_TRY(ntk_memory_check(context, bytes, what));

  const bool huge = bytes >= (size_t)HUGE_PAGE;
  const size_t alignment = huge ? HUGE_PAGE : HEADER;
  const size_t total = (bytes + HEADER + alignment - 1) / alignment * alignment;
  unsigned char *block = aligned_alloc(alignment, total);
  if (block == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: %zu bytes could not be allocated", what, bytes);
#ifdef MADV_HUGEPAGE
  if (huge)
    (void)madvise(block, total, MADV_HUGEPAGE); /* a hint: refusing it costs speed alone */
#endif
  memcpy(block, &bytes, sizeof bytes);
  const size_t in_use = atomic_fetch_add(&context->memory_in_use, bytes) + bytes;
  if (in_use > context->memory_peak)
    context->memory_peak = in_use;
  *pointer = block + HEADER;
  return NTK_OK;
}

ntk_status ntk_alloc_doubles(ntk_context *context, size_t count, const char *what, double **array) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, count, sizeof(double), what, &pointer));
  *array = pointer;
  return NTK_OK;
}

void ntk_free(ntk_context *context, void *pointer) {
  if (pointer == NULL)
    return;
  unsigned char *block = (unsigned char *)pointer - HEADER;
  size_t bytes = 0;
  memcpy(&bytes, block, sizeof bytes);
  atomic_fetch_sub(&context->memory_in_use, bytes);
  free(block);
}

/* One number from a file of the kernel's: the one after key (or the first, key NULL); SIZE_MAX when
 * there is none ("max" in a control group's file means unlimited). */
static size_t number_in_file(const char *path, const char *key) {
  FILE *file = fopen(path, "r");
  if (file == NULL)
    return SIZE_MAX;
  char line[256];
  size_t value = SIZE_MAX;
  while (fgets(line, sizeof line, file) != NULL) {
    const char *text = line;
    if (key != NULL) {
      if (strncmp(line, key, strlen(key)) != 0)
        continue;
      text += strlen(key);
    }
    unsigned long long number;
    if (sscanf(text, " %llu", &number) == 1)
      value = (size_t)number;
    break;
  }
  fclose(file);
  return value;
}

size_t ntk_memory_of_machine(void) {
#ifdef __APPLE__
  uint64_t bytes = 0;
  size_t length = sizeof bytes;
  if (sysctlbyname("hw.memsize", &bytes, &length, NULL, 0) == 0)
    return (size_t)bytes;
#endif
  const size_t kib = number_in_file("/proc/meminfo", "MemAvailable:");
  size_t available = SIZE_MAX;
  if (kib != SIZE_MAX)
    available = kib * 1024;
  const size_t group_limit = number_in_file("/sys/fs/cgroup/memory.max", NULL);
  const size_t group_used = number_in_file("/sys/fs/cgroup/memory.current", NULL);
  if (group_limit != SIZE_MAX && group_used != SIZE_MAX) {
    const size_t left = group_limit > group_used ? group_limit - group_used : 0;
    if (left < available)
      available = left;
  }
  if (available == SIZE_MAX) {
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0)
      available = (size_t)pages * (size_t)page;
  }
  return available;
}

/* SIZE_MAX: none. */
static size_t address_limit(void) {
  struct rlimit limit;
  const bool limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return limited && limit.rlim_cur < SIZE_MAX ? (size_t)limit.rlim_cur : SIZE_MAX;
}

size_t ntk_addresses_left(void) {
  const size_t limit = address_limit();
  const size_t pages = limit < SIZE_MAX ? number_in_file("/proc/self/statm", NULL) : SIZE_MAX;
  if (pages == SIZE_MAX)
    return SIZE_MAX;
  const size_t mapped = pages * (size_t)sysconf(_SC_PAGESIZE);
  return mapped < limit ? limit - mapped : 0;
}

ntk_status ntk_addresses_check(const ntk_context *context) {
  enum { ROUND = 10000, SMALL = 100000 }; /* kB: a small computation's own, too */
  const size_t left = ntk_addresses_left(), needed = context->addresses;
  char text[2][NTK_AMOUNT];
  if (needed <= left)
    return NTK_OK;
  return ntk_fail(NTK_ERR_MEMORY,
                  "the limit on addresses (ulimit -v) leaves %s, and threads and BLAS may take %s; "
                  "accepted: ulimit -v %zu and up, or unlimited, or fewer threads",
                  ntk_amount((double)left, text[0]), ntk_amount((double)needed, text[1]),
                  ((address_limit() - left + needed) / 1024 / ROUND + 1) * ROUND + SMALL);
}

/* Beside what is kept; SIZE_MAX: no limit. */
static size_t addresses_free(const ntk_context *context) {
  const size_t left = ntk_addresses_left();
  return left == SIZE_MAX ? SIZE_MAX : left > context->addresses ? left - context->addresses : 0;
}

/* What the context's limit leaves; SIZE_MAX without one. */
static size_t limit_left(const ntk_context *context) {
  if (context->memory_limit == 0)
    return SIZE_MAX;
  const size_t in_use = context->memory_in_use;
  return context->memory_limit > in_use ? context->memory_limit - in_use : 0;
}

size_t ntk_memory_available(const ntk_context *context) {
  if (context->memory_supposed)
    return limit_left(context);
  const size_t system = ntk_memory_of_machine(), addresses = addresses_free(context);
  const size_t available = addresses < system ? addresses : system, left = limit_left(context);
  return left < available ? left : available;
}

ntk_status ntk_memory_check(const ntk_context *context, size_t bytes, const char *what) {
  if (bytes < CHECK_FROM && bytes <= limit_left(context) && context->addresses == 0)
    return NTK_OK;
  const size_t available = ntk_memory_available(context);
  if (bytes <= available)
    return NTK_OK;
  const bool limited = context->memory_limit != 0 && available < ntk_memory_of_machine();
  const bool several = what[0] != '\0' && what[strlen(what) - 1] == 's'; /* "the weights" */
  char needed[NTK_AMOUNT], left[NTK_AMOUNT];
  return ntk_fail(NTK_ERR_MEMORY, "%s need%s %s of memory, and %s are available%s", what,
                  several ? "" : "s", ntk_amount((double)bytes, needed),
                  ntk_amount((double)available, left), limited ? " under the limit given" : "");
}

size_t ntk_memory_in_use(const ntk_context *context) {
  return context->memory_in_use;
}

size_t ntk_memory_peak_enter(ntk_context *context) {
  const size_t before = context->memory_peak;
  context->memory_peak = context->memory_in_use;
  return before;
}

size_t ntk_memory_peak_leave(ntk_context *context, size_t before) {
  const size_t own = context->memory_peak;
  if (before > own)
    context->memory_peak = before;
  return own;
}

size_t ntk_memory_peak(const ntk_context *context) {
  return context->memory_peak;
}
