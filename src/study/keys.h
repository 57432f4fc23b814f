/* The keys of study files besides those of the grid: which there are, and what stands for those
 * that are not given. */
#ifndef NTK_STUDY_KEYS_H
#define NTK_STUDY_KEYS_H

#include "study/study.h"

/* Refuses unknown keys, several values where one is accepted, and what is no text; fills in the
 * defaults. */
ntk_status ntk_keys_check(ntk_study *study);

/* The first value of a key that is there. */
const char *ntk_keys_text(const ntk_study *study, const char *key);
/* The same as a whole number written in digits, from least to most. */
ntk_status ntk_keys_whole(const ntk_study *study, const char *key, uint64_t least, uint64_t most,
                          uint64_t *value);

#endif
