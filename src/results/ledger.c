/* What ntk_verify finds. */
#include "results/results.h"

#include "ntkit/verify.h"

static ntk_field_value claim(const void *row) {
  return ntk_field_text(ntk_ledger_claim_name(((const ntk_ledger_row *)row)->claim));
}

static ntk_field_value verdict(const void *row) {
  return ntk_field_text(ntk_ledger_verdict_name(((const ntk_ledger_row *)row)->verdict));
}

#define ROW ntk_ledger_row
static const ntk_field ledger_row[] = {
    FIELD(key, "", "the row's name for programs, [A-Za-z0-9_]"),
    FIELD(section, "", "of the paper: an assumption, theorem or lemma"),
    FIELD(name, "", "as the paper writes it"),
    FIELD(equation, "", "its number in the paper"),
    FIELD(value, "", "measured; null where it is infinite or there is none"),
    FIELD(error, "", "1.96 standard errors, a deviation between samples, or a resolution"),
    FIELD(spread, "", "standard deviation over fresh draws of the weights"),
    FIELD(order, "", "predicted, as n_{L-2} n_{L-1}"),
    COMPUTED("claim", "claim", NTK_TYPE_TEXT, claim, "Theta, Omega, O, o, >=, <= or empty"),
    FIELD(scale, "", "what the predicted order is here"),
    FIELD(ratio, "", "value / scale"),
    COMPUTED("verdict", "verdict", NTK_TYPE_TEXT, verdict,
             "measured, holds, fails, consistent, suspect, outside or unresolved"),
    FIELD(note, "", "one line, or empty"),
};
const ntk_description ntk_table_ledger_row = DESCRIPTION(ledger_row, NULL, "A row of the ledger.");
#undef ROW

#define ROW ntk_ledger
static const ntk_field ledger[] = {
    APART(samples, "", "N"),
    FIELD(population, "", "samples behind the expectations"),
    FIELD(empirical, "", "whether expectations are means over the data themselves"),
    OBJECT(deficiency, ntk_table_deficiency, "what makes K singular, where that is known"),
    OBJECTS("ledger", row, rows, ntk_table_ledger_row, "the rows"),
    FIELD(seconds, "s", "all of it"),
    APART(seconds_population, "s", "of these for the expectations"),
};
const ntk_description ntk_table_ledger =
    DESCRIPTION(ledger, NULL, "The proof of Theorem 3.1 in numbers (ntk_verify).");
