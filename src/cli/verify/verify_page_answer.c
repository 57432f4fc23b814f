/* What the page of ntkit verify opens with: lambda_min, what is proved of it, and the verdicts. */
#include "cli/verify/verify.h"

#include "cli/run/job_show.h"
#include "cli/show/page.h"

#include <math.h>
#include <string.h>

static const char *const keys[] = {"lambda_min_K", "lambda_min_K_upper"};

/* The row of the ledger that (6) or (7) has. */
static void put_order(FILE *out, const ntk_ledger *ledger, const char *key) {
  for (size_t i = 0; i < ledger->rows; i++) {
    const ntk_ledger_row *row = &ledger->row[i];
    if (strcmp(row->key, key) != 0 || isnan(row->ratio))
      continue;
    fputs("<p>Theorem 3.1, ", out);
    page_text(out, row->equation);
    fputs(": ", out);
    page_formula(out, JOB_LAMBDA);
    fprintf(out, " = <b>%.3g</b> · ", row->ratio);
    page_formula(out, row->order);
    fputs(" ", out);
    page_verdict(out, row->verdict, NULL);
    fputs("</p>\n", out);
  }
}

/* "lambda_min(K) grows like d^2.11 ..." */
static void put_growth(FILE *out, const verify_view *view, const char *key) {
  const ntk_sweep *l = view->sweep;
  for (size_t i = 0; i < l->rows; i++) {
    const ntk_sweep_row *row = &l->row[i];
    if (strcmp(row->ledger.key, key) != 0 || !isfinite(row->exponent))
      continue;
    const bool first = strcmp(key, keys[0]) == 0;
    if (first) {
      fputs("<p class=\"value\">", out);
      page_formula(out, JOB_LAMBDA);
      fputs(" grows like <i>", out);
      page_text(out, view->spec->variable);
      fprintf(out, "</i><sup>%.3f</sup></p>\n", row->exponent);
      fprintf(out, "<p>95 %% interval of the exponent: %.3f … %.3f</p>\n", row->low, row->high);
    }
    if (isnan(row->predicted))
      continue;
    fputs("<p>Theorem 3.1, ", out);
    page_text(out, row->ledger.equation);
    fprintf(out, ": at %s <b>%.3g</b>, that of ", first ? "least" : "most", row->predicted);
    page_formula(out, row->ledger.order);
    fputs(" ", out);
    page_verdict(out, row->ledger.verdict, NULL);
    fputs("</p>\n", out);
  }
}

void page_answer(const verify_view *view, FILE *out) {
  fputs("<div class=\"answer\">\n", out);
  if (view->sweep == NULL)
    job_page_answer(out, view->answer, true);
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
    if (view->sweep == NULL)
      put_order(out, view->ledger, keys[k]);
    else
      put_growth(out, view, keys[k]);
  page_summary(out, view);
  fputs("</div>\n", out);
}
