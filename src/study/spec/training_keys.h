/* How the trials of a study train, when one of its quantities asks for it: the keys train.*. */
#ifndef NTK_STUDY_TRAINING_KEYS_H
#define NTK_STUDY_TRAINING_KEYS_H

#include "study/spec/scope.h"

/* Opens the file of labels, if there is one, and refuses what train.* has wrong at every point
 * alike. Grid, data and quantities are known by then. */
ntk_status ntk_study_check_training(ntk_study *study);

/* How the network of point i trains, into point->training; *key: the setting that is being read,
 * for refusals. */
ntk_status ntk_point_read_training(const ntk_study *study, const ntk_point_scope *scope, size_t i,
                                   ntk_point *point, const char **key);

#endif
