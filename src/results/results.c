#include "results/results.h"

static const ntk_description *const list[] = {
    &ntk_table_spectrum,
    &ntk_table_block,
    &ntk_table_deficiency,
    &ntk_table_certificate,
    &ntk_table_kernel_proof,
    &ntk_table_bounds,
    &ntk_table_spectrum_seconds,
    &ntk_table_spectrum_pair,
    &ntk_table_spectrum_prefix,
    &ntk_table_density,
    &ntk_table_density_point,
    &ntk_table_density_quantile,
    &ntk_table_eigenpair,
    &ntk_table_train,
    &ntk_table_track_point,
    &ntk_table_convergence,
    &ntk_table_train_answer,
    &ntk_table_linear_rate,
    &ntk_table_batch_rate,
    &ntk_table_memorize,
    &ntk_table_fit_error,
    &ntk_table_ledger,
    &ntk_table_ledger_row,
    &ntk_table_inspect,
    &ntk_table_data_moments,
    &ntk_table_data_pair,
    &ntk_table_data_class,
    &ntk_table_data_remark,
    &ntk_table_environment,
    &ntk_table_activation,
    &ntk_table_plan,
    &ntk_table_plan_method,
    &ntk_table_plan_phase,
    &ntk_table_machine,
    &ntk_table_rate,
    &ntk_table_law,
    &ntk_table_law_hypothesis,
    &ntk_table_law_layer,
    &ntk_table_law_point,
    &ntk_table_limit,
    &ntk_table_limit_block,
    &ntk_table_federated_rate,
    &ntk_table_regression,
    &ntk_table_regression_point,
};

const ntk_description *const *ntk_description_list(size_t *count) {
  *count = sizeof list / sizeof list[0];
  return list;
}

const ntk_description *ntk_describe(const char *name) {
  return ntk_description_find(list, sizeof list / sizeof list[0], name);
}
