/* HTML for a page that needs nothing else: its frame and style, and text as mathematics sets it. */
#ifndef NTK_CLI_PAGE_H
#define NTK_CLI_PAGE_H

#include <stdio.h>

void page_begin(FILE *out, const char *title);
void page_end(FILE *out);

/* Any text, made safe. */
void page_text(FILE *out, const char *text);
/* Names of the ledger: lambda_min(J~ J~^T), n_{L-2} n_{L-1}, ||f_1||. */
void page_math(FILE *out, const char *formula);

#endif
