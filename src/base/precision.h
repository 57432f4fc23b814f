/* The precisions that something can be computed in. */
#ifndef NTK_BASE_PRECISION_H
#define NTK_BASE_PRECISION_H

#include "base/status.h"

typedef enum ntk_precision { NTK_PRECISION_DOUBLE, NTK_PRECISION_FLOAT } ntk_precision;

NTK_SIBLING ntk_status ntk_precision_find(const char *name, ntk_precision *precision);
const char *ntk_precision_name(ntk_precision precision);
/* From 1 to the next number: twice the unit roundoff. */
double ntk_precision_epsilon(ntk_precision precision);

/* How the ends of a spectrum are found: with a factor in double, or in single and products in
 * double, or by which of them is faster and fits. */
typedef enum ntk_mode { NTK_MODE_AUTO, NTK_MODE_DOUBLE, NTK_MODE_MIXED } ntk_mode;

/* NULL: auto. */
NTK_SIBLING ntk_status ntk_mode_find(const char *name, ntk_mode *mode);
const char *ntk_mode_name(ntk_mode mode);

#endif
