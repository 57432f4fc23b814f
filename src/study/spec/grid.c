#include "study/spec/grid.h"

#include "ntkit/data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_VALUES = 1 << 20, MOST_TEXTS = 1 << 10, MOST_POINTS = 1 << 20, WORD = 512 };

size_t ntk_grid_find(const ntk_grid *grid, const char *name) {
  size_t v = 0;
  while (v < grid->count && strcmp(grid->name[v], name) != 0)
    v++;
  return v;
}

/* ---- Values of one variable ------------------------------------------------------------------ */

typedef struct numbers {
  size_t count, capacity;
  double *value;
} numbers;

static ntk_status add(numbers *list, double value) {
  if (list->count == MOST_VALUES)
    return ntk_fail(NTK_ERR_LIMIT, "more than %d values", MOST_VALUES);
  if (list->count == list->capacity) {
    const size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
    double *larger = realloc(list->value, capacity * sizeof *larger);
    if (larger == NULL)
      return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu values", capacity);
    list->value = larger;
    list->capacity = capacity;
  }
  list->value[list->count++] = value;
  return NTK_OK;
}

/* text[0..length) without blanks around it, into word. */
static ntk_status cut(const char *text, size_t length, char word[WORD]) {
  while (length > 0 && *text == ' ') {
    text++;
    length--;
  }
  while (length > 0 && text[length - 1] == ' ')
    length--;
  if (length >= WORD)
    return ntk_fail(NTK_ERR_ARGUMENT, "'%.40s...' is too long", text);
  memcpy(word, text, length);
  word[length] = '\0';
  return NTK_OK;
}

/* a:b or a:b:step, each a number or an expression of numbers; b is taken when a step lands there.
 */
static ntk_status read_range(const char *text, numbers *list) {
  static const ntk_scope none = {0};
  double part[3] = {0.0, 0.0, 1.0};
  size_t parts = 0;
  for (const char *at = text;; at++) {
    char word[WORD];
    const size_t length = strcspn(at, ":");
    if (parts == 3)
      return ntk_fail(NTK_ERR_ARGUMENT, "'%s': a range is first:last or first:last:step", text);
    NTK_TRY(cut(at, length, word));
    NTK_TRY(ntk_expression_evaluate(word, &none, &part[parts++]));
    at += length;
    if (*at == '\0')
      break;
  }
  const double steps = floor((part[1] - part[0]) / part[2] + 1e-9);
  if (part[2] == 0.0 || !(steps >= 0.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "'%s': no step of %g leads from %g to %g", text, part[2],
                    part[0], part[1]);
  if (steps >= MOST_VALUES)
    return ntk_fail(NTK_ERR_LIMIT, "more than %d values", MOST_VALUES);
  for (size_t i = 0; i <= (size_t)steps; i++)
    NTK_TRY(add(list, part[0] + (double)i * part[2]));
  return NTK_OK;
}

/* "EXPRESSION for NAME in RANGE" with `in` at the blank before "for". */
static ntk_status read_sequence(const char *text, const char *keyword, numbers *list) {
  char expression[WORD], name[WORD];
  NTK_TRY(cut(text, (size_t)(keyword - text), expression));
  const char *after = keyword + strlen(" for ");
  const char *in = strstr(after, " in ");
  if (in == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "'%s': accepted: EXPRESSION for i in FIRST:LAST:STEP", text);
  NTK_TRY(cut(after, (size_t)(in - after), name));
  if (!ntk_expression_is_name(name))
    return ntk_fail(NTK_ERR_ARGUMENT, "'%s': '%s' is not a name", text, name);
  numbers index = {0};
  ntk_status status = read_range(in + strlen(" in "), &index);
  for (size_t i = 0; i < index.count && status == NTK_OK; i++) {
    const char *const names[] = {name};
    const ntk_scope scope = {1, names, &index.value[i]};
    double value = 0.0;
    status = ntk_expression_evaluate(expression, &scope, &value);
    if (status == NTK_OK)
      status = add(list, value);
  }
  free(index.value);
  return status;
}

static ntk_status read_number(const char *text, numbers *list) {
  static const ntk_scope none = {0};
  const char *keyword = strstr(text, " for ");
  if (keyword != NULL)
    return read_sequence(text, keyword, list);
  if (strchr(text, ':') != NULL)
    return read_range(text, list);
  double value = 0.0;
  NTK_TRY(ntk_expression_evaluate(text, &none, &value));
  return add(list, value);
}

/* A name, or activations as no expression writes them: "leaky_relu(0.2)", "tanh,relu". */
static bool is_text(const ntk_grid *grid, const char *value) {
  ntk_activation_info phi;
  if (ntk_expression_is_name(value))
    return ntk_grid_find(grid, value) == grid->count;
  return strpbrk(value, "(,") != NULL && ntk_activation_of(value, 0, 1, &phi) == NTK_OK;
}

/* Whether text mentions a variable of the grid. */
typedef struct mention {
  const ntk_grid *grid;
  bool found;
} mention;

static void look(const char *name, size_t length, void *user) {
  mention *m = user;
  for (size_t v = 0; v < m->grid->count; v++)
    if (strlen(m->grid->name[v]) == length && strncmp(m->grid->name[v], name, length) == 0)
      m->found = true;
}

static bool mentions_variable(const ntk_grid *grid, const char *text) {
  mention m = {grid, false};
  ntk_expression_names(text, look, &m);
  return m.found && strstr(text, " for ") == NULL;
}

static ntk_status check_texts(const ntk_variable *v) {
  if (v->count > MOST_TEXTS)
    return ntk_fail(NTK_ERR_LIMIT, "more than %d names", MOST_TEXTS);
  for (size_t i = 0; i < v->count; i++)
    for (size_t j = 0; j < i; j++)
      if (strcmp(v->text[i], v->text[j]) == 0)
        return ntk_fail(NTK_ERR_ARGUMENT, "'%s' stands there twice", v->text[i]);
  return NTK_OK;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static ntk_status check_numbers(const ntk_variable *v) {
  if (v->count == 0)
    return NTK_OK;
  double *sorted = calloc(v->count, sizeof *sorted);
  if (sorted == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu values", v->count);
  memcpy(sorted, v->value, v->count * sizeof *sorted);
  qsort(sorted, v->count, sizeof *sorted, by_value);
  ntk_status status = NTK_OK;
  for (size_t i = 1; i < v->count && status == NTK_OK; i++)
    if (sorted[i] == sorted[i - 1])
      status = ntk_fail(NTK_ERR_ARGUMENT, "%.10g stands there twice", sorted[i]);
  free(sorted);
  return status;
}

/* Numbers, or what they follow from: of a variable that is called as a known name is. "a.npz:y" is
 * a file, "1:5" a range. */
static bool are_numbers(const ntk_grid *grid, const char *text) {
  static const ntk_scope none = {0};
  double value = 0.0;
  if (strstr(text, " for ") != NULL || ntk_expression_evaluate(text, &none, &value) == NTK_OK)
    return true;
  return !ntk_file_is_meant(text) && (strchr(text, ':') != NULL || mentions_variable(grid, text));
}

/* Whether a key whose values are texts names this variable: then its are, whatever they look like;
 * where the key has known names that are no files, unless they are numbers. */
static bool holds_texts(const ntk_settings *settings, const ntk_grid *grid, const char *variable,
                        const char *first) {
  static const char *const keys[] = {"data.source", "network.load", "network.parameterization",
                                     "train.split", "train.labels"};
  enum { FILES = 2 };
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    const ntk_setting *s = ntk_settings_find(settings, keys[i]);
    if (s != NULL && s->count == 1 && strcmp(s->value[0], variable) == 0)
      return i < FILES || !are_numbers(grid, first);
  }
  return false;
}

static ntk_status read_variable(const ntk_settings *settings, const ntk_grid *grid,
                                const ntk_setting *s, ntk_variable *v) {
  if (holds_texts(settings, grid, v->name, s->value[0])) {
    v->count = s->count;
    v->text = (const char *const *)s->value;
    return check_texts(v);
  }
  if (s->count == 1 && mentions_variable(grid, s->value[0])) {
    v->expression = s->value[0];
    return NTK_OK;
  }
  if (is_text(grid, s->value[0])) {
    for (size_t i = 0; i < s->count; i++)
      if (!is_text(grid, s->value[i]))
        return ntk_fail(NTK_ERR_ARGUMENT,
                        "'%s' is a name and '%s' is not: accepted: names alone or "
                        "numbers alone",
                        s->value[0], s->value[i]);
    v->count = s->count;
    v->text = (const char *const *)s->value;
    return check_texts(v);
  }
  numbers list = {0};
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < s->count && status == NTK_OK; i++)
    status = read_number(s->value[i], &list);
  v->value = list.value;
  v->count = list.count;
  return status == NTK_OK ? check_numbers(v) : status;
}

/* ---- The grid -------------------------------------------------------------------------------- */

static ntk_status name_variables(const ntk_settings *settings, ntk_grid *grid) {
  for (size_t i = 0; i < settings->count; i++) {
    const ntk_setting *s = &settings->setting[i];
    if (strncmp(s->key, "grid.", 5) != 0)
      continue;
    if (grid->count == NTK_MOST_VARIABLES)
      return NTK_REFUSE(settings, s, "a grid has at most %d variables", NTK_MOST_VARIABLES);
    if (!ntk_expression_is_name(s->key + 5) || strcmp(s->key, "grid.l") == 0 ||
        strcmp(s->key, "grid.L") == 0)
      return NTK_REFUSE(
          settings, s,
          "accepted as a variable's name: letters, digits and _, but not l and L alone, "
          "the layer and the depth");
    grid->name[grid->count] = s->key + 5;
    grid->variable[grid->count].name = s->key + 5;
    grid->variable[grid->count].line = s->line;
    grid->count++;
  }
  return NTK_OK;
}

static ntk_status count_points(ntk_grid *grid) {
  grid->points = 1;
  for (size_t v = 0; v < grid->count; v++) {
    const size_t count = grid->variable[v].count; /* 0: it follows from others */
    if (count == 0)
      continue;
    if (grid->points > MOST_POINTS / count)
      return ntk_fail(NTK_ERR_LIMIT, "%s: the grid has more than %d points", grid->source,
                      MOST_POINTS);
    grid->points *= count;
  }
  return NTK_OK;
}

ntk_status ntk_grid_make(const ntk_settings *settings, ntk_grid *grid) {
  ntk_grid made = {.source = settings->source};
  ntk_status status = name_variables(settings, &made);
  size_t v = 0;
  for (size_t i = 0; i < settings->count && status == NTK_OK; i++) {
    const ntk_setting *s = &settings->setting[i];
    if (strncmp(s->key, "grid.", 5) != 0)
      continue;
    status = read_variable(settings, &made, s, &made.variable[v++]);
    if (status != NTK_OK)
      status = ntk_setting_refuse(settings, s, status);
  }
  if (status == NTK_OK && made.count == 0)
    status = ntk_fail(NTK_ERR_FORMAT,
                      "%s: the grid is empty; accepted: 'grid:' with a variable and "
                      "its values on each line below",
                      settings->source);
  if (status == NTK_OK)
    status = count_points(&made);
  if (status != NTK_OK) {
    ntk_grid_clear(&made);
    return status;
  }
  *grid = made;
  return NTK_OK;
}

void ntk_grid_clear(ntk_grid *grid) {
  for (size_t v = 0; v < grid->count; v++)
    free(grid->variable[v].value);
  *grid = (ntk_grid){0};
}

/* Which of its values variable v takes at point i. */
static size_t position(const ntk_grid *grid, size_t v, size_t i) {
  for (size_t w = grid->count; w-- > v + 1;)
    if (grid->variable[w].expression == NULL)
      i /= grid->variable[w].count;
  return i % grid->variable[v].count;
}

const char *ntk_grid_text(const ntk_grid *grid, size_t v, size_t i) {
  const ntk_variable *variable = &grid->variable[v];
  return variable->text != NULL ? variable->text[position(grid, v, i)] : NULL;
}

/* Whether every variable that text mentions has its value. */
static bool ready(const ntk_grid *grid, const bool *known, const char *text) {
  ntk_grid missing = {0};
  for (size_t v = 0; v < grid->count; v++)
    if (!known[v])
      missing.name[missing.count++] = grid->name[v];
  return !mentions_variable(&missing, text);
}

/* Puts the variable's place before the message that has just been set. */
static ntk_status refuse_variable(const ntk_grid *grid, size_t v, ntk_status status) {
  char key[160];
  snprintf(key, sizeof key, "grid.%.150s", grid->name[v]);
  const ntk_settings settings = {.source = (char *)grid->source};
  const ntk_setting setting = {.key = key, .line = grid->variable[v].line};
  return ntk_setting_refuse(&settings, &setting, status);
}

ntk_status ntk_grid_values(const ntk_grid *grid, size_t i, double *values) {
  bool known[NTK_MOST_VARIABLES] = {false};
  size_t left = 0;
  for (size_t v = 0; v < grid->count; v++) {
    const ntk_variable *variable = &grid->variable[v];
    known[v] = variable->expression == NULL;
    left += !known[v];
    values[v] = variable->value != NULL ? variable->value[position(grid, v, i)] : NAN;
  }
  const ntk_scope scope = {grid->count, grid->name, values};
  for (size_t before = left + 1; left > 0 && left < before;) {
    before = left;
    for (size_t v = 0; v < grid->count; v++)
      if (!known[v] && ready(grid, known, grid->variable[v].expression)) {
        const ntk_status status =
            ntk_expression_evaluate(grid->variable[v].expression, &scope, &values[v]);
        if (status != NTK_OK)
          return refuse_variable(grid, v, status);
        known[v] = true;
        left--;
      }
  }
  for (size_t v = 0; v < grid->count; v++)
    if (!known[v])
      return refuse_variable(
          grid, v,
          ntk_fail(NTK_ERR_ARGUMENT, "'%s' follows from itself", grid->variable[v].expression));
  return NTK_OK;
}
