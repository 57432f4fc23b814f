/* The least loss of any weights. */
#ifndef NTK_FIT_FLOOR_H
#define NTK_FIT_FLOOR_H

#include "fit/train/training.h"

/* t->answer.floor, and in t->floor_reason whose labels are in the way; 0 where none are known to
 * be. Over ranks all call it. O(N d + N log N). */
ntk_status ntk_training_find_floor(ntk_training *t);
/* Of labels 1 and -1 whether some weights could put every output on its label's side, as far as the
 * network's symmetry tells; else NTK_ERR_ARGUMENT, with whose could not. Likewise. */
ntk_status ntk_training_check_sides(ntk_training *t);
double ntk_training_floor_bytes(size_t N);

#endif
