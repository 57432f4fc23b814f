#include "base/status.h"
#include "ntkit/fit.h"
static const ntk_name_info labels[] = {
    {"gaussian", "independent N(0, 1)"},
    {"sign", "independent, -1 or 1 with equal chances"},
    {"teacher", "outputs of another network of the same architecture, mean square 1"}};
static const ntk_name_info optimizers[] = {
    {"gd", "gradient descent, theta -= eta grad"},
    {"momentum", "heavy ball: m = momentum m + grad, theta -= eta m"},
    {"nesterov", "the same with the gradient ahead"},
    {"adam", "Adam (Kingma and Ba, 2015), betas 0.9 and 0.999, epsilon 1e-8"},
    {"lm", "Levenberg-Marquardt by the N x N system (K + mu I) c = r, theta -= J^T c"}};
static const ntk_name_info losses[] = {
    {"half-sum", "1/2 sum_i (f_L(x_i) - Y_i)^2, eq. (19)"},
    {"mean", "1/N sum_i (f_L(x_i) - Y_i)^2, the authors' script"}};
static const ntk_name_info rules[] = {
    {"auto", "from the eigenvalues of K at the start; adam: 1 / (10 sqrt N)"},
    {"theory", "Theorem 4.2: 1 / (gamma N d n_{L-1})"}};
const ntk_name_info *ntk_labels_list(size_t *count) { *count = 3; return labels; }
const ntk_name_info *ntk_optimizer_list(size_t *count) { *count = 5; return optimizers; }
const ntk_name_info *ntk_loss_list(size_t *count) { *count = 2; return losses; }
const ntk_name_info *ntk_lr_list(size_t *count) { *count = 2; return rules; }
const char *ntk_train_stop_name(ntk_train_stop stop) {
  static const char *const names[] = {"epochs", "target", "plateau", "time", "stalled", "diverged"};
  return names[stop];
}
ntk_status ntk_labels_generate(ntk_context *context, const char *kind, const ntk_network_spec *spec, const ntk_dataset *data, uint64_t seed, double *Y) {
  (void)context; (void)kind; (void)spec; (void)data; (void)seed; (void)Y; return ntk_fail(NTK_ERR_ARGUMENT, "stub"); }
ntk_status ntk_labels_load(ntk_context *context, const char *path, const ntk_dataset *data, double *Y) {
  (void)context; (void)path; (void)data; (void)Y; return ntk_fail(NTK_ERR_ARGUMENT, "stub"); }
ntk_status ntk_train(ntk_context *context, ntk_network *network, const ntk_dataset *data, const double *Y, const ntk_train_options *options, ntk_train_result *result) {
  (void)context; (void)network; (void)data; (void)Y; (void)options; (void)result; return ntk_fail(NTK_ERR_ARGUMENT, "stub"); }
void ntk_train_clear(ntk_train_result *result) { *result = (ntk_train_result){0}; }
ntk_status ntk_train_memory(ntk_context *context, const ntk_network_spec *spec, size_t N, const ntk_train_options *options, size_t *bytes) {
  (void)context; (void)spec; (void)N; (void)options; *bytes = 1000000; return NTK_OK; }
