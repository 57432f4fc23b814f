/* What ntkit study plot draws, and what its figures are labelled with. */
#ifndef NTK_CLI_STUDY_PLOT_H
#define NTK_CLI_STUDY_PLOT_H

#include "cli/draw/figure.h"
#include "cli/study/study_view.h"

/* What is drawn: --quantity names one, or several at the same --x and --group. */
typedef struct plot_choices {
  size_t count; /* from 1 */
  ntk_summary_options chosen[FIGURE_CURVES];
  bool rounds; /* the study trains by clients */
} plot_choices;

/* What figures are labelled with. */
typedef struct plot_labels {
  char title[FIGURE_LABEL], x[FIGURE_LABEL], y[FIGURE_LABEL], quantity[FIGURE_LABEL];
  char about[1024];
} plot_labels;

/* A quantity as the paper writes it, by the epoch or the round of clients; text: FIGURE_LABEL
 * bytes. */
void plot_label_quantity(const char *name, bool rounds, char *text);

/* The labels that settings give, or else names of what is drawn. */
void plot_label(const study_settings *settings, const ntk_study_table *table, const plot_choices *c,
                plot_labels *l);

#endif
