/* Tables of the fields of what studies give. */
#include "base/describe.h"

#include "ntkit/study.h"

#define ROW ntk_study_status
static const ntk_field status[] = {
    FIELD(name, "", "of the study"),
    FIELD(points, "", "of the grid"),
    FIELD(trials, "", "of each point"),
    FIELD(total, "", "trials of all points"),
    FIELD(done, "", "trials computed"),
    FIELD(failed, "", "trials that failed"),
    FIELD(partial, "", "trials that lack a quantity which the study has had since"),
    FIELD(fraction, "", "of the predicted cost that is done"),
    FIELD(flops, "", "of all trials, predicted"),
    FIELD(seconds, "s", "of computing, summed over the trials"),
    FIELD(builds, "", "different builds or machines that computed them"),
    FIELD(last_error, "", "of the trial that failed last; empty when none has"),
    FIELD(valueless, "", "trials done of which some quantity has no value"),
    FIELD(why_valueless, "", "how many of these for which reason; empty when there are none"),
    APART(spec, "", "the resolved study file"),
};
static const ntk_description study_status =
    DESCRIPTION(status, NULL, "How far a study's database is (ntk_study_status_read).");
#undef ROW

#define ROW ntk_study_row
static const ntk_field row[] = {
    FIELD(trial, "", "of its point, from 0"),
    FIELD(seed, "", "of the trial; ntkit spectrum --threads 1 --seed gives the same bits"),
    FIELD(quantity, "", "what was measured"),
    FIELD(value, "", "of the quantity; null unless verdict is ok or rank_deficient"),
    {NTK_NAMED("verdict", verdict, "", "these, or why there is no value"), .former = "status"},
    FIELD(seconds, "s", "of the trial"),
    FIELD(error, "", "why it failed, else empty"),
    FIELD(lower_scale, "", "n_{L-2} n_{L-1}, (6)"),
    FIELD(upper_scale, "", "d n_{L-1}, (7)"),
    APART(point, "", "of the grid, from 0"),
};
static const ntk_description study_row =
    DESCRIPTION(row, NULL, "One quantity of one trial, after the grid's variables.");
#undef ROW

#define ROW ntk_summary_point
static const ntk_field summary_point[] = {
    FIELD(x, "", "where it is"),
    FIELD(mean, "", "of the trials there"),
    FIELD(deviation, "", "sample standard deviation; null for fewer than two"),
    NAMED("trials", count, "", "with a value"),
    APART(curve, "", "which one, from 0"),
    APART(missing, "", "trials without a value"),
    APART(low, "", "of the 95 % bootstrap interval of the mean"),
    APART(high, "", "of the 95 % bootstrap interval of the mean"),
    APART(lower_scale, "", "n_{L-2} n_{L-1}, (6), mean"),
    APART(upper_scale, "", "d n_{L-1}, (7), mean"),
};
static const ntk_description point =
    DESCRIPTION(summary_point, NULL, "The trials at one x of one curve (ntk_study_summarise).");
#undef ROW

#define ROW ntk_power_law
static const ntk_field fit[] = {
    NAMED("curve", label, "", "which one, as \"N = 1000\"; empty where there is one"),
    FIELD(slope, "", "of log y over log x; null for fewer than two different x"),
    PAIR("interval", slope_low, slope_high, "of the slope, 95 %, by bootstrap"),
    FIELD(constant, "", "c of y = c x^slope"),
    FIELD(r2, "", "share of the variance of log y that the line explains"),
    FIELD(points, "", "different x"),
    FIELD(trials, "", "that were fitted"),
    FIELD(left_out, "", "values that are missing or not above 0"),
    NAMED("slope_lower", theory_lower, "", "slope of n_{L-2} n_{L-1}, (6)"),
    NAMED("slope_upper", theory_upper, "", "slope of d n_{L-1}, (7)"),
};
static const ntk_description study_fit =
    DESCRIPTION(fit, NULL, "A curve's slope in logarithms (ntk_study_fit).");
#undef ROW

#define ROW ntk_assumption
static const ntk_field assumption[] = {
    NAMED("assumption", name, "", "its number in the paper, or weights"),
    FIELD(says, "", "in one line"),
    FIELD(points, "", "looked at"),
    FIELD(outside, "", "points at which it does not hold"),
    FIELD(unknown, "", "points of which the database does not tell"),
    FIELD(note, "", "what to know of them, or empty"),
};
static const ntk_description study_assumption = DESCRIPTION(
    assumption, NULL, "An assumption of Theorem 3.1 at a study's points (ntk_study_assumptions).");
#undef ROW

static ntk_field_value claim(const void *result) {
  return ntk_field_text(ntk_ledger_claim_name(((const ntk_sweep_row *)result)->ledger.claim));
}

static ntk_field_value verdict(const void *result) {
  return ntk_field_text(ntk_ledger_verdict_name(((const ntk_sweep_row *)result)->ledger.verdict));
}

#define ROW ntk_sweep_row
static const ntk_field sweep_row[] = {
    NAMED("key", ledger.key, "", "as in the ledger"),
    NAMED("section", ledger.section, "", "as in the ledger"),
    NAMED("name", ledger.name, "", "as in the ledger"),
    NAMED("equation", ledger.equation, "", "as in the ledger"),
    NAMED("order", ledger.order, "", "predicted, as n_{L-2} n_{L-1}"),
    COMPUTED("claim", "ledger.claim", NTK_TYPE_TEXT, claim, "Theta, Omega, O, o, >=, <= or empty"),
    FIELD(exponent, "", "of the growth with the variable"),
    PAIR("interval", low, high, "of the exponent, 95 %, by bootstrap"),
    FIELD(predicted, "", "exponent of the predicted order"),
    FIELD(trials, "", "with a value"),
    FIELD(zero, "", "of these with the value 0"),
    FIELD(missing, "", "trials without a value"),
    OBJECTS("points", means.point, means.points, point, "the means at each size"),
    COMPUTED("verdict", "ledger.verdict", NTK_TYPE_TEXT, verdict, "of the sweep"),
    NAMED("note", ledger.note, "", "one line, or empty"),
    APART(held, "", "of an inequality: trials in which it holds"),
    APART(constant, "", "value = constant variable^exponent"),
};
static const ntk_description study_sweep_row =
    DESCRIPTION(sweep_row, NULL, "How a row of the ledger grows with the sizes (ntk_sweep_run).");
#undef ROW

#define ROW ntk_map_cell
static const ntk_field map_cell[] = {
    FIELD(x, "", "where it is"),
    FIELD(y, "", "where it is"),
    NAMED("trials", count, "", "in the mean"),
    FIELD(missing, "", "trials without a value"),
    FIELD(left_out, "", "values without a logarithm"),
    FIELD(mean, "", "of the trials, with logarithms the geometric one"),
    FIELD(deviation, "", "sample standard deviation, with logarithms of log10"),
};
static const ntk_description cell =
    DESCRIPTION(map_cell, NULL, "The trials at one (x, y) of a map (ntk_study_map).");
#undef ROW

#define ROW ntk_boundary
static const ntk_field boundary[] = {
    FIELD(level, "", "that the means cross"),
    FIELD(constant, "", "of the line y = constant x"),
    PAIR("interval", low, high, "of the constant, 95 %, by bootstrap"),
    FIELD(scatter, "", "root mean square of crossing / line - 1"),
    FIELD(cells, "", "with a mean"),
    FIELD(trials, "", "in them"),
    FIELD(columns, "", "different x"),
    FIELD(crossed, "", "of them those whose means cross the level"),
};
static const ntk_description study_boundary =
    DESCRIPTION(boundary, NULL, "Where a map crosses a level (ntk_study_boundary).");

static const ntk_description *const list[] = {&study_status, &study_row,        &point,
                                              &study_fit,    &study_assumption, &study_sweep_row,
                                              &cell,         &study_boundary};

const ntk_description *const *ntk_study_description_list(size_t *count) {
  *count = sizeof list / sizeof list[0];
  return list;
}

const ntk_description *ntk_study_describe(const char *name) {
  return ntk_description_find(list, sizeof list / sizeof list[0], name);
}
