#!/bin/sh
# Each library needs what its name says: libntkit neither SQLite nor YAML nor JSON nor zip, so that
# programs that link it alone do without; nothing is defined in two of them, the error text above all.
set -eu
cd "$NTKIT_LIBRARIES"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# needs LIBRARY ALLOWED: of the foreign prefixes, the archive's undefined names have the allowed ones.
needs() {
  nm -u "lib$1.a" | awk 'NF == 2 { sub(/^_/, "", $2); print $2 }' |
    grep -E '^(sqlite3|yaml|json|zip|inflate|H5)_' | sed 's/_.*//' | sort -u >"$work/needed"
  if grep -vxE "$2" "$work/needed"; then
    echo "lib$1.a needs the above; it may need: $2" >&2
    status=1
  fi
}
needs ntkit 'nothing'
needs ntkit_io 'json|zip|inflate|H5'
needs ntkit_study 'sqlite3|yaml|json'
grep -qx sqlite3 "$work/needed" || {
  echo "libntkit_study.a does not even need SQLite: what is looked for is not found" >&2
  status=1
}

for library in libntkit*.a; do
  nm -g --defined-only "$library" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u
done | sort | uniq -d >"$work/twice"
if [ -s "$work/twice" ]; then
  echo "defined in two libraries: $(tr '\n' ' ' <"$work/twice")" >&2
  status=1
fi

# The same of what the loader sees, where libraries are ELF.
if [ -f libntkit.so ] && objdump -p libntkit.so | grep NEEDED | grep -E 'sqlite|yaml|jansson|zip|hdf5'; then
  echo "libntkit.so loads the above" >&2
  status=1
fi
exit $status
