/* The precisions that something can be computed in. */
#ifndef NTK_BASE_PRECISION_H
#define NTK_BASE_PRECISION_H

#include "base/status.h"

typedef enum ntk_precision { NTK_PRECISION_DOUBLE, NTK_PRECISION_FLOAT } ntk_precision;

NTK_SIBLING ntk_status ntk_precision_find(const char *name, ntk_precision *precision);
const char *ntk_precision_name(ntk_precision precision);
/* From 1 to the next number: twice the unit roundoff. */
double ntk_precision_epsilon(ntk_precision precision);

#endif
