/* What the page of ntkit verify opens with: lambda_min, what is proved of it, and the verdicts. */
#include "cli/verify/verify.h"

#include "cli/draw/page.h"
#include "cli/run/job_show.h"

#include <math.h>
#include <string.h>

static const char LAMBDA[] = "lambda_min(K)";

static const char *const keys[] = {"lambda_min_K", "lambda_min_K_upper"};

static void put_interval(FILE *out, const char *what, double lower, double upper) {
  char text[JOB_CELL];
  fprintf(out, "<p>%s: <b>%s</b> ≤ ", what, job_number_down(lower, 10, text));
  page_formula(out, LAMBDA);
  fprintf(out, " ≤ <b>%s</b></p>\n", job_number_up(upper, 10, text));
}

static void put_certificate(FILE *out, const ntk_spectrum_result *answer) {
  const ntk_certificate *c = &answer->certificate;
  if (answer->verdict == NTK_VERDICT_OK && c->certified) {
    put_interval(out, "proved, for the matrix as stored", c->lower, c->upper);
    put_interval(out, "estimated, for the kernel in exact arithmetic", c->kernel_lower,
                 c->kernel_upper);
  } else if (answer->verdict == NTK_VERDICT_OK) {
    fputs("<p>not certified: no lower bound could be proved</p>\n", out);
  } else {
    fputs("<p>", out);
    page_text(out, answer->reason);
    fputs("</p>\n", out);
  }
}

/* The row of the ledger that (6) or (7) has. */
static void put_order(FILE *out, const ntk_ledger *ledger, const char *key) {
  for (size_t i = 0; i < ledger->rows; i++) {
    const ntk_ledger_row *row = &ledger->row[i];
    if (strcmp(row->key, key) != 0 || isnan(row->ratio))
      continue;
    fputs("<p>Theorem 3.1, ", out);
    page_text(out, row->equation);
    fputs(": ", out);
    page_formula(out, LAMBDA);
    fprintf(out, " = <b>%.3g</b> · ", row->ratio);
    page_formula(out, row->order);
    fputs(" ", out);
    page_verdict(out, row->verdict);
    fputs("</p>\n", out);
  }
}

static void put_value(FILE *out, const ntk_spectrum_result *answer) {
  fputs("<p class=\"value\">", out);
  page_formula(out, LAMBDA);
  if (isnan(answer->lambda_min))
    fprintf(out, " below %.3g, not told from 0", answer->resolution);
  else
    fprintf(out, " = %.10g", answer->lambda_min);
  fprintf(out, " <span class=\"v %s\">%s</span></p>\n",
          answer->verdict == NTK_VERDICT_OK ? "holds" : "unresolved",
          ntk_verdict_name(answer->verdict));
}

/* "lambda_min(K) grows like d^2.11 ..." */
static void put_growth(FILE *out, const verify_view *view, const char *key) {
  const ntk_sweep *l = view->ladder;
  for (size_t i = 0; i < l->rows; i++) {
    const ntk_sweep_row *row = &l->row[i];
    if (strcmp(row->ledger.key, key) != 0 || !isfinite(row->exponent))
      continue;
    const bool first = strcmp(key, keys[0]) == 0;
    if (first) {
      fputs("<p class=\"value\">", out);
      page_formula(out, LAMBDA);
      fputs(" grows like <i>", out);
      page_text(out, view->rungs->variable);
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
    page_verdict(out, row->ledger.verdict);
    fputs("</p>\n", out);
  }
}

void page_answer(const verify_view *view, FILE *out) {
  fputs("<div class=\"answer\">\n", out);
  if (view->ladder == NULL) {
    put_value(out, view->answer);
    put_certificate(out, view->answer);
  }
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
    if (view->ladder == NULL)
      put_order(out, view->ledger, keys[k]);
    else
      put_growth(out, view, keys[k]);
  page_summary(out, view);
  fputs("</div>\n", out);
}
