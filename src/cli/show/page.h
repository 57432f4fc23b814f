/* HTML for a page that needs nothing else, as --report writes one: its frame and style, text as
 * mathematics sets it, verdicts, and the table of a result's fields. */
#ifndef NTK_CLI_PAGE_H
#define NTK_CLI_PAGE_H

#include "cli/draw/figure.h"
#include "cli/shell/settings.h"
#include "ntkit/describe.h"
#include "ntkit/verify.h"

#include <stdio.h>

/* Whether --report names a file that may be written: none of those that the command reads or writes
 * besides, of which other is one that settings do not know; NULL: none. */
exit_status page_check(const cli_settings *settings, const char *other);
/* Writes that file, whole or not at all. */
exit_status page_save(const cli_settings *settings, void (*write)(const void *what, FILE *out),
                      const void *what);

void page_begin(FILE *out, const char *title);
void page_end(FILE *out);

/* Any text, made safe. */
void page_text(FILE *out, const char *text);
/* Names of the ledger: lambda_min(J~ J~^T), n_{L-2} n_{L-1}, ||f_1||; the second keeps it in one
 * line where there is room. */
void page_math(FILE *out, const char *formula);
void page_formula(FILE *out, const char *formula);
/* A term and what it is; format and values are made safe. */
void page_fact(FILE *out, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A word (NULL: its own) with the sign and colour of a verdict of the ledger. */
void page_verdict(FILE *out, ntk_ledger_verdict like, const char *word);
/* A cell; empty for NaN. */
void page_number(FILE *out, const char *label, double value, const char *format);

/* The figure under its title, which tells it to those who cannot see it, with a legend of the
 * curves that have a label; labels are formulas as above. Nothing where nothing of it can be drawn.
 */
void page_figure(FILE *out, const figure *f);

/* Fields of a result, as view_fields has them (cli/show/view.h), by name, value, unit and meaning:
 * between begin and end the rows of any number of structs, then the lists in them. */
void page_fields_begin(FILE *out);
void page_fields(FILE *out, const char *key, const ntk_description *table, const void *result,
                 const char *first, const char *last);
void page_fields_end(FILE *out);
void page_lists(FILE *out, const char *key, const ntk_description *table, const void *result,
                const char *first, const char *last);

#endif
