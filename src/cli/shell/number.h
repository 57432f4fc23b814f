/* Numbers as the command line writes them besides whole ones (ntk_text_whole), read strictly: the
 * whole text, in range, or a phrase that says why not ("is empty"). NULL means read. */
#ifndef NTK_CLI_NUMBER_H
#define NTK_CLI_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* text[0..length): a finite decimal number > 0. */
const char *number_positive(const char *text, size_t length, double *value);
/* A size like 500M or 8G, from 1: K, M, G, T are powers of 1024; a plain number is bytes. */
const char *number_bytes(const char *text, size_t length, size_t *value);

#endif
