#!/bin/sh
# The same float8_e4m3fn of the same number: ONNX's maker says 448, ml_dtypes (NumPy, JAX) says NaN.
#
# Guess:    onnx uses ml_dtypes' types, so make_tensor and astype round alike, out of range too.
# Instead:  onnx.helper.make_tensor saturates: 1000 -> 448, infinity -> 448; a.astype(ml_dtypes.float8_e4m3fn) gives NaN
#           for both. onnx.numpy_helper.from_array of the cast array keeps the NaN: two ways into one file disagree.
#           No warning from either. Seen with onnx 1.23.2, ml_dtypes 0.6.0, NumPy 2.4.6, 2026-11-29.
# Where:    onnx/helper.py, make_tensor: float8 goes through numpy_helper.saturate_cast, as ONNX's Cast has saturate = 1 by
#           default. ml_dtypes follows the format, which has no infinity and lets NaN stand for too large.
# For ntkit: weights quantised without a scale are cut at 448 by one tool and refused by ntkit as NaN after the other.
#           Compare max |W| with 448 before quantising; take weights to ntkit from the float32 original.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 ml_dtypes==0.6.0 protobuf==7.36.2 onnx==1.23.2
cd "$dir"
cat >expected <<'END'
onnx 1.23.2, ml_dtypes 0.6.0, numpy 2.4.6
numbers                   [0.3, 448.0, 1000.0, -1000.0, inf]
onnx make_tensor          [0.3125, 448.0, 448.0, -448.0, 448.0]
ml_dtypes astype          [0.3125, 448.0, nan, nan, nan]
onnx from_array of that   [0.3125, 448.0, nan, nan, nan]
END
cat >show.py <<'END'
import ml_dtypes, numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper

print(f"onnx {onnx.__version__}, ml_dtypes {ml_dtypes.__version__}, numpy {np.__version__}")
v = [0.3, 448.0, 1000.0, -1000.0, float("inf")]
made = numpy_helper.to_array(helper.make_tensor("w", TensorProto.FLOAT8E4M3FN, [len(v)], v))
cast = np.array(v).astype(ml_dtypes.float8_e4m3fn)
kept = numpy_helper.to_array(numpy_helper.from_array(cast))
for name, a in (("numbers", v), ("onnx make_tensor", made), ("ml_dtypes astype", cast), ("onnx from_array of that", kept)):
    print(f"{name:25}", np.asarray(a).astype(float).tolist())
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
