/* Status codes and the calling thread's last error message. */
#ifndef NTK_BASE_STATUS_H
#define NTK_BASE_STATUS_H

#include "ntkit/ntkit.h"

/* Keeps the formatted line for ntk_error_message and returns status, so that a failure reads
 * `return ntk_fail(NTK_ERR_SHAPE, "...")`. Call it from the thread that entered the library. */
ntk_status ntk_fail(ntk_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Hands a failure on to the caller; for functions that own nothing yet. */
#define NTK_TRY(call)                      \
  do {                                     \
    const ntk_status try_status_ = (call); \
    if (try_status_ != NTK_OK)             \
      return try_status_;                  \
  } while (0)

#endif
