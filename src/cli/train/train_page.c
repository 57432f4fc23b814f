/* What ntkit train has to tell: its fields, and the page of --report. */
#include "cli/run/job_show.h"
#include "cli/show/page.h"
#include "cli/train/train.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define ROW train_run
static const ntk_field run_fields[] = {
    VIEW_FIELD(TEXT, "checkpoint", checkpoint, "where the same command goes on from; null: none"),
};
static const ntk_description run_table = VIEW_TABLE(run_fields);
#undef ROW

void train_fields(const void *what, result_view *v) {
  const train_run *run = what;
  const cli_settings *settings = &run->settings->common;
  const ntk_description *table = ntk_describe("ntk_train_result");
  train_run there = *run; /* with the checkpoint only where it is */
  if (run->checkpoint != NULL && access(run->checkpoint, F_OK) != 0)
    there.checkpoint = NULL;
  job_view_begin(v, &run->job);
  job_view_labels(v, &run->job);
  view_options(v, settings, "seed optimizer");
  view_fields(v, NULL, table, &run->result, NULL, "momentum");
  view_options(v, settings, "loss margin precision");
  view_fields(v, NULL, table, &run->result, "loss_initial", NULL);
  labels_view(v, &run->job, &run->classes);
  view_fields(v, NULL, &run_table, &there, NULL, NULL);
  job_view_end(v, &run->job);
}

/* As what it counts that a training stopped so. */
static ntk_ledger_verdict outcome(const ntk_train_result *result) {
  return result->stopped == NTK_STOP_TARGET     ? NTK_LEDGER_HOLDS
         : result->stopped == NTK_STOP_MARGIN   ? NTK_LEDGER_HOLDS
         : result->stopped == NTK_STOP_DIVERGED ? NTK_LEDGER_FAILS
         : result->stopped == NTK_STOP_STALLED  ? NTK_LEDGER_SUSPECT
                                                : NTK_LEDGER_MEASURED;
}

static void put_theorem(FILE *out, const train_run *run) {
  static const struct {
    const char *name;
    ntk_ledger_verdict (*tell)(const train_run *run, char text[TRAIN_LINE]);
  } lines[] = {{"Theorem 4.2, (20)", train_bound},
               {"its condition (21)", train_condition},
               {"laziness", train_laziness}};
  if (!train_is_plain(run))
    fputs("<p>The paper speaks of one output and no bias; that (20) follows from (21) holds of any "
          "network.</p>\n",
          out);
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    char text[TRAIN_LINE];
    const ntk_ledger_verdict verdict = lines[i].tell(run, text);
    if (text[0] == '\0')
      continue;
    fprintf(out, "<p>%s: ", lines[i].name);
    page_math(out, text);
    fputc(' ', out);
    if (verdict != NTK_LEDGER_MEASURED)
      page_verdict(out, verdict, NULL);
    fputs("</p>\n", out);
  }
}

static void put_question(FILE *out, const ntk_train_answer *a) {
  static const ntk_ledger_verdict as[] = {[NTK_ANSWER_OPEN] = NTK_LEDGER_UNRESOLVED,
                                          [NTK_ANSWER_YES] = NTK_LEDGER_HOLDS,
                                          [NTK_ANSWER_NO] = NTK_LEDGER_FAILS};
  if (!a->asked)
    return;
  fprintf(out, "<p>can the labels be fitted to a loss of %.6g, and when? ", a->target);
  page_verdict(out, as[a->answer], ntk_answer_name(a->answer));
  fputs(" ", out);
  page_text(out, a->reason);
  fputs("</p>\n", out);
}

/* Of the last weights, in double. */
static void put_margin(FILE *out, const train_run *run) {
  static const char LEAST[] = "min_i y_i f_L(x_i)";
  const ntk_train_result *r = &run->result;
  const bool held = r->margin >= run->settings->margin;
  char bound[JOB_CELL];
  fputs("<p class=\"value\">", out);
  page_formula(out, LEAST);
  fprintf(out, " = <b>%.4g</b>, wanted <b>%g</b> ", r->margin, run->settings->margin);
  page_verdict(out, held ? NTK_LEDGER_HOLDS : NTK_LEDGER_FAILS, held ? "reached" : "not reached");
  fputs("</p>\n<p>of the last weights; in exact arithmetic ", out);
  page_formula(out, LEAST);
  fprintf(out, " ≥ %s</p>\n", job_number_down(r->margin_bound, 6, bound));
}

/* Of clients, and with momentum, of which Theorem 4.2 does not speak; else NaN. */
static double linear_rate(const ntk_train_result *r) {
  return r->federated.clients > 0         ? r->federated.rate
         : isnan(r->linear.momentum_best) ? NAN
                                          : r->linear.rate;
}

static void put_answer(FILE *out, const train_run *run) {
  const ntk_train_result *r = &run->result;
  const bool margin = run->settings->margin > 0.0;
  fputs("<div class=\"answer\">\n", out);
  if (margin)
    put_margin(out, run);
  fprintf(out, "<p%s>loss %.6g → %.6g in %zu %s, stopped by ", margin ? "" : " class=\"value\"",
          r->loss_initial, r->loss_final, r->epochs,
          r->federated.clients > 0 ? "rounds" : "epochs");
  page_verdict(out, outcome(r), ntk_train_stop_name(r->stopped));
  fputs("</p>\n<p>", out);
  page_text(out, r->reason);
  fputs("</p>\n", out);
  if (!isnan(r->rate_measured)) {
    fprintf(out, "<p>rate %.8g %s, measured", r->rate_measured,
            r->federated.clients > 0 ? "a round" : "an epoch");
    if (!isnan(r->rate_bound))
      fprintf(out, "; (20) allows %.8g", r->rate_bound);
    if (!isnan(linear_rate(r)))
      fprintf(out, "; in the end %.8g by the linear model", linear_rate(r));
    fputs("</p>\n", out);
  }
  if (run->classes.encoding != NULL)
    fprintf(out, "<p>%zu of %zu samples are put into their class, of %zu</p>\n", run->classes.right,
            ntk_dataset_samples(run->job.data), run->classes.count);
  put_question(out, &r->answer);
  if (!margin) /* whose loss is another */
    put_theorem(out, run);
  fputs("</div>\n", out);
}

static void put_linear(FILE *out, const ntk_linear_rate *r) {
  if (isnan(r->rate) || isnan(r->momentum_best))
    return;
  page_fact(out, "linear model",
            "rate %.8g an epoch in the end, (1 - c / sqrt(%.4g))^2 with c = %.4g%s; the fastest "
            "%.8g with step size %.6g, momentum %.6g, of gd %.8g",
            r->rate, r->condition, r->c,
            !r->accelerated_known ? ""
            : r->accelerated      ? ": accelerated"
                                  : ": not accelerated",
            r->rate_best, r->lr_best, r->momentum_best, r->rate_gd);
}

/* Of batches, where the linear model has one. */
static bool batch_rate(const ntk_batch_rate *b) {
  return b->size > 0 && !isnan(b->rate);
}

static void put_batches(FILE *out, const ntk_batch_rate *b) {
  if (b->size > 0 && !batch_rate(b))
    page_fact(out, "batches",
              "%zu samples a step, %zu steps an epoch; no rate of the linear model: %s", b->size,
              b->steps, b->reason);
  else if (b->size > 0)
    page_fact(out, "batches",
              "%zu samples a step, %zu steps an epoch; in the linear model E ||theta - theta*||^2 "
              "an epoch is at most x %.8g, x %.8g at the best step size, %.6g",
              b->size, b->steps, b->rate, b->rate_best, b->lr_best);
}

static void put_clients(FILE *out, const train_run *run) {
  const ntk_federated_rate *f = &run->result.federated;
  char rate[200] = "", sizes[64];
  if (f->clients == 0)
    return;
  if (isnan(f->rate))
    snprintf(rate, sizeof rate, "no rate of the linear model: %s", f->reason);
  else
    snprintf(rate, sizeof rate, "%.8g a round in the end by the linear model", f->rate);
  snprintf(sizes, sizeof sizes, f->largest > f->smallest ? "%zu to %zu" : "%zu", f->smallest,
           f->largest);
  page_fact(out, "clients",
            "%zu of %s samples each, split %s, %zu local step%s a round, which is an epoch; in the "
            "mean of weights one of n samples counts %s; %s; drift of their weights %.4g in the "
            "first round, at most %.4g",
            f->clients, sizes, run->settings->split != NULL ? run->settings->split : "iid",
            f->local_steps, f->local_steps > 1 ? "s" : "",
            strcmp(f->weights, "size") == 0 ? "n / N" : "1 / C", rate, f->drift_first,
            f->drift_largest);
}

/* By what the loss is compared with. */
static const char *title(const train_run *run) {
  const ntk_train_result *r = &run->result;
  return run->settings->margin > 0.0                         ? "A training, to a margin"
         : train_is_theorem(run)                             ? "A training, beside Theorem 4.2"
         : !isnan(linear_rate(r)) || batch_rate(&r->batches) ? "A training, beside its linear model"
                                                             : "A training";
}

void train_page(const void *what, FILE *out) {
  const train_run *run = what;
  const ntk_train_result *r = &run->result;
  page_begin(out, title(run));
  put_answer(out, run);
  fputs("<dl>\n", out);
  job_page_facts(out, &run->job);
  labels_page(out, &run->job, &run->classes, "");
  page_fact(out, "training", "%s, loss %s, %s", run->settings->optimizer, run->settings->loss,
            run->settings->common.precision);
  if (!isnan(r->lr))
    page_fact(out, "step size", "%.6g: %s", r->lr, r->lr_source);
  put_linear(out, &r->linear);
  put_batches(out, &r->batches);
  put_clients(out, run);
  page_fact(out, "kernel", "%s%s%s", r->kernel_precision, r->kernel_reason[0] != '\0' ? ": " : "",
            r->kernel_reason);
  job_page_computed(out, r->seconds, run->job.context);
  fputs("</dl>\n", out);
  train_figures(run, out);
  view_page(out, train_fields, run, true);
  page_end(out);
}
