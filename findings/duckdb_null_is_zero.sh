#!/bin/sh
# DuckDB's fetchnumpy hides NULL behind a mask, and what lies behind it is 0: NumPy's savez, stack and asarray give the zeros.
#
# Guess:    a missing number is NaN in a column of doubles, as Arrow and pandas have it; at worst the mask's fill value, 1e20,
#           which nobody takes for data.
# Instead:  0.0 in doubles, 0 in integers, False in booleans. np.savez drops the mask without a word, as np.asarray and np.stack
#           do; np.save alone raises. Seen with DuckDB 2.0.1, NumPy 2.4.6, 2026-11-29.
# Where:    the relation's fetchnumpy returns numpy.ma.MaskedArray for columns with NULL and a plain ndarray for those without,
#           so that a table without gaps teaches the wrong habit.
# For ntkit: a feature table from SQL has zeros where it had gaps, finite and plausible; no reader of the file can tell.
#           `ntkit data inspect` counts nothing odd. Write fetchnumpy()["v"].filled(np.nan), which ntkit refuses by row and
#           column, or COALESCE in the query on purpose.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 duckdb==2.0.1
cd "$dir"
cat >expected <<'END'
duckdb 2.0.1, numpy 2.4.6
float64  savez [1.5, 0.0, 3.0] stack [1.5, 0.0, 3.0] filled [1.5, nan, 3.0] save NotImplementedError
uint8    savez [7, 0, 9] stack [7, 0, 9] filled [7.0, nan, 9.0] save NotImplementedError
bool     savez [True, False, True] stack [True, False, True] filled [1.0, nan, 1.0] save NotImplementedError
no NULL: ndarray
END
cat >show.py <<'END'
import duckdb, numpy as np

print(f"duckdb {duckdb.__version__}, numpy {np.__version__}")
for rows in ("(1.5::double), (null), (3.0)", "(7::utinyint), (null), (9)", "(true), (null), (true)"):
    v = duckdb.sql(f"select * from (values {rows}) t(v)").fetchnumpy()["v"]
    np.savez("v.npz", v=v)
    try:
        np.save("v.npy", v)
        saved = "ok"
    except Exception as error:
        saved = type(error).__name__
    print(f"{str(v.dtype):8} savez {np.load('v.npz')['v'].tolist()} stack {np.stack([v])[0].tolist()}",
          f"filled {v.astype(float).filled(np.nan).tolist()} save {saved}")
print("no NULL:", type(duckdb.sql("select * from (values (1.5), (3.0)) t(v)").fetchnumpy()["v"]).__name__)
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
