#!/bin/sh
# h5py's type conversions are HDF5's, not NumPy's: integers clamp, and float16 gets infinities that NumPy rounds to 65504.
#
# Guess:    dataset.astype("i1") and dataset[:].astype("i1") are the same; so is writing float64 into a float16 data set and
#           casting first.
# Instead:  HDF5 clamps integers at the ends (200 -> 127) where NumPy wraps round (200 -> -56); floats beyond an integer
#           type clamp, too, and NaN becomes 0 in uint8. In float16 everything above 65504 becomes infinite at once; IEEE
#           rounding, and NumPy, take what is below 65520 to 65504. Ties go to even in both.
#           Seen with h5py 3.16.0 (HDF5 2.0.0), NumPy 2.4.6, x86-64, 2026-11-29.
# Where:    HDF5, "Data Conversion of Arithmetic Data Types": out of range gives the largest or smallest number of the type
#           unless the program sets a callback (H5Pset_type_conv_cb), which h5py does not. The range is compared before
#           the rounding, which makes the infinities.
# For ntkit: labels or pixels narrowed in the file differ from those narrowed in memory, and both are finite: read with
#           dataset[:] and cast in NumPy. The infinities are refused by ntkit with row and column.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 h5py==3.16.0
cd "$dir"
cat >expected <<'END'
h5py 3.16.0, HDF5 2.0.0, numpy 2.4.6
int16 [200, -300, 5] as int8:   HDF5 [127, -128, 5], NumPy [-56, -44, 5]
float64 [300.7, -1.5, nan, inf] written to uint8: HDF5 [255, 0, 0, 255]
float64 [65504.0, 65510.0, 65519.99, 65520.0] to float16: HDF5 [65504.0, inf, inf, inf], NumPy [65504.0, 65504.0, 65504.0, inf]
float64 [1 + 2^-11, 1 + 3 2^-11] to float16: HDF5 [1.0, 1.001953125], NumPy [1.0, 1.001953125]
END
cat >show.py <<'END'
import h5py, numpy as np

print(f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}, numpy {np.__version__}")
np.seterr(over="ignore")
with h5py.File("a.h5", "w") as f:
    def written(values, dtype):
        d = f.create_dataset(f"d{len(f)}", shape=len(values), dtype=dtype)
        d[...] = np.array(values)
        return d[:].tolist()

    wide = np.array([200, -300, 5], dtype="i2")
    d = f.create_dataset("wide", data=wide)
    print(f"int16 {wide.tolist()} as int8:   HDF5 {d.astype('i1')[:].tolist()}, NumPy {wide.astype('i1').tolist()}")
    v = [300.7, -1.5, float("nan"), float("inf")]
    print(f"float64 {v} written to uint8: HDF5 {written(v, 'u1')}")
    for v, name in (([65504.0, 65510.0, 65519.99, 65520.0], None),
                    ([1 + 2.0**-11, 1 + 3 * 2.0**-11], "[1 + 2^-11, 1 + 3 2^-11]")):
        print(f"float64 {name or v} to float16: HDF5 {written(v, 'f2')}, NumPy {np.array(v).astype('f2').tolist()}")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
