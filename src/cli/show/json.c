#include "cli/show/json.h"

#include "cli/shell/file.h"
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

json_t *json_number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_numbers(const double *values, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++)
    if (json_array_append_new(array, json_number(values[i])) != 0) {
      json_decref(array);
      return NULL;
    }
  return array;
}

json_t *json_whole(uint64_t value) {
  if (value <= INT64_MAX)
    return json_integer((json_int_t)value);
  return json_sprintf("%llu", (unsigned long long)value);
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

json_t *json_environment(const ntk_environment *environment) {
  json_t *object = json_object();
  json_put(&object, "version", json_text(environment->version));
  json_put(&object, "commit", json_text(environment->commit));
  json_put(&object, "compiler", json_text(environment->compiler));
  json_put(&object, "blas", json_text(environment->blas));
  json_put(&object, "blas_core", json_text(environment->blas_core));
  json_put(&object, "simd", json_text(environment->simd));
  json_put(&object, "backend", json_text(environment->backend));
  json_put(&object, "cpu", json_text(environment->cpu));
  json_put(&object, "threads", json_integer(environment->threads));
  return object;
}

exit_status json_print(const json_t *object) {
  if (object == NULL)
    return report_error(EXIT_FAILED, "no memory for the JSON object");
  if (json_dumpf(object, stdout, FORMAT) == 0)
    putchar('\n');
  else if (!ferror(stdout)) /* a failure to write is told by report_output, at the end */
    return report_error(EXIT_FAILED, "no memory to print the JSON object");
  return EXIT_DONE;
}

exit_status json_save(const json_t *object, const char *path) {
  cli_file file;
  if (object == NULL)
    return report_error(EXIT_FAILED, "no memory for the JSON object");
  exit_status status = file_create(path, "save", &file);
  if (status != EXIT_DONE)
    return status;
  if (json_dumpf(object, file.stream, FORMAT) == 0)
    (void)fputc('\n', file.stream); /* file_close tells what the stream did not take */
  else if (!ferror(file.stream))
    status = report_error(EXIT_FAILED, "no memory to write the JSON object");
  return file_close(&file, "save", status);
}
