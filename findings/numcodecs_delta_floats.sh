#!/bin/sh
# numcodecs' Delta filter is not lossless on floats: a small number after a large one comes back as 0.
#
# Guess:    a filter that stores differences for the compressor gives the array back; on floats, to the last bit or two of
#           each entry.
# Instead:  differences and their running sum are rounded in the array's own dtype, so that every entry carries the absolute
#           error of the largest before it: in float32 the 0.001 after 1e8 is lost whole, and so it goes on to the end of the
#           chunk. One NaN makes all that follow it NaN. No warning. Seen with numcodecs 0.16.6, NumPy 2.4.6, 2026-11-29.
# Where:    numcodecs/delta.py: encode is np.diff, decode np.cumsum with out= of the filter's dtype. The manual's example
#           has integers and says nothing of floats.
# For ntkit: data of columns of different size, row-major (an income beside a rate), lose the small columns. ntkit can not
#           see it: the .npy holds finite numbers. Check array_equal once after the store is written; shuffle, not
#           Delta, is the filter that helps floats and keeps them.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 numcodecs==0.16.6
cd "$dir"
cat >expected <<'END'
numcodecs 0.16.6, numpy 2.4.6
float32 written [100000000.0, 0.0010000000474974513, 1.0, 2.0, 3.0]
Delta("f4")     [100000000.0, 0.0, 0.9990000128746033, 1.999000072479248, 2.999000072479248]
float64 written [1.0, nan, 1.0, 2.0, 3.0]
Delta("f8")     [1.0, nan, nan, nan, nan]
Shuffle(4) gives the first array back: True
END
cat >show.py <<'END'
import numcodecs, numpy as np

print(f"numcodecs {numcodecs.__version__}, numpy {np.__version__}")


def through(codec, a):
    return np.asarray(codec.decode(codec.encode(a))).view(a.dtype)


a = np.array([1e8, 1e-3, 1, 2, 3], dtype="f4")
print("float32 written", a.tolist())
print('Delta("f4")    ', through(numcodecs.Delta("f4"), a).tolist())
b = np.array([1, np.nan, 1, 2, 3])
print("float64 written", b.tolist())
print('Delta("f8")    ', through(numcodecs.Delta("f8"), b).tolist())
print("Shuffle(4) gives the first array back:", np.array_equal(through(numcodecs.Shuffle(4), a), a))
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
