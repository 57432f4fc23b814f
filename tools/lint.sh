#!/bin/sh
# Layout (clang-format) of all C files; clang-tidy and cppcheck over library, program and benchmark, with
# the release build's compile commands. (Tests index arrays by what they have just asserted, which static
# analysers cannot know: they are compiled with every warning and run under sanitizers instead.) Exit
# status 1 when one of them has something to say.
# usage: tools/lint.sh [format]    (format: lay the files out instead)
set -eu
cd "$(dirname "$0")/.."
build=build/release

# shellcheck disable=SC2046 # file names of the tree have no blanks
set -- "${1:-}" $(find include src tests bench examples -name '*.[ch]' 2>/dev/null | LC_ALL=C sort)
mode=$1
shift
echo "== clang-format: $# files"
if [ "$mode" = format ]; then
  exec clang-format -i "$@"
fi
status=0
clang-format --dry-run -Werror "$@" || status=1

sources=$(sed -n "s|^ *\"file\": \"$(pwd)/\(.*\)\",*\$|\1|p" $build/compile_commands.json | grep -v '^tests/' | sort -u)
echo "== clang-tidy: $(echo "$sources" | wc -l) sources"
echo "$sources" | xargs -n 4 -P 2 clang-tidy -p $build --quiet 2>$build/clang-tidy.log || {
  status=1
  grep -v 'warnings generated' $build/clang-tidy.log || true
}

echo "== cppcheck"
cppcheck --project=$build/compile_commands.json -i tests --include=$build/generated/build_info.h \
  -D__SSE2__ --enable=warning,performance,portability --inline-suppr \
  --suppressions-list=tools/cppcheck.supp --error-exitcode=1 --quiet -j 2 || status=1

[ $status -eq 0 ] && echo "lint: clean"
exit $status
