/* ntkit predict --kernel, in parts: predict_kernel.c computes, predict_kernel_data.c has the test
 * data and their labels, predict_kernel_own.c what a folder of --load says of data and classes,
 * predict_kernel_show.c and _page.c present, _save.c writes files. */
#ifndef NTK_CLI_PREDICT_KERNEL_H
#define NTK_CLI_PREDICT_KERNEL_H

#include "cli/commands/predict.h"
#include "cli/run/labels.h"
#include "ntkit/predict.h"

typedef struct kernel_run {
  predict_settings settings; /* with what stands for not giving an option */
  cli_job job;
  bool own; /* the training data are those of the folder of --load */
  char *own_data, *own_labels;
  bool scale_given;
  bool by_model;      /* data are scaled as those of the folder of --load were */
  size_t tests;       /* M */
  size_t *held;       /* M: rows of the file, from 0, that are held out; NULL: none are */
  const char *column; /* of --test, that has labels; NULL: none has */
  ntk_dataset *test;
  ntk_dataset *all;       /* drawn: N training and M test samples; NULL: they are of files */
  double *Y, *test_Y;     /* N, M x n_L; the second NULL: not known */
  labels_classes classes; /* of the training data; encoding NULL: none */
  double *test_label;     /* M: classes; NULL: none, or not known */
  double *chosen;         /* M: the predicted class of each; NULL: no classes */
  double *time;           /* of --time or --steps */
  ntk_regression_options options;
  ntk_regression_result result;
} kernel_run;

/* M, by the file's header alone, or what --test-samples or --hold-out say. */
exit_status predict_test_shape(kernel_run *run);
/* ---- predict_kernel_own.c ---- */

/* The data that a folder of --load was fitted to, where no others are given. */
exit_status predict_own_data(kernel_run *run);
/* --label-column is of --test alone where training labels are in a file without columns' names. */
void predict_leave_column(kernel_run *run);
/* Scales training data that come from a file as those of the network of --load were, where nothing
 * says otherwise. */
exit_status predict_scale_training(kernel_run *run);
/* Scales the data of that option as those of the network were. */
exit_status predict_scale_by_model(kernel_run *run, const char *option, const char *path,
                                   ntk_dataset **data);
/* Of the folder's own labels: its classes, if they are what they code. */
exit_status predict_own_classes(kernel_run *run);

/* ---- */

/* Labels of the training data, the test data, and their labels, in this order. */
exit_status predict_labels(void *what);

exit_status predict_kernel_claim(const void *what);
exit_status predict_kernel_save(void *what);
void predict_kernel_fields(const void *what, result_view *v);
void predict_kernel_page(const void *what, FILE *out);
void predict_kernel_print(const void *what);
/* "the end of gradient flow", "40 steps of 0.1", ... */
enum { PREDICT_LINE = 120 };
void predict_kernel_way(const kernel_run *run, char text[PREDICT_LINE]);
/* The point, of times or ridges, that has the least test error. */
const ntk_regression_point *predict_kernel_best(const ntk_regression_result *r);

#endif
