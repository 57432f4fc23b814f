#!/bin/sh
# Checks an installed ntkit from the outside: a small program is built against it by pkg-config and
# by CMake, with the shared and with the static libraries, and run; the shared libraries export the
# public functions, and beside them only what the source marks for its siblings; the kernel's needs no
# database; the headers are C++17 too; the pages are there.
# usage: tools/check_install.sh PREFIX
set -eu
prefix=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/.." && pwd)
consumer=$source/tests/consumer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "check_install: $*" >&2
  exit 1
}

pc=$(find "$prefix" -name ntkit.pc)
[ -n "$pc" ] || fail "no ntkit.pc under $prefix"
lib=$(dirname "$(dirname "$pc")")
PKG_CONFIG_PATH=$(dirname "$pc")${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PKG_CONFIG_PATH LD_LIBRARY_PATH

# runs NAME ldd-PATTERN: the program works, and does (shared) or does not (static) load libntkit.
runs() {
  printf '%-18s ' "$1"
  "$work/$1" || fail "$1 failed"
  if ldd "$work/$1" | grep -q libntkit; then loads=shared; else loads=static; fi
  [ "$loads" = "$2" ] || fail "$1 is $loads, not $2"
}

cmake -S "$consumer" -B "$work" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 &&
  cmake --build "$work" >>"$work/log" 2>&1 || {
  cat "$work/log" >&2
  fail "find_package(ntkit) did not lead to a program"
}
for pair in main:ntkit io:ntkit_io study:ntkit_study; do
  program=${pair%:*} library=${pair#*:}
  # shellcheck disable=SC2046 # lists of words
  {
    cc -std=c17 -o "$work/${program}_pc_shared" "$consumer/$program.c" \
      $(pkg-config --cflags --libs "$library")
    cc -std=c17 -o "$work/${program}_pc_static" "$consumer/$program.c" $(pkg-config --cflags "$library") \
      $(pkg-config --static --libs "$library" | sed 's/-lntkit\([a-z_]*\)/-l:libntkit\1.a/g')
  }
  for kind in shared static; do
    runs "${program}_$kind" $kind
    runs "${program}_pc_$kind" $kind
  done
done
for program in main_pc_shared main_pc_static main_shared main_static; do
  if ldd "$work/$program" | grep -E 'sqlite|yaml|jansson'; then fail "$program loads these"; fi
done

sed -n 's/^NTK_API.*[ *]\(ntk_[a-z0-9_]*\)(.*/\1/p' "$prefix"/include/ntkit/*.h | sort >"$work/declared"
sed -n 's/^NTK_SIBLING.*[ *]\(ntk_[a-z0-9_]*\)(.*/\1/p' "$source"/src/*/*.h "$source"/src/*/*/*.h |
  sort - "$work/declared" >"$work/marked"
# A dot begins the names of what OpenMP shares between libraries, its critical sections.
nm -D --defined-only "$lib"/libntkit*.so | awk 'NF == 3 && $3 !~ /^\./ { print $3 }' |
  sort >"$work/exported"
diff "$work/marked" "$work/exported" >&2 || fail "marked (<) and exported (>) functions differ"

for header in "$prefix"/include/ntkit/*.h; do
  printf '#include <ntkit/%s>\n' "${header##*/}" | c++ -std=c++17 -x c++ -Wall -Wextra -Wpedantic -Werror \
    -fsyntax-only -I"$prefix/include" - || fail "${header##*/} is not C++17"
done
"$prefix/bin/ntkit" info >/dev/null || fail "the installed program does not run"
[ -s "$prefix/share/man/man1/ntkit.1" ] || fail "no manual page"
bash -n "$prefix/share/bash-completion/completions/ntkit" || fail "the completion is not bash"
echo "check_install: $(wc -l <"$work/declared") public functions, pkg-config, CMake, pages: fine"
