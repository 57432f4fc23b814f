/* Files that a study reads: they must stay what they were when it was made. */
#ifndef NTK_STUDY_FILES_H
#define NTK_STUDY_FILES_H

#include "base/status.h"

/* Which file it is, as it was when the study was made. */
typedef struct ntk_file_identity {
  uint64_t device, inode, size;
  int64_t seconds, nanoseconds; /* of its last change */
} ntk_file_identity;

/* NTK_ERR_FILE when path is no plain file. */
ntk_status ntk_file_identify(const char *path, ntk_file_identity *identity);
/* NTK_ERR_FILE when path is not what it was before. */
ntk_status ntk_file_unchanged(const char *path, const ntk_file_identity *before);

/* What the file holds, as a number in hexadecimal digits. */
enum { NTK_FINGERPRINT = 20 };
ntk_status ntk_file_fingerprint(const char *path, char text[NTK_FINGERPRINT]);

/* The same of weights: a file, or a folder, of which the .npy in it count. */
ntk_status ntk_weights_identify(const char *path, ntk_file_identity *identity);
ntk_status ntk_weights_unchanged(const char *path, const ntk_file_identity *before);
ntk_status ntk_weights_fingerprint(const char *path, char text[NTK_FINGERPRINT]);

#endif
