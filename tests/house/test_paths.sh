#!/bin/sh
# The pages in docs/ name files that are there: "folder/file.c" and the like, from the top, src,
# src/cli or include.
# usage: test_paths.sh [PAGE...]    (default: docs/*.md, README.md, CONTRIBUTING.md)
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- docs/*.md README.md CONTRIBUTING.md
failed=0

for page; do
  for file in $(grep -oE '\b([a-z]+/)+[a-z_0-9]+\.(c|cpp|h|sh)\b' "$page" | sort -u); do
    [ -e "$file" ] || [ -e "src/$file" ] || [ -e "src/cli/$file" ] || [ -e "include/$file" ] || {
      echo "$page: $file is not there"
      failed=1
    }
  done
done
exit $failed
