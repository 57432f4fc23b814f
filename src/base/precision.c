#include "base/precision.h"

#include "base/names.h"

#include "ntkit/fit.h"

#include <float.h>

static const ntk_name_info precisions[] = {
    [NTK_PRECISION_DOUBLE] = {"double", "64 bits, 53 of them significant"},
    [NTK_PRECISION_FLOAT] = {"float", "32 bits, 24 of them significant"},
};
enum { PRECISIONS = sizeof precisions / sizeof precisions[0] };

const ntk_name_info *ntk_precision_list(size_t *count) {
  *count = PRECISIONS;
  return precisions;
}

ntk_status ntk_precision_find(const char *name, ntk_precision *precision) {
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("precision", name, precisions, PRECISIONS, &row));
  *precision = (ntk_precision)row;
  return NTK_OK;
}

static const ntk_name_info modes[] = {
    [NTK_MODE_AUTO] = {"auto", "mixed where it is faster, or alone fits; else double"},
    [NTK_MODE_DOUBLE] = {"double", "kernel and factor in double"},
    [NTK_MODE_MIXED] = {"mixed", "a factor in single, corrected by products in double"},
};
enum { MODES = sizeof modes / sizeof modes[0] };

const ntk_name_info *ntk_mode_list(size_t *count) {
  *count = MODES;
  return modes;
}

ntk_status ntk_mode_find(const char *name, ntk_mode *mode) {
  size_t row = NTK_MODE_AUTO;
  if (name != NULL)
    NTK_TRY(NTK_NAME_FIND("precision", name, modes, MODES, &row));
  *mode = (ntk_mode)row;
  return NTK_OK;
}

const char *ntk_mode_name(ntk_mode mode) {
  return modes[mode].name;
}

const char *ntk_precision_name(ntk_precision precision) {
  return precisions[precision].name;
}

double ntk_precision_epsilon(ntk_precision precision) {
  return precision == NTK_PRECISION_FLOAT ? (double)FLT_EPSILON : DBL_EPSILON;
}
