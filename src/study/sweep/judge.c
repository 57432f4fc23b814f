/* What the exponents of a scaling sweep's rows say of the paper's claims. */
#include "study/sweep/judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Over three doublings a constant that drifts by a tenth moves an exponent by this. */
static const double DRIFT = 0.05;

bool ntk_sweep_is_bound(const ntk_sweep_row *row) {
  return row->ledger.claim == NTK_CLAIM_AT_LEAST || row->ledger.claim == NTK_CLAIM_AT_MOST;
}

static void judge_bound(ntk_sweep_row *row) {
  if (row->trials == 0 && strcmp(row->ledger.section, "Assumption 2.3") == 0) {
    row->ledger.verdict =
        NTK_LEDGER_OUTSIDE; /* there the ledger knows nothing else that is no yes or no */
    snprintf(row->ledger.note, sizeof row->ledger.note, "the activation is outside Assumption 2.3");
    return;
  }
  row->ledger.verdict = row->trials == 0           ? NTK_LEDGER_UNRESOLVED
                        : row->held == row->trials ? NTK_LEDGER_HOLDS
                                                   : NTK_LEDGER_FAILS;
  snprintf(row->ledger.note, sizeof row->ledger.note, "in %zu of %zu trials", row->held,
           row->trials);
}

/* Low and high end of the exponent of value over order, against what is claimed of it. */
static ntk_ledger_verdict judge_exponent(ntk_ledger_claim claim, double low, double high) {
  bool met = false;
  switch (claim) {
  case NTK_CLAIM_THETA:
    met = low <= DRIFT && high >= -DRIFT;
    break;
  case NTK_CLAIM_OMEGA:
    met = high >= -DRIFT;
    break;
  case NTK_CLAIM_BIG_O:
    met = low <= DRIFT;
    break;
  case NTK_CLAIM_LITTLE_O: /* an interval with 0 in it decides nothing */
    if (low < 0.0 && high >= 0.0)
      return NTK_LEDGER_UNRESOLVED;
    met = high < 0.0;
    break;
  case NTK_CLAIM_NONE:
  case NTK_CLAIM_AT_LEAST:
  case NTK_CLAIM_AT_MOST:
    return NTK_LEDGER_MEASURED;
  }
  return met ? NTK_LEDGER_CONSISTENT : NTK_LEDGER_SUSPECT;
}

/* Conditions that the sweep's sizes themselves do not meet. */
static bool is_design(const ntk_sweep_row *row) {
  return strcmp(row->ledger.section, "Assumption 2.4") == 0 ||
         strcmp(row->ledger.section, "Assumption 2.5") == 0;
}

/* Smallest eigenvalues are called 0 only where kernel/ends/deficiency.h knows them to be: by
 * counting, by rows that are equal or multiples, in a linear network. */
static bool is_known_zero(const ntk_sweep_row *row) {
  return strncmp(row->ledger.key, "lambda_min", strlen("lambda_min")) == 0;
}

/* Zeros have no logarithm, and no fit shows them: they break a lower order, and meet an upper one
 * where nothing else is there. False: they decide nothing. */
static bool judge_zeros(ntk_sweep_row *row) {
  char missing[60] = "";
  if (row->missing > 0)
    snprintf(missing, sizeof missing, "; %zu others are not resolved", row->missing);
  if (row->zero == 0)
    return false;
  if (row->ledger.claim == NTK_CLAIM_OMEGA || row->ledger.claim == NTK_CLAIM_THETA) {
    const bool outside = is_design(row) || is_known_zero(row);
    row->ledger.verdict = outside ? NTK_LEDGER_OUTSIDE : NTK_LEDGER_SUSPECT;
    snprintf(row->ledger.note, sizeof row->ledger.note, "0 in %zu of %zu trials%s%s", row->zero,
             row->trials,
             is_known_zero(row) ? ", known without computing: verify at one size says why" : "",
             missing);
    return true;
  }
  if (row->zero < row->trials)
    return false;
  row->ledger.verdict = row->missing > 0 ? NTK_LEDGER_UNRESOLVED : NTK_LEDGER_CONSISTENT;
  snprintf(row->ledger.note, sizeof row->ledger.note, "0 in every trial%s%s",
           row->missing > 0 ? " that is resolved" : "", missing);
  return true;
}

static const char *reason(const ntk_sweep_row *row) {
  return row->ledger.claim == NTK_CLAIM_LITTLE_O ? "the interval does not lie below the prediction"
         : row->high < row->predicted            ? "the interval ends below the prediction"
                                                 : "the interval starts above the prediction";
}

void ntk_sweep_judge(ntk_sweep_row *row) {
  const ntk_ledger_claim claim = row->ledger.claim;
  if (ntk_sweep_is_bound(row)) {
    judge_bound(row);
    return;
  }
  if (claim == NTK_CLAIM_NONE || (isnan(row->predicted) && row->zero == 0)) {
    row->ledger.verdict = NTK_LEDGER_MEASURED;
    return;
  }
  if (judge_zeros(row))
    return;
  if (isnan(row->low) || isnan(row->high) || isnan(row->predicted)) {
    row->ledger.verdict = NTK_LEDGER_UNRESOLVED;
    if (row->zero > 0)
      snprintf(row->ledger.note, sizeof row->ledger.note,
               "0 in %zu of %zu trials: the others are too few", row->zero, row->trials);
    else
      snprintf(row->ledger.note, sizeof row->ledger.note,
               isnan(row->exponent) ? "values at fewer than two sizes"
                                    : "one trial at each size tells no interval");
    return;
  }
  row->ledger.verdict =
      judge_exponent(claim, row->low - row->predicted, row->high - row->predicted);
  const char *why = row->ledger.verdict == NTK_LEDGER_SUSPECT ? reason(row) : "";
  const size_t without = row->zero + row->missing;
  if (row->ledger.verdict == NTK_LEDGER_SUSPECT && is_design(row))
    row->ledger.verdict = NTK_LEDGER_OUTSIDE;
  if (without > 0)
    snprintf(row->ledger.note, sizeof row->ledger.note,
             "%s%swithout %zu trials that are 0 or not resolved", why, why[0] != '\0' ? "; " : "",
             without);
  else
    snprintf(row->ledger.note, sizeof row->ledger.note, "%s", why);
}
