/* What a command does with its result, once there is one. */
#ifndef NTK_CLI_PRESENT_H
#define NTK_CLI_PRESENT_H

#include "cli/show/view.h"

#include <stdio.h>

/* The ways of showing it; what: the command's own struct. */
typedef struct present_ways {
  exit_status (*save)(void *what);           /* for --save; NULL: the command has none */
  void (*page)(const void *what, FILE *out); /* for --report */
  view_fill *fields;                         /* for --json */
  void (*print)(const void *what);           /* the table for people, on standard output */
} present_ways;

/* Saves, writes the page and prints, as settings ask. A result that cannot be saved is still
 * printed. Of several ranks (ranks.h) all save, which asks for rows of all, and one tells. */
exit_status present_result(const cli_settings *settings, const present_ways *ways, void *what);

#endif
