/* What the command line asks for: tables of options (options.h) say how each field is filled, and
 * from what text when the option is not given. Everything here is in range, each by itself; job.h
 * checks what must agree. */
#ifndef NTK_CLI_SETTINGS_H
#define NTK_CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit status of the program and return value of every command. */
typedef enum exit_status {
  EXIT_DONE = 0,
  EXIT_FAILED = 1,       /* the computation failed, or a check did not hold */
  EXIT_INPUT = 2,        /* the user's input is wrong */
  EXIT_INTERRUPTED = 130 /* by SIGINT or SIGTERM */
} exit_status;

typedef struct size_list {
  size_t count;
  size_t *values; /* owned */
} size_list;

typedef struct real_list {
  size_t count;
  double *values; /* owned */
} real_list;

typedef struct real_or_name {
  double value;     /* when name is NULL */
  const char *name; /* of a rule that finds the value */
} real_or_name;

/* How the program was called, for its results to tell. */
typedef struct cli_origin {
  const char *command; /* "study run" */
  int words;
  char **word;   /* borrowed: the command line */
  char date[24]; /* of the start, UTC: 2026-01-31T12:00:00Z */
} cli_origin;

/* What commands have in common; each that has more embeds this as its own struct's first field. */
typedef struct cli_settings {
  cli_origin origin;
  const char *data;         /* name of a distribution, or a path */
  size_t samples;           /* N; 0: not given */
  const char *label_column; /* of a file; NULL: not given */
  uint64_t skip;            /* rows of a file; of these and the next three, 0: not given */
  size_t limit, subsample, hold_out;
  bool shuffle;
  size_t dim;                /* d; 0: not given */
  const char *load, *layout; /* file or directory of weights; how they lie. NULL: not given */
  size_list widths;          /* n_1, ..., n_{L-1} */
  const char *activation, *init;
  real_list beta;               /* 1 or L values */
  double gamma;                 /* of init antisymmetric; 0: d^3 N^2 */
  const char *bias;             /* the biases' deviation, a number; NULL: no biases */
  size_t outputs;               /* n_L; 0: not given */
  const char *parameterization; /* the scales of K's blocks; NULL: not given */
  uint64_t seed;
  const char *scale, *precision;
  const char *labels; /* NULL: not given: job_labels */
  int threads;        /* 0: every core */
  size_t memory;      /* bytes; 0: what the machine has */
  const char *save;   /* directory; NULL: none */
  const char *report; /* the page's file; NULL: none */
  bool overwrite;     /* what is there in it under the same name */
  bool json, quiet, help;
  size_t operands; /* the words that are no options */
  char **operand;  /* the list is owned, the words are the command line's */
} cli_settings;

#endif
