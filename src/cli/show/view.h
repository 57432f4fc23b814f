/* A result as its fields, told once: a command lists them in a function, and that makes the object
 * of --json and the table of --report. */
#ifndef NTK_CLI_VIEW_H
#define NTK_CLI_VIEW_H

#include "cli/shell/settings.h"
#include "ntkit/describe.h"

#include <jansson.h>
#include <stdio.h>

typedef struct result_view {
  json_t *object; /* takes the fields; NULL for want of memory */
  FILE *out;      /* or the page; NULL: none */
  bool lists;     /* of a page: now the lists of structs, which come after the table */
} result_view;

/* Tells the view all fields of what, in their order. */
typedef void view_fill(const void *what, result_view *v);

/* The object; NULL for want of memory. */
json_t *view_object(view_fill *fill, const void *what);
/* The table, and with lists what is in them below it. */
void view_page(FILE *out, view_fill *fill, const void *what, bool lists);

/* Fields of a struct, from the one named first (NULL: the first) to the one named last (NULL: the
 * last), as an object of their own under key; NULL: as they are. */
void view_fields(result_view *v, const char *key, const ntk_description *table, const void *at,
                 const char *first, const char *last);
/* The command's options of these names, with a blank between, as they were given. */
void view_options(result_view *v, const cli_settings *settings, const char *names);
/* What only the object has; taken over. */
void view_json(result_view *v, const char *key, json_t *value);
/* There is no memory for a field: said, and the object is not made. */
void view_starve(result_view *v, const char *what);
void view_environment(result_view *v, const ntk_context *context);

/* A table of a command's own struct, whose name ROW is. */
#define VIEW_FIELD(its_type, its_name, m, its_help)                                                \
  {                                                                                                \
    .name = (its_name), .member = #m, .unit = "", .help = (its_help), .type = NTK_TYPE_##its_type, \
    .offset = offsetof(ROW, m)                                                                     \
  }
#define VIEW_NUMBERS(its_type, its_name, m, counter, its_help)                                     \
  {                                                                                                \
    .name = (its_name), .member = #m, .unit = "", .help = (its_help), .type = NTK_TYPE_##its_type, \
    .offset = offsetof(ROW, m), .count = offsetof(ROW, counter)                                    \
  }
#define VIEW_TABLE(table)                                                                    \
  {                                                                                          \
    .name = "", .help = "", .size = sizeof(ROW), .fields = sizeof(table) / sizeof(table)[0], \
    .field = (table)                                                                         \
  }

#endif
