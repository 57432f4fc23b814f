#include "cli/study/study_view.h"

#include "cli/shell/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void study_number(double value, char *text) {
  text[0] = '\0';
  if (!isfinite(value))
    return;
  snprintf(text, STUDY_NUMBER, "%.15g", value);
  if (strtod(text, NULL) != value)
    snprintf(text, STUDY_NUMBER, "%.17g", value);
}

/* --where: "NAME=VALUE,NAME=VALUE". */
static exit_status keep_rows(const char *where, ntk_study_table *table) {
  char *conditions = strdup(where);
  if (conditions == NULL)
    return report_error(EXIT_FAILED, "no memory for --where");
  exit_status status = EXIT_DONE;
  for (char *at = conditions; at != NULL && status == EXIT_DONE;) {
    char *condition = at, *equals = strchr(at, '=');
    at = strchr(condition, ',');
    if (at != NULL)
      *at++ = '\0';
    if (equals == NULL || (at != NULL && equals >= at)) {
      status = report_error(EXIT_INPUT, "--where: '%s'; expected NAME=VALUE, as in N=1000", where);
      break;
    }
    *equals = '\0';
    const ntk_status kept = ntk_study_table_keep(table, condition, equals + 1);
    if (kept != NTK_OK)
      status = report_library(kept, "where");
  }
  free(conditions);
  return status;
}

exit_status study_open(const study_settings *settings, ntk_study_table *table) {
  *table = (ntk_study_table){0};
  const ntk_status read = ntk_study_table_read(settings->common.operand[0], table);
  if (read != NTK_OK)
    return report_library(read, NULL);
  exit_status status = EXIT_DONE;
  if (table->rows > 0 && settings->where != NULL)
    status = keep_rows(settings->where, table);
  if (table->rows > 0 && status == EXIT_DONE) {
    if (table->missing > 0)
      report_warning(
          &settings->common,
          "%zu of the study's %zu trials are not computed yet: this is of what is there; "
          "'ntkit study run' goes on",
          table->missing, table->trials);
    return EXIT_DONE;
  }
  ntk_study_table_clear(table);
  if (status != EXIT_DONE)
    return status;
  return report_error(EXIT_INPUT, "%s: no trial has finished yet; 'ntkit study run' computes them",
                      settings->common.operand[0]);
}

/* ---- How variables depend on each other ------------------------------------------------------ */

/* The points of the grid, each by one of its rows, in classes: those that have been found equal in
 * something are of one class. */
typedef struct partition {
  const ntk_study_table *table;
  size_t points, classes;
  size_t *row, *class, *first; /* points entries; first is scratch */
} partition;

typedef struct item {
  size_t point, class;
  double x;
  const char *text;
} item;

static int compare_items(const void *a, const void *b) {
  const item *p = a, *q = b;
  if (p->class != q->class)
    return p->class < q->class ? -1 : 1;
  if (p->x != q->x)
    return p->x < q->x ? -1 : 1;
  return strcmp(p->text, q->text);
}

/* Splits classes further by x (rows entries), or where it is NULL by variable v. */
static bool refine(partition *p, const double *x, size_t v) {
  item *items = calloc(p->points, sizeof *items);
  if (items == NULL)
    return false;
  for (size_t i = 0; i < p->points; i++) {
    const ntk_study_row *row = &p->table->row[p->row[i]];
    const bool text = x == NULL && p->table->is_text[v];
    items[i] = (item){i, p->class[i],
                      x != NULL ? x[p->row[i]]
                      : text    ? 0.0
                                : row->variable[v],
                      text ? row->text[v] : ""};
  }
  qsort(items, p->points, sizeof *items, compare_items);
  /* Classes are renumbered as they come; items keep the old ones for comparison. */
  p->classes = 0;
  for (size_t i = 0; i < p->points; i++) {
    p->classes += i == 0 || compare_items(&items[i - 1], &items[i]) != 0;
    p->class[items[i].point] = p->classes - 1;
  }
  free(items);
  return true;
}

static void partition_clear(partition *p) {
  free(p->row);
  free(p->class);
  free(p->first);
}

/* All points in one class. */
static bool partition_begin(const ntk_study_table *table, partition *p) {
  *p = (partition){.table = table, .classes = 1};
  p->row = calloc(table->rows, sizeof *p->row);
  p->class = calloc(table->rows, sizeof *p->class);
  p->first = calloc(table->rows, sizeof *p->first);
  if (p->row == NULL || p->class == NULL || p->first == NULL) {
    partition_clear(p);
    return false;
  }
  for (size_t i = 0; i < table->rows; i++)
    if (i == 0 || table->row[i].point != table->row[i - 1].point)
      p->row[p->points++] = i;
  return true;
}

static bool differ(const partition *p, size_t v, size_t i, size_t j) {
  const ntk_study_row *a = &p->table->row[p->row[i]], *b = &p->table->row[p->row[j]];
  return p->table->is_text[v] ? strcmp(a->text[v], b->text[v]) != 0
                              : a->variable[v] != b->variable[v];
}

/* Whether variable v tells points of one class apart. */
static bool varies(const partition *p, size_t v) {
  for (size_t c = 0; c < p->classes; c++)
    p->first[c] = SIZE_MAX;
  for (size_t i = 0; i < p->points; i++) {
    size_t *first = &p->first[p->class[i]];
    if (*first == SIZE_MAX)
      *first = i;
    else if (differ(p, v, i, *first))
      return true;
  }
  return false;
}

static exit_status no_memory(const ntk_study_table *table) {
  return report_error(EXIT_FAILED, "no memory for %zu rows", table->rows);
}

/* ---- What is chosen -------------------------------------------------------------------------- */

/* The table whose names report_nearest looks through. */
static const ntk_study_table *current;

static const char *quantity_name(size_t i) {
  return i < current->quantities ? current->quantity[i] : NULL;
}

static const char *variable_name(size_t i) {
  return i < current->variables ? current->variable[i] : NULL;
}

/* Finds name, or prints the line that says what is known. */
static exit_status find_name(const char *option, const char *name, const char *(*known)(size_t i),
                             const char *also, size_t *found) {
  for (size_t i = 0; known(i) != NULL; i++)
    if (strcmp(known(i), name) == 0) {
      *found = i;
      return EXIT_DONE;
    }
  char names[512];
  report_names(known, sizeof names, names);
  const char *nearest = report_nearest(name, known);
  return report_error(EXIT_INPUT, "--%s: '%.60s' is not in the study%s%s%s known: %s%s", option,
                      name, nearest != NULL ? "; did you mean '" : "",
                      nearest != NULL ? nearest : "", nearest != NULL ? "'?" : ";", names, also);
}

/* Whether the expression uses the variable. */
static bool mentions(const char *expression, const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  while (*expression != '\0') {
    const size_t length = strspn(expression, letters);
    if (length == strlen(name) && strncmp(expression, name, length) == 0)
      return true;
    expression += length > 0 ? length : 1;
  }
  return false;
}

/* The numeric variable with the most values; of several the last, unless it only follows from one
 * before. */
static exit_status default_x(const ntk_study_table *table, const char **x) {
  size_t most = 1;
  for (size_t v = 0; v < table->variables; v++) {
    partition p;
    if (table->is_text[v])
      continue;
    if (!partition_begin(table, &p))
      return no_memory(table);
    const bool split = refine(&p, NULL, v);
    bool follows = false;
    for (size_t u = 0; u < v && split; u++)
      follows = follows || (*x == table->variable[u] && !varies(&p, u));
    if (p.classes > most || (p.classes == most && most > 1 && !follows)) {
      most = p.classes;
      *x = table->variable[v];
    }
    partition_clear(&p);
    if (!split)
      return no_memory(table);
  }
  return *x != NULL ? EXIT_DONE
                    : report_error(EXIT_INPUT, "no numeric variable takes two values so far; --x "
                                               "names an expression to draw against");
}

/* The variable that varies besides those of x, when all others follow from it; else NULL. */
static exit_status default_group(const ntk_study_table *table, const char *x, const double *at,
                                 const char **group) {
  partition p;
  if (!partition_begin(table, &p))
    return no_memory(table);
  bool split = refine(&p, at, 0);
  *group = NULL;
  for (size_t v = 0; v < table->variables && split; v++) {
    if (mentions(x, table->variable[v]) || !varies(&p, v))
      continue;
    if (*group != NULL) { /* a second one */
      *group = NULL;
      break;
    }
    *group = table->variable[v];
    split = refine(&p, NULL, v);
  }
  partition_clear(&p);
  return split ? EXIT_DONE : no_memory(table);
}

exit_status study_column(const ntk_study_table *table, const char *expression, const char *option,
                         double **values) {
  *values = calloc(table->rows, sizeof **values);
  if (*values == NULL)
    return no_memory(table);
  const ntk_status status = ntk_study_table_column(table, expression, *values);
  if (status == NTK_OK)
    return EXIT_DONE;
  free(*values);
  *values = NULL;
  return report_library(status, option);
}

exit_status study_choose(const study_settings *settings, const ntk_study_table *table,
                         ntk_summary_options *chosen) {
  *chosen = (ntk_summary_options){.quantity = settings->quantity, .x = settings->x};
  current = table;
  size_t found = 0;
  exit_status status = EXIT_DONE;
  if (settings->quantity != NULL)
    status = find_name("quantity", settings->quantity, quantity_name, "", &found);
  chosen->quantity = table->quantity[found];
  const bool none = settings->group != NULL && strcmp(settings->group, "none") == 0;
  if (status == EXIT_DONE && settings->group != NULL && !none) {
    status = find_name("group", settings->group, variable_name, ", and none", &found);
    chosen->group = settings->group;
  }
  if (status == EXIT_DONE && chosen->x == NULL)
    status = default_x(table, &chosen->x);
  if (status != EXIT_DONE || chosen->x == NULL)
    return status;
  double *x = NULL;
  status = study_column(table, chosen->x, "x", &x);
  if (status == EXIT_DONE && settings->group == NULL)
    status = default_group(table, chosen->x, x, &chosen->group);
  free(x);
  return status;
}

/* Splits by an expression's values. */
static exit_status refine_by(partition *p, const char *expression, const char *option) {
  double *values = NULL;
  exit_status status = study_column(p->table, expression, option, &values);
  if (status == EXIT_DONE && !refine(p, values, 0))
    status = no_memory(p->table);
  free(values);
  return status;
}

exit_status study_warn_pooled(const study_settings *settings, const ntk_study_table *table,
                              const ntk_summary_options *chosen, const char *heat) {
  partition p;
  if (!partition_begin(table, &p))
    return no_memory(table);
  exit_status status = refine_by(&p, chosen->x, "x");
  if (status == EXIT_DONE && heat != NULL)
    status = refine_by(&p, heat, "heat");
  for (size_t v = 0; v < table->variables && status == EXIT_DONE; v++)
    if (heat == NULL && chosen->group != NULL && strcmp(chosen->group, table->variable[v]) == 0 &&
        !refine(&p, NULL, v))
      status = no_memory(table);
  for (size_t v = 0; v < table->variables && status == EXIT_DONE; v++)
    if (varies(&p, v)) {
      report_warning(&settings->common, "trials that differ in %s are taken together%s",
                     table->variable[v],
                     heat == NULL ? "; --where, --group and --x can tell them apart" : "");
      break;
    }
  partition_clear(&p);
  return status;
}

/* ": 3 diverged, 1 not_reached" of the trials without a value, into text. */
static void list_verdicts(const ntk_study_table *table, const char *quantity, size_t size,
                          char *text) {
  enum { MOST = 16 }; /* different ones */
  const char *verdict[MOST];
  size_t count[MOST] = {0}, known = 0, used = 0;
  for (size_t i = 0; i < table->rows; i++) {
    const ntk_study_row *row = &table->row[i];
    if (strcmp(row->quantity, quantity) != 0 || !isnan(row->value))
      continue;
    size_t s = 0;
    while (s < known && strcmp(verdict[s], row->verdict) != 0)
      s++;
    if (s == known && known < MOST)
      verdict[known++] = row->verdict;
    if (s < MOST)
      count[s]++;
  }
  text[0] = '\0';
  for (size_t s = 0; s < known && used < size; s++)
    used += (size_t)snprintf(text + used, size - used, "%s%zu %s", s > 0 ? ", " : ": ", count[s],
                             verdict[s]);
}

exit_status study_refuse_empty(const study_settings *settings, const ntk_study_table *table,
                               const ntk_summary_options *chosen, const char *why) {
  char verdicts[300];
  size_t rows = 0;
  for (size_t i = 0; i < table->rows; i++)
    rows += strcmp(table->row[i].quantity, chosen->quantity) == 0;
  list_verdicts(table, chosen->quantity, sizeof verdicts, verdicts);
  return report_error(EXIT_INPUT, "%s: %s has no value to show of %zu trials%s%s",
                      settings->common.operand[0], chosen->quantity, rows, verdicts, why);
}

exit_status study_map_cells(const ntk_map *map, figure_cell **cell, size_t *cells) {
  *cells = 0;
  *cell = calloc(map->cells, sizeof **cell);
  if (*cell == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu cells", map->cells);
  for (size_t i = 0; i < map->cells; i++)
    if (isfinite(map->cell[i].mean))
      (*cell)[(*cells)++] = (figure_cell){map->cell[i].x, map->cell[i].y, map->cell[i].mean};
  return EXIT_DONE;
}
