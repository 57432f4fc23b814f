/* text.h - what users write, read strictly, and what they meant: so that every program that reads
 * names and numbers answers as ntkit does. */
#ifndef NTKIT_TEXT_H
#define NTKIT_TEXT_H

#include "ntkit/ntkit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* text[0..length) as a whole number from least to most: digits, or digits and a power of ten as in
 * 1e3. NULL: *value is read; else why not, as a phrase: "is empty", "is not a whole number", ... */
NTK_API const char *ntk_text_whole(const char *text, size_t length, uint64_t least, uint64_t most,
                                   uint64_t *value);

/* The name that is nearest to a word, by letters added, left out, replaced or swapped and whatever
 * their case; NULL when none is near. Called with i = 0, 1, ... until name(i, user) is NULL. */
NTK_API const char *ntk_text_nearest(const char *word,
                                     const char *(*name)(size_t i, const void *user),
                                     const void *user);

#ifdef __cplusplus
}
#endif
#endif
