/* The formats that this library brings to the reader, and to those who load networks. */
#include "io/archive/kind.h"
#include "io/archive/packed.h"
#include "net/loader.h"
#include "ntkit/io.h"

const ntk_archive_kind *const ntk_archive_kinds[] = {&ntk_kind_npz, &ntk_kind_safetensors,
#ifdef NTK_HDF5_LIBRARY
                                                     &ntk_kind_hdf5,
#endif
                                                     NULL};
const char ntk_archive_accepted[] = ".npz, .safetensors, "
#ifdef NTK_HDF5_LIBRARY
                                    "HDF5, "
#endif
                                    "a directory of .npy";

/* As of ntk_network_loader. */
static ntk_status load_network(ntk_context *context, const char *path, const char *layout,
                               const char *activation, ntk_network **network) {
  const ntk_network_spec spec = {.activation = activation,
                                 .parameterization = "standard"}; /* its caller says which */
  ntk_weights weights;
  NTK_TRY(ntk_weights_open(context, path, layout, &weights));
  const ntk_status status = ntk_weights_network(&weights, &spec, network);
  ntk_weights_clear(&weights);
  return status;
}

void ntk_io_formats(void) {
  static const ntk_reader_format *const formats[] = {&ntk_format_gzip, &ntk_kind_npz.format,
                                                     &ntk_kind_safetensors.format,
#ifdef NTK_HDF5_LIBRARY
                                                     &ntk_kind_hdf5.format,
#endif
                                                     NULL};
  ntk_reader_register(formats);
  ntk_network_register_loader(load_network);
}
