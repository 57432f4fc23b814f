/* The keys data.*: where the data of a study's points come from. */
#ifndef NTK_STUDY_DATA_KEYS_H
#define NTK_STUDY_DATA_KEYS_H

#include "study/spec/study.h"

/* Reads data.source, data.scale and, of files, which rows, their shapes, and fingerprints among the
 * settings.
 */
ntk_status ntk_study_read_data(ntk_study *study);

#endif
