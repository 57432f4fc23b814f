/* Settings of two studies become those of one that asks for all that either does. */
#include "study/spec/join.h"

#include "study/spec/keys.h"
#include "study/spec/locate.h"
#include "study/spec/yaml.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct joining {
  const ntk_study *study[2]; /* there, asked */
  const char *is[2];         /* whose it is */
  ntk_join *join;
} joining;

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory to compare studies");
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* "'a, b'" into text, or that it is not there. */
static void quote(const ntk_setting *s, size_t size, char *text) {
  size_t used = (size_t)snprintf(text, size, "%s", s != NULL ? "'" : "not there");
  for (size_t i = 0; s != NULL && i < s->count && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", s->value[i]);
  if (s != NULL && used < size)
    snprintf(text + used, size - used, "'");
}

static ntk_status differ(const joining *j, const char *key) {
  char left[100], right[100];
  quote(ntk_settings_find(&j->study[0]->settings, key), sizeof left, left);
  quote(ntk_settings_find(&j->study[1]->settings, key), sizeof right, right);
  return ntk_fail(NTK_ERR_ARGUMENT, "%s is %s in %s, %s in %s", key, left, j->is[0], right,
                  j->is[1]);
}

static bool same(const ntk_setting *a, const ntk_setting *b) {
  if (a->count != b->count)
    return false;
  for (size_t i = 0; i < a->count; i++)
    if (strcmp(a->value[i], b->value[i]) != 0)
      return false;
  return true;
}

/* The joined setting of this key without values. */
static ntk_setting *emptied(ntk_settings *settings, const char *key) {
  ntk_setting *s = ntk_settings_find_mutable(settings, key);
  ntk_setting_clear_values(s);
  return s;
}

static ntk_status append_all(ntk_setting *to, const ntk_setting *from) {
  for (size_t i = 0; i < from->count; i++)
    NTK_TRY(ntk_setting_append(to, from->value[i], false));
  return NTK_OK;
}

static ntk_status add_setting(ntk_settings *settings, const ntk_setting *from) {
  ntk_setting *s = NULL;
  NTK_TRY(ntk_settings_add(settings, from->key, 0, &s));
  return append_all(s, from);
}

/* ---- Keys that may differ -------------------------------------------------------------------- */

static bool has_quantity(const ntk_study *study, const ntk_quantity *quantity) {
  for (size_t q = 0; q < study->quantities; q++)
    if (study->quantity[q] == quantity)
      return true;
  return false;
}

static bool has_quantity_named(const ntk_study *study, const char *name) {
  const ntk_quantity *quantity = NULL;
  return ntk_quantity_find(name, &quantity) == NTK_OK && has_quantity(study, quantity);
}

/* Those that are asked for, then those that there were beside them. */
static ntk_status join_quantities(const joining *j, const ntk_setting *a, const ntk_setting *b) {
  const ntk_study *there = j->study[0], *asked = j->study[1];
  bool more = false;
  for (size_t q = 0; q < asked->quantities; q++)
    more |= !has_quantity(there, asked->quantity[q]);
  if (!more)
    return NTK_OK;
  j->join->quantities = true;
  ntk_setting *s = emptied(&j->join->settings, "quantity");
  NTK_TRY(append_all(s, b));
  for (size_t q = 0; q < there->quantities; q++)
    if (!has_quantity(asked, there->quantity[q]))
      NTK_TRY(ntk_setting_append(s, a->value[q], false));
  return NTK_OK;
}

static ntk_status join_trials(const joining *j) {
  char text[24];
  if (j->study[1]->trials <= j->study[0]->trials)
    return NTK_OK;
  snprintf(text, sizeof text, "%zu", j->study[1]->trials);
  return ntk_setting_append(emptied(&j->join->settings, "trials"), text, false);
}

/* How many of the values of one grid's variable another one's lacks; they go behind `to`, unless
 * NULL. */
static ntk_status lacking(const ntk_grid_index *index, size_t v, const ntk_variable *other,
                          size_t *count, ntk_setting *to) {
  *count = 0;
  for (size_t i = 0; i < other->count; i++) {
    const char *name = other->text != NULL ? other->text[i] : NULL;
    const double number = other->value != NULL ? other->value[i] : 0.0;
    char text[32];
    if (ntk_grid_place(index, v, number, name) != SIZE_MAX)
      continue;
    *count += 1;
    if (to == NULL)
      continue;
    ntk_format(text, sizeof text, "%.17g", number);
    NTK_TRY(ntk_setting_append(to, name != NULL ? name : text, false));
  }
  return NTK_OK;
}

/* Values of a variable: those of one when they have the other's, else both. */
static ntk_status join_values(const joining *j, const ntk_grid_index index[2], const ntk_setting *a,
                              const ntk_setting *b) {
  const size_t v = ntk_grid_find(index[0].grid, a->key + 5);
  const size_t w = ntk_grid_find(index[1].grid, a->key + 5);
  const ntk_variable *old = &index[0].grid->variable[v], *new = &index[1].grid->variable[w];
  if (same(a, b))
    return NTK_OK;
  if (old->expression != NULL || new->expression != NULL ||
      (old->text == NULL) != (new->text == NULL))
    return differ(j, a->key);
  size_t added = 0, left_out = 0;
  NTK_TRY(lacking(&index[0], v, new, &added, NULL));
  NTK_TRY(lacking(&index[1], w, old, &left_out, NULL));
  if (added == 0)
    return NTK_OK;
  j->join->values = true;
  ntk_settings *joined = &j->join->settings;
  if (left_out == 0)
    return append_all(emptied(joined, a->key), b);
  return lacking(&index[0], v, new, &added, ntk_settings_find_mutable(joined, a->key));
}

/* What a key says of many files, "PATH=TEXT" each. */
static bool is_of_files(const ntk_setting *s) {
  static const char *const keys[] = {"data.fingerprint",    "data.dim",
                                     "network.fingerprint", "network.shape",
                                     "train.fingerprint",   "train.split_fingerprint"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (strcmp(s->key, keys[i]) == 0)
      return strchr(s->value[0], '=') != NULL;
  return false;
}

/* That of both, which must be the same of the same file. */
static ntk_status join_files(const joining *j, const ntk_setting *a, const ntk_setting *b) {
  ntk_setting *to = ntk_settings_find_mutable(&j->join->settings, a->key);
  for (size_t i = 0; i < b->count; i++) {
    const size_t path = (size_t)(ntk_entry_value(b->value[i]) - b->value[i]);
    size_t k = 0;
    while (k < a->count && (strncmp(a->value[k], b->value[i], path) != 0 ||
                            ntk_entry_value(a->value[k]) != a->value[k] + path))
      k++;
    if (k == a->count)
      NTK_TRY(ntk_setting_append(to, b->value[i], false));
    else if (strcmp(a->value[k], b->value[i]) != 0)
      return ntk_fail(NTK_ERR_ARGUMENT, "%s is '%s' in %s, '%s' in %s", a->key, a->value[k],
                      j->is[0], b->value[i], j->is[1]);
  }
  return NTK_OK;
}

/* ---- Keys that only one has ------------------------------------------------------------------ */

/* Whether a key that only `has` has enters no result of the other: it is about what that has none
 * of, or is said by another key. */
static bool is_harmless(const ntk_setting *s, const ntk_study *lacks) {
  if (strcmp(s->key, "data.dim") == 0 || is_of_files(s) || strcmp(s->key, "network.gamma") == 0)
    return true; /* the first came later than fingerprints; the second has a use or is not there */
  if (strcmp(s->key, "ledger.population") == 0)
    return !has_quantity_named(lacks, "ledger");
  if (strncmp(s->key, "train.", 6) != 0 || lacks->trains)
    return false;
  /* A study that does not train memorises Gaussian labels. */
  return strcmp(s->key, "train.labels") != 0 || strcmp(s->value[0], "gaussian") == 0 ||
         !(has_quantity_named(lacks, "memorize_error") ||
           has_quantity_named(lacks, "memorize_fits"));
}

/* ---- The whole ------------------------------------------------------------------------------- */

static ntk_status join_setting(const joining *j, const ntk_grid_index index[2],
                               const ntk_setting *a) {
  const ntk_setting *b = ntk_settings_find(&j->study[1]->settings, a->key);
  if (b == NULL)
    return is_harmless(a, j->study[1]) ? NTK_OK : differ(j, a->key);
  if (strcmp(a->key, "quantity") == 0)
    return join_quantities(j, a, b);
  if (strcmp(a->key, "trials") == 0)
    return join_trials(j);
  if (strncmp(a->key, "grid.", 5) == 0)
    return join_values(j, index, a, b);
  if (is_of_files(a) && is_of_files(b))
    return join_files(j, a, b);
  return same(a, b) ? NTK_OK : differ(j, a->key);
}

static ntk_status join_settings(const joining *j, const ntk_grid_index index[2]) {
  const ntk_settings *a = &j->study[0]->settings, *b = &j->study[1]->settings;
  for (size_t i = 0; i < a->count; i++)
    NTK_TRY(join_setting(j, index, &a->setting[i]));
  for (size_t i = 0; i < b->count; i++) {
    const ntk_setting *s = &b->setting[i];
    if (ntk_settings_find(a, s->key) != NULL)
      continue;
    if (!is_harmless(s, j->study[0]))
      return differ(j, s->key);
    NTK_TRY(add_setting(&j->join->settings, s));
  }
  return NTK_OK;
}

ntk_status ntk_study_join(const ntk_study *there, const char *there_is, const ntk_study *asked,
                          const char *asked_is, ntk_join *join) {
  const joining j = {{there, asked}, {there_is, asked_is}, join};
  ntk_grid_index index[2] = {{0}, {0}};
  *join = (ntk_join){0};
  char *text = ntk_settings_text(&there->settings);
  ntk_status status = text != NULL
                          ? ntk_settings_parse(text, strlen(text), there_is, &join->settings)
                          : no_memory();
  free(text);
  if (status == NTK_OK)
    status = ntk_grid_index_make(&there->grid, &index[0]);
  if (status == NTK_OK)
    status = ntk_grid_index_make(&asked->grid, &index[1]);
  if (status == NTK_OK)
    status = join_settings(&j, index);
  ntk_grid_index_clear(&index[0]);
  ntk_grid_index_clear(&index[1]);
  return status;
}
