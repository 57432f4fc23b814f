/* A user's program against the installed library of studies: a file that is not there is refused
 * with one line, which both libraries have to agree on. Exit status 0 when that holds. */
#include <ntkit/study.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  ntk_study *study = NULL;
  const ntk_status status = ntk_study_load("/nowhere/study.yaml", NULL, 0, &study);
  printf("%s: %s\n", ntk_status_name(status), ntk_error_message());
  ntk_study_destroy(study);
  return status == NTK_OK || strstr(ntk_error_message(), "/nowhere/study.yaml") == NULL;
}
