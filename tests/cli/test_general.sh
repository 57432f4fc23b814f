#!/bin/sh
# spectrum of networks with biases, several outputs and scales.
# Property: the kernel of one output is that of the whole network's rows of it; trace is the mean;
# scales multiply; what is not accepted is refused in one line; without these options nothing changes.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

size='--samples 12 --dim 6 --widths 8,7 --activation tanh --seed 3 --quiet'

# number KEY: of the JSON object in $out, the first of that name.
number() {
  sed -n "s/^ *\"$1\": \([^,]*\),*\$/\1/p" "$out" | head -n 1
}

# near A B: to 1e-12.
near() {
  awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; exit !(d <= 1e-12 * b && -d <= 1e-12 * b && b > 0) }'
}

# shellcheck disable=SC2086 # a list of words
{
  good 'biases' spectrum $size --bias 0.4 --outputs 3 --json
  check 'P counts them' test "$(number parameters)" = $((7 * 8 + 9 * 7 + 8 * 3))
  check 'outputs are told' test "$(number outputs)" = 3
  check 'the mean is the default' test "$(number output)" = '"trace"'
  check 'their deviation is told' near "$(number bias)" 0.4
  mean=$(number trace)

  sum=0
  for j in 0 1 2; do
    good "output $j" spectrum $size --bias 0.4 --outputs 3 --output $j --json
    sum=$(awk -v a="$sum" -v b="$(number trace)" 'BEGIN { printf "%.17g", a + b / 3 }')
  done
  check 'the trace of the mean' near "$mean" "$sum"

  good 'all outputs' spectrum $size --bias 0.4 --outputs 3 --output all --full --json --save all
  check 'the trace of all' near "$(number trace)" "$(awk -v a="$mean" 'BEGIN { printf "%.17g", 3 * a }')"
  check 'their eigenvalues' test "$(wc -c <all/eigenvalues.npy)" -eq $((128 + 8 * 36))
  check 'their biases' test -s all/b1.npy -a -s all/b3.npy
  rm -rf all

  good 'numbers' spectrum $size --bias 0.4 --outputs 3 --parameterization 2,2,2 --json
  check 'scales multiply' near "$(number trace)" "$(awk -v a="$mean" 'BEGIN { printf "%.17g", 2 * a }')"
  good 'ntk' spectrum $size --bias 0.4 --outputs 3 --parameterization 'ntk(1.5,0.1)' --json
  check 'ntk is told' grep -q '"parameterization": "ntk(1.5,0.1)"' "$out"
  good 'one output' spectrum $size --json
  one=$(number lambda_min)
  for output in trace all 0; do
    good "one output, $output" spectrum $size --outputs 1 --output $output --parameterization standard --json
    check "of one output $output is the same" test "$(number lambda_min)" = "$one"
  done
  good 'text' spectrum $size --bias 0 --outputs 3 --per-block
  check 'text tells of the mean' grep -q 'the mean over 3 outputs' "$out"
  check 'a block with its bias' grep -q '^0  *7 x 8 ' "$out"
  good 'a page' spectrum $size --bias 0.1 --outputs 2 --report page.html
  check 'the page tells of them' grep -q 'parameterization' page.html
  rm -f page.html

  # F_0 of the same draw is spectrum's, whose --save has the weights and data.
  good 'a drawn network' spectrum $size --bias 0.3 --outputs 3 --save drawn
  good 'its outputs' predict --load drawn --data drawn/X.npy
  tr ' ' '\n' <"$out" >"$top/F"
  for labels in gaussian sign teacher; do
    good "training of three outputs, $labels" train $size --bias 0.3 --outputs 3 --labels $labels \
      --parameterization mup --epochs 4 --save "$in/$labels" --report page.html --overwrite --json
    loss=$(number loss_initial)
    check 'is told of' test "$(number outputs) $(number parameterization)" = '3 "mup"'
    check 'on the page' grep -q '7 → 3, tanh, init paper, biases 0.3, scales mup, 143 parameters' page.html
    check 'labels are N x n_L' grep -q "(12, 3)" "$in/$labels/Y.npy"
    numbers "$in/$labels/Y.npy" >"$top/Y"
    check 'half the sum of squares over outputs' near "$loss" "$(paste "$top/F" "$top/Y" |
      awk '{ s += ($1 - $2) ^ 2 / 2 } END { printf "%.17g", s }')"
    [ $labels != sign ] || check 'signs' test "$(sort -u "$top/Y" | tr '\n' ' ')" = '-1 1 '
    [ $labels != teacher ] || check 'of mean square 1' near 36 "$(awk '{ s += $1 * $1 } END { printf "%.17g", s }' "$top/Y")"
  done
  good 'labels of one output' train $size --epochs 1 --save "$in/one"
  numbers "$in/one/Y.npy" >"$top/one"
  numbers "$in/gaussian/Y.npy" | awk 'NR % 3 == 1' >"$top/first"
  check 'are those of the first of three' cmp "$top/one" "$top/first"
  good 'labels of a file' train $size --outputs 3 --labels "$in/$labels/Y.npy" --epochs 1
  good 'in words' train $size --bias 0.3 --outputs 3 --parameterization 1,2,0 --epochs 1
  check 'the network' grep -q '7 -> 3, tanh, init paper, beta 1, biases 0.3, scales 1,2,0, P = 143 ' "$out"
  for i in 0 1 2 0 1 2 0 1 2 0 1 2; do echo $i; done >"$in/classes.csv"
  good 'classes' train $size --outputs 3 --labels "$in/classes.csv" --classes --epochs 1 --json
  check 'a column each' grep -q '"encoding": "signs"' "$out"
  rm -rf drawn page.html

  good 'scales are saved' spectrum $size --parameterization 'ntk(1.5,0.1)' --json --save scaled
  least=$(number lambda_min)
  good 'converted' network convert scaled converted --quiet
  good 'and come along' spectrum --samples 12 --seed 3 --load converted --quiet --json
  check 'K has them' test "$(number lambda_min)" = "$least"
  rm -rf scaled converted

  good 'training with biases' train $size --bias 0.2 --parameterization ntk --epochs 3 --json
  check 'P of it' test "$(number parameters)" = $((7 * 8 + 9 * 7 + 8))
  good 'memorising with biases' memorize --samples 12 --dim 6 --widths 8,16 --activation tanh --bias 0.2 --quiet --json
  check 'P of that' test "$(number parameters)" = $((7 * 8 + 9 * 16 + 17))

  bad 'an output past the last' "'3' is none.*accepted: trace, all, or a whole number from 0 to 2" \
    spectrum $size --outputs 3 --output 3
  bad 'an output of another name' "'mean' is none of the network's" spectrum $size --output mean
  good 'biases of 0.0' spectrum $size --bias 0.0
  bad 'a negative bias' 'SIGMA is negative; expected a number > 0, or 0' spectrum $size --bias -1
  bad 'no outputs' 'n_L is 0; expected a whole number from 1' spectrum $size --outputs 0
  bad 'labels of one output' 'has one label a sample, and the network 3 outputs' \
    train $size --outputs 3 --labels "$in/classes.csv"
  bad 'too few outputs' '3 classes for 2 outputs; accepted: an output for each class' \
    train $size --outputs 2 --labels "$in/classes.csv" --classes
  bad 'scales for another depth' 'accepted: standard, ntk, ntk(sigma_W,sigma_b), mup, or 3 or 6 numbers' \
    spectrum $size --parameterization 1,2
}

finish 'networks with biases and outputs'
