#include "cli/show/view.h"

#include "cli/shell/command.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/show/page.h"

#include <string.h>

json_t *view_object(view_fill *fill, const void *what) {
  result_view v = {.object = json_object()};
  fill(what, &v);
  return v.object;
}

void view_page(FILE *out, view_fill *fill, const void *what, bool lists) {
  result_view v = {.out = out};
  page_fields_begin(out);
  fill(what, &v);
  page_fields_end(out);
  v.lists = true;
  if (lists)
    fill(what, &v);
}

void view_fields(result_view *v, const char *key, const ntk_description *table, const void *at,
                 const char *first, const char *last) {
  if (v->out != NULL) {
    (v->lists ? page_lists : page_fields)(v->out, key, table, at, first, last);
  } else if (key == NULL) {
    json_put_fields(&v->object, table, at, first, last);
  } else {
    json_t *inner = json_object();
    json_put_fields(&inner, table, at, first, last);
    json_put(&v->object, key, inner);
  }
}

void view_json(result_view *v, const char *key, json_t *value) {
  if (v->out == NULL)
    json_put(&v->object, key, value);
  else
    json_decref(value);
}

void view_starve(result_view *v, const char *what) {
  (void)report_error(EXIT_FAILED, "no memory for %s", what);
  json_decref(v->object);
  v->object = NULL;
}

void view_environment(result_view *v, const ntk_context *context) {
  const ntk_environment environment = ntk_context_environment(context);
  view_fields(v, "environment", ntk_describe("ntk_environment"), &environment, NULL, NULL);
}

/* ---- Options --------------------------------------------------------------------------------- */

static ntk_type type_of(option_kind kind) {
  switch (kind) {
  case KIND_FLAG:
    return NTK_TYPE_FLAG;
  case KIND_SIZE:
  case KIND_SEED:
  case KIND_BYTES:
    return NTK_TYPE_WHOLE;
  case KIND_COUNT:
    return NTK_TYPE_INT;
  case KIND_REAL:
  case KIND_ABOVE:
    return NTK_TYPE_REAL;
  default:
    return NTK_TYPE_TEXT;
  }
}

static const option_row *find(const cli_settings *settings, const char *name, size_t length) {
  for (size_t c = 0; command_at(c) != NULL; c++)
    for (size_t i = 0; strcmp(command_name(c), settings->origin.command) == 0; i++) {
      const option_row *row = command_option(command_at(c), i);
      if (row == NULL || (strlen(row->name) == length && strncmp(row->name, name, length) == 0))
        return row;
    }
  return NULL;
}

void view_options(result_view *v, const cli_settings *settings, const char *names) {
  for (size_t length; *names != '\0'; names += length + (names[length] == ' ')) {
    length = strcspn(names, " ");
    const option_row *row = find(settings, names, length);
    if (row == NULL)
      continue;
    const ntk_field field = {.name = row->name,
                             .unit = "",
                             .help = row->help,
                             .type = type_of(row->kind),
                             .offset = row->field};
    view_fields(v, NULL, &(ntk_description){.fields = 1, .field = &field}, settings, NULL, NULL);
  }
}
