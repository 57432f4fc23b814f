/* Files of ntkit predict --kernel --save: enough to recheck the predictions with NumPy, or to make
 * them again. The network that is linearised is in init/, for it is not what predicts. */
#include "cli/commands/predict_kernel.h"

exit_status predict_kernel_claim(const void *what) {
  static const char *const names[] = {"Y.npy",          "test.npy",   "test_Y.npy",
                                      "prediction.npy", "fitted.npy", "coefficient.npy"};
  const kernel_run *run = what;
  const saved_folder *folder = &run->job.folder;
  exit_status status = saved_claim_data(folder);
  for (size_t i = 0; i < sizeof names / sizeof names[0] && status == EXIT_DONE; i++)
    status = saved_claim(folder, names[i]);
  if (status == EXIT_DONE && run->options.limit == NULL)
    status = saved_claim_network(folder, "init", run->job.spec.depth);
  return status;
}

exit_status predict_kernel_save(void *what) {
  kernel_run *run = what;
  saved_folder *folder = &run->job.folder;
  const ntk_regression_result *r = &run->result;
  const size_t columns = r->outputs > 1 ? r->outputs : 0;
  const struct {
    const char *name;
    const double *values;
    size_t rows, columns;
  } arrays[] = {{"Y.npy", run->Y, r->samples, columns},
                {"test.npy", ntk_dataset_values(run->test), r->tests, ntk_dataset_dim(run->test)},
                {"test_Y.npy", run->test_Y, r->tests, columns},
                {"prediction.npy", r->prediction, r->tests, columns},
                {"fitted.npy", r->fitted, r->samples, columns},
                {"coefficient.npy", r->coefficient, r->samples, columns}};
  exit_status status = saved_data(folder, run->job.data);
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0] && status == EXIT_DONE; i++)
    if (arrays[i].values != NULL)
      status =
          saved_array(folder, arrays[i].name, arrays[i].values, arrays[i].rows, arrays[i].columns);
  if (status == EXIT_DONE && run->options.limit == NULL)
    status = saved_weights(folder, "init", run->job.network);
  if (status != EXIT_DONE)
    return status;
  saved_announce(folder);
  return saved_finish(folder, view_object(predict_kernel_fields, run));
}
