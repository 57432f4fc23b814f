#include "cli/study/study_plot.h"

#include <stdio.h>
#include <string.h>

static const struct {
  const char *name, *label;
} words[] = {
    {"condition", "λ_{max}/λ_{min}"},
    {"lambda_min_lower", "lower end of λ_{min}(K)"},
    {"lambda_min_upper", "upper end of λ_{min}(K)"},
    {"certified", "part of the trials certified"},
    {"ratio_lower", "λ_{min}(K)/(n_{L-2}n_{L-1})"},
    {"ratio_upper", "λ_{min}(K)/(d n_{L-1})"},
    {"lambda_min", "λ_{min}(K)"},
    {"lambda_max", "λ_{max}(K)"},
    {"law_distance", "distance of K from its law"},
    {"law_distance_last", "distance of K_{L-1} from its law"},
    {"law_ratio", "over the law"},
    {"law_constant_ratio", "over the constant"},
    {"final_loss", "loss after training"},
    {"smallest_loss", "smallest loss of all epochs"},
    {"plateau_loss", "loss at the plateau"},
    {"epochs_to", "epochs to the target"},
    {"memorize_error", "relative error of memorisation"},
    {"limit_lambda_min", "λ_{min} at infinite width"},
    {"limit_distance", "||K - limit|| / ||limit||"},
    {"rate", "loss, factor per epoch"},
    {"linear_rate", "linear model's loss, factor per epoch"},
    {"gap", "1 - ρ measured"},
    {"linear_gap", "1 - ρ of the linear model"},
    {"drift", "largest drift of the clients"},
    {"memorize_fits", "part of the draws memorised"},
    {"margin_fits", "part of the draws with a margin"},
    {"margin_separation", "margin of the features"},
    {"margin_cover", "Cover's count"},
};

/* The k of a block's value, "1" of "lambda_min_1"; "": it is none. */
static const char *block_of(const char *name, const char *stem) {
  const char *k = strncmp(name, stem, strlen(stem)) == 0 ? name + strlen(stem) : "";
  return k[strspn(k, "0123456789")] == '\0' ? k : "";
}

/* As the paper writes it: the smallest eigenvalue of K, or of its block K_k. */
void plot_label_quantity(const char *name, bool rounds, char *text) {
  const char *smallest = block_of(name, "lambda_min_"), *far = block_of(name, "limit_distance_");
  if (*smallest != '\0' || *far != '\0') {
    snprintf(text, FIGURE_LABEL,
             *far != '\0' ? "||K_{%.20s} - limit|| / ||limit||" : "λ_{min}(K_{%.20s})",
             *far != '\0' ? far : smallest);
    return;
  }
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcmp(name, words[i].name) == 0) { /* an epoch of clients is a round */
      const char *epoch = rounds ? strstr(words[i].label, "per epoch") : NULL;
      snprintf(text, FIGURE_LABEL, "%.*s%s",
               epoch != NULL ? (int)(epoch - words[i].label) : FIGURE_LABEL, words[i].label,
               epoch != NULL ? "per round" : "");
      return;
    }
  figure_formula(name, FIGURE_LABEL, text);
}

/* "lambda_min, lambda_min_0" into text. */
static void list_quantities(const plot_choices *c, size_t size, char *text) {
  size_t used = 0;
  for (size_t i = 0; i < c->count && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "",
                             c->chosen[i].quantity);
}

void plot_label(const study_settings *settings, const ntk_study_table *table, const plot_choices *c,
                plot_labels *l) {
  const ntk_summary_options *chosen = c->chosen;
  char quantities[512];
  list_quantities(c, sizeof quantities, quantities);
  plot_label_quantity(chosen->quantity, c->rounds, l->quantity);
  figure_formula(chosen->x, FIGURE_LABEL, l->x);
  if (settings->heat != NULL)
    figure_formula(settings->heat, FIGURE_LABEL, l->y);
  else /* of several the legend says which they are */
    snprintf(l->y, FIGURE_LABEL, "%s", c->count == 1 ? l->quantity : "");
  figure_formula(settings->title != NULL ? settings->title : "", FIGURE_LABEL, l->title);
  if (settings->xlabel != NULL)
    figure_formula(settings->xlabel, FIGURE_LABEL, l->x);
  if (settings->ylabel != NULL)
    figure_formula(settings->ylabel, FIGURE_LABEL, l->y);
  const bool geometric = settings->heat != NULL && strchr(settings->log, 'z') != NULL;
  snprintf(l->about, sizeof l->about, "study %s: %smean of %s over x = %s", table->name,
           geometric ? "geometric " : "", quantities, chosen->x);
  const size_t used = strlen(l->about);
  if (settings->heat != NULL)
    snprintf(l->about + used, sizeof l->about - used, " and y = %s", settings->heat);
  else if (strcmp(settings->band, "none") != 0)
    snprintf(l->about + used, sizeof l->about - used, "; low, high: %s",
             strncmp(settings->band, "ci", 2) == 0 ? "95 % bootstrap interval of the mean"
                                                   : "one standard deviation down and up");
  for (char *at = l->about; *at != '\0'; at++) /* it stays one comment */
    if ((unsigned char)*at < 0x20)
      *at = ' ';
}
