#!/bin/sh
# datatable's CSV is not exact in either direction: to_csv changes doubles, and fread reads some to the wrong neighbour.
#
# Guess:    a writer of shortest decimals and a reader to the nearest double, as pandas 3, Polars, Arrow, DuckDB and NumPy are.
# Instead:  of 20,000 normal doubles to_csv changes more than a hundred in the last bit (0.36048496684571363 is written
#           as 0.3604849668457136), and fread misses the nearest double of a few whose text is exact. Seen with datatable 1.1.0, NumPy 2.4.6, 2026-11-29.
# Where:    datatable has number parsers and printers of its own, where the others named above use shortest-digit libraries.
# For ntkit: the kernel of a table that went through such a CSV is not that of the table, by a relative 1e-16 of each entry:
#           bit-for-bit comparisons fail. ntkit reads every decimal to the nearest double; go by to_numpy() and .npy.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 datatable==1.1.0
cd "$dir"
cat >expected <<'END'
datatable 1.1.0, numpy 2.4.6
written by to_csv, read exactly: more than 50 of 20000 differ, by at most an ulp or two
written exactly, read by fread:  some of 20000 differ, by at most an ulp or two
END
cat >show.py <<'END'
import datatable, numpy as np

print(f"datatable {datatable.__version__}, numpy {np.__version__}")
a = np.random.default_rng(0).normal(size=20000)


def differ(b):
    b = np.asarray(b, float).ravel()
    close = np.all(np.abs(b - a) <= 2 * np.spacing(np.abs(a)))
    return int((a != b).sum()), "by at most an ulp or two" if close else "by more"


datatable.Frame(v=a).to_csv("a.csv")
count, size = differ([float(s) for s in open("a.csv").read().split()[1:]])
print(f"written by to_csv, read exactly: {'more than 50' if count > 50 else count} of {len(a)} differ, {size}")
open("b.csv", "w").write("v\n" + "\n".join(map(repr, a.tolist())) + "\n")
count, size = differ(datatable.fread("b.csv").to_numpy())
print(f"written exactly, read by fread:  {'some' if count else 'none'} of {len(a)} differ, {size}")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
