/* What is worth a word: numbers that are not what they seem, by what files have been seen to hold.
 */
#include "fit/inspect/inspect.h"

#include "base/text.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* As the ledger's judgement of Assumption 2.1. */
static const double LEAST = 1e-2, MOST = 1e2;

static bool is_outside(double moment) {
  return !(moment >= LEAST && moment <= MOST);
}

void ntk_inspect_judge(ntk_data_moments *m) {
  const bool outside[] = {is_outside(m->norm), is_outside(m->square),
                          is_outside(m->spread) || m->spread < LEAST * m->square};
  size_t used = 0;
  m->danger[0] = '\0';
  for (int item = 0; item < 3; item++)
    if (outside[item])
      used += (size_t)ntk_format(m->danger + used, sizeof m->danger - used, "%s%d",
                                 used > 0 ? ", " : "", item + 1);
}

void ntk_inspect_remark(ntk_inspect_result *result, const char *name, const char *format, ...) {
  ntk_data_remark *remark = &result->remark[result->remarks++];
  va_list arguments;
  remark->name = name;
  va_start(arguments, format);
  (void)ntk_format_list(remark->text, sizeof remark->text, format, arguments);
  va_end(arguments);
}

void ntk_inspect_remark_numbers(const ntk_reader *file, size_t missing,
                                ntk_inspect_result *result) {
  const double largest = fmax(fabs(result->least), fabs(result->most));
  if (largest > 0.0 && largest < (double)FLT_MIN)
    ntk_inspect_remark(result, "denormal",
                       "every number but 0 is below %.2g in size, as numbers are whose bytes were "
                       "taken in the other order",
                       (double)FLT_MIN);
  if (file->plain.fortran && result->dim / 10 >= result->file_rows)
    ntk_inspect_remark(result, "features",
                       "d = %zu is much larger than the number of rows, %zu, in a file of Fortran "
                       "order, as when samples were appended to such a file as features",
                       result->dim, result->file_rows);
  if (missing > 0)
    ntk_inspect_remark(result, "missing",
                       "%zu number%s 9.969209968386869e+36, which netCDF writes for a missing "
                       "value",
                       missing, missing == 1 ? " is" : "s are");
  if (strcmp(file->type, "uint8") == 0 && result->most > 1.0)
    ntk_inspect_remark(result, "bytes",
                       "bytes from %g to %g, as of images: other programs divide them by 255; "
                       "--scale standardize or sphere does not mind",
                       result->least, result->most);
}
