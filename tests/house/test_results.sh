#!/bin/sh
# docs/results.md is what the tables of fields say, and every member of every result in the public
# headers has a row there.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
page=$(mktemp)
trap 'rm -f "$page"' EXIT
failed=0

"$NTKIT" help --results >"$page"
if ! diff "$root/docs/results.md" "$page"; then
  echo "docs/results.md is not what 'ntkit help --results' prints"
  failed=1
fi

# members HEADER...: "struct member" of every struct in the headers.
members() {
  cat "$@" | sed 's|//.*||' | tr '\n' ' ' | sed 's|/\*|\n&|g; s|\*/|&\n|g' | grep -v '^/\*' |
    tr -d '\n' | sed 's/typedef struct/\n&/g' |
    sed -n 's/^typedef struct [a-z_0-9]* {\([^{}]*\)} \([a-z_0-9]*\);.*/\2;\1/p' |
    awk -F';' '{
      for (i = 2; i < NF; i++) {
        n = split($i, name, ",")
        for (k = 1; k <= n; k++) {
          sub(/\[.*$/, "", name[k])
          sub(/ *$/, "", name[k])
          sub(/^.*[ *]/, "", name[k])
          print $1, name[k]
        }
      }
    }'
}

# What is asked for, told or held for others is no result; of the rest every member has a row.
# shellcheck disable=SC2016 # awk's own
members "$root"/include/ntkit/ntkit.h "$root"/include/ntkit/fit.h "$root"/include/ntkit/verify.h \
  "$root"/include/ntkit/data.h "$root"/include/ntkit/plan.h "$root"/include/ntkit/spectrum.h \
  "$root"/include/ntkit/study.h "$root"/include/ntkit/laws.h "$root"/include/ntkit/limit.h \
  "$root"/include/ntkit/predict.h |
  grep -vE '^ntk_[a-z_]*(_options|_spec|_progress) ' |
  grep -vE '^ntk_(array_info|class_names|rows|error|operator|distribution|init_info|name_info|quantity_info|ledger_spectrum|study_table|summary|map|sweep) ' |
  grep -vE ' (context|owner)$|^ntk_ledger spectrum$|^ntk_study_row (variable|text)$' |
  sed 's/^ntk_memorize_seconds /ntk_memorize_result seconds./' |
  awk -v page="$page" '
    BEGIN {
      while ((getline line < page) > 0) {
        if (line ~ /^## /) struct = substr(line, 4)
        if (line !~ /^\| /) continue
        sub(/ \|$/, "", line)
        sub(/^.*\| /, "", line)
        n = split(line, name, ", ")
        for (i = 1; i <= n; i++) {
          described[struct " " name[i]]
          sub(/\..*/, "", name[i]) # of a struct within: told by what is told of it
          described[struct " " name[i]]
        }
      }
    }
    { members++ }
    !($0 in described) { print "no table has " $0; bad = 1 }
    END {
      if (members < 150) { print "only " members + 0 " members were found"; bad = 1 }
      exit bad
    }' || failed=1
exit $failed
