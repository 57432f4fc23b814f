/* Long lists told in short: "200 x 1200" for 1200 equal numbers. */
#ifndef NTK_CLI_FOLD_H
#define NTK_CLI_FOLD_H

#include <stdio.h>

/* Numbers with `between` between them. More than three equal ones in a row are one, and of more
 * than 16 that are left the first and last three, with how many are between: "24 more". */
void fold_wholes(FILE *out, const size_t *x, size_t count, const char *between);

/* A command line of which more than three equal pieces between commas are one; what is longer than
 * size ends in "...". */
void fold_words(const char *text, size_t size, char *folded);

#endif
