/* ntk_study_load: a study file is read, and every point of its grid checked, before anything is
 * computed. */
#include "study/study.h"

#include "data/dataset.h"
#include "data/npy.h"
#include "net/activation.h"

#include "ntkit/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_TRIALS = 100000000 };

#define REFUSE(study, s, ...) \
  ntk_study_refuse(study, s, (ntk_fail_message(__VA_ARGS__), NTK_ERR_ARGUMENT))

/* ---- Keys ------------------------------------------------------------------------------------ */

/* Every key but those of the grid. A key without a default must be there. */
static const struct key {
  const char *name, *fallback;
  bool list;     /* several values are allowed */
  bool optional; /* may be missing, and has no default */
} keys[] = {
    {"name", NULL, false, false},
    {"quantity", "lambda_min", true, false},
    {"trials", "1", false, false},
    {"seed", "0", false, false},
    {"network.widths", NULL, true, false},
    {"network.depth", NULL, false, true},
    {"network.activation", "sigmoid", false, false},
    {"network.init", "paper", false, false},
    {"network.beta", "1", true, false},
    {"data.source", "gaussian", false, false},
    {"data.scale", "none", false, false},
    {"ledger.population", NULL, false, true},
    {"data.fingerprint", NULL, false, true}, /* of a file, as `study status --spec` prints it */
};
enum { KEYS = sizeof keys / sizeof keys[0] };

/* "name, quantity, ..., grid.NAME" into text. */
static void list_keys(size_t size, char *text) {
  size_t used = 0;
  for (size_t i = 0; i < KEYS && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s, ", keys[i].name);
  if (used < size)
    snprintf(text + used, size - used, "grid.NAME");
}

/* Length of the character that text begins with; 0 for a control character, a line separator, and
 * what is no UTF-8: a study is written into its database as YAML, which takes none of them. */
static size_t printable(const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  if (c[0] < 0x80)
    return c[0] >= ' ' && c[0] != 0x7f;
  const size_t length = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
  uint32_t code = c[0] & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((c[i] & 0xc0) != 0x80)
      return 0;
    code = code << 6 | (c[i] & 0x3f);
  }
  static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
  const bool refused = c[0] < 0xc0 || c[0] > 0xf7 || code < least[length] || code > 0x10ffff ||
                       (code >= 0xd800 && code < 0xe000) || code == 0x2028 || code == 0x2029 ||
                       code == 0xfeff || code == 0xfffe || code == 0xffff;
  return refused ? 0 : length;
}

static ntk_status check_text(const ntk_study *study, const ntk_setting *s) {
  for (size_t i = 0; i < s->count; i++)
    for (const char *c = s->value[i]; *c != '\0'; c += printable(c))
      if (printable(c) == 0)
        return REFUSE(study, s, "byte 0x%02x; accepted: one line of UTF-8", (unsigned char)*c);
  return NTK_OK;
}

static ntk_status check_keys(ntk_study *study) {
  const ntk_settings *settings = &study->settings;
  for (size_t i = 0; i < settings->count; i++) {
    const ntk_setting *s = &settings->setting[i];
    NTK_TRY(check_text(study, s));
    if (strncmp(s->key, "grid.", 5) == 0)
      continue;
    size_t k = 0;
    while (k < KEYS && strcmp(keys[k].name, s->key) != 0)
      k++;
    if (k == KEYS) {
      char known[300];
      list_keys(sizeof known, known);
      return REFUSE(study, s, "there is no such key; known: %s", known);
    }
    if (!keys[k].list && s->count != 1)
      return REFUSE(study, s, "%zu values; accepted: one", s->count);
  }
  for (size_t k = 0; k < KEYS; k++) {
    if (ntk_settings_find(settings, keys[k].name) != NULL || keys[k].optional)
      continue;
    if (keys[k].fallback == NULL)
      return ntk_fail(NTK_ERR_FORMAT, "%s: '%s' is missing", settings->source, keys[k].name);
    NTK_TRY(ntk_settings_default(&study->settings, keys[k].name, keys[k].fallback));
  }
  return NTK_OK;
}

static const char *text_of(const ntk_study *study, const char *key) {
  return ntk_settings_find(&study->settings, key)->value[0];
}

/* A whole number written in digits, from least to most. */
static ntk_status read_whole(const ntk_study *study, const char *key, uint64_t least, uint64_t most,
                             uint64_t *value) {
  const ntk_setting *s = ntk_settings_find(&study->settings, key);
  const char *text = s->value[0];
  uint64_t number = 0;
  const char *c = text;
  for (; *c >= '0' && *c <= '9' && number <= (most - (uint64_t)(*c - '0')) / 10; c++)
    number = 10 * number + (uint64_t)(*c - '0');
  if (*c != '\0' || c == text || number < least)
    return REFUSE(study, s, "'%s'; accepted: a whole number from %llu to %llu", text,
                  (unsigned long long)least, (unsigned long long)most);
  *value = number;
  return NTK_OK;
}

static ntk_status read_quantities(ntk_study *study) {
  const ntk_setting *s = ntk_settings_find(&study->settings, "quantity");
  if (s->count > NTK_MOST_QUANTITIES)
    return REFUSE(study, s, "%zu quantities; accepted: up to %d", s->count, NTK_MOST_QUANTITIES);
  for (size_t i = 0; i < s->count; i++) {
    const ntk_quantity *q = ntk_quantity_find(s->value[i]);
    if (q == NULL) {
      char known[300] = "";
      size_t count = 0, used = 0;
      const ntk_quantity_info *list = ntk_quantity_list(&count);
      for (size_t k = 0; k < count && used < sizeof known; k++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", k > 0 ? ", " : "",
                                 list[k].name);
      return REFUSE(study, s, "'%s' is no quantity; known: %s", s->value[i], known);
    }
    for (size_t k = 0; k < study->quantities; k++)
      if (study->quantity[k] == q)
        return REFUSE(study, s, "'%s' stands there twice", s->value[i]);
    study->quantity[study->quantities++] = q;
  }
  return NTK_OK;
}

/* ---- Data ------------------------------------------------------------------------------------ */

static bool is_distribution(const char *name) {
  const ntk_distribution *distribution = NULL;
  return ntk_distribution_find(name, &distribution) == NTK_OK;
}

static bool is_file(const char *text) {
  const size_t length = strlen(text);
  return (length > 4 && strcmp(text + length - 4, ".npy") == 0) || strchr(text, '/') != NULL ||
         access(text, F_OK) == 0;
}

/* What the file holds, as a number: studies notice when it changes. */
static ntk_status fingerprint(const char *path, char text[20]) {
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(errno));
  uint64_t hash = NTK_HASH_START;
  unsigned char buffer[1 << 14];
  size_t got;
  while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
    hash = ntk_hash(hash, buffer, got);
  const bool failed = ferror(file) != 0;
  fclose(file);
  if (failed)
    return ntk_fail(NTK_ERR_FILE, "%s cannot be read", path);
  snprintf(text, 20, "%016llx", (unsigned long long)hash);
  return NTK_OK;
}

/* Shape of a data file, and its fingerprint among the settings. */
static ntk_status open_file(ntk_study *study, const char *path) {
  ntk_npy array;
  char hash[20];
  NTK_TRY(ntk_file_identify(path, &study->file));
  NTK_TRY(fingerprint(path, hash));
  NTK_TRY(ntk_npy_open(path, 2, &array));
  study->file_rows = array.rows;
  study->file_dim = array.cols;
  ntk_npy_close(&array);
  const ntk_setting *known = ntk_settings_find(&study->settings, "data.fingerprint");
  if (known != NULL && strcmp(known->value[0], hash) != 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s is not the file that the study was made for", path);
  return ntk_settings_default(&study->settings, "data.fingerprint", hash);
}

static ntk_status read_data(ntk_study *study) {
  const ntk_setting *source = ntk_settings_find(&study->settings, "data.source");
  const char *text = source->value[0];
  const ntk_setting *scale = ntk_settings_find(&study->settings, "data.scale");
  const ntk_status status = ntk_scaling_parse(scale->value[0], &study->scaling);
  if (status != NTK_OK)
    return ntk_study_refuse(study, scale, status);
  if (ntk_grid_find(&study->grid, text) == study->grid.count && !is_distribution(text) &&
      is_file(text)) {
    const ntk_status opened = open_file(study, text);
    return opened == NTK_OK ? opened : ntk_study_refuse(study, source, opened);
  }
  if (ntk_settings_find(&study->settings, "data.fingerprint") != NULL)
    return REFUSE(study, ntk_settings_find(&study->settings, "data.fingerprint"), "'%s' is no file",
                  text);
  if (study->scaling != NTK_SCALE_NONE)
    return REFUSE(study, scale, "'%s' is for files; distributions are scaled already",
                  scale->value[0]);
  return NTK_OK;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static ntk_status check_variable(const ntk_study *study, const char *name) {
  const size_t v = ntk_grid_find(&study->grid, name);
  if (v == study->grid.count)
    return ntk_fail(NTK_ERR_FORMAT, "%s: grid.%s is missing, %s", study->settings.source, name,
                    strcmp(name, "N") == 0 ? "the number of samples" : "the input dimension");
  return NTK_OK;
}

static ntk_status check_names(const ntk_study *study, const ntk_point *point) {
  ntk_activation activation;
  ntk_status status = ntk_activation_find(point->activation, &activation);
  if (status != NTK_OK)
    return ntk_study_refuse(study, ntk_settings_find(&study->settings, "network.activation"),
                            status);
  const ntk_distribution *distribution = NULL;
  status = point->from_file ? NTK_OK : ntk_distribution_find(point->source, &distribution);
  if (status != NTK_OK)
    return ntk_study_refuse(study, ntk_settings_find(&study->settings, "data.source"), status);
  size_t count = 0;
  const ntk_init_info *list = ntk_init_list(&count);
  for (size_t i = 0; i < count; i++)
    if (strcmp(list[i].name, point->init) == 0)
      return NTK_OK;
  return REFUSE(study, ntk_settings_find(&study->settings, "network.init"),
                "'%s' is not known; 'ntkit info' lists the initialisations", point->init);
}

static ntk_status resolve(ntk_study *study) {
  uint64_t trials = 0, population = 0;
  NTK_TRY(check_keys(study));
  study->name = text_of(study, "name");
  NTK_TRY(read_quantities(study));
  NTK_TRY(read_whole(study, "trials", 1, MOST_TRIALS, &trials));
  NTK_TRY(read_whole(study, "seed", 0, UINT64_MAX, &study->seed));
  study->trials = (size_t)trials;
  if (ntk_settings_find(&study->settings, "ledger.population") != NULL)
    NTK_TRY(read_whole(study, "ledger.population", NTK_LEAST_POPULATION, MOST_TRIALS, &population));
  study->population = (size_t)population;
  NTK_TRY(ntk_grid_make(&study->settings, &study->grid));
  NTK_TRY(read_data(study));
  NTK_TRY(check_variable(study, "N"));
  if (study->file_dim == 0)
    NTK_TRY(check_variable(study, "d"));
  if (study->grid.points > MOST_TRIALS / study->trials)
    return ntk_fail(NTK_ERR_LIMIT, "%s: %zu points of %zu trials; accepted: up to %d trials in all",
                    study->settings.source, study->grid.points, study->trials, MOST_TRIALS);
  for (size_t i = 0; i < study->grid.points; i++) {
    ntk_point point;
    NTK_TRY(ntk_study_point(study, i, &point));
    NTK_TRY(check_names(study, &point));
  }
  return NTK_OK;
}

/* Takes the settings over, whatever the status. */
static ntk_status make(ntk_settings *settings, const char *const *overrides, size_t count,
                       ntk_study **study) {
  ntk_study *made = calloc(1, sizeof *made);
  ntk_status status = NTK_OK;
  if (made == NULL) {
    ntk_settings_clear(settings);
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a study");
  }
  made->settings = *settings;
  for (size_t i = 0; i < count && status == NTK_OK; i++)
    status = ntk_settings_override(&made->settings, overrides[i]);
  if (status == NTK_OK)
    status = resolve(made);
  if (status == NTK_OK)
    *study = made;
  else
    ntk_study_destroy(made);
  return status;
}

ntk_status ntk_study_parse(const char *text, const char *name, const char *const *overrides,
                           size_t count, ntk_study **study) {
  ntk_settings settings;
  NTK_TRY(ntk_settings_parse(text, strlen(text), name, &settings));
  return make(&settings, overrides, count, study);
}

ntk_status ntk_study_load(const char *path, const char *const *overrides, size_t count,
                          ntk_study **study) {
  ntk_settings settings;
  NTK_TRY(ntk_settings_load(path, &settings));
  return make(&settings, overrides, count, study);
}

void ntk_study_destroy(ntk_study *study) {
  if (study == NULL)
    return;
  ntk_grid_clear(&study->grid);
  ntk_settings_clear(&study->settings);
  free(study);
}

const char *ntk_study_name(const ntk_study *study) {
  return study->name;
}

size_t ntk_study_points(const ntk_study *study) {
  return study->grid.points;
}

size_t ntk_study_trials(const ntk_study *study) {
  return study->trials;
}
