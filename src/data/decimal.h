/* Decimal numbers in text. */
#ifndef NTK_DATA_DECIMAL_H
#define NTK_DATA_DECIMAL_H

/* The double nearest to the number that text begins with (ties to even), whatever the locale:
 * [+-] digits [. digits] [e [+-] digits], or nan, inf, infinity in any case. Returns what follows
 * it; NULL when text begins with no number. text ends with NUL. */
const char *ntk_decimal_read(const char *text, double *value);

#endif
