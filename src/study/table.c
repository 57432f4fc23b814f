/* ntk_study_table_read: the whole database as rows in memory. Texts are kept once each. */
#include "study/store.h"

#include "base/text.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 16 };

/* Memory that is only ever added to, freed in one go. */
typedef struct piece {
  struct piece *before;
  size_t used, size;
  unsigned char bytes[];
} piece;

/* Texts already kept, by hash; open addressing, a power of two. */
typedef struct text_set {
  size_t count, size;
  const char **text;
} text_set;

typedef struct builder {
  piece *last;
  text_set texts;
  size_t capacity;
  ntk_study_row *row;
  ntk_study_table table;
  const char *variable[NTK_MOST_VARIABLES];
  bool is_text[NTK_MOST_VARIABLES];
  const char *quantity[NTK_MOST_VALUES];
} builder;

/* What table.owner points to. */
typedef struct owner {
  piece *last;
  ntk_study_row *row;
} owner;

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the study's results");
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void *take(builder *b, size_t bytes) {
  bytes = (bytes + 15) / 16 * 16;
  if (b->last == NULL || b->last->size - b->last->used < bytes) {
    const size_t size = bytes > PIECE ? bytes : PIECE;
    piece *made = malloc(sizeof *made + size);
    if (made == NULL)
      return NULL;
    *made = (piece){.before = b->last, .size = size};
    b->last = made;
  }
  void *taken = b->last->bytes + b->last->used;
  b->last->used += bytes;
  return taken;
}

static void free_pieces(piece *last) {
  while (last != NULL) {
    piece *before = last->before;
    free(last);
    last = before;
  }
}

static size_t slot_of(const text_set *set, const char *text) {
  size_t slot = (size_t)ntk_hash(NTK_HASH_START, text, strlen(text)) & (set->size - 1);
  while (set->text[slot] != NULL && strcmp(set->text[slot], text) != 0)
    slot = (slot + 1) & (set->size - 1);
  return slot;
}

static bool grow(text_set *set) {
  text_set larger = {set->count, set->size > 0 ? 2 * set->size : 64, NULL};
  larger.text = calloc(larger.size, sizeof *larger.text);
  if (larger.text == NULL)
    return false;
  for (size_t i = 0; i < set->size; i++)
    if (set->text[i] != NULL)
      larger.text[slot_of(&larger, set->text[i])] = set->text[i];
  free(set->text);
  *set = larger;
  return true;
}

/* The one copy of text; NULL for want of memory. */
static const char *intern(builder *b, const char *text) {
  if (text == NULL)
    text = "";
  if (2 * (b->texts.count + 1) > b->texts.size && !grow(&b->texts))
    return NULL;
  const size_t slot = slot_of(&b->texts, text);
  if (b->texts.text[slot] == NULL) {
    const size_t size = strlen(text) + 1;
    char *copy = take(b, size);
    if (copy == NULL)
      return NULL;
    memcpy(copy, text, size);
    b->texts.text[slot] = copy;
    b->texts.count++;
  }
  return b->texts.text[slot];
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* A JSON list of the variables' values into arrays of their own. */
static ntk_status read_values(builder *b, const char *json, const double **values,
                              const char *const **texts) {
  const size_t count = b->table.variables;
  double *value = take(b, count * sizeof *value);
  const char **text = take(b, count * sizeof *text);
  json_t *list = json_loads(json != NULL ? json : "", 0, NULL);
  ntk_status status = value != NULL && text != NULL ? NTK_OK : no_memory();
  if (status == NTK_OK && json_array_size(list) != count)
    status = ntk_fail(NTK_ERR_FORMAT, "a point's variables are '%.100s'; expected %zu of them",
                      json != NULL ? json : "", count);
  for (size_t v = 0; v < count && status == NTK_OK; v++) {
    const json_t *entry = json_array_get(list, v);
    const char *name = json_string_value(entry);
    if ((name == NULL && !json_is_number(entry)) ||
        (b->table.rows > 0 && b->is_text[v] != (name != NULL))) {
      status = ntk_fail(NTK_ERR_FORMAT, "a point's variables are '%.100s': %s is not of one kind",
                        json, b->variable[v]);
      break;
    }
    value[v] = name != NULL ? NAN : json_number_value(entry);
    text[v] = name != NULL ? intern(b, name) : NULL;
    b->is_text[v] = name != NULL;
    if (name != NULL && text[v] == NULL)
      status = no_memory();
  }
  json_decref(list);
  *values = value;
  *texts = text;
  return status;
}

static ntk_status read_names(builder *b, const ntk_store *store) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store,
                            "SELECT name, variables, points * trials,"
                            " (SELECT count(*) FROM trials) FROM studies",
                            &select));
  const int code = sqlite3_step(select);
  ntk_status status = NTK_OK;
  if (code == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(select, 0);
    b->table.name = strdup(name != NULL ? name : "");
    json_t *list = json_loads((const char *)sqlite3_column_text(select, 1), 0, NULL);
    b->table.variables = json_array_size(list);
    b->table.trials = (size_t)sqlite3_column_int64(select, 2);
    b->table.missing = b->table.trials - (size_t)sqlite3_column_int64(select, 3);
    if (b->table.name == NULL || b->table.variables > NTK_MOST_VARIABLES)
      status = no_memory();
    for (size_t v = 0; v < b->table.variables && status == NTK_OK; v++) {
      const char *variable = json_string_value(json_array_get(list, v));
      b->variable[v] = intern(b, variable);
      if (b->variable[v] == NULL)
        status = no_memory();
    }
    json_decref(list);
  } else if (code == SQLITE_DONE) {
    status = ntk_fail(NTK_ERR_FORMAT, "%s holds no study yet", store->path);
  } else {
    status = ntk_store_error(store, code);
  }
  (void)sqlite3_finalize(select);
  return status;
}

static ntk_status note_quantity(builder *b, const char *name) {
  for (size_t q = 0; q < b->table.quantities; q++)
    if (b->quantity[q] == name)
      return NTK_OK;
  if (b->table.quantities == NTK_MOST_VALUES)
    return ntk_fail(NTK_ERR_FORMAT, "more than %d different quantities", NTK_MOST_VALUES);
  b->quantity[b->table.quantities++] = name;
  return NTK_OK;
}

/* The row that select stands at; before: the row read last, or NULL. */
static ntk_status add_row(builder *b, sqlite3_stmt *select, const ntk_study_row *before) {
  ntk_study_row row = {
      .point = (size_t)sqlite3_column_int64(select, 0),
      .trial = (size_t)sqlite3_column_int64(select, 1),
      .seed = (uint64_t)sqlite3_column_int64(select, 5),
      .lower_scale = sqlite3_column_double(select, 3),
      .upper_scale = sqlite3_column_double(select, 4),
      .quantity = intern(b, (const char *)sqlite3_column_text(select, 8)),
      .value =
          sqlite3_column_type(select, 9) == SQLITE_NULL ? NAN : sqlite3_column_double(select, 9),
      .status = intern(b, (const char *)sqlite3_column_text(select, 10)),
      .seconds = sqlite3_column_double(select, 6),
      .error = intern(b, (const char *)sqlite3_column_text(select, 7)),
  };
  if (row.quantity == NULL || row.status == NULL || row.error == NULL)
    return no_memory();
  if (strcmp(row.status, "ok") != 0 && strcmp(row.status, "rank_deficient") != 0)
    row.value = NAN;
  if (before != NULL && before->point == row.point) {
    row.variable = before->variable;
    row.text = before->text;
  } else {
    NTK_TRY(read_values(b, (const char *)sqlite3_column_text(select, 2), &row.variable, &row.text));
  }
  NTK_TRY(note_quantity(b, row.quantity));
  if (b->table.rows == b->capacity) {
    const size_t capacity = b->capacity > 0 ? 2 * b->capacity : 256;
    ntk_study_row *larger = realloc(b->row, capacity * sizeof *larger);
    if (larger == NULL)
      return no_memory();
    b->row = larger;
    b->capacity = capacity;
  }
  b->row[b->table.rows++] = row;
  return NTK_OK;
}

static ntk_status read_rows(builder *b, const ntk_store *store) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(
      store,
      "SELECT t.point, t.trial, p.variables, p.lower_scale, p.upper_scale, t.seed, t.seconds,"
      " t.error, r.quantity, r.value, r.status FROM trials t JOIN points p ON p.id = t.point"
      " JOIN results r ON r.point = t.point AND r.trial = t.trial"
      " ORDER BY t.point, t.trial, r.ordinal",
      &select));
  ntk_status status = NTK_OK;
  int code = SQLITE_DONE;
  while (status == NTK_OK && (code = sqlite3_step(select)) == SQLITE_ROW)
    status = add_row(b, select, b->table.rows > 0 ? &b->row[b->table.rows - 1] : NULL);
  if (status == NTK_OK && code != SQLITE_DONE)
    status = ntk_store_error(store, code);
  (void)sqlite3_finalize(select);
  return status;
}

/* ---- The table ------------------------------------------------------------------------------- */

/* Hands the builder's memory over to the table. */
static ntk_status finish(builder *b, ntk_study_table *table) {
  ntk_study_table made = b->table;
  const char **variable = take(b, sizeof b->variable), **quantity = take(b, sizeof b->quantity);
  bool *is_text = take(b, sizeof b->is_text);
  owner *owns = malloc(sizeof *owns);
  if (variable == NULL || quantity == NULL || is_text == NULL || owns == NULL) {
    free(owns);
    return no_memory();
  }
  memcpy(variable, b->variable, sizeof b->variable);
  memcpy(quantity, b->quantity, sizeof b->quantity);
  memcpy(is_text, b->is_text, sizeof b->is_text);
  *owns = (owner){b->last, b->row};
  made.variable = variable;
  made.quantity = quantity;
  made.is_text = is_text;
  made.row = b->row;
  made.owner = owns;
  *table = made;
  return NTK_OK;
}

ntk_status ntk_study_table_read(const char *database, ntk_study_table *table) {
  builder b = {0};
  ntk_store store;
  ntk_status status = ntk_store_open(database, &store);
  if (status == NTK_OK)
    status = ntk_store_execute(&store, "BEGIN"); /* all of it at one moment */
  if (status == NTK_OK)
    status = read_names(&b, &store);
  if (status == NTK_OK)
    status = read_rows(&b, &store);
  ntk_store_close(&store);
  if (status == NTK_OK)
    status = finish(&b, table);
  free(b.texts.text);
  if (status != NTK_OK) {
    free_pieces(b.last);
    free(b.row);
    free(b.table.name);
  }
  return status;
}

void ntk_study_table_clear(ntk_study_table *table) {
  owner *owns = table->owner;
  if (owns != NULL) {
    free_pieces(owns->last);
    free(owns->row);
    free(owns);
    free(table->name);
  }
  *table = (ntk_study_table){0};
}

static bool has_value(const ntk_study_row *row, size_t v, const char *value) {
  char *end = NULL;
  if (row->text[v] != NULL)
    return strcmp(row->text[v], value) == 0;
  const double number = ntk_read_real(value, &end);
  return end != value && *end == '\0' &&
         fabs(row->variable[v] - number) <= 1e-12 * fabs(number); /* as printed, or as meant */
}

ntk_status ntk_study_table_keep(ntk_study_table *table, const char *variable, const char *value) {
  owner *owns = table->owner;
  size_t v = 0, kept = 0;
  while (v < table->variables && strcmp(table->variable[v], variable) != 0)
    v++;
  if (v == table->variables)
    return ntk_fail(NTK_ERR_ARGUMENT, "'%s' is not a variable of the study", variable);
  for (size_t i = 0; i < table->rows; i++)
    kept += has_value(&table->row[i], v, value);
  if (kept == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "no trial has %s = %s", variable, value);
  kept = 0;
  for (size_t i = 0; i < table->rows; i++)
    if (has_value(&owns->row[i], v, value))
      owns->row[kept++] = owns->row[i];
  table->rows = kept;
  return NTK_OK;
}
