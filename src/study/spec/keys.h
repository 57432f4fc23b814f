/* The keys of study files besides those of the grid: which there are, and what stands for those
 * that are not given. */
#ifndef NTK_STUDY_KEYS_H
#define NTK_STUDY_KEYS_H

#include "data/reader.h"
#include "study/spec/study.h"

/* Refuses unknown keys, several values where one is accepted, and what is no text; fills in the
 * defaults. */
ntk_status ntk_keys_check(ntk_study *study);
/* The same for the keys train.*, once study->trains is known: a study that does not train has none
 * of them, so that one made before there were any stays the study it was. */
ntk_status ntk_keys_check_training(ntk_study *study);
/* The same for network.gamma, once the grid is known: of the initialisation antisymmetric alone. */
ntk_status ntk_keys_check_gamma(ntk_study *study);

/* Whether a key is this name, or a variable of the grid that takes it. */
bool ntk_keys_may_be(const ntk_study *study, const char *key, const char *name);

/* The first value of a key that is there. */
const char *ntk_keys_text(const ntk_study *study, const char *key);
/* The same as a whole number, as of ntk_text_whole, from least to most. */
ntk_status ntk_keys_whole(const ntk_study *study, const char *key, uint64_t least, uint64_t most,
                          uint64_t *value);

/* What a key says, or a variable of the grid takes that it names: a text for each. */
typedef struct ntk_key_texts {
  size_t count;
  const char *const *text;
  bool many; /* it is a variable */
} ntk_key_texts;
ntk_key_texts ntk_keys_texts(const ntk_study *study, const char *key);

/* Whether a text that is no known name means a file, and not a variable of the grid. */
bool ntk_keys_means_file(const ntk_study *study, const char *text);
/* A key that says of files what they were when the study was made: of one file the text itself, of
 * `many`, which a variable of the grid names, "PATH=TEXT" for each. */
typedef struct ntk_file_key {
  const char *name;
  int rank; /* of what is in the file, as of ntk_reader_open */
  bool many;
} ntk_file_key;

/* Which file it is, its shape, as of ntk_reader_open (closed again), and its fingerprint, which the
 * key has, or gets. */
ntk_status ntk_keys_open_file(ntk_study *study, const ntk_file_key *key, const char *path,
                              ntk_file_identity *identity, ntk_reader *file);
/* What a key says of a file: *same, or, where it says nothing, says from now on. path NULL: of the
 * only one. */
ntk_status ntk_keys_remember(ntk_study *study, const char *key, const char *path, const char *value,
                             bool *same);
/* That, or NULL. */
const char *ntk_keys_recall(const ntk_study *study, const char *key, const char *path);
/* The text of an entry "PATH=TEXT", or all of it. */
const char *ntk_entry_value(const char *entry);

#endif
