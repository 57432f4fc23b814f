#include "cli/shell/ranks.h"

#include "cli/launch/beside.h"
#include "ntkit/ntkit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
  int count;
  bool speaks, together, first_speaks, parted;
  int output; /* standard output, of one that does not speak; -1: as it was */
} ranks = {1, true, false, false, false, -1};

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

void ranks_let_first_speak(bool first) {
  ranks.first_speaks = first;
}

bool ranks_says(const char *line) {
  return ranks.first_speaks || ranks.parted ? beside_claim(ranks.parted ? NULL : line, ranks.speaks)
                                            : ranks.speaks;
}

/* mpirun is the parent of the processes on its own machine. It gives them a group of their own,
 * which a terminal may be set to stop when it writes (stty tostop). */
int ranks_terminal(void) {
  static int terminal = -1;
  char path[64];
  struct stat what;
  (void)snprintf(path, sizeof path, "/proc/%ld/fd/2", (long)getppid());
  if (terminal != -1 || ranks.count == 1 || !ranks.speaks || stat(path, &what) != 0 ||
      !S_ISCHR(what.st_mode))
    return terminal;
  const int found = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (found != -1 && isatty(found)) {
    (void)signal(SIGTTOU, SIG_IGN);
    terminal = found;
  } else if (found != -1) {
    (void)close(found);
  }
  return terminal;
}

void ranks_part(void) {
  if (ranks.output != -1)
    (void)dup2(ranks.output, STDOUT_FILENO);
  ranks.count = 1;
  ranks.speaks = true;
  ranks.together = false;
  ranks.parted = true;
}

const char *ranks_backend(void) {
  return ranks.together ? "auto" : NULL;
}

/* ---- The command line ------------------------------------------------------------------------ */

/* Appends a word as a shell reads it: as it is, or in single quotes, where a quote ends them, comes
 * escaped, and begins them again. */
static size_t put_word(char *to, const char *word) {
  static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "-_=+:,./@%^";
  const bool plain = word[0] != '\0' && word[strspn(word, safe)] == '\0';
  size_t used = 0;
  if (!plain)
    to[used++] = '\'';
  for (; *word != '\0'; word++) {
    to[used++] = *word;
    if (*word == '\'') {
      to[used++] = '\\';
      to[used++] = '\'';
      to[used++] = '\'';
    }
  }
  if (!plain)
    to[used++] = '\'';
  return used;
}

/* Words of an option of which each of several processes may have its own; 0: it is none. */
static int own_words(const char *word) {
  static const char *const own[] = {"--threads", "--memory"};
  for (size_t k = 0; k < sizeof own / sizeof own[0]; k++) {
    const size_t length = strlen(own[k]);
    if (strncmp(word, own[k], length) == 0 && (word[length] == '=' || word[length] == '\0'))
      return word[length] == '=' ? 1 : 2;
  }
  return 0;
}

char *ranks_line(const cli_origin *origin, bool of_all) {
  size_t size = 1, used = 0;
  for (int i = 0; i < origin->words; i++)
    size += 4 * strlen(origin->word[i]) + 3;
  char *text = malloc(size);
  if (text == NULL)
    return NULL;
  for (int i = of_all; i < origin->words; i++) {
    const int own = of_all ? own_words(origin->word[i]) : 0;
    if (own > 0) {
      i += own - 1;
      continue;
    }
    used += put_word(text + used, origin->word[i]);
    text[used++] = ' ';
  }
  text[used > 0 ? used - 1 : 0] = '\0';
  return text;
}
