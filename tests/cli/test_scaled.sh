#!/bin/sh
# ntkit spectrum where double precision does not hold K: as decimals in text and on a page, with an exponent in JSON; what
# cannot be told then is refused.
# shellcheck disable=SC1091,SC2154,SC2086,SC2016 # $deep and $fewer are several words; $r is jq's; out and status come from program.sh
. "$(dirname "$0")/program.sh"

widths=$(awk 'BEGIN { for (l = 1; l < 1200; l++) printf "%s8", l == 1 ? "" : "," }')
deep="--samples 6 --dim 8 --widths $widths --activation tanh --init he --beta 0.5 --seed 1"

# 120-digit arithmetic has 5.41577839...e-426 (tools/record_scaled.py).
good '1200 layers' spectrum $deep
check 'its widths in short' grep -q '^network     L = 1200: 8 -> 8 x 1199 -> 1, tanh, ' "$out"
check 'the number' grep -Eq '^lambda_min  5\.41577[0-9]{4}e-426   *residual [0-9.]+e-4[0-9]+$' "$out"
check 'the largest' grep -Eq '^lambda_max  [0-9.]{11}e-418  *residual ' "$out"
check 'its scale' grep -Eq '^scale  *[0-9.]+e-4[0-9]+ .*over this, 2\^-1[34][0-9]+$' "$out"
check 'nothing is 0 or not finite' sh -c '! grep -Eiq "\b(inf|nan)\b|^lambda_m.. +0 " "$1"' sh "$out"
good 'JSON' spectrum $deep --json
check 'all of them' jq -e '.network.widths == [range(1199) | 8]' "$out"
check 'its fields' jq -e '.verdict == "ok" and .exponent < -1300 and .exponent == (.exponent | floor) and
  (((.lambda_min | log2) + .exponent) - (-1413 + (1.2275657378981890 | log2)) | fabs) < 1e-6' "$out"
good 'a certificate and a page' spectrum $deep --certify --report page.html
check 'the page, in short too' grep -q 'L = 1200: 8 → 8 x 1199 → 1, tanh, init he' page.html
check 'the page' grep -q ' = 5\.41577[0-9]*e-426 ' page.html
check 'what its other numbers are over' grep -q 'All other numbers of <i>K</i> are over 2<sup>−1' page.html
check 'no interval that says nothing' sh -c '! grep -Eq "estimated|[ >]inf\b" "$1" page.html' sh "$out"
check 'but why' grep -qx '            no proof for the exact kernel: some layers are beyond the range of double precision' "$out"
rm page.html
fewer=$(echo "$deep" | sed 's/\(8,\)\{600\}//')
good '600 layers' spectrum $fewer --certify --report page.html
check 'what grew' grep -qx '            no proof for the exact kernel: the bound on errors of the features, which grows from layer to layer, overflows' "$out"
check 'nor here' sh -c '! grep -Eq "estimated|[ >]inf\b" "$1" page.html' sh "$out"
check 'on the page' grep -q 'not proved for it: the bound on errors' page.html
rm page.html
# Of many blocks the first and last five; three equal widths are told one by one, four are not.
good 'seventeen blocks' spectrum --samples 4 --dim 4 --widths 5,4,4,4,4,5,5,5,4,4,6,6,6,6,6,6 --per-block --threads 1
check 'runs of widths' grep -q '^network     L = 17: 4 -> 5 -> 4 x 4 -> 5 -> 5 -> 5 -> 4 -> 4 -> 6 x 6 -> 1, ' "$out"
check 'which blocks' test "$(sed -n '/^block /,/^$/p' "$out" | awk 'NR > 1 && NF { printf "%s ", $1 }')" = '0 1 2 3 4 ... 12 13 14 15 16 '
check 'and how many not' grep -qx '[.]{3}  *7 more: --json and the result.json of --save have them' -E "$out"
good 'sixteen' spectrum --samples 4 --dim 4 --widths 5,4,4,4,4,5,5,5,4,4,6,6,6,6,6 --per-block --threads 1
check 'all of those' test "$(sed -n '/^block /,/^$/p' "$out" | grep -c '^[0-9]')" = 16
good 'in range' spectrum --samples 6 --dim 8 --widths 8,8 --json
check 'no exponent' jq -e '.exponent == 0' "$out"

# What is not told from 0 is below a number in K's unit: that of JSON times 2^exponent.
printf '1,0,2\n1,1e-60,2\n2,1,1\n' >"$in/near.csv"
for more in '' --resolve; do
  good "nearly equal rows $more" spectrum --data "$in/near.csv" --scale none --widths 30,30 --beta 1e-60 --init he --activation tanh $more
  check 'the text' grep -Eq '^verdict     below_resolution: lambda_min is below [1-9]\.[0-9]e-2[0-9]{2}, what double .* differ by 4\.5e-61 of ' "$out"
  good 'its JSON' spectrum --data "$in/near.csv" --scale none --widths 30,30 --beta 1e-60 --init he --activation tanh $more --json
  check 'one number' jq -e '.exponent != 0 and ((.reason | capture("is below (?<x>[0-9.]+)e(?<p>-[0-9]+), ")) as $r |
    ($r.x | tonumber | log10) + ($r.p | tonumber) - (.resolution | log10) - .exponent * (2 | log10) | fabs < 0.03)' "$out"
done

small="--samples 6 --dim 8 --widths 8,8 --activation tanh --init he --beta 1e-160"
bad 'a training' 'the gradient at the start underflows double.*accepted: larger weights' train $small --beta 1e-200 --lr 0.1 --epochs 2
bad 'a training with K' 'the layers underflow double precision.*accepted: ' train $small --epochs 2 --track 1
bad 'a training by K' 'the layers underflow .*an output is near 2^-1060; accepted: .*spectrum' train $small --optimizer lm --epochs 2
bad 'a memorisation' 'the layers underflow .*an output is near 2^-663; accepted: ' memorize $small --beta 1e-200
bad 'without a factor' 'the layers underflow .*an output is near 2^-663; accepted: ' memorize $small --beta 1e-200 --iterative
bad 'the proof in numbers' "underflow double precision: the kernel's trace is 0; accepted: .*'spectrum'" verify $small
bad 'a file of K' 'K is near 2^-1.*accepted: a run without kernel_path' spectrum $deep --save deep --save-kernel
finish 'kernels beyond double precision'
