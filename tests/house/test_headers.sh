#!/bin/sh
# Every public header has its page in docs/c, which the index and docs/architecture.md name, and every page a header. What
# tools/reference.awk makes of a header for it has examples without a comment's stars, and no call on two lines.
# usage: test_headers.sh [TREE]    (default: this one)
set -eu
root=${1:-$(cd "$(dirname "$0")/../.." && pwd)}
cd "$root"
reference=tools/reference.awk
failed=0

wrong() {
  echo "$1"
  failed=1
}

for header in include/ntkit/*.h; do
  name=$(basename "$header" .h)
  page=docs/c/$name.rst
  if [ ! -e "$page" ]; then
    wrong "$header has no page $page"
    continue
  fi
  grep -qx "\.\. doxygenfile:: $name\.h" "$page" || wrong "$page does not show $name.h"
  grep -qx "\.\. _${name}_8h:" "$page" || wrong "$page has no anchor _${name}_8h, by which other pages name the header"
  grep -qx "   $name" docs/c/index.rst || wrong "docs/c/index.rst does not name $name"
  grep -q "^ *$header " docs/architecture.md || wrong "docs/architecture.md does not name $header"
done
for header in include/ntkit/*.h; do
  awk -v block=verbatim -f "$reference" "$header" | awk -v header="$header" '
    /@verbatim/ { within = 1; next }
    /@endverbatim/ { # what stands before it is of the example
      if (!/^@endverbatim/) { print header ": an example ends with: " $0; wrong = 1 }
      within = 0
    }
    within && /^ \*/ { print header ": a star in an example: " $0; wrong = 1 }
    / \* .*[a-z0-9_]\([^()]*$/ && !within { print header ": Doxygen ends a paragraph in this call: " $0; wrong = 1 }
    END { exit wrong }' || failed=1
done
for page in docs/c/*.rst; do
  name=$(basename "$page" .rst)
  [ "$name" = index ] || [ -e "include/ntkit/$name.h" ] || wrong "$page has no header"
done
# Of a page that no list names the site has no link.
for page in docs/*.md; do
  name=$(basename "$page" .md)
  [ "$name" = index ] || grep -qx "$name" docs/index.md || wrong "docs/index.md does not name $page"
done
exit $failed
