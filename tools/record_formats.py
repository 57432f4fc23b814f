#!/usr/bin/env python3
"""Small files as real libraries write them, for tests/io/test_recorded.c: writes
tests/support/recorded_files.h, each file compressed by zlib.

usage: record_formats.py > tests/support/recorded_files.h    (numpy, ml_dtypes, h5py, netCDF4,
       safetensors)
"""
import io
import zlib

import h5py
import ml_dtypes
import netCDF4
import numpy
import safetensors
import safetensors.numpy

X = (numpy.arange(12.0).reshape(4, 3) * 7 + 1) % 16  # every type here has these numbers


def hdf5(fill, **options):
    memory = io.BytesIO()
    with h5py.File(memory, "w", **options) as file:
        fill(file)
    return memory.getvalue()


def several(file):
    file["X"] = X
    file.create_dataset("packed", data=X.astype(">f4"), chunks=(3, 2), compression="gzip",
                        shuffle=True, fletcher32=True)
    file.create_dataset("lzf", data=X, compression="lzf")
    file["deep/er/half"] = X.astype("f2")
    file["deep/true"] = X > 7
    file["deep/round"] = file["deep"]
    file["elsewhere"] = h5py.ExternalLink("none.h5", "/X")
    file["text"] = "words"
    file["complex"] = X * 1j
    file["whole"] = X.astype("i8")
    file.create_dataset("unwritten", (10**6, 10**6), "f8", chunks=(10, 10))
    file.create_dataset("scaled", data=X.astype("i2")).attrs["scale_factor"] = 0.5


def latest(file):
    file["X"] = X
    file.create_dataset("packed", data=X, chunks=(3, 2), compression="gzip")


def netcdf():
    """Numbers, and what stands for others: codes of them, and those that are missing."""
    file = netCDF4.Dataset("memory", "w", memory=1)
    file.createDimension("row", 4)
    file.createDimension("column", 3)
    missing = numpy.ma.array(X, mask=X == 7)
    for name, kind, options, attributes, numbers in [
            ("X", "f8", {}, {}, X),
            ("nan", "f8", {"fill_value": numpy.nan}, {}, X),
            ("by_default", "f4", {}, {}, missing),
            ("by_fill", "f8", {"fill_value": -999.9}, {}, missing),
            ("by_value", "f4", {}, {"missing_value": -999.9}, missing),
            ("by_word", "f8", {}, {"missing_value": "none"}, X),
            ("offset", "i2", {}, {"add_offset": 3.0}, X),
            ("unsigned", "i1", {}, {"_Unsigned": "true"}, X)]:
        variable = file.createVariable(name, kind, ("row", "column"), **options)
        variable.setncatts(attributes)
        if name == "unsigned":
            variable.set_auto_maskandscale(False)
        variable[:] = numbers
    return bytes(file.close())


def npy(array):
    memory = io.BytesIO()
    numpy.save(memory, array)
    return memory.getvalue()


def npz(save):
    memory = io.BytesIO()
    save(memory, X=numpy.asfortranarray(X), w10=X.astype(ml_dtypes.bfloat16), w9=X[0],
         names=numpy.array(["a", "bb"]), objects=numpy.array([None]))
    return memory.getvalue()


files = [
    ("npz", npz(numpy.savez)),
    ("npz_compressed", npz(numpy.savez_compressed)),
    ("bfloat16", npy(X.astype(ml_dtypes.bfloat16))),
    ("float8_e4m3fn", npy(X.astype(ml_dtypes.float8_e4m3fn))),
    ("float8_e5m2", npy(X.astype(ml_dtypes.float8_e5m2))),
    ("safetensors", safetensors.numpy.save(
        {"10.weight": X.astype("f4"), "9.weight": X.astype(ml_dtypes.bfloat16), "b": X.astype("f2"),
         "8.weight": X, "i": X.astype("i8"), "m": X > 7})),
    ("hdf5", hdf5(several)),
    ("netcdf", netcdf()),
    ("hdf5_latest", hdf5(latest, libver="latest")),
]

print(f"""/* By tools/record_formats.py with numpy {numpy.__version__}, ml_dtypes {ml_dtypes.__version__},
 * h5py {h5py.__version__} (HDF5 {h5py.version.hdf5_version}), netCDF4 {netCDF4.__version__}
 * and safetensors {safetensors.__version__}. */
#ifndef NTK_TESTS_RECORDED_FILES_H
#define NTK_TESTS_RECORDED_FILES_H

#include <stddef.h>

/* A file, compressed by zlib, and how long it is. */
typedef struct recorded_file {{
  size_t count, packed;
  const char *bytes;
}} recorded_file;
""")
for name, content in files:
    packed = zlib.compress(content, 9)
    print(f"/* clang-format off */\nstatic const recorded_file recorded_{name} = {{{len(content)}, {len(packed)},")
    line = "  \""
    for k, byte in enumerate(packed):
        line += f"\\{byte:03o}"
        if len(line) > 93 or k + 1 == len(packed):
            print(line + ("\"};" if k + 1 == len(packed) else "\""))
            line = "  \""
print("/* clang-format on */\n\n#endif")
