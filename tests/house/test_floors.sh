#!/bin/sh
# tools/check_floors.sh finds each kind of violation, at its line, and passes a house in order.
set -eu
check=$(cd "$(dirname "$0")/../../tools" && pwd)/check_floors.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

# house: a small tree in order.
house() {
  rm -rf "$tree/src" "$tree/include"
  mkdir -p "$tree/include/ntkit"
  for folder in base data net spectrum kernel kernel/cpu fit theory study cli cli/shell; do
    mkdir -p "$tree/src/$folder"
    printf '#include "%s/a.h"\n\n#include "ntkit/ntkit.h"\n#include <math.h>\n' $folder \
      >"$tree/src/$folder/a.c"
    echo "/* nothing */" >"$tree/src/$folder/a.h"
  done
  echo '#include <stddef.h>' >"$tree/include/ntkit/ntkit.h"
  echo '#include "kernel/a.h" /* downwards */' >>"$tree/src/study/a.c"
  echo '#include "kernel/a.h" /* down within the floor */' >>"$tree/src/kernel/cpu/a.c"
}

# finds FILE LINE-TEXT PATTERN: with the line added (as line 5), the check must fail and name it.
finds() {
  house
  mkdir -p "$(dirname "$tree/$1")"
  printf '/* 1 */\n/* 2 */\n/* 3 */\n/* 4 */\n%s\n' "$2" >"$tree/$1"
  if output=$(sh "$check" "$tree" 2>&1); then
    echo "not found: $2 in $1"
    failed=1
  elif ! echo "$output" | grep -q "^$1:$3"; then
    echo "wrong report for: $2 in $1"
    echo "$output"
    failed=1
  fi
}

house
if ! output=$(sh "$check" "$tree") || ! echo "$output" | grep -q '^floors: 23 files keep to the rule'; then
  echo "a house in order does not pass: $output"
  failed=1
fi
finds src/base/bad.h '#include "net/a.h"' '5: .*floor 0.*floor 1'
finds src/kernel/bad.c '#include "theory/a.h"' '5: .*floor 2.*floor 3'
finds src/data/bad.c '#  include "spectrum/a.h"' '5: .*both are on floor 1'
finds src/theory/bad.c '#include "fit/a.h"' '5: .*both are on floor 3'
finds src/cli/bad.c '#include "base/a.h"' '5: cli includes'
finds src/net/bad.c '#include "cli/a.h"' '5: .*floor 5'
finds src/net/bad.c '#include "../base/a.h"' '5: .*no known folder'
finds src/net/bad.c '#include "base.h"' '5: .*no known folder'
finds src/net/bad.c '#include "ntkit/other.h"' '5: .*no public header'
finds src/cli/bad.c '#include <kernel/a.h>' '5: .*with quotes'
finds include/ntkit/ntkit.h '#include "base/a.h"' '5: the public header'
finds src/tools/bad.c 'int x;' '1: is in no folder'
finds src/bad.c 'int x;' '1: is in no folder'
finds src/cli/sub/bad.c 'int x;' '1: is in no folder'
finds src/kernel/bad.c '#include "kernel/cpu/a.h"' '5: .*not below'
finds src/theory/bad.c 'K->backend->row(K);' '5: asks a backend'
finds src/net/bad.c '#include "kernel/cpu/a.h"' '5: .*floor 1.*floor 2'
finds src/cli/shell/bad.c '#include "base/a.h"' '5: cli includes'

# reports PATTERN: the tree as it is now must fail so.
reports() {
  if output=$(sh "$check" "$tree" 2>&1) || ! echo "$output" | grep -q "$1"; then
    echo "not reported: $1"
    echo "$output"
    failed=1
  fi
}

house # a circle of three files, closed by a header
echo '#include "net/b.h"' >"$tree/src/net/a.h"
echo '#include "net/c.h"' >"$tree/src/net/b.c"
echo '#include "net/a.h"' >"$tree/src/net/c.h"
echo '/* */' >"$tree/src/net/b.h"
reports 'a circle: net/'
house
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
  echo 'int x;' >"$tree/src/data/$i.c" # 29 and the two that are there
done
reports '^src/data: has 31 files'
mkdir -p "$tree/tests/spectrum"
for long in src/spectrum/long.c tests/spectrum/long.c; do
  house
  i=0
  while [ $i -lt 401 ]; do i=$((i + 1)) && echo '/* */'; done >"$tree/$long"
  reports "^$long:401: has 401 lines"
  rm "$tree/$long"
done
house
i=0
while [ $i -lt 2401 ]; do i=$((i + 1)) && echo '/* */'; done >"$tree/include/ntkit/ntkit.h"
reports '^include: 2401 lines'
exit $failed
