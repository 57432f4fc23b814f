/* What ntk_train and ntk_memorize find. */
#include "results/results.h"

#include "ntkit/fit.h"

#include <math.h>

static ntk_field_value sigma_min(const void *row) {
  return ntk_field_real(sqrt(((const ntk_track_point *)row)->lambda_min));
}

static ntk_field_value jacobian_norm(const void *row) {
  return ntk_field_real(sqrt(((const ntk_track_point *)row)->lambda_max));
}

#define ROW ntk_track_point
static const ntk_field track_point[] = {
    FIELD(epoch, "", "steps made before"),
    FIELD(loss, "", "at this epoch"),
    FIELD(bound, "", "(20) with the measured c; gd alone"),
    FIELD(prediction, "", "the loss if K stayed K_0, for the exact discrete steps"),
    FIELD(lambda_min, "", "smallest eigenvalue of K(theta_t)"),
    FIELD(lambda_max, "", "largest eigenvalue of K(theta_t)"),
    COMPUTED("sigma_min", "", NTK_TYPE_REAL, sigma_min, "of J(theta_t): the root of lambda_min"),
    COMPUTED("jacobian_norm", "", NTK_TYPE_REAL, jacobian_norm,
             "||J(theta_t)||: the root of lambda_max"),
    FIELD(jacobian_change, "", "||J(theta_t) - J(theta_0)|| of (21)"),
    FIELD(distance, "", "||theta_t - theta_0||"),
    FIELD(rate, "", "of the loss, an epoch, since the tracked one before"),
    FIELD(
        rate_linear, "",
        "of the linear model in the end, were K_0 this K: the square of a step's spectral radius"),
    FIELD(drift, "", "of the clients' weights in the round before; null without clients"),
    APART(parameters, "", "P, where the weights are kept; else 0"),
    REALS(theta, parameters, true, "theta_t, where it is kept; P"),
};
const ntk_description ntk_table_track_point =
    DESCRIPTION(track_point, NULL, "The kernel at one epoch of a training.");
#undef ROW

static ntk_field_value bound_held(const void *row) {
  const ntk_convergence *c = row;
  return ntk_field_flag(c->bound_known, c->bound_held);
}

static ntk_field_value condition_held(const void *row) {
  const ntk_convergence *c = row;
  return ntk_field_flag(c->condition_known, c->condition_held);
}

#define ROW ntk_convergence
static const ntk_field convergence[] = {
    FIELD(lambda_min, "", "of K_0; 0: known to be; null: not resolved, or not computed"),
    FIELD(reason, "", "one line on why lambda_min is 0 or not resolved, else empty"),
    OBJECT(deficiency, ntk_table_deficiency, "what makes K_0 singular, where that is known"),
    FIELD(lambda_max, "", "of K_0"),
    FIELD(alpha, "", "4/5 sigma_min(J_0)"),
    FIELD(beta, "", "max(2 alpha, ||J_0|| + alpha / 4)"),
    FIELD(change_allowed, "", "alpha^2 / (2 beta), for ||J - J_0|| on the ball"),
    FIELD(radius, "", "R = 4 ||F(theta_0) - Y|| / alpha, of the ball"),
    FIELD(lr_largest, "",
          "every smaller step is stable in the linear model, and, but of batches and clients, no "
          "larger one; null for adam and lm"),
    FIELD(c, "", "of (20)"),
    FIELD(change_largest, "", "largest tracked ||J_t - J_0||"),
    FIELD(distance_largest, "", "largest tracked ||theta_t - theta_0||"),
    FIELD(laziness, "", "change_largest / ||J_0||: 0 where F is linear in theta"),
    APART(bound_broken, "", "the first epoch at which (20) did not hold, where it did not"),
    COMPUTED("bound_held", "bound_known, bound_held", NTK_TYPE_FLAG, bound_held,
             "(20), at every epoch where rounding lets it be seen"),
    COMPUTED("condition_held", "condition_known, condition_held", NTK_TYPE_FLAG, condition_held,
             "(21), at every tracked epoch"),
};
const ntk_description ntk_table_convergence =
    DESCRIPTION(convergence, NULL, "The conditions of Theorem 4.2, measured.");
#undef ROW

static ntk_field_value answer(const void *row) {
  const ntk_train_answer *a = row;
  return ntk_field_text(a->asked ? ntk_answer_name(a->answer) : NULL);
}

#define ROW ntk_train_answer
static const ntk_field answers[] = {
    COMPUTED("answer", "asked, answer", NTK_TYPE_TEXT, answer,
             "whether the loss comes down to the target: yes, no or open; null: not asked"),
    FIELD(reason, "", "one line on what decides it, or what an open answer leans on"),
    FIELD(target, "", "the loss asked for; not given: that of ||F_L - Y|| = ||Y|| / 1000"),
    FIELD(floor, "", "no weights have a smaller loss: labels of samples that are one"),
    FIELD(epochs_bound, "epochs", "(20) with the measured c is at the target from here"),
    FIELD(linear_least, "epochs",
          "the linear model is first at the target then, or later; null: never, or not known"),
    FIELD(linear_most, "epochs", "the same from above; one number where K_0 allows"),
    FIELD(linear_limit, "", "the linear model's loss stays at this: labels outside K_0's range"),
    FIELD(rate_recent, "", "of the loss, an epoch, lately"),
    FIELD(epochs_recent, "epochs", "the target is reached at that rate, or was reached"),
};
const ntk_description ntk_table_train_answer =
    DESCRIPTION(answers, NULL, "Can gradient descent fit these labels, and when?");
#undef ROW

static ntk_field_value unsaved(const void *row) {
  const ntk_train_result *result = row;
  return ntk_field_text(result->unsaved[0] != '\0' ? result->unsaved : NULL);
}

static ntk_field_value stopped(const void *row) {
  return ntk_field_text(ntk_train_stop_name(((const ntk_train_result *)row)->stopped));
}

static ntk_field_value drifts(const void *row) {
  const ntk_train_result *result = row;
  const bool known = result->drift != NULL;
  return (ntk_field_value){
      .known = known, .at = result->drift, .count = known ? result->epochs + 1 : 0};
}

static ntk_field_value losses(const void *row) {
  const ntk_train_result *result = row;
  return (ntk_field_value){.known = true, .at = result->loss, .count = result->epochs + 1};
}

static ntk_field_value accelerated(const void *row) {
  const ntk_linear_rate *r = row;
  return ntk_field_flag(r->accelerated_known, r->accelerated);
}

#define ROW ntk_linear_rate
static const ntk_field linear_rate[] = {
    FIELD(condition, "", "lambda_max / lambda_min of K_0"),
    FIELD(rate, "",
          "of the linear model's loss, an epoch in the end, with step size and momentum as used: "
          "(1 - c / sqrt(condition))^2, the square of a step's spectral radius"),
    FIELD(c, "", "of rate"),
    COMPUTED("accelerated", "accelerated_known, accelerated", NTK_TYPE_FLAG, accelerated,
             "of momentum and nesterov: the pair of roots at lambda_min is the slowest, so that c "
             "is of order 1"),
    FIELD(lr_best, "", "the fastest step size of the method, with momentum_best"),
    FIELD(momentum_best, "", "of it; null for gd"),
    FIELD(rate_best, "", "rate of these"),
    FIELD(rate_gd, "", "rate of gradient descent's fastest step, 2 / (lambda_min + lambda_max)"),
};
const ntk_description ntk_table_linear_rate =
    DESCRIPTION(linear_rate, NULL, "Rates of gd, momentum and nesterov by both ends of K_0.");
#undef ROW

static ntk_field_value why_no_rate(const void *row) {
  const ntk_federated_rate *r = row;
  return ntk_field_text(r->reason[0] != '\0' ? r->reason : NULL);
}

#define ROW ntk_federated_rate
static const ntk_field federated_rate[] = {
    FIELD(clients, "", "whose samples they are; 0: not federated, and the rest is null"),
    FIELD(local_steps, "", "of a client in a round, which is an epoch"),
    FIELD(weights, "", "what a client of n samples counts: equal, 1 / C, or size, n / N"),
    FIELD(smallest, "", "samples of the client that has fewest"),
    FIELD(largest, "", "samples of the client that has most"),
    FIELD(rate, "",
          "of the linear model's loss, a round in the end: the square of the spectral radius of "
          "its operator"),
    COMPUTED("reason", "reason", NTK_TYPE_TEXT, why_no_rate, "one line on why rate is null"),
    FIELD(drift_first, "",
          "sqrt of the mean over clients, so weighted, of ||theta_c - their mean||^2 in the first "
          "round"),
    FIELD(drift_largest, "", "the largest of all rounds"),
};
const ntk_description ntk_table_federated_rate =
    DESCRIPTION(federated_rate, NULL, "Federated training, and its linear model's rate (FL-NTK).");
#undef ROW

static ntk_field_value why_no_batch_rate(const void *row) {
  const ntk_batch_rate *r = row;
  return ntk_field_text(r->reason[0] != '\0' ? r->reason : NULL);
}

#define ROW ntk_batch_rate
static const ntk_field batch_rate[] = {
    FIELD(size, "", "samples of a step; 0: all of them, and the rest is null"),
    FIELD(steps, "", "an epoch; the last one has what is left of N"),
    FIELD(norm_largest, "", "beta = max_i K_ii of K_0; of several outputs a sample's sum of them"),
    FIELD(critical, "", "up to this size what a step gains grows with it; beyond, hardly"),
    FIELD(rate, "",
          "of gd: E ||theta - theta*||^2 an epoch is at most so many times that before, in the "
          "linear model, of batches drawn independently"),
    FIELD(lr_best, "", "the step size for which rate is least"),
    FIELD(rate_best, "", "rate at that step size"),
    COMPUTED("reason", "reason", NTK_TYPE_TEXT, why_no_batch_rate, "one line on why rate is null"),
};
const ntk_description ntk_table_batch_rate =
    DESCRIPTION(batch_rate, NULL, "Minibatches, and the rate of Ma, Bassily and Belkin (2018).");
#undef ROW

#define ROW ntk_train_result
static const ntk_field train[] = {
    FIELD(lr, "", "step size as used; null where the optimizer has none"),
    FIELD(lr_source, "", "where lr is from, one line"),
    FIELD(momentum, "", "as used; null where the optimizer has none"),
    FIELD(loss_initial, "", "before the first step"),
    FIELD(loss_final, "", "after the last step"),
    FIELD(loss_smallest, "", "of all epochs"),
    FIELD(epoch_smallest, "", "of loss_smallest"),
    NAMED("margin_found", margin, "", "min_i Y_i F_L(x_i) of the last weights; null: no margin"),
    FIELD(margin_bound, "", "in exact arithmetic it is at least this"),
    FIELD(loss_plateau, "", "twice the mean loss of the last whole window of plateau epochs"),
    COMPUTED("unsaved", "unsaved", NTK_TYPE_TEXT, unsaved,
             "why the last checkpoint could not be written; null when it was"),
    FIELD(epochs, "", "steps made, resumed ones included"),
    FIELD(resumed, "", "of these, before this run"),
    COMPUTED("stopped", "stopped", NTK_TYPE_TEXT, stopped,
             "epochs, target, plateau, time, stalled, diverged or margin"),
    FIELD(reason, "", "one line on why it stopped"),
    FIELD(rate_measured, "", "(loss_final / loss_initial)^(1 / epochs)"),
    FIELD(rate_bound, "",
          "what (20) allows; null but for gd on all samples, or where K_0 is singular"),
    OBJECT(linear, ntk_table_linear_rate, "rates by both ends of K_0; of batches, adam, lm null"),
    OBJECT(federated, ntk_table_federated_rate, "federated training, and its rate"),
    OBJECT(batches, ntk_table_batch_rate, "minibatches, and what theory says of them"),
    FIELD(kernel_precision, "",
          "of K's factors: double, or mixed: single, with products in double"),
    FIELD(kernel_reason, "", "one line: why double where mixed was wanted, else empty"),
    FIELD(seconds, "s", "all of it, resumed runs included"),
    FIELD(seconds_tracking, "s", "of these for K and its eigenvalues"),
    OBJECT(convergence, ntk_table_convergence, "the conditions of Theorem 4.2, measured"),
    OBJECT(answer, ntk_table_train_answer, "the plain question, where it was asked"),
    OBJECTS("track", track, tracked, ntk_table_track_point, "what was tracked, by epoch"),
    {.name = "drifts",
     .member = "drift",
     .unit = "",
     .type = NTK_TYPE_REALS,
     .apart = true,
     .help = "epochs + 1, with clients: sqrt(mean ||theta_c - their mean||^2) of the round before",
     .compute = drifts},
    {.name = "losses",
     .member = "loss",
     .unit = "",
     .type = NTK_TYPE_REALS,
     .apart = true,
     .help = "epochs + 1: before each step and after the last",
     .compute = losses},
};
const ntk_description ntk_table_train = DESCRIPTION(train, NULL, "A training (ntk_train).");
#undef ROW

#define ROW ntk_fit_error
static const ntk_field fit_error[] = {
    NAMED("relative_error", relative, "", "||F_L - Y||_2 / ||Y||_2, as computed"),
    NAMED("max_error", largest, "", "max_i |F_L(x_i) - Y_i|, as computed"),
    FIELD(rounding, "", "the computed F_L(x_i) are this near to exact arithmetic's"),
    FIELD(bound, "", "max_i |F_L(x_i) - Y_i| in exact arithmetic is at most this"),
    FIELD(margin, "", "min_i Y_i F_L(x_i) of labels 1 and -1, as computed; else null"),
    FIELD(margin_bound, "", "min_i Y_i F_L(x_i) in exact arithmetic is at least this"),
};
const ntk_description ntk_table_fit_error =
    DESCRIPTION(fit_error, NULL, "How well a network fits labels (ntk_fit_measure).");
#undef ROW

static ntk_field_value reached(const void *row) {
  return ntk_field_text(((const ntk_memorize_result *)row)->reached ? "reached" : "not_reached");
}

static ntk_field_value why_not(const void *row) {
  const ntk_memorize_result *result = row;
  return ntk_field_text(result->reached ? NULL : result->reason);
}

/* What is known of them: a combination that is 0 is the negative answer. */
static ntk_field_value separable(const void *row) {
  const ntk_memorize_result *r = row;
  return ntk_field_text(isnan(r->separation)      ? NULL
                        : r->separation > 0.0     ? "yes"
                        : r->combination <= 1e-13 ? "no"
                                                  : "unresolved");
}

#define ROW ntk_memorize_result
static const ntk_field memorize[] = {
    VERDICT("reached", reached, "reached or not_reached"),
    COMPUTED("reason", "reason", NTK_TYPE_TEXT, why_not, "one line on why not; null when reached"),
    FIELD(relative_error, "", "||F_L - Y||_2 / ||Y||_2 of the weights, recomputed"),
    FIELD(max_error, "", "max_i |F_L(x_i) - Y_i|"),
    FIELD(rounding, "", "the computed F_L(x_i) are this near to exact arithmetic's: an estimate"),
    NAMED("margin_found", margin, "", "min_i Y_i F_L(x_i) of labels 1 and -1; else null"),
    COMPUTED("separable", "separation, combination", NTK_TYPE_TEXT, separable,
             "of a margin: whether the features of layer L-2 separate the samples: yes, no or "
             "unresolved; null: not asked"),
    FIELD(separation, "", "by which margin, of D of norm 1, over the longest row; null: not asked"),
    FIELD(separation_bound, "", "no D separates them by more"),
    FIELD(combination, "",
          "||sum c_i y_i J_i|| / sum c_i ||J_i||, c_i >= 0, the least found; up to 1e-13: 0 to "
          "rounding, and no D separates"),
    FIELD(support, "", "samples that hold the margin, or of which a convex combination is 0"),
    FIELD(steps, "", "Newton steps of the margin"),
    FIELD(t, "", "step of the construction; 0: W_L = 0, nothing better was found"),
    FIELD(corrections, "", "chord-Newton corrections made"),
    FIELD(condition, "", "of K_{L-2}, to a few per cent; null: not resolved"),
    FIELD(samples, "", "different ones: rows that are equal count once"),
    OBJECT(
        deficiency, ntk_table_deficiency,
        "what makes K_{L-2} of all samples singular; labels that follow are fitted all the same"),
    FIELD(precision, "", "of the factor: double, or mixed: single, with products in double"),
    FIELD(precision_reason, "", "one line: why double where mixed was tried, else empty"),
    NAMED("seconds", seconds.total, "s", "all of it"),
    NAMED("seconds_kernel", seconds.kernel, "s", "K_{L-2}"),
    NAMED("seconds_factor", seconds.factor, "s", "its factor"),
    NAMED("seconds_condition", seconds.condition, "s", "its condition number"),
    NAMED("seconds_solve", seconds.solve, "s", "the solves"),
    NAMED("seconds_evaluate", seconds.evaluate, "s", "forward passes"),
};
const ntk_description ntk_table_memorize =
    DESCRIPTION(memorize, NULL, "A memorisation of one label vector (ntk_memorize).");
