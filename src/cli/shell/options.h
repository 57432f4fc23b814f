/* Tables of options: the parser (parse.c), --help, the man page (manual.c) and the shell's
 * completion (completion.c) are all generated from them. A command's own are in its room. */
#ifndef NTK_CLI_OPTIONS_H
#define NTK_CLI_OPTIONS_H

#include "ntkit/ntkit.h"

#include <stdbool.h>
#include <stddef.h>

/* How the text of an option becomes a field of settings, of the type in brackets. */
typedef enum option_kind {
  KIND_FLAG,   /* given or not [bool] */
  KIND_CHOICE, /* one of the names of option.choice [const char *] */
  KIND_DATA,   /* the same, or the path of a file [const char *] */
  KIND_PATH,   /* a directory; any text but "" [const char *] */
  KIND_FILE,   /* a file to write; any text but "" [const char *] */
  KIND_TEXT,   /* any text [const char *] */
  KIND_SIZE,   /* a whole number from 1 [size_t] */
  KIND_SIZES,  /* such numbers, separated by commas [size_list] */
  KIND_REAL,   /* a number between 0 and 1 [double] */
  KIND_ABOVE,  /* a number > 0 [double] */
  KIND_FROM,   /* a number from 0, kept as it is written [const char *] */
  KIND_RULE,   /* a number > 0, or one of the names of option.choice [real_or_name] */
  KIND_REALS,  /* numbers > 0, separated by commas [real_list] */
  KIND_FROMS,  /* numbers from 0, separated by commas [real_list] */
  KIND_SEED,   /* [uint64_t] */
  KIND_COUNT,  /* a whole number from 0 [int] */
  KIND_BYTES,  /* 500M, 8G [size_t] */
  KIND_PIXELS  /* 800x560 [size_t[2]] */
} option_kind;

typedef struct option_row {
  const char *name;   /* without the dashes */
  const char *former; /* the name it had: still taken, shown nowhere; NULL: none */
  char letter;        /* one-letter form; 0: none */
  option_kind kind;
  size_t field; /* its offset in the command's settings */
  bool required;
  const char *instead; /* the option that, given, stands for this one: it is then not needed, has no
                        * fallback, and is refused */
  bool also;           /* ... but may be given with it */
  const char *argument;            /* placeholder; NULL for flags */
  const char *fallback;            /* the text that stands for not giving it; NULL: none */
  const char *alone;               /* the text that stands for giving it without a value; NULL: it
                                      needs one */
  const char *item;                /* what one value is called in an error line */
  const char *expected;            /* what is accepted, in an error line; choices list themselves */
  const char *help;                /* a sentence or two, plain text */
  const char *(*choice)(size_t i); /* known names; NULL past the end */
  const char *elsewhere; /* what else was meant, perhaps, by a name not known; NULL: nothing */
  ntk_status (*read)(const char *text, const char **known); /* of what is no such name: the text
                                                               that it stands for; NULL: of none */
} option_row;

/* The options that several rooms take, for a struct that begins with a cli_settings. */
enum {
  OPTION_DATA,
  OPTION_SAMPLES,
  OPTION_LABEL_COLUMN,
  OPTION_SKIP,
  OPTION_LIMIT,
  OPTION_SUBSAMPLE,
  OPTION_SHUFFLE,
  OPTION_DIM,
  OPTION_LOAD,
  OPTION_LAYOUT,
  OPTION_WIDTHS,
  OPTION_ACTIVATION,
  OPTION_INIT,
  OPTION_GAMMA,
  OPTION_BETA,
  OPTION_SEED,
  OPTION_SCALE,
  OPTION_THREADS,
  OPTION_MEMORY,
  OPTION_BIAS,
  OPTION_OUTPUTS,
  OPTION_PARAMETERIZATION,
  OPTION_LABELS,
  OPTION_OVERWRITE,
  OPTION_REPORT,
  OPTION_JSON,
  OPTION_QUIET,
  OPTION_HELP,
  OPTIONS_SHARED
};
extern const option_row shared_options[OPTIONS_SHARED];

/* Consecutive rows of a table: what a command takes is a list of these, up to {NULL, 0}. */
typedef struct option_part {
  const option_row *row;
  size_t count;
} option_part;

#define SHARED(first, last) \
  { shared_options + OPTION_##first, OPTION_##last - OPTION_##first + 1 }
#define OPTION_PART(table) \
  { table, sizeof table / sizeof table[0] }

/* Whether the option has this name, or had it. */
bool option_is(const option_row *option, const char *name);

/* option_row.choice of the names that a list of the library has; row: its type. */
#define OPTION_NAMES(choice, row, names)    \
  static const char *choice(size_t i) {     \
    size_t count = 0;                       \
    const row *list = names(&count);        \
    return i < count ? list[i].name : NULL; \
  }

/* Names the library knows, one by one; NULL past the last. */
const char *option_activation(size_t i);
ntk_status option_activation_read(const char *text, const char **known);
const char *option_scaling(size_t i);
const char *option_layout(size_t i);

#endif
