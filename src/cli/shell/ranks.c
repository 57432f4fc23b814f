#include "cli/shell/ranks.h"

#include "ntkit/ntkit.h"

#include <fcntl.h>
#include <unistd.h>

static struct {
  int count;
  bool speaks, together;
  int output; /* standard output, of one that does not speak; -1: as it was */
} ranks = {1, true, false, -1};

void ranks_begin(bool together) {
  int rank = 0;
  ranks.count = ntk_launched(&rank);
  ranks.speaks = rank == 0;
  ranks.together = together && ranks.count > 1;
  const int nowhere = ranks.speaks ? -1 : open("/dev/null", O_WRONLY);
  if (nowhere == -1)
    return;
  ranks.output = dup(STDOUT_FILENO);
  (void)dup2(nowhere, STDOUT_FILENO);
  (void)close(nowhere);
}

int ranks_count(void) {
  return ranks.count;
}

bool ranks_speaks(void) {
  return ranks.speaks;
}

void ranks_part(void) {
  if (ranks.output != -1)
    (void)dup2(ranks.output, STDOUT_FILENO);
  ranks.count = 1;
  ranks.speaks = true;
  ranks.together = false;
}

const char *ranks_backend(void) {
  return ranks.together ? "auto" : NULL;
}
