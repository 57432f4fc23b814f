#include "study/spec/scope.h"

#include "study/spec/keys.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>

static const double LARGEST_WHOLE = 0x1p53;

ntk_status ntk_point_evaluate(const ntk_point_scope *scope, const char *text, double *value) {
  const ntk_scope names = {scope->count, scope->name, scope->value};
  return ntk_expression_evaluate(text, &names, value);
}

ntk_status ntk_point_whole(const ntk_point_scope *scope, const char *text, const char *what,
                           size_t least, size_t *value) {
  double number = 0.0;
  NTK_TRY(ntk_point_evaluate(scope, text, &number));
  if (!(number >= (double)least) || number > LARGEST_WHOLE || number != floor(number))
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "%s is %.10g; accepted: a whole number from %zu (floor(...) makes one)", what,
                    number, least);
  *value = (size_t)number;
  return NTK_OK;
}

const char *ntk_point_name(const ntk_study *study, const char *key, size_t i) {
  const char *text = ntk_keys_text(study, key);
  const size_t v = ntk_grid_find(&study->grid, text);
  const char *value = v < study->grid.count ? ntk_grid_text(&study->grid, v, i) : NULL;
  return value != NULL ? value : text;
}

/* ---- Refusals ---------------------------------------------------------------------------------
 */

void ntk_study_point_text(const ntk_study *study, size_t i, size_t size, char *text) {
  double value[NTK_MOST_VARIABLES];
  size_t used = 0;
  text[0] = '\0';
  if (ntk_grid_values(&study->grid, i, value) != NTK_OK)
    return;
  for (size_t v = 0; v < study->grid.count && used < size; v++) {
    const char *name = ntk_grid_text(&study->grid, v, i), *comma = v > 0 ? ", " : "";
    if (name != NULL)
      used +=
          (size_t)snprintf(text + used, size - used, "%s%s = %s", comma, study->grid.name[v], name);
    else
      used += (size_t)ntk_format(text + used, size - used, "%s%s = %.10g", comma,
                                 study->grid.name[v], value[v]);
  }
}

ntk_status ntk_study_refuse_point(const ntk_study *study, const ntk_setting *s, size_t i,
                                  ntk_status status) {
  char point[200], why[400];
  ntk_study_point_text(study, i, sizeof point, point);
  snprintf(why, sizeof why, "%s", ntk_error_message());
  ntk_fail_message("%s, at %s", why, point);
  return s != NULL ? ntk_setting_refuse(&study->settings, s, status) : status;
}
