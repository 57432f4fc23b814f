/* Status codes and the calling thread's last error message. */
#ifndef NTK_BASE_STATUS_H
#define NTK_BASE_STATUS_H

#include "base/export.h"

/* Keeps the formatted line for ntk_error_message. Call it from the thread that entered the library.
 */
NTK_SIBLING void ntk_fail_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, with the value status: a failure reads `return ntk_fail(NTK_ERR_SHAPE, "...")`. A
 * macro, so that compilers see that the status is not NTK_OK. */
#define ntk_fail(status, ...) (ntk_fail_message(__VA_ARGS__), ntk_fail_status(status), (status))
NTK_SIBLING void ntk_fail_status(ntk_status status);
/* What the calling thread last failed with, where that was told; NTK_OK: not. */
ntk_status ntk_error_status(void);

/* The same for ntk_error_last, after the failure's line; option is static. Gives status, and does
 * nothing for NTK_OK. */
NTK_SIBLING ntk_status ntk_fail_about(ntk_status status, ntk_error error);

/* Hands a failure on to the caller; for functions that own nothing yet. */
#define NTK_TRY(call)                      \
  do {                                     \
    const ntk_status try_status_ = (call); \
    if (try_status_ != NTK_OK)             \
      return try_status_;                  \
  } while (0)

#endif
