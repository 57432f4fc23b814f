#!/bin/sh
# Rows of a file on the command line: what a command gives of --skip, --limit, --subsample and
# --shuffle is what it gives of a file that has these rows alone, with the labels of these rows.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

net='--widths 6,4 --activation tanh --seed 2'
awk 'BEGIN { for (i = 1; i <= 12; i++) print sin(i), sin(3 * i) + i / 5, cos(i * i) }' >"$in/all.csv"
awk 'BEGIN { for (i = 1; i <= 12; i++) print cos(7 * i) }' >"$in/labels.csv"
sed -n 3,9p "$in/all.csv" >"$in/some.csv"
sed -n 3,9p "$in/labels.csv" >"$in/some_labels.csv"

# same PROPERTY COMMAND A... -- B...: the text both print but for the file's name and the time.
same() {
  property=$1 command=$2
  shift 2
  first=
  while [ "$1" != -- ]; do
    first="$first $1"
    shift
  done
  shift
  # shellcheck disable=SC2086
  good "$property" $command $first
  grep -vE '^(data|seconds|time|computed) ' "$out" | sed 's/[0-9.e-]* s\b//g' >"$top/first"
  # shellcheck disable=SC2086
  good "$property" $command "$@"
  grep -vE '^(data|seconds|time|computed) ' "$out" | sed 's/[0-9.e-]* s\b//g' >"$top/second"
  check "$property" cmp "$top/first" "$top/second"
  check "$property" test -s "$top/first"
}

# shellcheck disable=SC2086
{
  same 'skip and limit' spectrum --data "$in/all.csv" --skip 2 --limit 7 $net -- --data "$in/some.csv" $net
  same 'skip and samples' spectrum --data "$in/all.csv" --skip 2 --samples 7 $net -- --data "$in/some.csv" $net
  same 'labels' train --data "$in/all.csv" --labels "$in/labels.csv" --skip 2 --limit 7 --epochs 3 $net \
    -- --data "$in/some.csv" --labels "$in/some_labels.csv" --epochs 3 $net
  same 'verify' verify --data "$in/all.csv" --skip 2 --limit 7 $net --quiet -- --data "$in/some.csv" $net --quiet

  # Rows drawn and shuffled: which, predict tells, for a network knows its rows by their outputs.
  good 'a network' train --data "$in/all.csv" --labels "$in/labels.csv" --epochs 2 $net --save net --quiet
  good 'all outputs' predict --load net --data "$in/all.csv"
  cp "$out" "$top/all"
  good 'drawn' predict --load net --data "$in/all.csv" --subsample 5 --seed 3
  cp "$out" "$top/drawn"
  check 'as many' test "$(wc -l <"$top/drawn")" -eq 5
  check 'rows that are there' test "$(sort -u "$top/drawn" "$top/all" | wc -l)" -eq 12
  check 'in their order' test "$(grep -nxFf "$top/drawn" "$top/all" | cut -d: -f2)" = "$(cat "$top/drawn")"
  good 'threads' predict --load net --data "$in/all.csv" --subsample 5 --seed 3 --threads 3
  check 'the same rows' cmp "$out" "$top/drawn"
  good 'another seed' predict --load net --data "$in/all.csv" --subsample 5 --seed 4
  check 'other rows' test "$(cat "$out")" != "$(cat "$top/drawn")"
  good 'shuffled' predict --load net --data "$in/all.csv" --shuffle --seed 3
  check 'another order' test "$(cat "$out")" != "$(cat "$top/all")"
  sort "$top/all" >"$top/sorted"
  check 'of the same rows' test "$(sort "$out")" = "$(cat "$top/sorted")"
  good 'in JSON' spectrum --data "$in/all.csv" --subsample 5 --shuffle $net --json
  flat "$out" >"$top/flat"
  holds 'what was asked for' '@rows.subsample@ == 5 && @rows.skip@ == 0 && @data.samples@ == 5'
  check 'in JSON' grep -q 'rows.shuffle true' "$top/flat"
}

rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
# shellcheck disable=SC2086
{
  bad 'drawn data' 'subsample: is for files only; gaussian data are drawn' spectrum --samples 9 --dim 3 $net --subsample 4
  bad 'past the end' '--skip: .*all.csv: has 12 rows, and 12 are to be skipped' spectrum --data "$in/all.csv" --skip 12 $net
  bad 'too many' '--subsample: .*13 rows are to be drawn from 12' spectrum --data "$in/all.csv" --subsample 13 $net
  bad 'both' '--limit: .*accepted: one of both' spectrum --data "$in/all.csv" --limit 3 --samples 4 $net
  bad 'labels of the rows alone' '--labels: .*accepted: 12 labels: one for each row of the data' \
    train --data "$in/all.csv" --labels "$in/some_labels.csv" --skip 2 --limit 7 $net
  bad 'no rows' 'limit.*whole number from 1' spectrum --data "$in/all.csv" --limit 0 $net
  bad 'a sweep' '--skip is not for --sweep' verify --data "$in/all.csv" --skip 2 --sweep n=8,16,32 \
    --samples 4 --widths n,n
}
finish 'rows of a file'
