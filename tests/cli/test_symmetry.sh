#!/bin/sh
# Samples that one activation makes one: spectrum, verify, train and memorize name the pair in the same words and
# fields, and not where biases or another activation keep them apart; one that is nearly so is small, not 0.
# shellcheck disable=SC1091,SC2154,SC2086,SC2016 # $says is jq's; $size is several words; in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

printf '1,2,-1,0.5\n0.25,-3,1,2\n2,1,1,-1\n-1,-2,1,-0.5\n3,-1,0,1\n' >"$in/odd.csv"
printf '1,2,-1,0.5\n0.25,-3,1,2\n2,1,1,-1\n3,6,-3,1.5\n3,-1,0,1\n' >"$in/ray.csv"
printf '1\n2\n0.5\n-1\n1.5\n' >"$in/opposite.csv"
printf '1\n2\n0.5\n3\n1.5\n' >"$in/thrice.csv"
widths='--widths 16,16 --scale none --seed 2'

# all_say FILE LABELS ACTIVATION C LAW: row 4 is C times row 1
all_say() {
  size="--data $in/$1 $widths --activation $3"
  says="row 4 of the data (from 1) is $4 times row 1, and $5: K is singular, whatever the widths and beta"
  good "$3: spectrum" spectrum $size
  check "$3: the verdict" grep -qF "verdict     rank_deficient: $says" "$out"
  good "$3: verify" verify $size
  check "$3: the ledger" grep -qFx "singular    K: $says" "$out"
  good "$3: train" train $size --labels "$in/$2" --epochs 1
  check "$3: K_0" grep -qFx "singular    K_0: $says" "$out"
  good "$3: memorize" memorize $size --labels "$in/$2"
  check "$3: labels that follow are met" grep -q '^labels      reached: ' "$out"
  check "$3: K_{L-2}" grep -qFx "singular    K_{L-2}: $says" "$out"
  for command in spectrum verify train memorize; do
    labels="--labels $in/$2"
    [ $command != train ] || labels="$labels --epochs 1"
    case $command in spectrum | verify) labels= ;; esac
    good "$3: $command --json" $command $size $labels --json
    check "$3: fields of $command" jq -e --arg says "$says" --argjson c "$4" '(.deficiency // .convergence.deficiency) |
      .cause == "multiple" and .always and .first == 0 and .second == 3 and .factor == $c and
      .zeros == 1 and .reason == $says' "$out"
  done
}
all_say odd.csv opposite.csv tanh -1 'F_L(-x) = -F_L(x)'
all_say ray.csv thrice.csv relu 3 'F_L(c x) = c F_L(x)'

for other in '--activation gelu' '--activation relu' '--activation tanh --bias 0.1'; do
  good "$other: spectrum" spectrum --data "$in/odd.csv" $widths $other --json
  check "$other: nothing is known" jq -e '.verdict == "ok" and .deficiency.cause == null and .deficiency.first == null' "$out"
done

sed 's/^-1,-2,1,-0.5$/-1,-2,1,-0.5000000001/' "$in/odd.csv" >"$in/near.csv"
good 'nearly' spectrum --data "$in/near.csv" $widths --activation tanh
check 'small' grep -q '^verdict     below_resolution: .*; row 4 is -1 times row 1 (from 1) but for 4e-11 of its size: that alone makes it small, not 0' "$out"

# 3 x in double precision, of which the last row is no multiple to the last bit; and numbers whose squares underflow.
printf '%s\n' -2.19,2.08,1.58,-1.47 0.25,-3,1,2 2,1,1,-1 -6.57,6.24,4.74,-4.41 3,-1,0,1 >"$in/rounded.csv"
good 'a multiple but for rounding' spectrum --data "$in/rounded.csv" $widths --activation relu
check 'rounding' grep -q '^verdict     below_resolution: .*; row 4 is 3 times row 1 (from 1) but for rounding: that alone makes it small, not 0' "$out"
sed 's/[^,]*/&e-170/g' "$in/near.csv" >"$in/tiny.csv"
good 'tiny and nearly' spectrum --data "$in/tiny.csv" $widths --activation tanh
check 'as of others' grep -q '^verdict     below_resolution: .*; row 4 is -1 times row 1 (from 1) but for 4e-11 of its size: that alone makes it small, not 0' "$out"

# Labels 1 and 1 of x and -x: (1 + 1)^2 / 2 is left of the sum of squares, half of it of the loss.
printf '1\n2\n0.5\n1\n1.5\n' >"$in/same.csv"
good 'the plain question' train --data "$in/odd.csv" --labels "$in/same.csv" $widths --activation tanh --question
check 'no weights fit' grep -qFx 'answer      no: row 4 of the data (from 1) is -1 times row 1, F_L(-x) = -F_L(x), and their labels are not so: no weights give a loss below 1' "$out"
good 'with biases' train --data "$in/odd.csv" --labels "$in/same.csv" $widths --activation tanh --bias 0.1 --question
check 'they may' grep -q '^answer      open: ' "$out"

# Four columns, the last of them the sum of the others: rank 3.
printf '1,2,-1,2\n0.25,-3,1,-1.75\n2,1,1,4\n3,-1,0,2\n' >"$in/three.csv"
good 'a linear network' spectrum --data "$in/three.csv" $widths --activation identity
check 'the rank of the data' grep -qF 'the data span 3 of d = 4 dimensions, which leaves rank K <= 3, whatever the widths and beta, and K has 4 rows' "$out"
finish 'samples that are one to the network'
