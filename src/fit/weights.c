/* Networks read back from their files, W1.npy ... WL.npy of docs/notation.md. */
#include "ntkit/fit.h"

#include "base/memory.h"
#include "data/reader.h"
#include "net/network.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_DEPTH = 1 << 16 };

/* What is read, matrix by matrix. */
typedef struct weights {
  ntk_context *context;
  const char *directory;
  char *path; /* of the matrix being read */
  size_t room, depth;
  size_t *width;    /* n_0, ..., n_L: MOST_DEPTH + 1 at most, grown */
  double **W;       /* W[l - 1], owned */
  size_t allocated; /* entries of W, one less than of width */
} weights;

static void name_matrix(weights *w, size_t l) {
  snprintf(w->path, w->room, "%s/W%zu.npy", w->directory, l);
}

static bool is_there(const weights *w) {
  struct stat about;
  return stat(w->path, &about) == 0;
}

static ntk_status grow(weights *w) {
  if (w->depth < w->allocated)
    return NTK_OK;
  if (w->depth >= MOST_DEPTH)
    return ntk_fail(NTK_ERR_LIMIT, "%s: more than %d matrices", w->directory, MOST_DEPTH);
  const size_t more = 2 * w->allocated + 8;
  void *width = NULL, *W = NULL;
  NTK_TRY(ntk_alloc(w->context, more + 1, sizeof *w->width, "network", &width));
  const ntk_status status = ntk_alloc(w->context, more, sizeof *w->W, "network", &W);
  if (status != NTK_OK) {
    ntk_free(w->context, width);
    return status;
  }
  if (w->depth > 0) {
    memcpy(width, w->width, (w->depth + 1) * sizeof *w->width);
    memcpy(W, w->W, w->depth * sizeof *w->W);
  }
  ntk_free(w->context, w->width);
  ntk_free(w->context, w->W);
  w->width = width;
  w->W = W;
  w->allocated = more;
  return NTK_OK;
}

/* The numbers of an open file, once its shape is known to follow that of the matrix before. */
static ntk_status read_matrix(weights *w, ntk_reader *file) {
  const size_t l = w->depth + 1;
  size_t entries = 0;
  if (l > 1 && file->rows != w->width[l - 1])
    return ntk_fail(
        NTK_ERR_SHAPE,
        "%s is %zu x %zu, and the matrix before it has %zu columns; accepted: %zu rows%s", w->path,
        file->rows, file->cols, w->width[l - 1], w->width[l - 1],
        file->cols == w->width[l - 2]
            ? "; these look transposed, n_l x n_{l-1}, as torch.nn.Linear stores them: save "
              "weight.T"
            : "");
  NTK_TRY(ntk_size_multiply(file->rows, file->cols, w->path, &entries));
  NTK_TRY(ntk_alloc_doubles(w->context, entries, w->path, &w->W[l - 1]));
  w->width[l - 1] = file->rows;
  w->width[l] = file->cols;
  w->depth = l;
  return ntk_reader_rows(file, 0, file->rows, w->W[l - 1]);
}

static ntk_status read_all(weights *w) {
  ntk_status status = NTK_OK;
  for (name_matrix(w, 1); status == NTK_OK && (w->depth == 0 || is_there(w));
       name_matrix(w, w->depth + 1)) {
    ntk_reader file;
    NTK_TRY(grow(w));
    NTK_TRY(ntk_reader_open(w->path, 2, &file));
    status = read_matrix(w, &file);
    ntk_reader_close(&file);
  }
  if (status == NTK_OK && w->width[w->depth] != 1)
    return ntk_fail(NTK_ERR_SHAPE,
                    "%s/W%zu.npy is the last matrix and has %zu columns; accepted: one output, 1 "
                    "column",
                    w->directory, w->depth, w->width[w->depth]);
  return status;
}

ntk_status ntk_network_load(ntk_context *context, const char *directory, const char *activation,
                            ntk_network **network) {
  weights w = {.context = context, .directory = directory, .room = strlen(directory) + 32};
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, w.room, 1, "a file name", &pointer));
  w.path = pointer;
  ntk_status status = read_all(&w);
  if (status == NTK_OK) {
    const ntk_network_spec spec = {.depth = w.depth, .width = w.width, .activation = activation};
    status = ntk_network_from_weights(context, &spec, (const double *const *)w.W, NULL, network);
  }
  for (size_t l = 1; l <= w.depth; l++)
    ntk_free(context, w.W[l - 1]);
  ntk_free(context, w.W);
  ntk_free(context, w.width);
  ntk_free(context, w.path);
  return status;
}
