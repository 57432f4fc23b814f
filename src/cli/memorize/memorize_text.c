/* The result of memorisation as a table for people, in plain ASCII. */
#include "cli/memorize/memorize.h"
#include "cli/run/job_show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 20 }; /* of the table of classes */

static const char *of_what(const memorize_run *run) {
  return run->count > 1 ? " (the worst class)" : run->output != NULL ? " (all outputs)" : "";
}

static void print_margin(const memorize_run *run, const ntk_memorize_result *all) {
  char text[JOB_CELL];
  printf("labels      %s: min_i y_i F_L(x_i) = %.6g, wanted %g%s\n",
         all->reached ? "reached" : "not reached", all->margin, run->settings->margin,
         of_what(run));
  printf("            rounding in it at most %s\n", job_number_up(all->rounding, 2, text));
  if (run->certificate != NULL)
    printf("certificate min_i y_i F_L(x_i) >= %s by the weights as saved, read back\n",
           job_number_down(memorize_certificate(run).margin_bound, 6, text));
}

static void print_error(const memorize_run *run, const ntk_memorize_result *all) {
  const memorize_settings *settings = run->settings;
  char text[JOB_CELL];
  printf("labels      %s: ", all->reached ? "reached" : "not reached");
  if (settings->absolute)
    printf("||F_L - Y||_2 = %.3g, wanted %.3g; ", memorize_absolute_worst(run), settings->eps);
  printf("||F_L - Y||_2 / ||Y||_2 = %.3g", all->relative_error);
  if (!settings->absolute)
    printf(", wanted %.3g", settings->eps);
  printf("%s\n", of_what(run));
  printf("            max_i |F_L(x_i) - Y_i| = %.3g, rounding in it at most %s\n", all->max_error,
         job_number_up(all->rounding, 2, text));
  if (run->certificate != NULL) {
    const ntk_fit_error c = memorize_certificate(run);
    printf("certificate max_i |F_L(x_i) - Y_i| <= %s by the weights as saved, read back\n",
           job_number_up(c.bound, 3, text));
  }
}

static void print_reached(const memorize_run *run, const ntk_memorize_result *all) {
  if (run->settings->margin > 0.0)
    print_margin(run, all);
  else
    print_error(run, all);
  if (!isnan(run->accuracy))
    printf("accuracy    %zu of %zu samples get their class by the largest of %zu outputs\n",
           run->right, ntk_dataset_samples(run->job.data),
           run->count > 1 ? run->count : run->coded.count);
}

static void print_features(const ntk_memorize_result *all) {
  char text[JOB_CELL];
  (void)job_number_up(all->separation_bound, 3, text);
  if (all->separation > 0.0)
    printf("features    separate the samples by %.3g of the longest row, none do by more than %s;\n"
           "            %zu samples hold that, %zu Newton step%s\n",
           all->separation, text, all->support, all->steps, all->steps == 1 ? "" : "s");
  else
    printf("features    do not separate the samples, or by %s of the longest row at most, as %zu\n"
           "            of the samples show; %zu Newton step%s\n",
           text, all->support, all->steps, all->steps == 1 ? "" : "s");
}

static void print_method(const memorize_run *run, const ntk_memorize_result *all) {
  const ntk_network_spec *spec = &run->job.spec;
  const bool bias = spec->bias != NULL && spec->bias[spec->depth - 2];
  const size_t rows = spec->width[spec->depth - 2] + (bias ? 1 : 0);
  const size_t outputs = labels_outputs(&run->job);
  const size_t parameters = rows * (spec->width[spec->depth - 1] / 2 / outputs);
  char condition[JOB_CELL];
  const bool margin = run->options.margin > 0.0;
  if (margin)
    print_features(all);
  printf("step        t = %.3g, %zu correction%s\n", all->t, all->corrections,
         all->corrections == 1 ? "" : "s");
  printf("kernel      K_{L-2}, %s; %s m = %zu parameters%s for %zu different sample%s\n",
         run->options.iterative ? "by conjugate gradients"
         : margin               ? "factorised in parts"
                                : "factorised",
         bias ? "(n_{L-2} + 1)" : "n_{L-2}", parameters, outputs > 1 ? " of each output" : "",
         all->samples, all->samples == 1 ? "" : "s");
  if (!run->options.iterative && !margin)
    printf("            condition number %s\n", job_number(all->condition, "%.2g", condition));
  job_print_deficiency("K_{L-2}", &all->deficiency);
  if (all->precision_reason[0] != '\0')
    printf("precision   %s: %s\n", all->precision, all->precision_reason);
  else if (strcmp(all->precision, "mixed") == 0)
    printf("precision   mixed: the factor in single, solves by products in double\n");
}

static void print_classes(const memorize_run *run) {
  if (run->classes == NULL)
    return;
  const bool margin = run->options.margin > 0.0;
  printf("\n%12s%12s%12s%12s%13s\n", "class", margin ? "margin" : "rel. error",
         margin ? "separation" : "max. error", "t", margin ? "steps" : "corrections");
  for (size_t c = 0; c < run->count && c < ROWS; c++) {
    const ntk_memorize_result *r = &run->results[c];
    char text[LABELS_CLASS];
    printf("%12.40s%12.3g%12.3g%12.3g%13zu%s\n",
           labels_class(&run->job.names, run->classes[c], text),
           margin ? r->margin : r->relative_error, margin ? r->separation : r->max_error, r->t,
           margin ? r->steps : r->corrections, r->reached ? "" : "  not reached");
  }
  if (run->count > ROWS)
    printf("and %zu more: --json has all\n", run->count - ROWS);
}

static void print_outputs(const memorize_run *run) {
  const size_t outputs = run->output != NULL ? labels_outputs(&run->job) : 0;
  const bool margin = run->options.margin > 0.0;
  if (outputs > 0 && margin)
    printf("\n%12s%12s\n", "output", "margin");
  else if (outputs > 0)
    printf("\n%12s%12s%12s\n", "output", "rel. error", "max. error");
  for (size_t c = 0; c < outputs && c < ROWS; c++) {
    const memorize_output *of = &run->output[c];
    if (margin)
      printf("%12zu%12.3g\n", c, of->margin);
    else
      printf("%12zu%12.3g%12.3g\n", c, of->relative_error, of->max_error);
  }
  if (outputs > ROWS)
    printf("and %zu more: --json has all\n", outputs - ROWS);
}

void memorize_print(const void *what) {
  const memorize_run *run = what;
  const ntk_memorize_result all = memorize_overall(run);
  char labels[256];
  snprintf(labels, sizeof labels, ", labels %.200s%s", run->job.labels,
           run->settings->classes || run->classes != NULL ? " (classes)" : "");
  job_print_network(&run->job);
  job_print_data(&run->job, labels);
  putchar('\n');
  print_reached(run, &all);
  print_method(run, &all);
  print_classes(run);
  print_outputs(run);
  printf("\ntime        %.3f s: kernel %.3f, factor %.3f, condition %.3f, solves %.3f, forward "
         "passes %.3f\n",
         all.seconds.total, all.seconds.kernel, all.seconds.factor, all.seconds.condition,
         all.seconds.solve, all.seconds.evaluate);
  job_print_ranks(&run->job);
  saved_print(&run->job.folder);
}
