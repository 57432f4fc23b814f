/* What every command that computes tells of its network and data, to people (on standard output)
 * and to programs (NULL for want of memory). */
#ifndef NTK_CLI_JOB_SHOW_H
#define NTK_CLI_JOB_SHOW_H

#include "cli/run/job.h"

#include <jansson.h>
#include <stdio.h>

void job_print_network(const cli_job *job);
/* more: what comes after the data, before the seed; or "". */
void job_print_data(const cli_job *job, const char *more);

/* The same on a page: network, data and seed as facts; how long it took and by what. */
void job_page_facts(FILE *out, const cli_job *job);
void job_page_computed(FILE *out, double seconds, const ntk_context *context);
/* lambda_min with its verdict, and what is proved of it; asked: a proof was wanted. */
#define JOB_LAMBDA "lambda_min(K)"
void job_page_answer(FILE *out, const ntk_spectrum_result *answer, bool asked);

/* A figure of whole spectra, each of N eigenvalues in ascending order; count: at most
 * JOB_SPECTRA. */
enum { JOB_SPECTRA = 4 };
void job_page_spectra(FILE *out, const char *title, size_t N, size_t count,
                      const char *const name[], const double *const values[]);

/* Puts how the program was called, when, and what it read. */
void job_put_origin(json_t **object, const cli_job *job);
json_t *job_network_json(const cli_job *job);
json_t *job_data_json(const cli_job *job);

/* A number by a printf format, or a dash for NaN, into text, which it returns. */
enum { JOB_CELL = 32 };
const char *job_number(double value, const char *format, char text[JOB_CELL]);
/* A bound to so many digits, rounded away from what it bounds, where %g rounds to nearest: up an
 * upper one, down a lower one. */
const char *job_number_up(double value, int digits, char text[JOB_CELL]);
const char *job_number_down(double value, int digits, char text[JOB_CELL]);

#endif
