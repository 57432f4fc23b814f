/* ntk_data_inspect, in parts: measure.c goes through the rows, pairs.c compares them, remarks.c
 * says what is worth a word, inspect.c is the order of work. */
#ifndef NTK_FIT_INSPECT_INSPECT_H
#define NTK_FIT_INSPECT_INSPECT_H

#include "data/dataset.h"
#include "data/rows.h"

/* Where rows come from: memory, or else the file. */
typedef struct ntk_inspect_source {
  ntk_context *context;
  const double *X; /* N x d; NULL: from the file */
  const ntk_reader *file;
  const ntk_row_list *list;
  size_t N, d;
} ntk_inspect_source;

/* Numbers, moments and effective rank into the result; `moments` of it is where they go. rank:
 * whether it is wanted. missing: numbers that are netCDF's missing value. */
ntk_status ntk_inspect_measure(const ntk_inspect_source *source, bool rank,
                               ntk_inspect_result *result, ntk_data_moments *moments,
                               size_t *missing);

/* Equal rows, multiples and nearest rows of X (data->N rows, all or some; row k is row[k] of the
 * file, NULL: k from `first` on). same[k]: the least row of X that equals row k. */
typedef struct ntk_inspect_rows {
  const ntk_dataset *data;
  const size_t *row; /* NULL: first + k */
  size_t first;
  uint64_t seed; /* of the draw for the nearest, of so many that n^2 d is at most: */
  double steps;
} ntk_inspect_rows;
ntk_status ntk_inspect_pairs(const ntk_inspect_rows *rows, size_t *same,
                             ntk_inspect_result *result);

void ntk_inspect_judge(ntk_data_moments *moments);
/* Adds a remark; there is room. */
void ntk_inspect_remark(ntk_inspect_result *result, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Those that numbers and shape tell of. */
enum { NTK_INSPECT_REMARKS = 8 };
void ntk_inspect_remark_numbers(const ntk_reader *file, size_t missing, ntk_inspect_result *result);

#endif
