/* Copies of what is stored: K as .npy, and its factor. */
#include "kernel/kernel.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/npy.h"

enum { ROWS_A_REPORT = 256 };

/* Where rank 0 writes; the others walk along, for each row is handed on by who has it. */
typedef struct sink {
  const ntk_kernel *kernel;
  bool writes;
  ntk_npy_writer writer;
  double *row;
} sink;

static ntk_status agree(const sink *s, ntk_status own) {
  return ntk_ranks_agree(s->kernel->context, own,
                         ntk_ranks_what("the kernel's file", s->kernel->N, 0, 0));
}

/* Row by row: both triangles are never in memory. What fails at a row is told at the next report.
 */
static ntk_status write_rows(sink *s) {
  const ntk_kernel *kernel = s->kernel;
  ntk_status written = NTK_OK;
  for (size_t i = 0; i < kernel->N; i++) {
    if (i % ROWS_A_REPORT == 0)
      NTK_TRY(agree(s, written != NTK_OK
                           ? written
                           : ntk_progress_report(kernel->context, "writing the kernel",
                                                 (double)i / (double)kernel->N)));
    NTK_TRY(ntk_kernel_row(kernel, i, s->row));
    if (s->writes && written == NTK_OK)
      written = ntk_npy_writer_append(&s->writer, s->row, kernel->N);
  }
  return written;
}

ntk_status ntk_kernel_save(const ntk_kernel *kernel, const char *path) {
  const size_t shape[2] = {kernel->N, kernel->N};
  sink s = {.kernel = kernel, .writes = ntk_rank(kernel->context) == 0};
  bool opened = false;
  ntk_status status = ntk_alloc_doubles(kernel->context, kernel->N, "a row of the kernel", &s.row);
  if (status == NTK_OK && s.writes) {
    status = ntk_npy_writer_open(&s.writer, path, 2, shape);
    opened = status == NTK_OK;
  }
  status = agree(&s, status);
  if (status == NTK_OK)
    status = write_rows(&s);
  ntk_free(kernel->context, s.row);
  if (status == NTK_OK && opened) {
    status = ntk_npy_writer_commit(&s.writer);
    opened = false;
  }
  if (opened)
    ntk_npy_writer_abort(&s.writer);
  return agree(&s, status);
}

ntk_status ntk_kernel_factor_values(const ntk_kernel *factor, double *L) {
  if (!factor->factored)
    return ntk_fail(NTK_ERR_ARGUMENT, "the kernel has not been factorised yet");
  for (size_t i = 0; i < factor->N; i++) {
    NTK_TRY(
        ntk_progress_poll(factor->context, "copying the factor", (double)i / (double)factor->N));
    factor->backend->kernel_row(factor, i, L + i * factor->N);
  }
  return NTK_OK;
}
