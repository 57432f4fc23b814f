/* The keys network.load and network.layout: networks whose weights are in files. */
#ifndef NTK_STUDY_WEIGHTS_KEYS_H
#define NTK_STUDY_WEIGHTS_KEYS_H

#include "study/spec/study.h"

/* Looks at the weights, and keeps their shapes and fingerprints among the settings. */
ntk_status ntk_study_read_weights(ntk_study *study);
/* The same by what the settings remember. */
ntk_status ntk_study_recall_weights(ntk_study *study);

/* Whether the study's networks are loaded. */
bool ntk_study_loads(const ntk_study *study);
/* Where the point's weights are (NULL: they are drawn), and its sizes by them. */
ntk_status ntk_point_read_weights(const ntk_study *study, size_t i, ntk_point *point);

#endif
