#!/bin/sh
# The public headers tell of every function: a comment stands above it (or above the declarations
# that it stands with), and a function that returns ntk_status names there those it can return,
# which exist. "NTK_ERR_SHAPE, _MEMORY" is NTK_ERR_SHAPE, NTK_ERR_MEMORY.
# usage: test_statuses.sh [HEADER...]    (default: include/ntkit)
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- include/ntkit/*.h

awk '
function bad(reason) {
  printf "%s:%d: %s\n", FILENAME, FNR, reason
  wrong++
}
# The names in a comment, each once, into name[]; their number.
function names(text,    n, word, i, list) {
  gsub(/[^A-Za-z0-9_]+/, " ", text)
  n = split(text, list, " ")
  for (word in name) delete name[word]
  for (i = 1; i <= n; i++)
    if (list[i] ~ /^NTK_ERR_[A-Z]/) name[list[i]]
    else if (list[i] ~ /^_[A-Z][A-Z_]+$/) name["NTK_ERR" list[i]]
  n = 0
  for (word in name) n++
  return n
}
FNR == NR { # ntkit.h, read a first time for its enumeration
  if ($0 ~ /^  NTK_ERR_[A-Z_]+[ ,]/) exists[$1 ~ /,$/ ? substr($1, 1, length($1) - 1) : $1]
  next
}
FNR == 1 { comment = ""; inside = 0 }
/^$/ { comment = "" } # declarations that stand together share a comment
/^\/\*/ { comment = ""; inside = 1 }
inside || /^NTK_API .*\/\*/ { comment = comment " " $0 }
/\*\// { inside = 0 }
/^NTK_API / {
  functions++
  if (comment == "") bad("no comment tells of: " $0)
  if ($2 == "ntk_status") {
    statuses++
    if (!names(comment)) bad("no status is named of: " $0)
    for (word in name)
      if (!(word in exists)) bad(word " is no status; it is named of: " $0)
  }
}
END {
  if (functions < 90 || statuses < 50) {
    printf "only %d functions, of which %d return a status, were found\n", functions, statuses
    exit 1
  }
  exit wrong > 0
}' include/ntkit/ntkit.h "$@"
