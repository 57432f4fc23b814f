#!/bin/sh
# erf and atan of tinygrad, and erf and sigmoid of thinc, have float32's digits in float64.
#
# Guess:    a function of a float64 array is right to about 1e-15, or the library refuses float64.
# Instead:  tinygrad's erf is wrong by 1.4e-7 and its atan by 1.9e-8 in float64, 10^8 times the rounding; its tanh, sin and
#           sigmoid are right. thinc's erf is wrong by 1.4e-7 and, through it, its gelu by 3.7e-8; its sigmoid stops at that of
#           20, so that 1 / (1 + exp(30)) comes out as 2.1e-9 for 9.4e-14. Results have dtype float64 all the same.
#           Seen with tinygrad 0.14.0, thinc 9.1.1, NumPy 2.4.6, 2026-11-29.
# Where:    Tensor.erf and thinc's Ops.erf are a polynomial of five terms with an error of 1.5e-7 by design (Abramowitz and
#           Stegun, 7.1.26); Ops.sigmoid clips its argument at 20.
# For ntkit: its erf, gelu, atan and sigmoid are right to a few units of 2^-53 over the whole range. Outputs and kernels of weights
#           from there agree with ntkit's to about seven digits, and no eigenvalue below 1e-7 of the trace does.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 tinygrad==0.14.0 thinc==9.1.1
cd "$dir"
cat >expected <<'END'
tinygrad 0.14.0 float64 erf 1.4e-07 atan 1.9e-08 tanh below 1e-15 sin below 1e-15
thinc 9.1.1 float64 erf 1.4e-07 gelu 3.7e-08 sigmoid(-30) 2.1e-09 for 9.4e-14
END
cat >show.py <<'END'
import math, os

os.environ["DEV"], os.environ["PYTHON"] = "PYTHON", "1"
from importlib.metadata import version

import numpy as np, tinygrad
from thinc.api import NumpyOps

x = np.array([-2.5, -1.0, -0.1, 0.0, 0.001, 0.5, 1.0, 2.5])


def error(y, function):
    largest = np.abs(np.array(y) - [function(v) for v in x]).max()
    return f"{largest:.1e}" if largest > 1e-15 else "below 1e-15"


def of(name):
    y = getattr(tinygrad.Tensor(x, dtype=tinygrad.dtypes.float64), name)().numpy()
    return y


print(f"tinygrad {version('tinygrad')} {of('erf').dtype} erf {error(of('erf'), math.erf)} atan {error(of('atan'), math.atan)}",
      f"tanh {error(of('tanh'), math.tanh)} sin {error(of('sin'), math.sin)}")
ops = NumpyOps()
erf, gelu = ops.erf(x.reshape(1, -1))[0], ops.gelu(x.reshape(1, -1))[0]
print(f"thinc {version('thinc')} {erf.dtype} erf {error(erf, math.erf)}",
      f"gelu {error(gelu, lambda v: v * math.erfc(-v / math.sqrt(2)) / 2)}",
      f"sigmoid(-30) {ops.sigmoid(np.array([[-30.0]]))[0, 0]:.1e} for {1 / (1 + math.exp(30)):.1e}")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
