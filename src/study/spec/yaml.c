/* YAML to settings, by libyaml's document tree: it knows the line of every node, and takes grids
 * whose names the user chooses (docs/decisions.md says why not libcyaml). */
#include "study/spec/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

enum { MOST_DEPTH = 16, LARGEST_FILE = 1 << 22 };

/* The tree that is being read. */
typedef struct tree {
  yaml_document_t document;
  const char *source;
} tree;

#define REFUSE(t, node, ...) refuse(t, node, (ntk_fail_message(__VA_ARGS__), NTK_ERR_FORMAT))

static size_t line_of(const yaml_node_t *node) {
  return node->start_mark.line + 1;
}

/* Puts file and line before the message that has just been set. */
static ntk_status refuse(const tree *t, const yaml_node_t *node, ntk_status status) {
  char why[400];
  snprintf(why, sizeof why, "%s", ntk_error_message());
  return (ntk_fail_message("%s:%zu: %s", t->source, line_of(node), why), status);
}

static const char *scalar(const yaml_node_t *node) {
  return (const char *)node->data.scalar.value;
}

/* A scalar without zero bytes inside. */
static ntk_status check_scalar(const tree *t, const yaml_node_t *node, const char *what) {
  if (node == NULL)
    return ntk_fail(NTK_ERR_FORMAT, "%s: %s is missing", t->source, what);
  if (node->type != YAML_SCALAR_NODE)
    return REFUSE(t, node, "%s is a list or a mapping; accepted: a plain value", what);
  if (strlen(scalar(node)) != node->data.scalar.length)
    return REFUSE(t, node, "%s has a zero byte inside", what);
  return NTK_OK;
}

static ntk_status read_value(tree *t, const yaml_node_t *node, ntk_setting *s) {
  if (node->type == YAML_SCALAR_NODE) {
    NTK_TRY(check_scalar(t, node, s->key));
    const ntk_status status = ntk_setting_append(s, scalar(node), true);
    return status == NTK_ERR_FORMAT ? REFUSE(t, node, "%s is empty", s->key) : status;
  }
  if (node->type != YAML_SEQUENCE_NODE)
    return REFUSE(t, node, "%s is a mapping; accepted: a value or a list of values", s->key);
  for (const yaml_node_item_t *item = node->data.sequence.items.start;
       item < node->data.sequence.items.top; item++) {
    const yaml_node_t *entry = yaml_document_get_node(&t->document, *item);
    NTK_TRY(check_scalar(t, entry, s->key));
    const ntk_status status = ntk_setting_append(s, scalar(entry), false);
    if (status != NTK_OK)
      return status == NTK_ERR_FORMAT ? REFUSE(t, entry, "%s has an empty value", s->key) : status;
  }
  return s->count > 0 ? NTK_OK : REFUSE(t, node, "%s is an empty list", s->key);
}

/* The entries of a mapping; group: what it stands under, NULL at the top. Calls itself once at
 * most. NOLINTNEXTLINE(misc-no-recursion) */
static ntk_status read_mapping(tree *t, const yaml_node_t *mapping, const char *group,
                               ntk_settings *settings) {
  for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
       pair < mapping->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = yaml_document_get_node(&t->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(&t->document, pair->value);
    NTK_TRY(check_scalar(t, key, "a key"));
    char name[128];
    const int length = snprintf(name, sizeof name, "%s%s%s", group != NULL ? group : "",
                                group != NULL ? "." : "", scalar(key));
    if (length < 0 || (size_t)length >= sizeof name)
      return REFUSE(t, key, "'%.40s...' is too long for a key", scalar(key));
    if (group == NULL && strchr(name, '.') != NULL)
      return REFUSE(t, key, "'%s': write it as a mapping, one key below the other", name);
    if (value->type == YAML_MAPPING_NODE && group == NULL) {
      for (size_t i = 0; i < settings->count; i++) /* network: twice */
        if (strncmp(settings->setting[i].key, name, (size_t)length) == 0 &&
            settings->setting[i].key[length] == '.')
          return REFUSE(t, key, "'%s' stands here a second time", name);
      NTK_TRY(read_mapping(t, value, name, settings));
      continue;
    }
    if (ntk_settings_find(settings, name) != NULL)
      return REFUSE(t, key, "'%s' stands here a second time", name);
    ntk_setting *s = NULL;
    NTK_TRY(ntk_settings_add(settings, name, line_of(key), &s));
    NTK_TRY(read_value(t, value, s));
  }
  return NTK_OK;
}

static ntk_status read_tree(tree *t, ntk_settings *settings) {
  const yaml_node_t *root = yaml_document_get_root_node(&t->document);
  if (root == NULL)
    return ntk_fail(NTK_ERR_FORMAT, "%s is empty; accepted: a study file", t->source);
  if (root->type != YAML_MAPPING_NODE)
    return REFUSE(t, root, "a study file is a mapping: 'name: ...', 'quantity: ...', ...");
  return read_mapping(t, root, NULL, settings);
}

/* Puts file and line before what the parser says. */
static ntk_status refuse_yaml(const yaml_parser_t *parser, const char *text, const char *source) {
  size_t line = parser->problem_mark.line + 1;
  if (parser->error == YAML_MEMORY_ERROR)
    return ntk_fail(NTK_ERR_MEMORY, "no memory to read %s", source);
  if (parser->error == YAML_READER_ERROR) /* has an offset and no mark */
    for (size_t i = 0; i < parser->problem_offset; i++)
      line += text[i] == '\n';
  return ntk_fail(NTK_ERR_FORMAT, "%s:%zu: not YAML: %s", source, line,
                  parser->problem != NULL ? parser->problem : "it cannot be read");
}

/* Refuses an event of a second document, or too deep inside the first; depth: where it is. */
static ntk_status check_event(const yaml_event_t *event, const char *source, int *depth,
                              int *documents) {
  const size_t line = event->start_mark.line + 1;
  const yaml_event_type_t type = event->type;
  *documents += type == YAML_DOCUMENT_START_EVENT;
  *depth += type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;
  *depth -= type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT;
  if (*documents > 1)
    return ntk_fail(NTK_ERR_FORMAT, "%s:%zu: a second document; accepted: one", source, line);
  if (*depth > MOST_DEPTH)
    return ntk_fail(NTK_ERR_FORMAT, "%s:%zu: nested too deeply", source, line);
  return NTK_OK;
}

/* One pass over the events, before the tree is made: libyaml's time grows with the square of the
 * depth of lists within lists. */
static ntk_status check_shape(const char *text, size_t length, const char *source) {
  yaml_parser_t parser;
  int depth = 0, documents = 0;
  if (!yaml_parser_initialize(&parser))
    return ntk_fail(NTK_ERR_MEMORY, "no memory to read %s", source);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  ntk_status status = NTK_OK;
  for (bool end = false; !end && status == NTK_OK;) {
    yaml_event_t event;
    if (!yaml_parser_parse(&parser, &event)) {
      status = refuse_yaml(&parser, text, source);
      break;
    }
    status = check_event(&event, source, &depth, &documents);
    end = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return status;
}

ntk_status ntk_settings_parse(const char *text, size_t length, const char *source,
                              ntk_settings *settings) {
  yaml_parser_t parser;
  tree t = {.source = source};
  NTK_TRY(check_shape(text, length, source));
  if (!yaml_parser_initialize(&parser))
    return ntk_fail(NTK_ERR_MEMORY, "no memory to read %s", source);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  if (!yaml_parser_load(&parser, &t.document)) {
    const ntk_status status = refuse_yaml(&parser, text, source);
    yaml_parser_delete(&parser);
    return status;
  }
  ntk_settings made = {.source = strdup(source)};
  ntk_status status = NTK_OK;
  if (made.source == NULL)
    status = ntk_fail(NTK_ERR_MEMORY, "no memory to read %s", source);
  else
    status = read_tree(&t, &made);
  yaml_document_delete(&t.document);
  yaml_parser_delete(&parser);
  if (status == NTK_OK)
    *settings = made;
  else
    ntk_settings_clear(&made);
  return status;
}

/* ---- From a file ------------------------------------------------------------------------------
 */

/* The whole file, a zero at its end. */
static ntk_status read_file(const char *path, char **text, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(errno));
  char *buffer = malloc(LARGEST_FILE + 1);
  if (buffer == NULL) {
    fclose(file);
    return ntk_fail(NTK_ERR_MEMORY, "no memory to read %s", path);
  }
  errno = 0;
  const size_t got = fread(buffer, 1, LARGEST_FILE + 1, file);
  const int failed = ferror(file) ? errno : 0;
  fclose(file);
  if (failed != 0 || got > LARGEST_FILE) {
    free(buffer);
    return failed != 0 ? ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(failed))
                       : ntk_fail(NTK_ERR_FORMAT, "%s is no study file: above 4 MiB", path);
  }
  buffer[got] = '\0';
  *text = buffer;
  *length = got;
  return NTK_OK;
}

ntk_status ntk_settings_load(const char *path, ntk_settings *settings) {
  char *text = NULL;
  size_t length = 0;
  NTK_TRY(read_file(path, &text, &length));
  const ntk_status status = ntk_settings_parse(text, length, path, settings);
  free(text);
  return status;
}
