#!/bin/sh
# pandas: read_json changes most doubles, and to_json writes 3.3e-13 as 0.0 but 1e-20 as 1e-20.
#
# Guess:    JSON is read to the bit, as pandas 3 reads CSV; what to_json writes keeps at least its leading digits.
# Instead:  read_json with its defaults changes 925 of the 1008 numbers below (precise_float=True none).
#           to_json keeps 10 decimal PLACES, so that numbers below 5e-11 become 0.0, yet below 1e-15 it changes to
#           exponents and they are back. No warning. Seen with pandas 3.1.1, NumPy 2.4.6, 2026-11-29.
# Where:    pandas/io/json/_json.py: precise_float=False, double_precision=10 are the defaults of the bundled ujson; the manual
#           names both and does not say that the default read is inexact for ordinary numbers or where the zeros end.
# For ntkit: `ntkit spectrum --json` prints doubles that read back to the bit (json.loads). A lambda_min that pandas has read
#           is not the one that the proof is about, and the residuals and small eigenvalues in a frame written by to_json
#           can be 0.0. Use json.loads, or precise_float=True and double_precision=15 with numbers scaled to order 1; or
#           `ntkit study export`, a CSV.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 pandas==3.1.1
cd "$dir"
cat >expected <<'END'
pandas 3.1.1, numpy 2.4.6
k/1009, k = 1..1008: read_json exact 83, precise_float 1008, read_csv 1008, json.loads 1008 of 1008
to_json: {"0":0.3333333333,"1":0.00001,"2":0.0,"3":0.0,"4":9.9e-16,"5":1e-20}
END
cat >show.py <<'END'
import io, json

import numpy as np, pandas as pd

print(f"pandas {pd.__version__}, numpy {np.__version__}")
x = np.arange(1, 1009) / 1009
text = json.dumps([{"a": v} for v in x.tolist()])
csv = "a\n" + "\n".join(map(repr, x.tolist()))
ways = {
    "read_json exact": pd.read_json(io.StringIO(text))["a"],
    "precise_float": pd.read_json(io.StringIO(text), precise_float=True)["a"],
    "read_csv": pd.read_csv(io.StringIO(csv))["a"],
    "json.loads": [r["a"] for r in json.loads(text)],
}
counts = ", ".join(f"{name} {int((np.array(y) == x).sum())}" for name, y in ways.items())
print(f"k/1009, k = 1..1008: {counts} of {x.size}")
print("to_json:", pd.Series([1 / 3, 1e-5, 3.3e-12, 3.3e-13, 9.9e-16, 1e-20]).to_json())
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
