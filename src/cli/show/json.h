/* Small pieces of JSON objects. Every function gives a new reference, or NULL for want of memory;
 * json_put hands NULL on, so that only the whole object need be looked at. */
#ifndef NTK_CLI_JSON_H
#define NTK_CLI_JSON_H

#include "cli/shell/settings.h"
#include "ntkit/describe.h"

#include <jansson.h>

/* Puts value, which it takes over, under key. *object becomes NULL, and stays so, when that
 * fails. */
void json_put(json_t **object, const char *key, json_t *value);

/* null for NaN and the infinities, which JSON does not have. */
json_t *json_number(double value);
json_t *json_numbers(const double *values, size_t count);
/* As an integer while it fits one of 63 bits, else its digits as a string. */
json_t *json_whole(uint64_t value);
json_t *json_wholes(const size_t *values, size_t count);
/* A path may be no UTF-8: what belongs to no character is then '?'. */
json_t *json_text(const char *text);
/* Appends value, which it takes over; *array becomes NULL as *object does in json_put. */
void json_append(json_t **array, json_t *value);

/* Puts what the table of a struct describes, from the field named first (NULL: the first one) to
 * the one named last (NULL: the last one); fields that are kept apart are left out. */
void json_put_fields(json_t **object, const ntk_description *table, const void *result,
                     const char *first, const char *last);
/* A new object of all the fields; a list of one for each of count structs. */
json_t *json_object_of(const ntk_description *table, const void *result);
json_t *json_list_of(const ntk_description *table, const void *rows, size_t count);

/* Prints object, which it takes over and which may be NULL for want of memory, on standard output.
 * Gives status, that of what was done before, or what went wrong here. */
exit_status json_print(json_t *object, exit_status status);
/* The same as a text, to be freed; NULL for want of memory (reported). */
char *json_written(json_t *object);

#endif
