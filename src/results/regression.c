/* What ntk_regression finds. */
#include "results/results.h"

#include "ntkit/predict.h"

static ntk_field_value verdict(const void *row) {
  return ntk_field_text(ntk_verdict_name(((const ntk_regression_result *)row)->verdict));
}

#define ROW ntk_regression_point
static const ntk_field point[] = {
    FIELD(time, "", "of gradient flow, or so many steps; null: the end of it, or a ridge"),
    FIELD(ridge, "", "R; of times 0"),
    FIELD(train_loss, "", "of the N training samples, in options.loss"),
    FIELD(test_loss, "", "of the M test samples; null: their labels are not known"),
    FIELD(train_error, "", "||f - Y|| / ||Y|| at the training data"),
    FIELD(test_error, "", "the same at the test data; null: their labels are not known"),
    FIELD(
        train_accuracy, "",
        "part of the training samples that are nearer to their label than to the other, of labels "
        "1 and -1 or 1 and 0, or whose largest output is their class's; null: of other labels"),
    FIELD(test_accuracy, "", "the same of test samples; null: also where labels are not known"),
    FIELD(
        loo_error, "",
        "||f_i(x_i) - Y_i|| over i / ||Y||, f_i fitted to all training samples but the i-th; null: "
        "there are not several ridges to choose from"),
    FIELD(loo_accuracy, "", "the same, as train_accuracy"),
    FIELD(norm, "", "of f - f0 in the kernel's space, sqrt(a^T K a): how far the weights move"),
};
const ntk_description ntk_table_regression_point =
    DESCRIPTION(point, "point", "Kernel regression at one time, or with one ridge.");
#undef ROW

#define ROW ntk_regression_result
static const ntk_field regression[] = {
    VERDICT("verdict", verdict,
            "on lambda_min of K + R I: ok; of times also rank_deficient, "
            "below_resolution"),
    FIELD(reason, "", "one line on a verdict that is not ok, else empty"),
    APART(samples, "", "N"),
    APART(outputs, "", "n_L"),
    FIELD(tests, "", "M"),
    APART(numbers, "", "N n_L"),
    APART(test_numbers, "", "M n_L"),
    FIELD(ridge, "", "R, of several the chosen one"),
    FIELD(lambda_min, "",
          "smallest eigenvalue of K; 0: known to be; null: not resolved, or no R is 0"),
    FIELD(lambda_max, "", "largest eigenvalue of K; null: no R is 0"),
    FIELD(resolution, "", "eigenvalues of this size and below are lost in rounding"),
    FIELD(residual, "",
          "||(K + R I) a - r|| / ||r||, r = Y - f0(X), recomputed; of times r less "
          "what is not fitted by then"),
    OBJECT(chosen, ntk_table_regression_point,
           "of several times the last, of ridges the one of the least loo_error"),
    OBJECTS("points", point, points, ntk_table_regression_point, "by time, or by ridge"),
    FIELD(seconds, "s", "all of it"),
    FIELD(seconds_kernel, "s", "of that the kernel"),
    FIELD(seconds_solve, "s", "... the coefficients"),
    FIELD(seconds_predict, "s", "... the predictions"),
    REALS(prediction, test_numbers, true, "f at the test data, of the chosen point; M x n_L"),
    REALS(fitted, numbers, true, "f at the training data; N x n_L"),
    REALS(coefficient, numbers, true, "a; N x n_L"),
};
const ntk_description ntk_table_regression =
    DESCRIPTION(regression, NULL, "Kernel regression (ntk_regression).");
