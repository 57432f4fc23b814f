#include "base/status.h"

#include "base/text.h"

#include <stdarg.h>

static _Thread_local char message[4096 + 512]; /* a path of any length, and what is wrong with it */
static _Thread_local ntk_error about;
static _Thread_local ntk_status failed;

const char *ntk_status_name(ntk_status status) {
  static const char *const names[] = {
      [NTK_OK] = "ok",
      [NTK_ERR_ARGUMENT] = "argument",
      [NTK_ERR_SHAPE] = "shape",
      [NTK_ERR_LIMIT] = "limit",
      [NTK_ERR_MEMORY] = "memory",
      [NTK_ERR_FILE] = "file",
      [NTK_ERR_FORMAT] = "format",
      [NTK_ERR_NOT_FINITE] = "not finite",
      [NTK_ERR_NUMERIC] = "numeric",
      [NTK_ERR_BLAS] = "blas",
      [NTK_ERR_CANCELLED] = "cancelled",
      [NTK_ERR_RANKS] = "ranks",
  };
  const size_t count = sizeof names / sizeof names[0];
  return (size_t)status < count ? names[status] : "unknown";
}

const char *ntk_error_message(void) {
  return message;
}

ntk_error ntk_error_last(void) {
  return about;
}

void ntk_fail_status(ntk_status status) {
  failed = status;
}

ntk_status ntk_error_status(void) {
  return failed;
}

ntk_status ntk_fail_about(ntk_status status, ntk_error error) {
  if (status != NTK_OK) {
    about = error;
    failed = status;
  }
  return status;
}

void ntk_fail_message(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)ntk_format_list(message, sizeof message, format, arguments);
  va_end(arguments);
  ntk_text_clean(message); /* a path holds any bytes, and a text may be cut anywhere */
  about = (ntk_error){0};
  failed = NTK_OK;
}
