#include "kernel/kernel.h"

#include "base/memory.h"
#include "data/npy.h"

enum { ROWS_A_REPORT = 256 };

/* Row by row: both triangles are never in memory. */
static ntk_status write_rows(const ntk_kernel *kernel, ntk_npy_writer *writer, double *row) {
  for (size_t i = 0; i < kernel->N; i++) {
    if (i % ROWS_A_REPORT == 0)
      NTK_TRY(ntk_progress_report(kernel->context, "writing the kernel",
                                  (double)i / (double)kernel->N));
    NTK_TRY(ntk_kernel_row(kernel, i, row));
    NTK_TRY(ntk_npy_writer_append(writer, row, kernel->N));
  }
  return NTK_OK;
}

ntk_status ntk_kernel_save(const ntk_kernel *kernel, const char *path) {
  const size_t shape[2] = {kernel->N, kernel->N};
  ntk_npy_writer writer;
  double *row = NULL;
  NTK_TRY(ntk_npy_writer_open(&writer, path, 2, shape));
  ntk_status status = ntk_alloc_doubles(kernel->context, kernel->N, "a row of the kernel", &row);
  if (status == NTK_OK)
    status = write_rows(kernel, &writer, row);
  ntk_free(kernel->context, row);
  if (status == NTK_OK)
    return ntk_npy_writer_commit(&writer);
  ntk_npy_writer_abort(&writer);
  return status;
}
