/* A user's program against the installed library of folders: one that is not there is refused with
 * one line, which both libraries have to agree on. Exit status 0 when that holds. */
#include <ntkit/io.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  ntk_context *context = NULL;
  ntk_fit_error error;
  ntk_status status = ntk_context_create(NULL, &context);
  if (status == NTK_OK)
    status = ntk_saved_certify(context, "/nowhere", NULL, 1, NULL, NULL, &error);
  printf("%s: %s\n", ntk_status_name(status), ntk_error_message());
  ntk_context_destroy(context);
  return status == NTK_OK || strstr(ntk_error_message(), "/nowhere/X.npy") == NULL;
}
