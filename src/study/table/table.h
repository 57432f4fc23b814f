/* Results as a table, of a store that is open. */
#ifndef NTK_STUDY_TABLE_H
#define NTK_STUDY_TABLE_H

#include "study/store/store.h"

/* What the store holds now; to be released by ntk_study_table_clear. */
ntk_status ntk_table_of(const ntk_store *store, ntk_study_table *table);

#endif
