#!/bin/sh
# Of several ranks the first draws one line of progress, on the terminal of their mpirun: taken away before
# the results, and not drawn where mpirun's standard error is none. What does not fit is
# refused with what the least method needs and the largest N.
# shellcheck source=tests/ranks/program.sh
. "$(dirname "$0")/program.sh"
export XDG_CACHE_HOME="$top/cache"
train="train --samples 60 --dim 20 --widths 20,20 --activation tanh --epochs 1000000 --time 3"
line=$(printf '\repoch ')

# What a terminal is shown; where there is no script to make one, nothing of it is tested.
if command -v script >/dev/null; then
  # shellcheck disable=SC2086
  good_screen() {
    script -qec "sh $mpirun -n 2 $NTKIT $*" /dev/null </dev/null >"$out" 2>"$err" || fails "$*" "exit status $?"
  }
  good_screen "$train"
  check 'a line is drawn' grep -q "$line" "$out"
  # From the first drawing to the results on one line of the terminal, \r between them and blanks before these.
  last=$(grep "$line" "$out" | tr '\r' '\n' | grep . | tail -2 | tr '\n' '|')
  case $last in '  '*'|network '*) ;; *) fails 'it is gone before the results' "it ends with '$last'" ;; esac
  check 'each time by one rank' test "$(tr '\r' '\n' <"$out" | grep -c '^epoch.*epoch [0-9]')" -eq 0
else
  echo 'test_ranks_progress.sh: no terminal without script(1)' >&2
fi
# shellcheck disable=SC2086
sh "$mpirun" -n 2 "$NTKIT" $train >"$out" 2>"$err" || fails 'on a pipe' "exit status $?"
check 'nothing on a pipe' test "$(tr -d '\r' <"$err" | wc -c)" -eq "$(wc -c <"$err")"
check 'no word of it' test "$(grep -c epoch "$err")" -eq 0

# each METHOD: what each of 3 ranks needs by it, as it is refused.
each() {
  sh "$mpirun" -n 3 "$NTKIT" spectrum --samples 3000 --dim 20 --widths 60,60 --memory 1M --quiet --method "$1" \
    >"$out" 2>"$err" && fails "$1" 'it is not refused'
  sed -n 's/^ntkit: .* on 3 ranks (\(.*\) each), .*on rank [012] (.*; the largest N that fits is [0-9]*$/\1/p' "$err"
}
auto=$(each auto) factor=$(each factor) operator=$(each operator)
[ -n "$auto" ] && [ "$auto" = "$operator" ] && [ "$auto" != "$factor" ] ||
  fails 'the least is named' "auto needs '$auto', the factor '$factor', the operator '$operator'"

# largest MEMORY MEMORY: of two ranks that may have so much each.
largest() {
  words='train --samples 3000 --dim 20 --widths 60,60 --epochs 1 --track 1 --quiet'
  # shellcheck disable=SC2086
  sh "$mpirun" -n 1 "$NTKIT" $words --memory "$1" : -n 1 "$NTKIT" $words --memory "$2" >"$out" 2>"$err"
  sed -n 's/^ntkit: .*; the largest N that fits is \([0-9]*\)$/\1/p' "$err"
}
both=$(largest 8M 8M)
for pair in '8M 30M' '30M 8M' '2G 8M'; do
  # shellcheck disable=SC2086
  check "the rank that has least says what fits: $pair" test "${both:-none}" = "$(largest $pair)"
done
ranks 2 spectrum --samples 200 --dim 20 --widths 400000,400000 --quiet
one_line 'weights that do not fit' 'on rank [01] (.*; no N fits$'
finish ranks_progress
