/* Text with numbers in it, whatever the locale of the host program: its decimal mark is a point. */
#ifndef NTK_BASE_TEXT_H
#define NTK_BASE_TEXT_H

#include "base/export.h"

#include <stdarg.h>

/* snprintf, vsnprintf and strtod in the locale "C". */
NTK_SIBLING int ntk_format(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int ntk_format_list(char *text, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
NTK_SIBLING double ntk_read_real(const char *text, char **end);

/* An amount of memory for people, "2230 GB", "1.32 MB", as text, which is returned. */
enum { NTK_AMOUNT = 32 };
NTK_SIBLING const char *ntk_amount(double bytes, char text[NTK_AMOUNT]);

#endif
