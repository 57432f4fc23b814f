#!/bin/sh
# The deviation of a column of 4096 ones is 0.25 in bfloat16, and 0.35 in float16; the bfloat16 mean is 0.0625.
#
# Guess:    mean() and std() of 16-bit numbers add up in float32 and give 1 and 0; at worst the last of 8 bits is off.
# Instead:  along axis 0 the sum stops where adding 1 changes nothing: at 2048 (float16), 256 (bfloat16), 16
#           (float8_e4m3fn), 8 (float8_e5m2). mean() divides that by N, except for float16; std() takes the differences
#           from it for float16, too. No warning. A matrix product of the same ones gives 4096.
#           Seen with NumPy 2.4.6, ml_dtypes 0.6.0, 2026-11-29.
# Where:    numpy/_core/_methods.py: _mean widens its accumulator for np.float16 by name, _var does not, and a dtype that
#           another package registers (ml_dtypes, hence np.asarray of a jax array) is widened by neither. NumPy's manual
#           has the float32 intermediates under mean; under std, that low precision may be inaccurate.
# For ntkit: data standardised in 16 bits before they are saved are finite, plausible and wrong. Save them as they are and
#           give --scale standardize, which adds in double (a test in tests/data/test_npy.c); ntkit reads float16 ('<f2') and
#           refuses bfloat16 ('<V2'), asking for a.astype(numpy.float32): cast first, then scale.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 ml_dtypes==0.6.0
cd "$dir"
cat >expected <<'END'
ml_dtypes 0.6.0, numpy 2.4.6
dtype          sum    mean        std
float16        2048   1           0.353516
bfloat16       256    0.0625      0.25
float8_e4m3fn  16     0.00390625  0.0625
float8_e5m2    8      0.00195312  0.046875
bfloat16 product of the same ones: 4096
END
cat >show.py <<'END'
import ml_dtypes, numpy as np

print(f"ml_dtypes {ml_dtypes.__version__}, numpy {np.__version__}")
print("dtype          sum    mean        std")
for name in ("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"):
    ones = np.ones((4096, 2)).astype(np.dtype(getattr(ml_dtypes, name, name)))
    show = [float(f(ones, axis=0)[0]) for f in (np.sum, np.mean, np.std)]
    print(f"{name:14} {show[0]:<6g} {show[1]:<11g} {show[2]:g}")
ones = np.ones(4096).astype(ml_dtypes.bfloat16)
print(f"bfloat16 product of the same ones: {float(ones @ ones):g}")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
