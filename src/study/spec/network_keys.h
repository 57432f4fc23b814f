/* The keys network.* of what the paper's networks have not: biases, several outputs, scales. */
#ifndef NTK_STUDY_NETWORK_KEYS_H
#define NTK_STUDY_NETWORK_KEYS_H

#include "study/spec/scope.h"

/* Reads them at point i, whose depth is known. *key: the setting that is being read. */
ntk_status ntk_point_read_general(const ntk_study *study, const ntk_point_scope *scope, size_t i,
                                  ntk_point *point, const char **key);

#endif
