/* What every command that computes tells of its network and data, to people (on standard output)
 * and to programs (NULL for want of memory). */
#ifndef NTK_CLI_JOB_SHOW_H
#define NTK_CLI_JOB_SHOW_H

#include "cli/run/job.h"
#include "cli/show/view.h"

#include <stdio.h>

void job_print_network(const cli_job *job);
/* "L = 3: 40 -> 60 -> 60 -> 1, tanh, ". */
void job_print_layers(FILE *out, const cli_job *job, const char *between);
/* Of several processes how many; of one nothing. */
void job_print_ranks(const cli_job *job);
/* more: what comes after the data, before the seed; or "". */
void job_print_data(const cli_job *job, const char *more);

/* What of a file's numbers they are: ", scale none, without column 3, 2 rows skipped"; put writes
 * the column's name. Of data that are drawn, nothing. */
void job_put_taken(FILE *out, const cli_job *job, void (*put)(FILE *out, const char *text));

/* What makes the kernel of that name singular, where that is known, and else nothing. */
void job_print_deficiency(const char *kernel, const ntk_deficiency *deficiency);

/* The same on a page: network, data and seed as facts; how long it took and by what. */
void job_page_facts(FILE *out, const cli_job *job);
void job_page_computed(FILE *out, double seconds, const ntk_context *context);
/* lambda_min with its verdict, and what is proved of it; asked: a proof was wanted. */
#define JOB_LAMBDA "lambda_min(K)"
void job_page_answer(FILE *out, const ntk_spectrum_result *answer, bool asked);

/* The label of an axis whose numbers are `what` over 2^exponent. */
enum { JOB_AXIS = 64 };
void job_page_over(double exponent, const char *what, char label[JOB_AXIS]);
/* That the page's other numbers of K are over 2^exponent; nothing where that is 1. */
void job_page_scale(FILE *out, double exponent);
/* A figure of whole spectra, each of N eigenvalues over 2^exponent in ascending order; count: at
 * most JOB_SPECTRA. */
enum { JOB_SPECTRA = 4 };
void job_page_spectra(FILE *out, const char *title, double exponent, size_t N, size_t count,
                      const char *const name[], const double *const values[]);

/* Tells the view how the program was called, when, what it read, on what network and data; and at
 * the end what was saved and by what. The second leaves out the call. */
void job_view_begin(result_view *v, const cli_job *job);
void job_view_inputs(result_view *v, const cli_job *job);
void job_view_end(result_view *v, const cli_job *job);
/* What the labels are of: --labels, given or not. */
void job_view_labels(result_view *v, const cli_job *job);
/* The same of a network that is no job's, and of data; scaled: with what was done to them. */
void job_view_network(result_view *v, const ntk_network *network, const char *activation,
                      const char *load);
/* What it has that the paper's networks have not: ", biases 0.1, scales ntk", or nothing. */
void job_print_general(FILE *out, const cli_job *job);
void job_view_data(result_view *v, const cli_settings *settings, const ntk_dataset *data,
                   bool scaled);

/* A number by a printf format, or a dash for NaN, into text, which it returns. */
enum { JOB_CELL = 32 };
const char *job_number(double value, const char *format, char text[JOB_CELL]);
/* A bound to so many digits, rounded away from what it bounds, where %g rounds to nearest: up an
 * upper one, down a lower one. */
const char *job_number_up(double value, int digits, char text[JOB_CELL]);
const char *job_number_down(double value, int digits, char text[JOB_CELL]);
/* The same of ten digits (_value: by the format, which is "%.<digits>..."), of value 2^exponent. */
const char *job_value(double value, double exponent, const char *format, char text[NTK_DECIMAL]);
const char *job_value_up(double value, double exponent, char text[NTK_DECIMAL]);
const char *job_value_down(double value, double exponent, char text[NTK_DECIMAL]);

#endif
