#!/bin/sh
# Checks the rule of the house: a file in src/ includes only lower floors and its own folder;
# folders of one floor do not know each other; src/cli sees the public header and itself alone.
# Prints each violation as file:line: reason; exit status 1 when there is one.
# usage: tools/check_floors.sh [ROOT]    (ROOT: the source tree; default: the one this script is in)
set -eu
cd "${1:-$(dirname "$0")/..}"

# shellcheck disable=SC2046 # file names of the tree have no blanks
set -- $(find include src -name '*.[ch]' | LC_ALL=C sort)
if [ $# -eq 0 ]; then
  echo "floors: no sources under $(pwd)" >&2
  exit 1
fi

awk '
BEGIN {
  split("base 0 data 1 net 1 spectrum 1 kernel 2 fit 3 theory 3 study 4 cli 5", words, " ")
  for (i = 1; i in words; i += 2) floor[words[i]] = words[i + 1]
}
function bad(reason) {
  printf "%s:%d: %s\n", FILENAME, FNR, reason
  violations++
}
FNR == 1 {
  files++
  n = split(FILENAME, parts, "/")
  here = parts[1] == "include" ? "include" : (n == 3 ? parts[2] : "")
  if (here != "include" && !(here in floor)) bad("is in no folder of the house")
}
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
  system_header = $0 ~ /^[^"]*</
  name = $0
  sub(/^[^<"]*[<"]/, "", name)
  sub(/[>"].*$/, "", name)
  folder = name ~ /\// ? name : ""
  sub(/\/.*$/, "", folder)
  if (system_header) {
    if (folder in floor || folder == "ntkit") bad("include \"" name "\" with quotes, not <>")
  } else if (here == "include" && name != "ntkit/ntkit.h") {
    bad("the public header includes \"" name "\"; only the C library is allowed")
  } else if (name ~ /^ntkit\/(ntkit|fit|study|verify)\.h$/) {
    # everyone may
  } else if (!(folder in floor)) {
    bad("\"" name "\" names no known folder")
  } else if (here in floor && folder != here) {
    if (here == "cli")
      bad("cli includes \"" name "\"; only \"ntkit/...\" and \"cli/...\" are allowed")
    else if (floor[folder] == floor[here])
      bad(here " includes \"" name "\": both are on floor " floor[here])
    else if (floor[folder] > floor[here])
      bad(here " (floor " floor[here] ") includes \"" name "\" (floor " floor[folder] ")")
  }
}
END {
  if (violations) exit 1
  printf "floors: %d files keep to the rule\n", files
}' "$@"
