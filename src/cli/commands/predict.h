/* ntkit predict, in parts: predict_options.c has its options; of a saved network predict.c computes
 * and prints, predict_page.c writes the page, predict_output.c the file of --output; by a kernel
 * predict_kernel*.c. */
#ifndef NTK_CLI_PREDICT_H
#define NTK_CLI_PREDICT_H

#include "cli/shell/settings.h"
#include "cli/show/view.h"
#include "ntkit/io.h"

#include <stdio.h>

typedef struct predict_settings {
  cli_settings common;
  const char *output;
  const char *kernel; /* "ntk", "limit"; NULL: not given, nor what follows */
  const char *test, *test_labels;
  size_t test_samples;
  double hold_out;       /* rows of --data, or below 1 a part of them; 0: none */
  real_list ridge, time; /* numbers from 0 */
  size_list steps;
  double lr;
  const char *loss, *classes;
  bool centered;
} predict_settings;

exit_status command_predict(const void *given);
exit_status predict_by_kernel(const predict_settings *settings);

/* ---- predict_output.c ---- */

/* Whether --output and --report may be written. */
exit_status predict_check_output(const predict_settings *settings);
/* What --output asks for, if it does: rows x columns numbers as .npy, or .csv. name: of text,
 * whose answer lives until the next, what stands for a number there, by its user; NULL: the number.
 */
enum { PREDICT_NAME = 32 };
typedef const char *predict_name(const void *user, double value, char text[PREDICT_NAME]);
exit_status predict_write(const predict_settings *settings, const double *values, size_t rows,
                          size_t columns, predict_name *name, const void *user);

/* ---- */

typedef struct prediction {
  const predict_settings *settings;
  ntk_context *context;
  ntk_model model;
  ntk_dataset *data;
  const char *scaling; /* what was done to them; NULL: they are drawn */
  size_t columns;      /* n_L */
  double *outputs;     /* count x N, of a network for each class; else N x n_L */
  size_t wide;         /* of the answer: 1 of classes, else n_L */
  double *answer;      /* N classes, or the outputs: then the same array */
  double accuracy; /* part of the samples whose class is their label; NaN: no classes or labels */
} prediction;

/* The ways to show a prediction (cli/show/present.h). */
void predict_fields(const void *what, result_view *v);
const char *predict_right(const prediction *p); /* what accuracy is of, as a verb says it */
void predict_page(const void *what, FILE *out);

#endif
