/* A study file, YAML, as a list of settings. */
#ifndef NTK_STUDY_YAML_H
#define NTK_STUDY_YAML_H

#include "study/spec/settings.h"

/* Reads YAML: a mapping of keys to scalars, lists of scalars, and mappings of these (one level).
 * A scalar with commas outside parentheses is a list. Any key is accepted here, none twice.
 * NTK_ERR_FORMAT with source and line. */
ntk_status ntk_settings_parse(const char *text, size_t length, const char *source,
                              ntk_settings *settings);
/* The same from a file. */
ntk_status ntk_settings_load(const char *path, ntk_settings *settings);

#endif
