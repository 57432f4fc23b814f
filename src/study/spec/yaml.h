/* What settings.c and yaml.c share: how a list of settings is built. */
#ifndef NTK_STUDY_YAML_H
#define NTK_STUDY_YAML_H

#include "study/spec/settings.h"

/* A new setting without values; *added is valid until the next one. */
ntk_status ntk_settings_add(ntk_settings *settings, const char *key, size_t line,
                            ntk_setting **added);
/* Appends text as one value, or as several when split: cut at commas outside parentheses. Blanks
 * around a value are dropped; NTK_ERR_FORMAT, with no place named, for an empty one. */
ntk_status ntk_setting_append(ntk_setting *setting, const char *text, bool split);

#endif
