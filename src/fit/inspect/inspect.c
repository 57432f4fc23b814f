/* The order of work of ntk_data_inspect. */
#include "fit/inspect/inspect.h"

#include "base/memory.h"
#include "ntkit/fit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* More different labels than this are numbers to anyone. */
enum { MOST_CLASSES = 1000 };
/* n^2 d of the nearest rows; a few seconds. */
static const double MOST_STEPS = 4e10;

typedef struct inspection {
  ntk_context *context;
  const ntk_inspect_options *options;
  ntk_rows wanted; /* without an order */
  ntk_reader file;
  ntk_row_list list;
  bool whole;            /* held has all rows */
  ntk_dataset *held;     /* as many of the rows as memory has room for */
  size_t *row;           /* of held, where they are a draw of the rows; else NULL */
  size_t *same;          /* of held */
  double *Y;             /* N x label_columns */
  ntk_class_names names; /* of labels that are words */
  ntk_inspect_result *result;
} inspection;

/* ---- The rows -------------------------------------------------------------------------------- */

static ntk_status hold_rows(inspection *p) {
  const double room = 0.5 * (double)ntk_memory_available(p->context);
  const double bytes = 8.0 * (double)p->list.count * (double)p->file.cols;
  ntk_rows held = p->wanted;
  p->whole = bytes <= room;
  if (!p->whole) {
    held.subsample = (size_t)(0.5 * room / 8.0 / (double)p->file.cols);
    if (held.subsample < 2) /* nothing can be compared */
      held.subsample = 2;
  }
  NTK_TRY(ntk_progress_report(p->context, "reading", 0.0));
  NTK_TRY(ntk_dataset_select(p->context, p->file.path, &held, 0, NTK_SCALE_NONE, &p->held));
  const ntk_held rows = ntk_dataset_held(p->held);
  return ntk_held_whole(&rows, "a look at data");
}

/* The numbers in the file of the rows that are held, where they are not one after the other. */
static ntk_status number_rows(inspection *p) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(p->context, p->held->N, sizeof(size_t), "rows", &pointer));
  p->same = pointer;
  if (p->held->rows.subsample == 0)
    return NTK_OK;
  NTK_TRY(ntk_alloc(p->context, p->held->N, sizeof(size_t), "rows", &pointer));
  p->row = pointer;
  return ntk_rows_choose(p->context, &p->held->rows, p->file.rows, p->row);
}

/* ---- Labels ---------------------------------------------------------------------------------- */

static ntk_status count_classes(inspection *p) {
  ntk_inspect_result *result = p->result;
  const size_t N = result->samples;
  size_t count = 0;
  double *value = NULL;
  NTK_TRY(ntk_alloc_doubles(p->context, N, "classes", &value));
  const bool found = result->label_columns == 1 &&
                     ntk_classes_find(p->Y, N, &count, value) == NTK_OK && count <= MOST_CLASSES &&
                     2 * count <= N;
  void *pointer = NULL;
  const ntk_status status =
      found ? ntk_alloc(p->context, count, sizeof(ntk_data_class), "classes", &pointer) : NTK_OK;
  if (found && status == NTK_OK) {
    result->class_count = pointer;
    result->classes = count;
    for (size_t c = 0; c < count; c++) {
      result->class_count[c] = (ntk_data_class){.value = value[c]};
      if (p->names.count > 0)
        snprintf(result->class_count[c].name, sizeof result->class_count[c].name, "%s",
                 p->names.name[(size_t)value[c]]);
      for (size_t i = 0; i < N; i++)
        result->class_count[c].count += p->Y[i] == value[c];
    }
  }
  ntk_free(p->context, value);
  return status;
}

/* Equal rows with different labels: no weights fit both. Of rows that are all held alone. */
static void remark_conflicts(inspection *p) {
  const size_t columns = p->result->label_columns;
  size_t count = 0, first = 0, second = 0;
  for (size_t k = 0; k < p->held->N; k++) {
    const size_t i = p->same[k];
    if (memcmp(p->Y + i * columns, p->Y + k * columns, columns * sizeof *p->Y) == 0)
      continue;
    if (count == 0) {
      first = i;
      second = k;
    }
    count++;
  }
  const size_t from = p->list.first;
  if (count > 0)
    ntk_inspect_remark(p->result, "conflict",
                       "%zu row%s an earlier one with another label, first rows %zu and %zu (from "
                       "1) of the file: no weights fit both",
                       count, count == 1 ? " equals" : "s equal",
                       (p->row != NULL ? p->row[first] : from + first) + 1,
                       (p->row != NULL ? p->row[second] : from + second) + 1);
}

/* Of the file that is named, or of that of the rows. */
static ntk_status read_labels(inspection *p) {
  const bool inside = p->options->labels == NULL;
  const char *path = inside ? p->file.path : p->options->labels;
  const char *column = inside ? p->wanted.label_column : p->options->label_column;
  ntk_inspect_result *result = p->result;
  ntk_array_info info;
  size_t columns = 1;
  if (!inside && column == NULL && ntk_array_shape(path, &info) == NTK_OK && !info.labels)
    columns = info.cols; /* what is no array of numbers may be words */
  size_t count = 0;
  NTK_TRY(ntk_size_multiply(columns, result->samples, "labels", &count));
  NTK_TRY(ntk_alloc_doubles(p->context, count, "labels", &p->Y));
  const ntk_dataset rows = {
      .context = p->context, .N = result->samples, .file_rows = p->file.rows, .rows = p->wanted};
  if (columns == 1)
    NTK_TRY(ntk_labels_load_classes(p->context, path, column, &rows, p->Y, &p->names));
  else
    NTK_TRY(ntk_labels_load_outputs(p->context, path, &rows, columns, p->Y));
  result->label_columns = columns;
  result->label_least = INFINITY;
  result->label_most = -INFINITY;
  for (size_t k = 0; k < count; k++) {
    result->label_least = fmin(result->label_least, p->Y[k]);
    result->label_most = fmax(result->label_most, p->Y[k]);
  }
  return count_classes(p);
}

/* ---- The order of work ----------------------------------------------------------------------- */

/* The moments after the scaling, which changes the rows held: the last step. */
static ntk_status try_scaling(inspection *p) {
  const ntk_inspect_options *options = p->options;
  if (options->scaling == NTK_SCALE_NONE)
    return NTK_OK;
  if (!p->whole)
    return ntk_fail(NTK_ERR_MEMORY,
                    "%s: scaling needs all of the %zu rows in memory, in half of what is available",
                    p->file.path, p->list.count);
  NTK_TRY(ntk_dataset_scale(p->held, options->scaling, p->file.path));
  const ntk_inspect_source source = {
      .context = p->context, .X = p->held->X, .list = &p->list, .N = p->held->N, .d = p->held->d};
  ntk_inspect_result after;
  size_t missing = 0;
  return ntk_inspect_measure(&source, false, &after, &p->result->scaled, &missing);
}

static ntk_status inspect(inspection *p) {
  ntk_inspect_result *result = p->result;
  void *pointer = NULL;
  NTK_TRY(ntk_row_list_make(p->context, &p->wanted, p->file.rows, p->file.path, &p->list));
  result->format = p->file.format->name;
  result->type = p->file.type;
  result->file_rows = p->file.rows;
  result->samples = p->list.count;
  result->dim = p->file.cols;
  NTK_TRY(ntk_alloc(p->context, NTK_INSPECT_REMARKS, sizeof(ntk_data_remark), "remarks", &pointer));
  result->remark = pointer;
  if (p->options->labels != NULL || p->file.labelled) /* what is wrong with them is told first */
    NTK_TRY(read_labels(p));
  NTK_TRY(hold_rows(p));
  NTK_TRY(number_rows(p));
  const ntk_inspect_source source = {.context = p->context,
                                     .X = p->whole ? p->held->X : NULL,
                                     .file = &p->file,
                                     .list = &p->list,
                                     .N = p->list.count,
                                     .d = p->file.cols};
  size_t missing = 0;
  NTK_TRY(ntk_inspect_measure(&source, true, result, &result->moments, &missing));
  ntk_inspect_remark_numbers(&p->file, missing, result);
  if (p->Y == NULL && p->file.lines.like[0] != '\0')
    ntk_inspect_remark(result, "target",
                       "column '%s' is taken as data, though it is called as labels are; "
                       "--label-column %s takes it for these",
                       p->file.lines.like, p->file.lines.like);
  const ntk_inspect_rows rows = {p->held, p->row, p->list.first, p->wanted.seed, MOST_STEPS};
  NTK_TRY(ntk_inspect_pairs(&rows, p->same, result));
  if (p->Y != NULL && p->whole)
    remark_conflicts(p);
  return try_scaling(p);
}

static const ntk_data_moments unknown = {NAN, NAN, NAN, ""};

ntk_status ntk_data_inspect(ntk_context *context, const char *path,
                            const ntk_inspect_options *options, ntk_inspect_result *result) {
  inspection p = {
      .context = context, .options = options, .wanted = options->rows, .result = result};
  p.wanted.shuffle = false;
  *result = (ntk_inspect_result){.context = context,
                                 .moments = unknown,
                                 .scaled = unknown,
                                 .effective_rank = NAN,
                                 .label_least = NAN,
                                 .label_most = NAN};
  const ntk_reader_wish wish = {
      .context = context, .accepted = 2, .label_column = p.wanted.label_column};
  NTK_TRY(ntk_reader_open_wish(path, &wish, &p.file));
  const ntk_status status = inspect(&p);
  ntk_class_names_clear(&p.names);
  ntk_free(context, p.Y);
  ntk_free(context, p.same);
  ntk_free(context, p.row);
  ntk_dataset_destroy(p.held);
  ntk_row_list_clear(&p.list);
  ntk_reader_close(&p.file);
  if (status != NTK_OK)
    ntk_inspect_clear(result);
  return status;
}

void ntk_inspect_clear(ntk_inspect_result *result) {
  ntk_free(result->context, result->class_count);
  ntk_free(result->context, result->remark);
  *result = (ntk_inspect_result){0};
}
