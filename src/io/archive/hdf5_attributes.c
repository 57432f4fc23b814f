#ifdef NTK_HDF5_LIBRARY
#include "io/archive/hdf5_attributes.h"

static ntk_status refuse_packed(const ntk_hdf5 *h5, hid_t set, const char *path) {
  static const char *const packed[] = {"scale_factor", "add_offset", "_Unsigned"};
  for (size_t k = 0; k < sizeof packed / sizeof packed[0]; k++)
    if (h5->H5Aexists(set, packed[k]) > 0)
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s: its numbers are packed by %s, as netCDF does; accepted: the values "
                      "themselves",
                      path, packed[k]);
  return NTK_OK;
}

/* An attribute of words is equal to no number. */
static ntk_status read_missing(const ntk_hdf5 *h5, hid_t attribute, const char *path,
                               const char *name, ntk_hdf5_missing *missing) {
  const hid_t space = h5->H5Aget_space(attribute);
  const hssize_t count = space >= 0 ? h5->H5Sget_simple_extent_npoints(space) : 0;
  if (space >= 0)
    (void)h5->H5Sclose(space);
  if (count > (hssize_t)(NTK_HDF5_MISSING - missing->count))
    return ntk_fail(NTK_ERR_FORMAT, "%s: %s has %lld values; accepted: one", path, name,
                    (long long)count);
  if (count <= 0 || h5->H5Aread(attribute, h5->real, missing->value + missing->count) < 0)
    return NTK_OK;
  for (hssize_t k = 0; k < count; k++)
    missing->told_by[missing->count++] = name;
  return NTK_OK;
}

ntk_status ntk_hdf5_attributes(const ntk_hdf5 *h5, hid_t set, const char *path,
                               ntk_hdf5_missing *missing) {
  static const char *const names[] = {"_FillValue", "missing_value"};
  NTK_TRY(refuse_packed(h5, set, path));
  /* what netCDF writes where no attribute says another: NC_FILL_FLOAT and NC_FILL_DOUBLE */
  *missing = (ntk_hdf5_missing){1, {0x1.ep+122}, {"netCDF"}};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    const hid_t attribute =
        h5->H5Aexists(set, names[k]) > 0 ? h5->H5Aopen(set, names[k], H5P_DEFAULT) : -1;
    if (attribute < 0)
      continue;
    const ntk_status status = read_missing(h5, attribute, path, names[k], missing);
    (void)h5->H5Aclose(attribute);
    NTK_TRY(status);
  }
  return NTK_OK;
}

/* Numbers of single precision are written for an attribute that may have been rounded less. */
const char *ntk_hdf5_is_missing(const ntk_hdf5_missing *missing, double number) {
  for (size_t k = 0; k < missing->count; k++)
    if (number == missing->value[k] || number == (double)(float)missing->value[k])
      return missing->told_by[k];
  return NULL;
}
#else
typedef int ntk_no_hdf5; /* a source has something in it */
#endif
