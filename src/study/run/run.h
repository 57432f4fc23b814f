/* The run of a study behind ntk_study_run. */
#ifndef NTK_STUDY_RUN_H
#define NTK_STUDY_RUN_H

#include "study/store/store.h"

/* ntk_study_run with the store left open, to be closed by the caller whatever the status. database
 * NULL: it is in memory alone. */
ntk_status ntk_run_into(const ntk_study *study, const char *database,
                        const ntk_study_options *options, ntk_store *store,
                        ntk_study_status *status);

#endif
