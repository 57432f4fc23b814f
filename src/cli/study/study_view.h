/* What study export, plot and fit share: a study's results as read from its database, and what of
 * them is looked at. */
#ifndef NTK_CLI_STUDY_VIEW_H
#define NTK_CLI_STUDY_VIEW_H

#include "cli/draw/figure.h"
#include "cli/study/study.h"
#include "ntkit/study.h"

#include <jansson.h>

/* Reads the database that the command's operand names; one that holds no row yet is refused.
 * *table is to be released by ntk_study_table_clear when this gave EXIT_DONE. */
exit_status study_open(const study_settings *settings, ntk_study_table *table);

/* --quantity, --x and --group, checked, with what stands for not giving them. What is chosen is
 * borrowed from settings and table. */
exit_status study_choose(const study_settings *settings, const ntk_study_table *table,
                         ntk_summary_options *chosen);

/* Values of an expression, one for each row, to be freed; option: the one that gave it. */
exit_status study_column(const ntk_study_table *table, const char *expression, const char *option,
                         double **values);

/* Warns when trials at one place of one curve (heat NULL), or of the map over --x and heat, differ
 * in some variable: they are taken together. */
exit_status study_warn_pooled(const study_settings *settings, const ntk_study_table *table,
                              const ntk_summary_options *chosen, const char *heat);

/* The line for a quantity of which nothing can be shown: how many trials there are; why: more to
 * say, or "". */
exit_status study_refuse_empty(const study_settings *settings, const ntk_study_table *table,
                               const ntk_summary_options *chosen, const char *why);

/* The cells of a map that have a mean, as a figure has them; to be freed, whatever the status. */
exit_status study_map_cells(const ntk_map *map, figure_cell **cell, size_t *cells);

/* Shortest of 15 and 17 digits that reads back as value; "" when it is not finite. */
enum { STUDY_NUMBER = 32 };
void study_number(double value, char *text);

/* Writes the file of --npz. */
exit_status study_write_npz(const ntk_study_table *table, const char *path);

/* Where Theorem 3.1 speaks of a study's points: NTK_ASSUMPTIONS counts, as lines on standard
 * output, and as a list (NULL for want of memory). */
void study_print_assumptions(const ntk_assumption *counts);
json_t *study_assumptions_json(const ntk_assumption *counts);

#endif
