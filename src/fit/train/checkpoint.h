/* Checkpoints: all that a training needs to go on to the same bits, in one file. */
#ifndef NTK_FIT_CHECKPOINT_H
#define NTK_FIT_CHECKPOINT_H

#include "fit/train/training.h"

/* Whether options.checkpoint can be written, for asking before any work is done; and t->data_hash.
 */
ntk_status ntk_checkpoint_begin(ntk_training *t);

/* Writes the present epoch to options.checkpoint, atomically; rank 0 does. */
ntk_status ntk_checkpoint_save(ntk_training *t);

/* Goes on from options.checkpoint where that is there; else leaves t as it is. NTK_ERR_FORMAT for a
 * file that is no whole checkpoint, NTK_ERR_ARGUMENT, saying in what, for one of another run. */
ntk_status ntk_checkpoint_restore(ntk_training *t);

/* ---- What must be the same for a run to be gone on with: identity.c ---- */

enum { NTK_IDENTITIES = 7 }; /* hashes, of the parts of a run in the order they are compared */

/* In words. */
const char *ntk_identity_part(size_t i);
void ntk_training_identify(const ntk_training *t, uint64_t identity[NTK_IDENTITIES]);
/* The samples' hashes, each with its place, summed over all of them. */
uint64_t ntk_training_hash_data(const ntk_training *t);

#endif
