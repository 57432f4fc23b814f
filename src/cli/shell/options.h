/* The one table of options: the parser (parse.c), --help, the man page (manual.c) and the shell's
 * completion (completion.c) are all generated from it. */
#ifndef NTK_CLI_OPTIONS_H
#define NTK_CLI_OPTIONS_H

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
  KIND_RULE,   /* a number > 0, or one of the names of option.choice [real_or_name] */
  KIND_REALS,  /* numbers > 0, separated by commas [real_list] */
  KIND_SEED,   /* [uint64_t] */
  KIND_COUNT,  /* a whole number from 0 [int] */
  KIND_BYTES,  /* 500M, 8G [size_t] */
  KIND_PIXELS  /* 800x560 [size_t[2]] */
} option_kind;

typedef struct option_row {
  const char *name; /* without the dashes */
  char letter;      /* one-letter form; 0: none */
  option_kind kind;
  unsigned commands; /* bits of the commands that take it */
  size_t field;      /* its offset in settings */
  bool required;
  const char *argument;            /* placeholder; NULL for flags */
  const char *fallback;            /* the text that stands for not giving it; NULL: none */
  const char *alone;               /* the text that stands for giving it without a value; NULL: it
                                      needs one */
  const char *item;                /* what one value is called in an error line */
  const char *expected;            /* what is accepted, in an error line; choices list themselves */
  const char *help;                /* a sentence or two, plain text */
  const char *(*choice)(size_t i); /* known names; NULL past the end */
} option_row;

/* Parts of the table with files of their own: study_options.c and so on. */
extern const option_row train_options[], memorize_options[], verify_options[], study_options[];
extern const size_t train_option_count, memorize_option_count, verify_option_count,
    study_option_count;

/* Row i of the table, NULL past its end. Two rows have the same name where commands differ in what
 * it accepts or means; no command has both. */
const option_row *option_at(size_t i);
const option_row *option_find(const char *name);
/* The one of this name that the command with this bit takes. */
const option_row *option_of(const char *name, unsigned command);

#endif
