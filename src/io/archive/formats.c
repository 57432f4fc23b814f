/* The formats that this library brings to the reader. */
#include "io/archive/kind.h"
#include "io/archive/packed.h"
#include "ntkit/io.h"

const ntk_archive_kind *const ntk_archive_kinds[] = {&ntk_kind_npz, &ntk_kind_safetensors,
#ifdef NTK_HDF5_LIBRARY
                                                     &ntk_kind_hdf5,
#endif
                                                     NULL};

void ntk_io_formats(void) {
  static const ntk_reader_format *const formats[] = {&ntk_format_gzip, &ntk_kind_npz.format,
                                                     &ntk_kind_safetensors.format,
#ifdef NTK_HDF5_LIBRARY
                                                     &ntk_kind_hdf5.format,
#endif
                                                     NULL};
  ntk_reader_register(formats);
}
