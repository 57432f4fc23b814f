#include "study/spec/network_keys.h"

#include "study/spec/keys.h"

#include "base/precision.h"
#include "net/network.h"

#include <math.h>
#include <string.h>

static const ntk_setting *given(const ntk_study *study, const char *key) {
  return ntk_settings_find(&study->settings, key);
}

/* Every layer has one, whose entries have this deviation. */
static ntk_status read_bias(const ntk_study *study, const ntk_point_scope *scope,
                            ntk_point *point) {
  const ntk_setting *bias = given(study, "network.bias");
  if (bias == NULL)
    return NTK_OK;
  NTK_TRY(ntk_point_evaluate(scope, bias->value[0], &point->bias_deviation));
  if (!(point->bias_deviation >= 0.0) || !isfinite(point->bias_deviation))
    return ntk_fail(NTK_ERR_ARGUMENT, "the biases' deviation is %g; accepted: 0 or above",
                    point->bias_deviation);
  for (size_t l = 0; l < point->depth; l++)
    point->bias[l] = true;
  point->biased = true;
  return NTK_OK;
}

/* trace, all, or one of them, by its number. */
static ntk_status read_output(const ntk_study *study, const ntk_point_scope *scope, size_t i,
                              ntk_point *point) {
  const ntk_setting *output = given(study, "network.output");
  const char *text = output != NULL ? ntk_point_name(study, "network.output", i) : "trace";
  size_t count = 0, row = 0;
  const char *const *list = ntk_outputs_list(&count);
  while (row < count && strcmp(list[row], text) != 0)
    row++;
  if (row < count)
    return ntk_outputs_parse(text, &point->outputs_of);
  point->selected = true;
  NTK_TRY(ntk_point_whole(scope, text, "the output", 0, &point->output));
  if (point->output < point->outputs)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT, "output %zu of %zu; accepted: trace, all, 0 to %zu",
                  point->output, point->outputs, point->outputs - 1);
}

ntk_status ntk_point_read_general(const ntk_study *study, const ntk_point_scope *scope, size_t i,
                                  ntk_point *point, const char **key) {
  *key = "precision";
  ntk_mode mode;
  point->precision = given(study, *key) != NULL ? ntk_point_name(study, *key, i) : NULL;
  NTK_TRY(ntk_mode_find(point->precision, &mode));
  *key = "network.bias";
  NTK_TRY(read_bias(study, scope, point));
  *key = "network.outputs";
  if (point->weights == NULL)
    point->outputs = 1;
  if (given(study, *key) != NULL)
    NTK_TRY(ntk_point_whole(scope, given(study, *key)->value[0], "n_L", 1, &point->outputs));
  *key = given(study, "network.output") != NULL ? "network.output" : "network.outputs";
  NTK_TRY(read_output(study, scope, i, point));
  *key = "network.parameterization";
  if (given(study, *key) == NULL)
    return NTK_OK;
  double scale[2 * NTK_MOST_DEPTH];
  point->parameterization = ntk_point_name(study, *key, i);
  const ntk_network_spec spec = ntk_trial_spec(point, 0);
  return ntk_scales_find(&spec, scale);
}
