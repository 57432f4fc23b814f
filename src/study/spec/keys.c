#include "study/spec/keys.h"

#include "base/names.h"
#include "base/writer.h"

#include "ntkit/data.h"

#include <stdio.h>
#include <string.h>

/* Every key; those of the grid as one. A key without a default must be there. */
static const struct key {
  const char *name, *fallback;
  bool list;     /* several values are allowed */
  bool optional; /* may be missing, and has no default */
  bool training; /* of studies that train, and of no others */
} keys[] = {
    {"name", NULL, false, false, false},
    {"quantity", "lambda_min", true, false, false},
    {"trials", "1", false, false, false},
    {"seed", "0", false, false, false},
    {"precision", NULL, false, true, false},
    {"network.widths", NULL, true, false, false},
    {"network.depth", NULL, false, true, false},
    {"network.activation", "sigmoid", true, false, false}, /* one text of all: ntk_settings_join */
    {"network.init", "paper", false, false, false},
    {"network.beta", "1", true, false, false},
    {"network.gamma", NULL, false, true, false}, /* has a default where the weights are drawn */
    {"network.bias", NULL, false, true, false}, /* what the paper's networks have not: no default */
    {"network.outputs", NULL, false, true, false},
    {"network.output", NULL, false, true, false},
    {"network.parameterization", NULL, true, true, false},
    {"network.load", NULL, false, true, false},
    {"network.layout", NULL, false, true, false},
    {"network.fingerprint", NULL, true, true, false}, /* of weights that are loaded */
    {"network.shape", NULL, true, true, false},       /* the same: n_0-n_1-...-n_L */
    {"data.source", "gaussian", false, false, false},
    {"data.scale", "none", false, false, false},
    {"data.skip", NULL, false, true, false}, /* of files, as the next: no defaults */
    {"data.rows", NULL, false, true, false},
    {"data.fingerprint", NULL, true, true,
     false},                               /* of a file, as `study status --spec` prints it */
    {"data.dim", NULL, true, true, false}, /* of a file: the numbers of a row */
    {"ledger.population", NULL, false, true, false},
    {"train.optimizer", "gd", false, false, true},
    {"train.lr", "auto", false, false, true},
    {"train.momentum", NULL, false, true, true},
    {"train.loss", "half-sum", false, false, true},
    {"train.labels", "gaussian", false, false, true},
    {"train.epochs", "10000", false, false, true},
    {"train.batch", NULL, false, true, true},
    {"train.clients", NULL, false, true, true},
    {"train.local_steps", NULL, false, true, true},
    {"train.client_weights", NULL, false, true, true},
    {"train.split", NULL, false, true, true},
    {"train.target", NULL, false, true, true},
    {"train.margin", NULL, false, true, true},
    {"train.plateau", "0", false, false, true},
    {"train.precision", "double", false, false, true},
    {"train.fingerprint", NULL, true, true, true},       /* of a file of labels */
    {"train.split_fingerprint", NULL, true, true, true}, /* of one of whose the samples are */
    {"grid.NAME", NULL, true, true, false}, /* a section, in the list of what is known */
};
enum { KEYS = sizeof keys / sizeof keys[0] };

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
        return NTK_REFUSE(&study->settings, s, "byte 0x%02x; accepted: one line of UTF-8",
                          (unsigned char)*c);
  return NTK_OK;
}

/* Whether weights that are loaded leave no room for a key; they are of no law, and their sizes are
 * their own. */
static bool is_of_drawn(const char *key) {
  static const char *const drawn[] = {"network.widths", "network.depth", "network.init",
                                      "network.beta",   "network.gamma", "network.bias",
                                      "network.outputs"};
  for (size_t i = 0; i < sizeof drawn / sizeof drawn[0]; i++)
    if (strcmp(key, drawn[i]) == 0)
      return true;
  return false;
}

static ntk_status add_default(ntk_study *study, size_t k, bool loads) {
  const ntk_setting *s = ntk_settings_find(&study->settings, keys[k].name);
  const bool drawn = loads && is_of_drawn(keys[k].name);
  if (s != NULL && drawn)
    return NTK_REFUSE(&study->settings, s, "accepted without network.load, whose files say it");
  if (s != NULL || drawn || keys[k].optional || keys[k].training)
    return NTK_OK;
  if (keys[k].fallback == NULL || (loads && strcmp(keys[k].name, "network.activation") == 0))
    return ntk_fail(NTK_ERR_FORMAT, "%s: '%s' is missing", study->settings.source, keys[k].name);
  return ntk_settings_default(&study->settings, keys[k].name, keys[k].fallback);
}

/* Whether the name stands in a section, and the key in the same one. */
static bool beside(const char *name, const char *key) {
  const size_t length = strcspn(key, ".");
  return length > 0 && key[length] == '.' && strncmp(name, key, length + 1) == 0;
}

static const char *key_at(size_t i, const void *user) {
  (void)user;
  return i < KEYS ? keys[i].name : NULL;
}

/* What could stand in the key's place: the keys of its section, or where there is no such one the
 * keys of none and the sections. */
static ntk_status unknown_key(const char *key) {
  char known[600] = "";
  size_t used = 0;
  bool inside = false;
  for (size_t k = 0; k < KEYS; k++)
    inside = inside || beside(keys[k].name, key);
  for (size_t k = 0; k < KEYS && used < sizeof known; k++) {
    const size_t first = strcspn(keys[k].name, ".");
    const bool again = k > 0 && strncmp(keys[k].name, keys[k - 1].name, first + 1) == 0;
    if (inside ? beside(keys[k].name, key) : !again)
      used += (size_t)snprintf(known + used, sizeof known - used, "%s%.*s", used > 0 ? ", " : "",
                               (int)(inside ? strlen(keys[k].name) : first), keys[k].name);
  }
  const char *meant = ntk_text_nearest(key, key_at, NULL);
  return ntk_fail(NTK_ERR_ARGUMENT, "unknown key '%.60s'; %s%s%sknown: %s%s", key,
                  meant != NULL ? "did you mean '" : "", meant != NULL ? meant : "",
                  meant != NULL ? "'? " : "", known,
                  inside && beside("data.", key)
                      ? "; how many samples and numbers in each are N and d of grid"
                      : "");
}

ntk_status ntk_keys_check(ntk_study *study) {
  const ntk_settings *settings = &study->settings;
  for (size_t i = 0; i < settings->count; i++) {
    const ntk_setting *s = &settings->setting[i];
    NTK_TRY(check_text(study, s));
    if (strncmp(s->key, "grid.", 5) == 0)
      continue;
    const size_t k = ntk_name_row(s->key, keys, sizeof keys[0], KEYS);
    if (k == KEYS)
      return ntk_setting_refuse(settings, s, unknown_key(s->key));
    if (!keys[k].list && s->count != 1)
      return NTK_REFUSE(&study->settings, s, "%zu values; accepted: one", s->count);
  }
  NTK_TRY(ntk_settings_join(&study->settings, "network.activation"));
  NTK_TRY(ntk_settings_join(&study->settings, "network.parameterization"));
  const bool loads = ntk_settings_find(settings, "network.load") != NULL;
  for (size_t k = 0; k < KEYS; k++)
    NTK_TRY(add_default(study, k, loads));
  return NTK_OK;
}

ntk_status ntk_keys_check_training(ntk_study *study) {
  for (size_t k = 0; k < KEYS; k++) {
    const ntk_setting *s = ntk_settings_find(&study->settings, keys[k].name);
    if (!keys[k].training)
      continue;
    if (s != NULL && !study->trains)
      return NTK_REFUSE(&study->settings, s,
                        "the study does not train; accepted with a quantity that asks for it: "
                        "final_loss, smallest_loss, plateau_loss, epochs_to, epochs_to_margin, "
                        "rate, linear_rate, "
                        "gap, linear_gap, drift");
    if (study->trains && !keys[k].optional)
      NTK_TRY(ntk_settings_default(&study->settings, keys[k].name, keys[k].fallback));
  }
  return NTK_OK;
}

bool ntk_keys_may_be(const ntk_study *study, const char *key, const char *name) {
  const char *text = ntk_keys_text(study, key);
  const size_t v = ntk_grid_find(&study->grid, text);
  if (v == study->grid.count || study->grid.variable[v].text == NULL)
    return strcmp(text, name) == 0;
  for (size_t i = 0; i < study->grid.variable[v].count; i++)
    if (strcmp(study->grid.variable[v].text[i], name) == 0)
      return true;
  return false;
}

ntk_status ntk_keys_check_gamma(ntk_study *study) {
  const ntk_setting *gamma = ntk_settings_find(&study->settings, "network.gamma");
  if (ntk_settings_find(&study->settings, "network.init") != NULL &&
      ntk_keys_may_be(study, "network.init", "antisymmetric"))
    return ntk_settings_default(&study->settings, "network.gamma", "d^3*N^2");
  return gamma == NULL ? NTK_OK
                       : NTK_REFUSE(&study->settings, gamma,
                                    "accepted with network.init: antisymmetric alone");
}

const char *ntk_keys_text(const ntk_study *study, const char *key) {
  return ntk_settings_find(&study->settings, key)->value[0];
}

ntk_status ntk_keys_whole(const ntk_study *study, const char *key, uint64_t least, uint64_t most,
                          uint64_t *value) {
  const ntk_setting *s = ntk_settings_find(&study->settings, key);
  const char *text = s->value[0];
  if (ntk_text_whole(text, strlen(text), least, most, value) == NULL)
    return NTK_OK;
  return NTK_REFUSE(&study->settings, s, "'%s'; accepted: a whole number from %llu to %llu", text,
                    (unsigned long long)least, (unsigned long long)most);
}

ntk_key_texts ntk_keys_texts(const ntk_study *study, const char *key) {
  const ntk_setting *s = ntk_settings_find(&study->settings, key);
  const size_t v = ntk_grid_find(&study->grid, s->value[0]);
  const bool many = v < study->grid.count && study->grid.variable[v].text != NULL;
  return many ? (ntk_key_texts){study->grid.variable[v].count, study->grid.variable[v].text, true}
              : (ntk_key_texts){1, (const char *const *)s->value, false};
}

bool ntk_keys_means_file(const ntk_study *study, const char *text) {
  return ntk_grid_find(&study->grid, text) == study->grid.count && ntk_file_is_meant(text);
}

const char *ntk_entry_value(const char *entry) {
  const char *equals = strrchr(entry, '=');
  return equals != NULL ? equals + 1 : entry;
}

/* The value under the key of what `path` names, or of the only one, where path is NULL. */
static const char *recall(const ntk_setting *s, const char *path) {
  const size_t length = path != NULL ? strlen(path) : 0;
  for (size_t i = 0; s != NULL && i < s->count; i++)
    if (path == NULL || (strncmp(s->value[i], path, length) == 0 && s->value[i][length] == '=' &&
                         strchr(s->value[i] + length + 1, '=') == NULL))
      return path == NULL ? s->value[i] : s->value[i] + length + 1;
  return NULL;
}

const char *ntk_keys_recall(const ntk_study *study, const char *key, const char *path) {
  return recall(ntk_settings_find(&study->settings, key), path);
}

ntk_status ntk_keys_remember(ntk_study *study, const char *key, const char *path, const char *value,
                             bool *same) {
  ntk_setting *s = ntk_settings_find_mutable(&study->settings, key);
  const char *known = recall(s, path);
  *same = known == NULL || strcmp(known, value) == 0;
  if (known != NULL)
    return NTK_OK;
  if (path == NULL)
    return ntk_settings_default(&study->settings, key, value);
  char entry[NTK_PATH_CAPACITY + 2000]; /* the longest text is a shape */
  if (s == NULL)
    NTK_TRY(ntk_settings_add(&study->settings, key, 0, &s));
  snprintf(entry, sizeof entry, "%s=%s", path, value);
  return ntk_setting_append(s, entry, false);
}

ntk_status ntk_keys_open_file(ntk_study *study, const ntk_file_key *key, const char *path,
                              ntk_file_identity *identity, ntk_reader *file) {
  char hash[NTK_FINGERPRINT];
  bool same = true;
  NTK_TRY(ntk_file_identify(path, identity));
  NTK_TRY(ntk_reader_open(path, key->rank, file));
  ntk_reader_close(file);
  NTK_TRY(ntk_file_fingerprint(path, hash));
  NTK_TRY(ntk_keys_remember(study, key->name, key->many ? path : NULL, hash, &same));
  return same ? NTK_OK
              : ntk_fail(NTK_ERR_ARGUMENT, "%s is not the file that the study was made for", path);
}
