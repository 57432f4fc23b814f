#!/bin/sh
# HDF5's scale-offset filter turns NaN into the smallest number of its chunk.
#
# Guess:    the filter is lossy (scaleoffset=3 keeps 3 decimals), but NaN stays NaN, or writing it fails.
# Instead:  NaN comes back as a finite number that is really there: the minimum of the chunk. No warning on either side.
#           Everything else is within half of the last decimal. Seen with h5py 3.16.0 (HDF5 2.0.0), NumPy 2.4.6, 2026-11-29.
# Where:    H5Zscaleoffset.c, in HDF5: each chunk is stored as whole multiples of 10^-D above its minimum; the one code kept
#           apart is that of the fill value, and NaN has none. The manual (H5Pset_scaleoffset) speaks of precision only.
# For ntkit: a NaN in .npy is refused by row and column; one that went through this filter cannot be seen any more by
#           anybody. Count np.isnan before such a file is written, or look for d.scaleoffset in the h5py data set.
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
written       [-1.25, 0.5, nan, 2.0, nan, 7.125]
plain         [-1.25, 0.5, nan, 2.0, nan, 7.125]
gzip          [-1.25, 0.5, nan, 2.0, nan, 7.125]
scaleoffset=3 [-1.25, 0.5, -1.25, 2.0, -1.25, 7.125]
warnings: 0
END
cat >show.py <<'END'
import warnings

import h5py, numpy as np

print(f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}, numpy {np.__version__}")
a = np.array([-1.25, 0.5, np.nan, 2.0, np.nan, 7.125])
print("written      ", a.tolist())
with warnings.catch_warnings(record=True) as caught, h5py.File("a.h5", "w") as f:
    warnings.simplefilter("always")
    for name, how in (("plain", {}), ("gzip", {"compression": "gzip"}), ("scaleoffset=3", {"scaleoffset": 3})):
        f.create_dataset(name, data=a, **how)
    f.flush()
with h5py.File("a.h5") as f:
    for name in ("plain", "gzip", "scaleoffset=3"):
        print(f"{name:13}", np.round(f[name][:], 4).tolist())
print("warnings:", len(caught))
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
