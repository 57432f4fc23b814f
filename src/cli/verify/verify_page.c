/* The page of ntkit verify --report. */
#include "cli/run/job_show.h"
#include "cli/show/page.h"
#include "cli/verify/verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Cells ----------------------------------------------------------------------------------- */

void page_cells(FILE *out, const ntk_ledger_row *row, const char *note) {
  fputs("<td>", out);
  page_formula(out, row->name);
  if (note[0] != '\0') {
    fputs("<span class=\"note\">", out);
    page_math(out, note);
    fputs("</span>", out);
  }
  fputs(row->equation[0] != '\0' ? "</td><td data-label=\"eq.\">" : "</td><td>", out);
  page_text(out, row->equation);
  fputs("</td>", out);
}

/* "Ω(n d)" of the row's claim and order. */
void page_order(FILE *out, const ntk_ledger_row *row) {
  static const char *const claims[] = {"", "Θ", "Ω", "O", "o", "≥ ", "≤ "};
  fputs("<td data-label=\"order\">", out);
  if (row->claim == NTK_CLAIM_AT_LEAST || row->claim == NTK_CLAIM_AT_MOST) {
    if (isinf(row->scale))
      fprintf(out, "%s∞", claims[row->claim]);
    else if (!isnan(row->scale))
      fprintf(out, "%s%.4g", claims[row->claim], row->scale);
  } else if (row->order[0] != '\0') {
    fprintf(out, "<span class=\"math\">%s%s", claims[row->claim], row->claim ? "(" : "");
    page_math(out, row->order);
    fprintf(out, "%s</span>", row->claim ? ")" : "");
  }
  fputs("</td>", out);
}

void page_section(FILE *out, const ntk_ledger_row *row, const char *before, int columns) {
  if (strcmp(row->section, before) == 0)
    return;
  fprintf(out, "<tr class=\"section\"><th colspan=\"%d\" scope=\"rowgroup\">", columns);
  page_text(out, row->section);
  fputs("</th></tr>\n", out);
}

void page_summary(FILE *out, const verify_view *view) {
  static const ntk_ledger_verdict order[] = {
      NTK_LEDGER_FAILS,      NTK_LEDGER_SUSPECT,    NTK_LEDGER_OUTSIDE, NTK_LEDGER_HOLDS,
      NTK_LEDGER_CONSISTENT, NTK_LEDGER_UNRESOLVED, NTK_LEDGER_MEASURED};
  size_t counts[NTK_LEDGER_VERDICTS];
  (void)verify_count(view, counts);
  fputs("<p class=\"summary\">", out);
  for (size_t k = 0; k < sizeof order / sizeof order[0]; k++)
    if (counts[order[k]] > 0) {
      fprintf(out, "%zu&nbsp;", counts[order[k]]); /* lines end between verdicts */
      page_verdict(out, order[k], NULL);
      fputc(' ', out);
    }
  fputs("</p>\n", out);
}

/* ---- One instance ---------------------------------------------------------------------------- */

static void put_row(FILE *out, const ntk_ledger_row *row) {
  fputs("<tr>", out);
  page_cells(out, row, row->note);
  fputs("<td class=\"number\" data-label=\"value\">", out);
  if (isinf(row->value))
    fputs("∞", out);
  else if (isnan(row->value))
    fputs("–", out);
  else
    fprintf(out, row->value == floor(row->value) && fabs(row->value) < 1e9 ? "%.0f" : "%.5g",
            row->value);
  if (isfinite(row->error) && isfinite(row->value))
    fprintf(out, " <small>± %.2g</small>", row->error);
  fputs("</td>", out);
  page_order(out, row);
  page_number(out, "ratio", row->ratio, "%.3g");
  page_number(out, "over weights ±", row->spread, "%.2g");
  fputs("<td>", out);
  page_verdict(out, row->verdict, NULL);
  fputs("</td></tr>\n", out);
}

static void put_spectra(FILE *out, const ntk_ledger *ledger) {
  const char *name[NTK_LEDGER_SPECTRA];
  const double *values[NTK_LEDGER_SPECTRA];
  for (size_t k = 0; k < NTK_LEDGER_SPECTRA; k++) {
    if (ledger->spectrum[k].values == NULL)
      return;
    name[k] = ledger->spectrum[k].name;
    values[k] = ledger->spectrum[k].values;
  }
  job_page_spectra(out, "Spectra of the proof's kernels", 0.0, ledger->samples, NTK_LEDGER_SPECTRA,
                   name, values);
}

static void put_ledger(const verify_view *view, FILE *out) {
  const ntk_ledger *ledger = view->ledger;
  page_answer(view, out);
  fputs("<dl>\n", out);
  job_page_facts(out, view->job);
  if (view->job->spec.outputs > 1)
    page_fact(out, "output", "%s, from 0 to %zu", view->settings->output,
              view->job->spec.outputs - 1);
  page_fact(out, "expectations",
            ledger->empirical ? "means over the data: their law is not known"
                              : "means over %zu fresh samples",
            ledger->population);
  job_page_computed(out, ledger->seconds, view->job->context);
  fputs("</dl>\n", out);
  put_spectra(out, ledger);
  fputs("<h2>Ledger</h2>\n<table>\n<thead><tr><th>quantity</th><th>equation</th>"
        "<th class=\"number\">value</th><th>predicted order</th><th class=\"number\">ratio</th>"
        "<th class=\"number\">± over weights</th><th>verdict</th></tr></thead>\n<tbody>\n",
        out);
  const char *section = "";
  for (size_t i = 0; i < ledger->rows; i++) {
    page_section(out, &ledger->row[i], section, 7);
    section = ledger->row[i].section;
    put_row(out, &ledger->row[i]);
  }
  fputs("</tbody>\n</table>\n", out);
}

/* ---- Both ------------------------------------------------------------------------------------ */

/* The page has the answer too. */
static void answered_fields(const void *what, result_view *v) {
  const verify_view *view = what;
  view_fields(v, "spectrum", ntk_describe("ntk_spectrum_result"), view->answer, NULL, NULL);
  verify_fields(view, v);
}

void verify_page(const void *what, FILE *out) {
  const verify_view *view = what;
  page_begin(out, view->sweep != NULL ? "The proof of Theorem 3.1 along a sweep of sizes"
                                      : "The proof of Theorem 3.1 in numbers");
  if (view->sweep != NULL)
    page_sweep(view, out);
  else
    put_ledger(view, out);
  view_page(out, view->sweep != NULL ? verify_fields : answered_fields, view, false);
  fputs("<footer><p><b>holds</b>, <b>fails</b>: an inequality between measured numbers. "
        "<b>consistent</b>, <b>suspect</b>: an asymptotic statement, which no finite size decides; "
        "here the numbers agree with it, or do not. <b>outside</b>: outside the paper's "
        "assumptions, measured all the same. <b>unresolved</b>: double precision or the samples do "
        "not tell.</p><p>Equations are those of Bombari, Amani, Mondelli, <i>Memorization and "
        "Optimization in Deep Neural Networks with Minimum Over-parameterization</i>, 2022. "
        "Derivations: docs/algorithm.md, “The proof in numbers”.</p></footer>\n",
        out);
  page_end(out);
}
