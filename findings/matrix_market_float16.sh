#!/bin/sh
# scipy.io.mmwrite of a float16 matrix writes integers: 0.1 becomes 0, 1.9 becomes 1.
#
# Guess:    a Matrix Market file of field "real" with the half-precision numbers, or an error: the format knows no half.
# Instead:  the header says "array integer general" and every number is cut to its integer part, without error or warning.
#           float32 and float64 are written as real. Seen with SciPy 1.17.1, NumPy 2.4.6, 2026-11-29.
# Where:    scipy/io/_fast_matrix_market: the compiled writer has one body per dtype and none for float16; the array is cast
#           to the first that NumPy can convert it to, an integer one. mmwrite's manual does not speak of half precision.
# For ntkit: a data set that took this road is a .npy of '<i8' with the right shape; ntkit reads it, as integers are fine.
#           Signs of it: whole numbers only; of rows in [0, 1) zeros only, and equal rows make lambda_min 0. Give
#           a.astype("f4") to mmwrite, or skip Matrix Market: ntkit reads float16 .npy as it is ('<f2').
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 scipy==1.17.1
cd "$dir"
cat >expected <<'END'
scipy 1.17.1, numpy 2.4.6
float16: %%MatrixMarket matrix array integer general; read back as int64: [[0, 1], [2, -3]]; warnings: 0
float32: %%MatrixMarket matrix array real general; read back as float64: [[0.1, 1.9], [2.5, -3.75]]; warnings: 0
float64: %%MatrixMarket matrix array real general; read back as float64: [[0.1, 1.9], [2.5, -3.75]]; warnings: 0
END
cat >show.py <<'END'
import warnings

import numpy as np, scipy
from scipy.io import mmread, mmwrite

print(f"scipy {scipy.__version__}, numpy {np.__version__}")
for name in ("float16", "float32", "float64"):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mmwrite("a.mtx", np.array([[0.1, 1.9], [2.5, -3.75]], dtype=name))
        a = mmread("a.mtx")
    first = open("a.mtx").readline().strip()
    print(f"{name}: {first}; read back as {a.dtype}: {a.tolist()}; warnings: {len(caught)}")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
