/* Checked, counted, aligned allocation. Call from the thread that entered the library. */
#ifndef NTK_BASE_MEMORY_H
#define NTK_BASE_MEMORY_H

#include "base/context.h"

/* *product = a b, or NTK_ERR_LIMIT when it does not fit size_t; what names the array. */
NTK_SIBLING ntk_status ntk_size_multiply(size_t a, size_t b, const char *what, size_t *product);

/* count elements of the given size, 64-byte aligned, uninitialised; NULL for count 0 is never
 * returned with NTK_OK (one element is allocated). Released by ntk_free. */
NTK_SIBLING ntk_status ntk_alloc(ntk_context *context, size_t count, size_t size, const char *what,
                                 void **pointer);
/* NULL is allowed. */
NTK_SIBLING void ntk_free(ntk_context *context, void *pointer);

/* count doubles; the usual case. */
NTK_SIBLING ntk_status ntk_alloc_doubles(ntk_context *context, size_t count, const char *what,
                                         double **array);

/* Begins the peak of one computation. What it returns is for _leave, which returns that peak
 * and gives the context the higher of the two. */
size_t ntk_memory_peak_enter(ntk_context *context);
size_t ntk_memory_peak_leave(ntk_context *context, size_t before);

/* What the machine has available now, whatever a context's limit says. */
size_t ntk_memory_of_machine(void);
/* NTK_ERR_MEMORY, with both numbers, when bytes more do not fit; what says what needs them. */
ntk_status ntk_memory_check(const ntk_context *context, size_t bytes, const char *what);

/* Bytes of addresses that this process may still map; SIZE_MAX where no limit is set on them
 * (ulimit -v), or there is no telling: macOS has no such limit. */
size_t ntk_addresses_left(void);
/* NTK_ERR_MEMORY where that is less than the context keeps for its threads. */
ntk_status ntk_addresses_check(const ntk_context *context);

#endif
