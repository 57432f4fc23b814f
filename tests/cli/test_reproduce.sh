#!/bin/sh
# ntkit reproduce, preset tiny: every value of Figure 1 is that of `ntkit spectrum` at the trial's seed, below min K_ii;
# means, deviations and, in Figure 2, the line N = c d^2 are those that awk makes of the trials; what is done is not done
# again; other presets and folders are refused.
# shellcheck disable=SC1091,SC2154,SC2016 # in, dir, out, err and status come from program.sh; $ is awk's
. "$(dirname "$0")/program.sh"
if ! command -v gnuplot >/dev/null; then
  echo 'left out: there is no gnuplot'
  exit 0
fi

# ---- Refused -------------------------------------------------------------------------------------

bad 'no folder' '^ntkit: --out is needed' reproduce figure1 --preset tiny
bad 'figure1 has no small' "preset: figure1 has no preset 'small'; it has: tiny, quick, paper" \
  reproduce figure1 --preset small --out here
bad 'no such preset' 'tiny, quick, small, paper' reproduce figure2 --preset tin --out here
: >"$in/file"
bad 'a file' 'ntkit: --out: ' reproduce figure1 --preset tiny --out "$in/file"
bad 'below a file' 'ntkit: --out: ' reproduce figure1 --preset tiny --out "$in/file/one"

# files FIGURE FOLDER: all of them are there, and named.
files() {
  for suffix in svg pdf png dat gp csv txt db yaml; do
    check "$1.$suffix" test -s "$2/$1.$suffix"
    check "$1.$suffix is named" grep -q "^  $2/$1: .*[.]$suffix " "$out"
  done
  check 'the study file says what tiny changes' grep -q "^# --preset tiny runs it with: 'grid.N=" "$2/$1.yaml"
}
# trials FILE QUANTITY: N, d and value of each trial.
trials() {
  awk -F, -v q="$2" '$5 == q && $7 == "ok" { print $1, $2, $6 }' "$1"
}

# ---- Figure 1: half of it before, by the study's own command --------------------------------------

good 'figure 1' reproduce figure1 --preset tiny --out half --quiet
mkdir one
good 'every other trial' study run half/figure1.yaml grid.N=20,40 grid.d=6,8,10 trials=2 --shard 1/2 \
  --db one/figure1.db --quiet
"$NTKIT" study export one/figure1.db --csv | sort >"$top/before"
cp half/figure1.yaml one
good 'the rest' reproduce figure1 --preset tiny --out one
files figure1 one
check 'all of them' grep -q '^figure1: 12 of 12 trials done' "$out"
check 'some were there' test "$(wc -l <"$top/before")" -gt 4
check 'and were not done again, seconds included' sh -c 'sort one/figure1.csv | comm -23 "$1" - | cmp -s - /dev/null' sh "$top/before"
check 'none of the paper'"'"'s sizes' grep -q '^No size of the paper.s figure is among these' one/figure1.txt
trials half/figure1.csv lambda_min | sort >"$top/half"
trials one/figure1.csv lambda_min | sort >"$top/one"
check 'the same trials in one go' cmp "$top/half" "$top/one"
check 'so many' test "$(wc -l <"$top/one")" = 12

awk -F, 'NR > 1 { print $1, $2, $4, $6 }' one/figure1.csv >"$top/values"
while read -r N d seed value; do
  run spectrum --samples "$N" --dim "$d" --widths "$d,$d" --activation sigmoid --seed "$seed" --threads 1 --precision double --json
  check "N = $N, d = $d, seed $seed: $value" jq -e --argjson v "$value" \
    '.lambda_min == $v and $v > 0 and $v <= .bounds.diagonal_min' "$out"
done <"$top/values"

# Mean and standard deviation of two are (a + b) / 2 and |a - b| / sqrt 2.
check 'means and deviations' awk 'NR == FNR { k = $1 " " $2 * $2; n[k]++; s[k] += $3; q[k] += (n[k] == 1 ? 1 : -1) * $3; next }
  /^# *N = / { N = $4 }
  !/^#/ && NF >= 3 { k = N " " $1; seen++; mean = s[k] / 2; dev = q[k] < 0 ? -q[k] : q[k]; dev /= sqrt(2)
    if (n[k] != 2 || ($2 - mean) ^ 2 > 1e-18 * mean ^ 2 || (($4 - $3) / 2 - dev) ^ 2 > 1e-12 * mean ^ 2) bad++ }
  END { exit !(seen == 6 && !bad) }' "$top/one" one/figure1.dat

# ---- Figure 2 ------------------------------------------------------------------------------------

good 'figure 2' reproduce figure2 --preset tiny --out two
files figure2 two
check 'what it will take is said first' grep -q '^figure2: 50 trials, ' "$out"
check 'the table is printed and written' grep -q -F -f two/figure2.txt "$out"
for quantity in plateau final smallest; do
  trials two/figure2.csv ${quantity}_loss >"$top/$quantity"
  check "$quantity: all" test "$(wc -l <"$top/$quantity")" = 50
done
# The loss at the plateau is twice a mean of 100 losses, none of which is below the smallest; nor is the last.
check 'losses in order' sh -c 'paste -d " " "$1/plateau" "$1/smallest" "$1/final" |
  awk "{ if (\$1 != \$4 || \$2 != \$8 || \$3 < 2 * \$6 * (1 - 1e-6) || \$9 < \$6 || \$6 < 0) exit 1 }"' sh "$top"
check 'geometric means' awk 'NR == FNR { k = $2 * $2 " " $1; n[k]++; s[k] += log($3); next }
  !/^#/ && NF == 7 { k = $1 " " $2; seen++; d = log($3) - s[k] / n[k]; if (n[k] != 2 || d * d > 1e-10) bad++ }
  END { exit !(seen == 25 && !bad) }' "$top/plateau" two/figure2.dat
# c by its definition: at each d that begins below half way and ends above it N* is the first N and the length of N
# where the mean, linear between the cells, is below; here in 20,000 steps.
constant() {
  awk -v level="$1" 'NR == FNR { k = $2 " " $1; n[k]++; m[k] += log($3) / log(10) / 2; next }
    FNR == 1 { low = 1e9; high = -1e9
      for (k in m) { if (m[k] < low) low = m[k]; if (m[k] > high) high = m[k] }
      split("10 20 40 80 160", N, " ")
      half = level == "" ? (low + high) / 2 : log(level) / log(10)
      for (d = 4; d <= 12; d += 2) {
        if (!(m[d " " 10] < half && m[d " " 160] >= half)) continue
        at = 10
        for (i = 1; i < 5; i++) for (t = 0; t < 5000; t++) {
          a = m[d " " N[i]]; b = m[d " " N[i + 1]]
          if (a + (b - a) * (t + 0.5) / 5000 < half) at += (N[i + 1] - N[i]) / 5000
        }
        crossed++; x = d * d; xx += x * x; xy += x * at
      }
      printf "%.2g %.4f %d\n", 10 ^ half, xy / xx, crossed; exit }' "$top/plateau" "$top/plateau"
}
told() { # told LEVEL C CROSSED: the table has it, and the interval holds it
  check "c = $2 at $1, of $3 of 5" awk -v level="$1" -v c="$2" -v crossed="$3" '$1 == level && $4 == ".." {
    found = ($2 - c) ^ 2 < 4e-6 && $3 <= $2 && $2 <= $5 && $6 == crossed && $8 == 5 }
    END { exit !found }' two/figure2.txt
}
# shellcheck disable=SC2046 # three words
told $(constant '')
# shellcheck disable=SC2046
told $(constant 0.03)
check 'the line is that of the table' test "$(sed -n 's/^# N = \([0-9.]*\) d^{2}$/\1/p' two/figure2.dat)" = \
  "$(awk '$4 == ".." { printf "%.2f", $2; exit }' two/figure2.txt)"
check 'one d at least has both phases' awk '$4 == ".." { exit !($6 >= 1) }' two/figure2.txt

cp two/figure2.csv "$top/two.csv"
good 'once more' reproduce figure2 --preset tiny --out two --quiet
check 'nothing is done again' cmp two/figure2.csv "$top/two.csv"
run reproduce figure2 --preset quick --out two
check 'another preset: status 2' test "$status" -eq 2
check 'needs another folder' grep -q 'two/figure2.db holds another study: that of --preset tiny; expected this preset' "$err"
check 'and leaves this one alone' cmp two/figure2.csv "$top/two.csv"

finish test_reproduce
