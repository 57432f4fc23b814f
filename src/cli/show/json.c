#include "cli/show/json.h"

#include "cli/shell/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t FORMAT = JSON_INDENT(2) | JSON_REAL_PRECISION(17);

void json_put(json_t **object, const char *key, json_t *value) {
  if (json_object_set_new(*object, key, value) == 0)
    return;
  json_decref(*object);
  *object = NULL;
}

void json_append(json_t **array, json_t *value) {
  if (json_array_append_new(*array, value) == 0)
    return;
  json_decref(*array);
  *array = NULL;
}

json_t *json_number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_numbers(const double *values, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++)
    json_append(&array, json_number(values[i]));
  return array;
}

json_t *json_whole(uint64_t value) {
  if (value <= INT64_MAX)
    return json_integer((json_int_t)value);
  return json_sprintf("%llu", (unsigned long long)value);
}

json_t *json_wholes(const size_t *values, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++)
    json_append(&array, json_whole(values[i]));
  return array;
}

json_t *json_text(const char *text) {
  if (text == NULL)
    return json_null();
  json_t *string = json_string(text);
  if (string != NULL)
    return string;
  char *copy = strdup(text);
  if (copy == NULL)
    return NULL;
  ntk_text_clean(copy);
  string = json_string(copy);
  free(copy);
  return string;
}

/* ---- From tables of fields ------------------------------------------------------------------- */

/* Objects in objects, as deep as structs are nested. NOLINTBEGIN(misc-no-recursion) */

static json_t *json_value(const ntk_field *field, const ntk_field_value *value) {
  if (!value->known)
    return json_null();
  switch (field->type) {
  case NTK_TYPE_REAL:
    return json_number(value->real);
  case NTK_TYPE_WHOLE:
  case NTK_TYPE_INT:
    return json_whole(value->whole);
  case NTK_TYPE_FLAG:
    return json_boolean(value->flag);
  case NTK_TYPE_TEXT:
  case NTK_TYPE_LINE:
    return json_text(value->text);
  case NTK_TYPE_PAIR:
  case NTK_TYPE_REALS:
    return json_numbers(value->at, value->count);
  case NTK_TYPE_WHOLES:
    return json_wholes(value->at, value->count);
  case NTK_TYPE_OBJECT:
    return json_object_of(field->of, value->at);
  case NTK_TYPE_OBJECTS:
    return json_list_of(field->of, value->at, value->count);
  }
  return NULL;
}

/* Under "a.b": as b of the object a, which is made for the first of its kind. */
static void put_field(json_t **object, const ntk_field *field, json_t *value) {
  const char *dot = strchr(field->name, '.');
  if (dot == NULL) {
    json_put(object, field->name, field->former != NULL ? json_incref(value) : value);
    if (field->former != NULL)
      json_put(object, field->former, value);
    return;
  }
  char outer[64];
  snprintf(outer, sizeof outer, "%.*s", (int)(dot - field->name), field->name);
  if (json_object_get(*object, outer) == NULL)
    json_put(object, outer, json_object());
  json_t *inner = json_incref(json_object_get(*object, outer));
  json_put(&inner, dot + 1, value);
  if (inner == NULL) {
    json_decref(*object);
    *object = NULL;
  }
  json_decref(inner);
}

void json_put_fields(json_t **object, const ntk_description *table, const void *result,
                     const char *first, const char *last) {
  bool within = false;
  for (size_t i = 0; i < table->fields; i++) {
    const ntk_field *field = &table->field[i];
    within = within || first == NULL || strcmp(field->name, first) == 0;
    const ntk_field_value value = ntk_field_read(field, result);
    if (within && !field->apart && (value.known || field->type != NTK_TYPE_REALS))
      put_field(object, field, json_value(field, &value));
    if (last != NULL && strcmp(field->name, last) == 0)
      return;
  }
}

json_t *json_object_of(const ntk_description *table, const void *result) {
  json_t *object = json_object();
  json_put_fields(&object, table, result, NULL, NULL);
  return object;
}

json_t *json_list_of(const ntk_description *table, const void *rows, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++) {
    json_t *object = json_object();
    if (table->position != NULL)
      json_put(&object, table->position, json_whole(i));
    json_put_fields(&object, table, (const char *)rows + i * table->size, NULL, NULL);
    json_append(&array, object);
  }
  return array;
}

/* NOLINTEND(misc-no-recursion) */

exit_status json_print(json_t *object, exit_status status) {
  exit_status printed = EXIT_DONE;
  if (object == NULL)
    printed = report_error(EXIT_FAILED, "no memory for the JSON object");
  else if (json_dumpf(object, stdout, FORMAT) == 0)
    putchar('\n');
  else if (!ferror(stdout)) /* a failure to write is told by report_output, at the end */
    printed = report_error(EXIT_FAILED, "no memory to print the JSON object");
  json_decref(object);
  return status == EXIT_DONE ? printed : status;
}

/* Not by json_dumps, which leaves a key out when it has no memory for it. */
static char *text_of(const json_t *object, size_t flags) {
  const size_t length = json_dumpb(object, NULL, 0, flags);
  char *text = length > 0 ? malloc(length + 1) : NULL;
  if (text == NULL)
    return NULL;
  text[length] = '\0';
  if (json_dumpb(object, text, length, flags) == length)
    return text;
  free(text);
  return NULL;
}

char *json_written(json_t *object) {
  char *text = object != NULL ? text_of(object, FORMAT) : NULL;
  if (text == NULL)
    (void)report_error(EXIT_FAILED, "no memory for the JSON object");
  json_decref(object);
  return text;
}
