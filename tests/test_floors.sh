#!/bin/sh
# tools/check_floors.sh finds each kind of violation, at its line, and passes a house in order.
set -eu
check=$(cd "$(dirname "$0")/../tools" && pwd)/check_floors.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

# house: a small tree in order.
house() {
  rm -rf "$tree/src" "$tree/include"
  mkdir -p "$tree/include/ntkit"
  for folder in base data net spectrum kernel fit theory study cli; do
    mkdir -p "$tree/src/$folder"
    printf '#include "%s/a.h"\n\n#include "ntkit/ntkit.h"\n#include <math.h>\n' $folder \
      >"$tree/src/$folder/a.c"
    echo "/* nothing */" >"$tree/src/$folder/a.h"
  done
  echo '#include <stddef.h>' >"$tree/include/ntkit/ntkit.h"
  echo '#include "kernel/a.h" /* downwards */' >>"$tree/src/study/a.c"
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
if ! output=$(sh "$check" "$tree") || [ "$output" != "floors: 19 files keep to the rule" ]; then
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
finds src/net/bad.c '#include "ntkit/other.h"' '5: .*no known folder'
finds src/cli/bad.c '#include <kernel/a.h>' '5: .*with quotes'
finds include/ntkit/ntkit.h '#include "base/a.h"' '5: the public header'
finds src/tools/bad.c 'int x;' '1: is in no folder'
finds src/bad.c 'int x;' '1: is in no folder'
finds src/cli/sub/bad.c 'int x;' '1: is in no folder'
exit $failed
