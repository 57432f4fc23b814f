/* ntk_study_table_read: the whole database as rows in memory. Texts are kept once each. */
#include "study/table/table.h"

#include "base/hash.h"
#include "base/text.h"
#include "study/spec/locate.h"

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
  const ntk_study *study; /* of the walk */
  ntk_grid_index index;   /* of its grid, of a study that has grown */
  bool grown;
  size_t point;        /* where the grid has this one */
  bool unordered;      /* an earlier one comes after it */
  const double *value; /* of the variables, at this point */
  const char *const *text;
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
  size_t slot = (size_t)ntk_hash_bytes(NTK_HASH_START, text, strlen(text)) & (set->size - 1);
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

/* The study's name, and those of its variables, which stand in its study file. */
static ntk_status see_study(void *user, const ntk_stored_study *study) {
  builder *b = user;
  b->study = study->study;
  b->table.dim = ntk_study_file_dim(b->study);
  if (b->grown)
    NTK_TRY(ntk_grid_index_make(&b->study->grid, &b->index));
  b->table.name = strdup(study->name);
  b->table.spec = intern(b, study->spec);
  b->table.variables = study->study->grid.count;
  b->table.trials = b->table.missing = study->points * study->trials;
  if (b->table.name == NULL || b->table.spec == NULL)
    return no_memory();
  for (size_t v = 0; v < b->table.variables; v++) {
    b->variable[v] = intern(b, study->study->grid.name[v]);
    if (b->variable[v] == NULL)
      return no_memory();
  }
  return NTK_OK;
}

/* The variables' values in arrays of their own. */
static ntk_status see_point(void *user, const ntk_stored_point *point) {
  builder *b = user;
  const size_t count = b->table.variables;
  double *value = take(b, count * sizeof *value);
  const char **text = take(b, count * sizeof *text);
  if (value == NULL || text == NULL)
    return no_memory();
  for (size_t v = 0; v < count; v++) {
    value[v] = point->value[v];
    text[v] = point->text[v] != NULL ? intern(b, point->text[v]) : NULL;
    b->is_text[v] = point->text[v] != NULL;
    if (b->is_text[v] && text[v] == NULL)
      return no_memory();
  }
  b->value = value;
  b->text = text;
  const size_t before = b->point;
  b->point = point->id;
  if (b->index.grid != NULL)
    NTK_TRY(ntk_grid_locate(&b->index, b->index.grid, point->value, point->text, &b->point));
  b->unordered |= point->id > 0 && b->point < before;
  return NTK_OK;
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

static ntk_status add_row(builder *b, const ntk_study_row *row) {
  if (b->table.rows == b->capacity) {
    const size_t capacity = b->capacity > 0 ? 2 * b->capacity : 256;
    ntk_study_row *larger = realloc(b->row, capacity * sizeof *larger);
    if (larger == NULL)
      return no_memory();
    b->row = larger;
    b->capacity = capacity;
  }
  b->row[b->table.rows++] = *row;
  return NTK_OK;
}

static ntk_status see_trial(void *user, const ntk_stored_point *point,
                            const ntk_stored_trial *trial) {
  builder *b = user;
  const ntk_outcome *outcome = &trial->outcome;
  bool failed;
  b->table.missing -=
      outcome->status != NTK_OK ||
      ntk_outcome_lacks(outcome, b->study->quantity, b->study->quantities, &failed) == 0;
  ntk_study_row row = {.point = b->point,
                       .trial = trial->trial,
                       .seed = trial->seed,
                       .lower_scale = point->lower_scale,
                       .upper_scale = point->upper_scale,
                       .variable = b->value,
                       .text = b->text,
                       .seconds = outcome->seconds,
                       .error = intern(b, outcome->error)};
  for (size_t i = 0; i < outcome->count; i++) {
    const char *name = outcome->value[i].quantity; /* often that of the row before */
    if (row.quantity == NULL || strcmp(row.quantity, name) != 0)
      row.quantity = intern(b, name);
    row.value = outcome->value[i].value;
    row.verdict = ntk_value_verdict_name(outcome->value[i].verdict);
    if (row.error == NULL || row.quantity == NULL)
      return no_memory();
    NTK_TRY(note_quantity(b, row.quantity));
    NTK_TRY(add_row(b, &row));
  }
  return NTK_OK;
}

/* A row with its place among those of its trial. */
typedef struct placed_row {
  ntk_study_row row;
  size_t place;
} placed_row;

static int by_point(const void *a, const void *b) {
  const placed_row *x = a, *y = b;
  if (x->row.point != y->row.point)
    return x->row.point < y->row.point ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

/* Points of a study that has grown stand as they came; rows go by the grid's order. */
static ntk_status sort_rows(builder *b) {
  placed_row *placed = malloc((b->table.rows + 1) * sizeof *placed);
  if (placed == NULL)
    return no_memory();
  for (size_t i = 0; i < b->table.rows; i++)
    placed[i] = (placed_row){b->row[i], i};
  qsort(placed, b->table.rows, sizeof *placed, by_point);
  for (size_t i = 0; i < b->table.rows; i++)
    b->row[i] = placed[i].row;
  free(placed);
  return NTK_OK;
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

ntk_status ntk_table_of(const ntk_store *store, ntk_study_table *table) {
  builder b = {.grown = store->schema > 2};
  const ntk_store_visitor visitor = {
      .user = &b, .study = see_study, .point = see_point, .trial = see_trial};
  ntk_status status = ntk_store_walk(store, &visitor);
  ntk_grid_index_clear(&b.index);
  if (status == NTK_OK && b.unordered)
    status = sort_rows(&b);
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

ntk_status ntk_study_table_read(const char *database, ntk_study_table *table) {
  ntk_store store;
  ntk_status status = ntk_store_open(database, &store);
  if (status == NTK_OK)
    status = ntk_table_of(&store, table);
  ntk_store_close(&store);
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
