/* Small pieces of JSON objects. Every function gives a new reference, or NULL for want of memory;
 * json_put hands NULL on, so that only the whole object need be looked at. */
#ifndef NTK_CLI_JSON_H
#define NTK_CLI_JSON_H

#include "cli/shell/settings.h"
#include "ntkit/ntkit.h"

#include <jansson.h>

/* Puts value, which it takes over, under key. *object becomes NULL, and stays so, when that
 * fails. */
void json_put(json_t **object, const char *key, json_t *value);

/* null for NaN and the infinities, which JSON does not have. */
json_t *json_number(double value);
json_t *json_numbers(const double *values, size_t count);
/* As an integer while it fits one of 63 bits, else its digits as a string. */
json_t *json_whole(uint64_t value);
/* A path may be no UTF-8: what belongs to no character is then '?'. */
json_t *json_text(const char *text);
json_t *json_environment(const ntk_environment *environment);

/* Prints object, which may be NULL for want of memory, on standard output. */
exit_status json_print(const json_t *object);
/* Writes it to path: to a temporary name, synced, renamed. */
exit_status json_save(const json_t *object, const char *path);

#endif
