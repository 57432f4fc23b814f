#!/bin/sh
# A double that SQLite is asked for as text has 15 digits, in Debian 12's and in all up to 3.51.
#
# Guess:    CAST(x AS TEXT), x || '' and JSON read back to the bit, as they do in Python and PostgreSQL.
# Instead:  94 % of normal draws come back changed, in the 16th digit. json_array still cuts where CAST does not any more (3.53), and is
#           exact in 3.54. Before 3.47 quote(x) changes 1 in 10,000 doubles and CAST('0.3744...' AS REAL) 1 in 20,000, by a bit.
#           The number itself, as column_double and Python's sqlite3 hand it over, and format('%!.17g', x) are exact in all.
#           Seen with SQLite 3.46.1, 3.51.0, 3.53.0, 3.54.1 (apsw 3.46.1.0, 3.51.0.0, 3.53.0.0, 3.54.1.0; Debian 12 has 3.40.1),
#           2026-11-30.
# For ntkit: a study's database is SQLite's; ntkit binds and reads numbers as doubles, and its exports have all digits. Of SQL of one's
#           own docs/studies.md says what to ask for.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
for version in 3.46.1.0 3.51.0.0 3.53.0.0 3.54.1.0; do
  "$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: --no-deps -t "$dir/$version" apsw==$version
done
cd "$dir"
cat >expected <<'END'
3.46.1 x exact | CAST(x AS TEXT) changes 94 % | json_array(x) changes 94 % | quote(x) changes below 0.1 % | format('%!.17g', x) exact | CAST(text AS REAL) changes below 0.1 %
3.51.0 x exact | CAST(x AS TEXT) changes 94 % | json_array(x) changes 94 % | quote(x) exact | format('%!.17g', x) exact | CAST(text AS REAL) exact
3.53.0 x exact | CAST(x AS TEXT) exact | json_array(x) changes 94 % | quote(x) exact | format('%!.17g', x) exact | CAST(text AS REAL) exact
3.54.1 x exact | CAST(x AS TEXT) exact | json_array(x) exact | quote(x) exact | format('%!.17g', x) exact | CAST(text AS REAL) exact
END
cat >show.py <<'END'
import random

import apsw

random.seed(1)
x = [random.gauss(0, 1) for _ in range(100000)]
base = apsw.Connection(":memory:").cursor()
base.execute("CREATE TABLE t(i INTEGER PRIMARY KEY, x REAL, text TEXT)")
base.executemany("INSERT INTO t(x, text) VALUES(?, ?)", [(v, repr(v)) for v in x])


def told(wanted):
    back = [float(str(row[0]).strip("[]")) for row in base.execute(f"SELECT {wanted} FROM t ORDER BY i")]
    changed = sum(a != b for a, b in zip(back, x, strict=True)) / len(x)
    return f"{wanted} " + ("exact" if changed == 0 else f"changes {changed:.0%}" if changed > 1e-3 else "changes below 0.1 %")


asked = ("x", "CAST(x AS TEXT)", "json_array(x)", "quote(x)", "format('%!.17g', x)", "CAST(text AS REAL)")
print(next(base.execute("SELECT sqlite_version()"))[0], " | ".join(map(told, asked)).replace("94%", "94 %"))
END
for version in 3.46.1.0 3.51.0.0 3.53.0.0 3.54.1.0; do
  PYTHONPATH="$version" venv/bin/python show.py
done >seen
cat seen
diff expected seen && echo "as expected"
