/* A study file as a flat list of settings, "network.widths" and its values, each with its line. */
#ifndef NTK_STUDY_SETTINGS_H
#define NTK_STUDY_SETTINGS_H

#include "base/status.h"

typedef struct ntk_setting {
  char *key;   /* "trials", "network.widths", "grid.N" */
  size_t line; /* in the file; 0: given as an override */
  size_t count;
  char **value; /* trimmed, none empty */
} ntk_setting;

typedef struct ntk_settings {
  char *source; /* the file's name, for messages */
  size_t count;
  ntk_setting *setting; /* in the order of the file; overrides of new keys last */
} ntk_settings;

void ntk_settings_clear(ntk_settings *settings);

/* A new setting without values; *added is valid until the next one. */
ntk_status ntk_settings_add(ntk_settings *settings, const char *key, size_t line,
                            ntk_setting **added);
/* Appends text as one value, or as several when split: cut at commas outside parentheses. Blanks
 * around a value are dropped, and so are brackets around a list that is one value, "(tanh,relu)";
 * NTK_ERR_FORMAT, with no place named, for an empty one. */
ntk_status ntk_setting_append(ntk_setting *setting, const char *text, bool split);
void ntk_setting_clear_values(ntk_setting *setting);

/* Replaces or adds what "key=value" says. */
ntk_status ntk_settings_override(ntk_settings *settings, const char *assignment);
/* Adds a setting of one value, unless the key is there. */
ntk_status ntk_settings_default(ntk_settings *settings, const char *key, const char *value);

/* Makes several values of a key one text, with commas between them. */
ntk_status ntk_settings_join(ntk_settings *settings, const char *key);

/* NULL when the key is not there. Valid until a setting is added. */
const ntk_setting *ntk_settings_find(const ntk_settings *settings, const char *key);
ntk_setting *ntk_settings_find_mutable(const ntk_settings *settings, const char *key);

/* As YAML again, which gives the same settings; to be freed. NULL for want of memory. */
char *ntk_settings_text(const ntk_settings *settings);

/* "file.yaml:7: grid.N", or "grid.N" for an override, into text: where a setting stands. */
enum { NTK_PLACE_SIZE = 4096 + 160 }; /* room for any path and key */
void ntk_setting_place(const ntk_settings *settings, const ntk_setting *setting, size_t size,
                       char *text);

/* Puts the setting's place before the message that has just been set, and returns status. */
ntk_status ntk_setting_refuse(const ntk_settings *settings, const ntk_setting *setting,
                              ntk_status status);
/* The same of a message that is set here; NTK_ERR_ARGUMENT. */
#define NTK_REFUSE(settings, setting, ...) \
  ntk_setting_refuse(settings, setting, (ntk_fail_message(__VA_ARGS__), NTK_ERR_ARGUMENT))

#endif
