/* The result of training as a table for people, in plain ASCII. */
#include "cli/run/job_show.h"
#include "cli/shell/report.h"
#include "cli/train/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 12 }; /* of the table of what was tracked */

static void print_method(const train_run *run, const ntk_train_result *result) {
  const train_settings *settings = run->settings;
  printf("optimizer   %s, loss %s, %s", settings->optimizer, settings->loss,
         settings->common.precision);
  if (!isnan(result->momentum))
    printf(", momentum %.6g", result->momentum);
  putchar('\n');
  if (!isnan(result->lr))
    printf("step size   %.6g: %s\n", result->lr, result->lr_source);
  if (result->kernel_reason[0] != '\0')
    printf("kernel      %s: %s\n", result->kernel_precision, result->kernel_reason);
  else if (strcmp(result->kernel_precision, "mixed") == 0)
    printf("kernel      mixed: factors in single, corrected by products in double\n");
  job_print_deficiency("K_0", &result->convergence.deficiency);
}

static void print_outcome(const train_run *run, const ntk_train_result *result) {
  printf("stopped     %s: %s\n", ntk_train_stop_name(result->stopped), result->reason);
  printf("epochs      %zu", result->epochs);
  if (result->resumed > 0)
    printf(", of these %zu before this run", result->resumed);
  printf("\nloss        %.6g -> %.6g\n", result->loss_initial, result->loss_final);
  char bound[JOB_CELL];
  if (!isnan(result->margin))
    printf(
        "margin      min_i y_i f_L(x_i) = %.6g, of the last weights; in exact arithmetic >= %s\n",
        result->margin, job_number_down(result->margin_bound, 6, bound));
  if (result->loss_final > 10.0 * result->loss_smallest)
    printf("            the smallest was %.6g, at epoch %zu; the weights are those of the end\n",
           result->loss_smallest, result->epoch_smallest);
  if (!isnan(result->loss_plateau))
    printf("            at the plateau %.6g: twice the mean of the last %zu epochs whose sum had "
           "not risen\n",
           result->loss_plateau, run->options.plateau);
  if (isnan(result->rate_measured))
    return;
  printf("rate        %.8g %s, measured\n", result->rate_measured,
         result->federated.clients > 0 ? "a round" : "an epoch");
  if (isnan(result->rate_bound))
    return;
  printf("            %.8g an epoch by (20)", result->rate_bound);
  if (!isnan(result->convergence.c)) /* which is of the paper's networks */
    printf(", with the measured c = %.4g", result->convergence.c);
  putchar('\n');
}

/* Of methods with momentum: what is accelerated, and by how much. */
static void print_linear(const ntk_train_result *result) {
  const ntk_linear_rate *r = &result->linear;
  if (isnan(r->rate) || isnan(r->momentum_best))
    return;
  printf("            %.8g an epoch in the end by the linear model: (1 - c / sqrt(%.4g))^2, c = "
         "%.4g\n",
         r->rate, r->condition, r->c);
  if (r->accelerated_known)
    printf("            %s\n",
           r->accelerated ? "accelerated: the pair of roots at lambda_min is the slowest"
                          : "not accelerated: step size or momentum is too small or too large");
  printf("            the fastest: %.8g with step size %.6g, momentum %.6g; of gd %.8g\n",
         r->rate_best, r->lr_best, r->momentum_best, r->rate_gd);
}

static void print_batches(const ntk_train_result *result) {
  const ntk_batch_rate *b = &result->batches;
  if (b->size == 0)
    return;
  printf("batches     %zu samples a step, %zu step%s an epoch", b->size, b->steps,
         b->steps == 1 ? "" : "s");
  if (!isnan(b->critical))
    printf("; beyond %.4g more samples hardly help a step", b->critical);
  putchar('\n');
  if (isnan(b->rate)) {
    printf("            no rate of the linear model: %s\n", b->reason);
    return;
  }
  printf("            linear model: E ||theta - theta*||^2 x %.8g an epoch at most%s\n", b->rate,
         b->rate < 1.0 ? "" : ", which says nothing");
  printf("            at the step size that is best by this, %.6g: %.8g\n", b->lr_best,
         b->rate_best);
}

static void print_clients(const train_run *run, const ntk_train_result *result) {
  const ntk_federated_rate *f = &result->federated;
  if (f->clients == 0)
    return;
  printf("clients     %zu of %zu", f->clients, f->smallest);
  if (f->largest > f->smallest)
    printf(" to %zu", f->largest);
  printf(" samples each, %zu local step%s a round, which is an epoch; split %s\n", f->local_steps,
         f->local_steps > 1 ? "s" : "",
         run->settings->split != NULL ? run->settings->split : "iid");
  if (run->settings->client_weights != NULL || f->largest > f->smallest)
    printf("            in the mean of weights one of n samples counts %s\n",
           strcmp(f->weights, "size") == 0 ? "n / N" : "1 / C");
  if (isnan(f->rate))
    printf("            no rate of the linear model: %s\n", f->reason);
  else
    printf("            %.8g a round in the end by the linear model\n", f->rate);
  if (!isnan(f->drift_first))
    printf("            drift of their weights %.4g in the first round, at most %.4g\n",
           f->drift_first, f->drift_largest);
}

static void print_row(const ntk_track_point *p, bool rates, bool clients) {
  const struct {
    double value;
    int width;
    const char *format;
  } cells[] = {
      {p->loss, 10, "%.3g"},
      {rates     ? p->prediction
       : clients ? p->drift
                 : p->bound,
       10, "%.3g"},
      {rates ? p->rate : p->prediction, 10, rates ? "%.6f" : "%.3g"},
      {rates ? p->rate_linear : p->lambda_min, 11, rates ? "%.6f" : "%.3g"},
      {rates ? p->lambda_min : p->lambda_max, 11, "%.3g"},
      {rates ? p->lambda_max : p->jacobian_change, 11, "%.3g"},
      {rates ? p->jacobian_change : p->distance, 9, "%.3g"},
  };
  printf("%7zu", p->epoch);
  for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
    char text[JOB_CELL];
    printf("%*s", cells[i].width, job_number(cells[i].value, cells[i].format, text));
  }
  putchar('\n');
}

static void print_epochs(const char *what, double from, double to) {
  if (isnan(from))
    return;
  printf("            %-28s", what);
  if (isinf(from))
    puts("never");
  else if (isnan(to))
    printf(from < 1e15 ? "not before epoch %.0f\n" : "not before epoch %.6g\n", from);
  else if (from < to)
    printf(to < 1e15 ? "epoch %.0f to %.0f\n" : "epoch %.6g to %.6g\n", from, to);
  else
    printf(from < 1e15 ? "epoch %.0f\n" : "epoch %.6g\n", from);
}

static void print_answer(const ntk_train_result *result) {
  const ntk_train_answer *a = &result->answer;
  if (!a->asked)
    return;
  const bool known = result->convergence.condition_known && result->convergence.condition_held;
  printf("\nquestion    can the labels be fitted to a loss of %.6g, and when?\n", a->target);
  printf("answer      %s: %s\n", ntk_answer_name(a->answer), a->reason);
  print_epochs(known ? "(20), while (21) holds" : "(20), were (21) to hold", a->epochs_bound,
               a->epochs_bound);
  print_epochs("the linear model", a->linear_least, a->linear_most);
  print_epochs(a->epochs_recent > (double)result->epochs ? "at the recent rate" : "measured",
               a->epochs_recent, a->epochs_recent);
}

/* At most ROWS + 1 of them, evenly spread, the last one included. Where there is no bound (20), of
 * momentum rates stand in its place, and of clients their drift. */
static void print_track(const ntk_train_result *result) {
  const size_t count = result->tracked, step = (count + ROWS - 1) / ROWS;
  const bool rates = !isnan(result->linear.momentum_best), clients = result->drift != NULL;
  if (count == 0)
    return;
  if (rates)
    printf("\n%7s%10s%10s%10s%11s%11s%11s%9s\n", "epoch", "loss", "predicted", "rate", "rate by K",
           "lambda_min", "lambda_max", "||J-J0||");
  else
    printf("\n%7s%10s%10s%10s%11s%11s%11s%9s\n", clients ? "round" : "epoch", "loss",
           clients ? "drift" : "bound", "predicted", "lambda_min", "lambda_max", "||J-J_0||",
           "distance");
  for (size_t i = 0; i + 1 < count; i += step)
    print_row(&result->track[i], rates, clients);
  print_row(&result->track[count - 1], rates, clients);
  if (step > 1)
    printf("every %zu%s of %zu tracked epochs, and the last\n", step,
           step == 2   ? "nd"
           : step == 3 ? "rd"
                       : "th",
           count);
}

/* ---- The verdict ----------------------------------------------------------------------------- */

/* The largest step size of gradient descent for which (21) gives (20), docs/algorithm.md. */
static double largest_step(const train_run *run, const ntk_convergence *c) {
  const bool mean = strcmp(run->settings->loss, "mean") == 0;
  const double scale = mean ? 2.0 / (double)ntk_dataset_samples(run->job.data) : 1.0;
  return (1.5 - c->alpha / c->beta) / (c->beta * c->beta * scale);
}

ntk_ledger_verdict train_bound(const train_run *run, char text[TRAIN_LINE]) {
  const ntk_convergence *c = &run->result.convergence;
  const char *line = "held at every epoch where rounding lets it be seen";
  ntk_ledger_verdict verdict = NTK_LEDGER_HOLDS;
  if (!train_is_theorem(run)) {
    line = "is of gradient descent on all samples alone";
    verdict = NTK_LEDGER_OUTSIDE;
  } else if (run->result.epochs == 0) {
    snprintf(text, TRAIN_LINE, "not measured: no step was made");
    return NTK_LEDGER_UNRESOLVED;
  } else if (!c->bound_known) {
    verdict = NTK_LEDGER_UNRESOLVED;
    line = c->alpha > 0.0
               ? "rounding hides it with a step so small, or the step is too large for it"
           : c->reason[0] != '\0' ? c->reason
                                  : "the smallest eigenvalue of K_0 was not found";
  } else if (!c->bound_held) { /* which it is claimed to do where (21) is satisfied */
    const bool small = run->result.lr <= largest_step(run, c);
    verdict = !small || (c->condition_known && !c->condition_held) ? NTK_LEDGER_OUTSIDE
              : c->condition_known                                 ? NTK_LEDGER_FAILS
                                                                   : NTK_LEDGER_UNRESOLVED;
    snprintf(text, TRAIN_LINE, "did not hold, first at epoch %zu%s", c->bound_broken,
             verdict == NTK_LEDGER_FAILS     ? ""
             : verdict == NTK_LEDGER_OUTSIDE ? "; it need not, with such a step or network"
                                             : "; whether it must is not known without (21)");
    return verdict;
  }
  snprintf(text, TRAIN_LINE, "%s%s", verdict == NTK_LEDGER_UNRESOLVED ? "not known: " : "", line);
  return verdict;
}

ntk_ledger_verdict train_condition(const train_run *run, char text[TRAIN_LINE]) {
  const ntk_convergence *c = &run->result.convergence;
  const bool tracked = run->settings->track != NULL;
  if (tracked && c->condition_known) {
    snprintf(text, TRAIN_LINE, "%s",
             c->condition_held ? "satisfied at every tracked epoch"
                               : "not satisfied; it suffices for (20), and is not necessary");
    /* What only suffices has no failure. */
    return c->condition_held ? NTK_LEDGER_HOLDS : NTK_LEDGER_MEASURED;
  }
  snprintf(text, TRAIN_LINE, "not %s: %s", tracked ? "known" : "measured",
           !tracked               ? "--track EVERY does"
           : c->reason[0] != '\0' ? c->reason
                                  : "an eigenvalue is 0 or was not found");
  return NTK_LEDGER_UNRESOLVED;
}

ntk_ledger_verdict train_laziness(const train_run *run, char text[TRAIN_LINE]) {
  const double laziness = run->result.convergence.laziness;
  const bool diverged = run->result.stopped == NTK_STOP_DIVERGED;
  const char *word = diverged ? "before it diverged" /* and what came then is not tracked */
                     : laziness < 0.01 ? "lazy: nearly a linear model"
                     : laziness < 0.1  ? "the kernel moved a little"
                                       : "not lazy: the kernel moved";
  text[0] = '\0';
  if (!isnan(laziness))
    snprintf(text, TRAIN_LINE, "||J_t - J_0|| / ||J_0|| at most %.2g: %s", laziness, word);
  return NTK_LEDGER_MEASURED;
}

/* Where (21) is known, its numbers. */
static void print_numbers(const train_run *run) {
  const ntk_train_result *result = &run->result;
  const ntk_convergence *c = &result->convergence;
  if (run->settings->track == NULL || !c->condition_known)
    return;
  printf("            ||J_t - J_0|| at most %.4g; allowed: alpha^2 / (2 beta) = %.4g\n",
         c->change_largest, c->change_allowed);
  printf("            distance at most %.4g; R = 4 ||F_0 - Y|| / alpha = %.4g\n",
         c->distance_largest, c->radius);
  if (train_is_theorem(run) && result->lr > largest_step(run, c))
    printf("            step size %.4g; it takes at most (3/2 - alpha/beta) / beta^2 = %.4g\n",
           result->lr, largest_step(run, c));
}

bool train_is_theorem(const train_run *run) {
  return strcmp(run->settings->optimizer, "gd") == 0 && run->settings->batch == 0 &&
         run->settings->clients == 0 && run->settings->margin == 0.0;
}

bool train_is_plain(const train_run *run) {
  const ntk_network *network = run->job.network;
  const size_t L = ntk_network_depth(network);
  bool plain = ntk_network_width(network, L) == 1;
  for (size_t l = 1; l <= L; l++)
    plain = plain && !ntk_network_has_bias(network, l);
  return plain;
}

static void print_verdict(const train_run *run) {
  char text[TRAIN_LINE];
  (void)train_bound(run, text);
  printf("\nTheorem 4.2%s\n  (20)      %s\n",
         train_is_plain(run) ? ""
                             : ", of one output and no bias; that (20) follows from (21) holds of "
                               "any network",
         text);
  (void)train_condition(run, text);
  printf("  (21)      %s\n", text);
  print_numbers(run);
  (void)train_laziness(run, text);
  if (text[0] != '\0')
    printf("  laziness  %s\n", text);
}

enum { MOST_NAMES = 12 };

static void print_classes(const train_run *run) {
  const labels_classes *c = &run->classes;
  const size_t N = ntk_dataset_samples(run->job.data);
  if (c->encoding != NULL)
    printf("classes     %zu, as %s: %zu of %zu samples (%.4g %%) are put into theirs\n", c->count,
           c->encoding, c->right, N, 100.0 * (double)c->right / (double)N);
  if (c->encoding == NULL || run->job.names.count == 0)
    return;
  /* A network that was trained elsewhere may have its outputs in another order. */
  char name[LABELS_CLASS];
  printf("            %s:", labels_outputs(&run->job) > 1 ? "in the order of the outputs"
                                                          : "by the output, from small to large");
  for (size_t i = 0; i < c->count && i < MOST_NAMES; i++)
    printf("%s %s", i > 0 ? "," : "", labels_class(&run->job.names, c->value[i], name));
  puts(c->count > MOST_NAMES ? ", ..." : "");
}

void train_print(const void *what) {
  const train_run *run = what;
  const ntk_train_result *result = &run->result;
  char labels[256];
  snprintf(labels, sizeof labels, ", labels %.200s", run->job.labels);
  job_print_network(&run->job);
  job_print_data(&run->job, labels);
  print_method(run, result);
  putchar('\n');
  print_outcome(run, result);
  print_linear(result);
  print_batches(result);
  print_clients(run, result);
  print_classes(run);
  print_answer(result);
  print_track(result);
  if (run->settings->margin == 0.0) /* of squares; --track, which measures it, is refused */
    print_verdict(run);
  printf("\ntime        %.3f s", result->seconds);
  if (result->seconds_tracking > 0)
    printf(", of these %.3f s for the kernel", result->seconds_tracking);
  putchar('\n');
  job_print_ranks(&run->job);
  if (run->checkpoint != NULL && access(run->checkpoint, F_OK) == 0)
    printf("checkpoint  %s\n", run->checkpoint);
  saved_print(&run->job.folder);
}
