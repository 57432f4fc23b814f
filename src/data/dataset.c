#include "data/dataset.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/reader.h"
#include "data/rows.h"

#include <math.h>
#include <string.h>

static ntk_status check_size(const char *what, size_t size) {
  if (size == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s is 0; accepted: 1 to %zu", what, NTK_BLAS_MAX);
  if (size > NTK_BLAS_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "%s is %zu; accepted: 1 to %zu", what, size, NTK_BLAS_MAX);
  return NTK_OK;
}

/* A data set without values. */
static ntk_status new_dataset(ntk_context *context, size_t N, size_t d, ntk_dataset **data) {
  NTK_TRY(check_size("the number of samples N", N));
  NTK_TRY(check_size("the dimension d", d));
  size_t count = 0;
  NTK_TRY(ntk_size_multiply(N, d, "data set", &count));
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, 1, sizeof(ntk_dataset), "data set", &pointer));
  *data = pointer;
  **data = (ntk_dataset){.context = context, .N = N, .d = d, .share = ntk_share_whole(N)};
  return NTK_OK;
}

/* Hands made over on success, releases it otherwise. */
static ntk_status finish(ntk_status status, ntk_dataset *made, ntk_dataset **data) {
  if (status == NTK_OK)
    *data = made;
  else
    ntk_dataset_destroy(made);
  return status;
}

static ntk_status allocate(ntk_context *context, size_t N, size_t d, const ntk_share *share,
                           ntk_dataset **data) {
  ntk_dataset *made = NULL;
  NTK_TRY(new_dataset(context, N, d, &made));
  made->share = *share;
  const ntk_status status =
      ntk_alloc_doubles(context, ntk_share_count(share, share->rank) * d, "data set", &made->own);
  made->X = made->own;
  return finish(status, made, data);
}

ntk_status ntk_dataset_allocate(ntk_context *context, size_t N, size_t d, ntk_dataset **data) {
  const ntk_share share = ntk_share_whole(N);
  return allocate(context, N, d, &share, data);
}

ntk_status ntk_dataset_deal(ntk_context *context, size_t N, size_t d, ntk_dataset **data) {
  const ntk_share share = ntk_ranks_share(context, N);
  return allocate(context, N, d, &share, data);
}

/* Those of the rows that are this rank's of the new set; piece: room for NTK_HELD_SOME. */
static ntk_status take_rows(const ntk_held *from, const size_t *rows, double *piece,
                            ntk_dataset *to) {
  const size_t d = to->d;
  for (size_t done = 0, count = 0; done < to->N; done += count) {
    count = to->N - done < NTK_HELD_SOME ? to->N - done : NTK_HELD_SOME;
    NTK_TRY(ntk_held_fetch(to->context, from, rows + done, count, piece));
    for (size_t i = 0; i < count; i++)
      if (ntk_share_owner(&to->share, done + i) == to->share.rank)
        memcpy(to->own + ntk_share_below(&to->share, to->share.rank, done + i) * d, piece + i * d,
               d * sizeof *piece);
  }
  return NTK_OK;
}

ntk_status ntk_dataset_take(ntk_context *context, const ntk_dataset *data, const size_t *rows,
                            size_t count, ntk_dataset **taken) {
  const ntk_held from = ntk_dataset_held(data);
  ntk_dataset *made = NULL;
  double *piece = NULL;
  if (data->share.ranks == 1) {
    NTK_TRY(ntk_dataset_allocate(context, count, data->d, &made));
    return finish(ntk_held_fetch(context, &from, rows, count, made->own), made, taken);
  }
  ntk_status status = ntk_dataset_deal(context, count, data->d, &made);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(context, NTK_HELD_SOME * data->d, "data set", &piece);
  status = ntk_ranks_agree(context, status, ntk_ranks_what("rows taken", count, data->d, 0));
  if (status == NTK_OK)
    status = take_rows(&from, rows, piece, made);
  ntk_free(context, piece);
  return finish(status, made, taken);
}

void ntk_dataset_destroy(ntk_dataset *data) {
  if (data == NULL)
    return;
  ntk_free(data->context, data->columns);
  ntk_free(data->context, data->own);
  ntk_free(data->context, data);
}

size_t ntk_dataset_samples(const ntk_dataset *data) {
  return data->N;
}

size_t ntk_dataset_dim(const ntk_dataset *data) {
  return data->d;
}

const double *ntk_dataset_values(const ntk_dataset *data) {
  return data->X;
}

const double *ntk_dataset_scaling(const ntk_dataset *data) {
  return data->columns;
}

size_t ntk_dataset_constant_columns(const ntk_dataset *data) {
  return data->constant_columns;
}

const char *ntk_dataset_label_like(const ntk_dataset *data) {
  return data->like;
}

bool ntk_dataset_same_columns(const ntk_dataset *data, const ntk_dataset *other) {
  enum { MOST = 2 }; /* of libsvm, of which a heading says nothing */
  const bool both = data->names != 0 && other->names != 0;
  return !both || (data->names > MOST) != (other->names > MOST) || data->names == other->names;
}

ntk_status ntk_dim_check(const ntk_dataset *data, size_t input_width) {
  if (data->d == input_width)
    return NTK_OK;
  return ntk_fail(NTK_ERR_SHAPE, "the data have d = %zu and the network n_0 = %zu: they must agree",
                  data->d, input_width);
}

ntk_status ntk_labels_check(const double *Y, size_t N, size_t count) {
  for (size_t k = 0; k < count * N; k++)
    if (!isfinite(Y[k]))
      return ntk_fail(NTK_ERR_NOT_FINITE, "label %zu (from 1) is not finite", k % N + 1);
  return NTK_OK;
}

ntk_status ntk_targets_check(const double *Y, size_t N, size_t outputs) {
  if (outputs == 1)
    return ntk_labels_check(Y, N, 1);
  for (size_t k = 0; k < N * outputs; k++)
    if (!isfinite(Y[k]))
      return ntk_fail(NTK_ERR_NOT_FINITE,
                      "the label of sample %zu, output %zu (from 1) is not finite", k / outputs + 1,
                      k % outputs + 1);
  return NTK_OK;
}

static ntk_status check_finite(const double *X, size_t N, size_t d) {
  for (size_t k = 0; k < N * d; k++)
    if (!isfinite(X[k]))
      return ntk_fail(NTK_ERR_NOT_FINITE,
                      "the data array holds %g in row %zu, column %zu (counted from 1); accepted: "
                      "finite numbers",
                      X[k], k / d + 1, k % d + 1);
  return NTK_OK;
}

ntk_status ntk_dataset_borrow(ntk_context *context, const double *X, size_t N, size_t d,
                              ntk_dataset **data) {
  ntk_dataset *made = NULL;
  NTK_TRY(new_dataset(context, N, d, &made));
  made->X = X;
  return finish(check_finite(X, N, d), made, data);
}

ntk_status ntk_dataset_from_array(ntk_context *context, const double *X, size_t N, size_t d,
                                  ntk_dataset **data) {
  ntk_dataset *made = NULL;
  NTK_TRY(ntk_dataset_allocate(context, N, d, &made));
  const ntk_status status = check_finite(X, N, d);
  if (status == NTK_OK)
    memcpy(made->own, X, N * d * sizeof *X);
  return finish(status, made, data);
}

/* libsvm leaves out what is 0, and so its last columns where they are: as many as are asked for. */
static void widen(ntk_reader *file, size_t d) {
  if (d > file->cols && strcmp(file->format->name, "libsvm") == 0)
    file->cols = file->shape[1] = d;
}

/* What was asked for against what the file holds; *N becomes the number of rows to read. */
static ntk_status check_request(const ntk_reader *file, const ntk_rows *rows, size_t d, size_t *N) {
  if (d != 0 && d != file->cols)
    return ntk_fail(
        NTK_ERR_SHAPE,
        "%s: d = %zu asked for, and the file's rows have %zu numbers; accepted: d = %zu",
        file->path, d, file->cols, file->cols);
  return ntk_rows_count(rows, file->rows, file->path, N);
}

static ntk_status read_rows(const ntk_reader *file, const ntk_rows *rows, ntk_dataset *data) {
  ntk_row_list list;
  NTK_TRY(ntk_row_list_make(data->context, rows, file->rows, file->path, &list));
  const ntk_status status = ntk_row_list_read(&list, &data->share, file, data->own);
  ntk_row_list_clear(&list);
  return status;
}

static ntk_status read_dataset(ntk_context *context, ntk_reader *file, const ntk_rows *rows,
                               size_t d, ntk_scaling scaling, ntk_dataset **data) {
  size_t N = 0;
  widen(file, d);
  NTK_TRY(check_request(file, rows, d, &N));
  ntk_dataset *made = NULL;
  ntk_status status = ntk_dataset_deal(context, N, file->cols, &made);
  if (status == NTK_OK)
    status = read_rows(file, rows, made);
  status =
      ntk_ranks_agree(context, status, ntk_ranks_what("rows of a file", N, file->cols, file->rows));
  if (status == NTK_OK)
    status = ntk_dataset_scale(made, scaling, file->path);
  if (status != NTK_OK)
    return finish(status, made, data);
  made->file_rows = file->rows;
  made->rows = *rows;
  made->rows.label_column = NULL; /* the caller's */
  made->names = file->lines.names;
  memcpy(made->like, file->lines.like, sizeof made->like);
  return finish(status, made, data);
}

static ntk_status open_rows(ntk_context *context, const char *path, const ntk_rows *rows,
                            ntk_reader *file) {
  const ntk_reader_wish wish = {
      .context = context, .accepted = 2, .label_column = rows->label_column};
  return ntk_reader_open_wish(path, &wish, file);
}

ntk_status ntk_dataset_select(ntk_context *context, const char *path, const ntk_rows *rows,
                              size_t d, ntk_scaling scaling, ntk_dataset **data) {
  ntk_reader file = {0};
  const ntk_status opened = open_rows(context, path, rows, &file);
  ntk_status status = ntk_reader_agree(context, opened, &file);
  if (status == NTK_OK)
    status = read_dataset(context, &file, rows, d, scaling, data);
  if (opened == NTK_OK)
    ntk_reader_close(&file);
  return status;
}

ntk_status ntk_dataset_load(ntk_context *context, const char *path, size_t N, size_t d,
                            ntk_scaling scaling, ntk_dataset **data) {
  return ntk_dataset_select(context, path, &(ntk_rows){.count = N}, d, scaling, data);
}

ntk_status ntk_dataset_select_shape(const char *path, const ntk_rows *rows, size_t *N, size_t *d) {
  ntk_reader file;
  size_t count = 0;
  NTK_TRY(open_rows(NULL, path, rows, &file));
  widen(&file, *d);
  const ntk_status status = check_request(&file, rows, *d, &count);
  ntk_reader_close(&file);
  if (status != NTK_OK)
    return status;
  *N = count;
  *d = file.cols;
  return NTK_OK;
}

ntk_status ntk_dataset_shape(const char *path, size_t *N, size_t *d) {
  return ntk_dataset_select_shape(path, &(ntk_rows){.count = *N}, N, d);
}
