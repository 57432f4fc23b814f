#!/bin/sh
# Checks the rules of the house. A file in src/ includes lower floors, its own room, and the rooms of
# its floor's folder that are listed below it; src/cli sees the public headers and itself alone; only
# src/kernel asks a compute backend. No two files need each other, in however many steps (x.c and x.h
# are one file here); no folder has more than 30 files; a source or test has at most 400 lines; the
# rooms of src/cli know each other by at most 30 arrows, the public headers have at most 2,400 lines.
# Prints each violation as file:line: reason.
# usage: tools/check_floors.sh [ROOT]    (ROOT: the source tree; default: the one this script is in)
set -eu
cd "${1:-$(dirname "$0")/..}"

# shellcheck disable=SC2046 # file names of the tree have no blanks
set -- $(find include src $(test ! -d tests || echo tests) -name '*.[ch]' | LC_ALL=C sort)
if [ $# -eq 0 ]; then
  echo "floors: no sources under $(pwd)" >&2
  exit 1
fi

awk '
BEGIN {
  # Every room with its height: the floor, and the level of a room within its folder.
  split("base 0  base/product 0.1 base/ranks 0.1 base/exact 0.1  data 1 data/text 1.1  net 1 net/exact 1.1 net/dual 1.1  spectrum/packed 1 spectrum 1.1 spectrum/density 1.2 spectrum/laws 1.1  kernel 2 kernel/ends 2.1 kernel/limit 2.05 kernel/resolve 2.2 kernel/cpu 2.1 kernel/ranks 2.2 " \
        "fit 3 fit/inspect 3.1 fit/federated 3.05 fit/train 3.1 fit/memorize 3.1 fit/regression 3.15 " \
        "theory 3 theory/laws 3.1 theory/spectrum 3.1 theory/limit 3.1 theory/plan 3.2 theory/ledger 3.1 results 4 io 4.1 io/archive 4 " \
        "study 4 study/measure 4.1 study/spec 4.2 study/store 4.3 study/run 4.4 study/table 4.4 study/sweep 4.5 " \
        "cli/launch 5 cli/shell 5.01 cli/show 5.1 cli/draw 5.05 cli/run 5.2 cli/spectrum 5.3 cli/train 5.3 " \
        "cli/memorize 5.3 cli/verify 5.4 cli/study 5.3 cli/reproduce 5.4 cli/commands 5.3 cli 5.5", words, " ")
  for (i = 1; i in words; i += 2) {
    height[words[i]] = words[i + 1]
    folder = words[i]
    sub(/\/.*$/, "", folder)
    folders[folder]
  }
}
function bad(reason) {
  printf "%s:%d: %s\n", FILENAME, FNR, reason
  violations++
}
function directory(path) {
  if (path !~ /\//) return ""
  sub(/\/[^\/]*$/, "", path)
  return path
}
function unit(path) { # x.c and x.h are one
  sub(/\.[ch]$/, "", path)
  return path
}
function end_of_file() {
  if (lines > 400) long[last] = lines
  if (last ~ /^include\//) header_lines += lines
}
FNR == 1 {
  end_of_file()
  last = FILENAME
  path = FILENAME
  count[directory(path)]++
  sub(/^src\//, "", path)
  here = FILENAME ~ /^src\// ? directory(path) : ""
  folder = here
  sub(/\/.*$/, "", folder)
  if (FILENAME !~ /^tests\//) files++
  if (FILENAME ~ /^src\// && !(here in height)) bad("is in no folder of the house")
}
{ lines = FNR }
FILENAME ~ /^src\// && folder != "kernel" && /->backend->/ { bad("asks a backend; kernel/kernel.h and kernel/descent.h do that") }
FILENAME !~ /^tests\// && /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
  system_header = $0 ~ /^[^"]*</
  name = $0
  sub(/^[^<"]*[<"]/, "", name)
  sub(/[>"].*$/, "", name)
  there = directory(name)
  top = there
  sub(/\/.*$/, "", top)
  if (system_header) {
    if (top in folders || top == "ntkit") bad("include \"" name "\" with quotes, not <>")
  } else if (here == "" && there != "ntkit") {
    bad("the public header includes \"" name "\"; only the C library and \"ntkit/...\" are allowed")
  } else if (there == "ntkit") {
    if (!((getline line < ("include/" name)) >= 0)) bad("\"" name "\" names no public header")
    close("include/" name)
  } else if (!(there in height)) {
    bad("\"" name "\" names no known folder")
  } else if (here in height) {
    if (unit(path) != unit(name)) needs[unit(path)] = needs[unit(path)] " " unit(name)
    if (here == there) next
    if (folder == "cli" && !((here, there) in arrow)) {
      arrow[here, there]
      arrows++
    }
    if (folder == "cli" && top != "cli")
      bad("cli includes \"" name "\"; only \"ntkit/...\" and \"cli/...\" are allowed")
    else if (folder == top && height[there] + 0 >= height[here] + 0)
      bad("room " here " includes \"" name "\", whose room is not below it")
    else if (folder != top && int(height[there]) == int(height[here]))
      bad(here " includes \"" name "\": both are on floor " int(height[here]))
    else if (int(height[there]) > int(height[here]))
      bad(here " (floor " int(height[here]) ") includes \"" name "\" (floor " int(height[there]) ")")
  }
}
# Depth first; state 1: on the way, 2: done.
function visit(file, way,    list, i, n) {
  state[file] = 1
  n = split(needs[file], list, " ")
  for (i = 1; i <= n; i++) {
    if (state[list[i]] == 1) {
      way = way " " file
      sub("^.* " list[i] " ", list[i] " ", way)
      printf "src/%s: a circle: %s needs %s\n", file, way, list[i]
      violations++
    } else if (!state[list[i]])
      visit(list[i], way " " file)
  }
  state[file] = 2
}
END {
  end_of_file()
  for (file in needs) if (!state[file]) visit(file, "")
  for (folder in count) if (count[folder] > 30) {
    printf "%s: has %d files; 30 are allowed\n", folder, count[folder]
    violations++
  }
  for (file in long) {
    printf "%s:%d: has %d lines; 400 are allowed\n", file, long[file], long[file]
    violations++
  }
  if (arrows > 30) {
    printf "src/cli: %d arrows between its rooms; 30 are allowed\n", arrows
    violations++
  }
  if (header_lines > 2400) {
    printf "include: %d lines of public headers; 2,400 are allowed\n", header_lines
    violations++
  }
  if (violations) exit 1
  printf "floors: %d files keep to the rule; %d arrows between the rooms of src/cli, %d lines of public headers\n",
         files, arrows, header_lines
}' "$@"
