#!/bin/sh
# ntkit spectrum by 1 to 4 ranks against one process: what is printed, within what a sum in another order
# may change (16 u tr K, twice, as docs/algorithm.md has it); K's and X's files, to the bit; what is
# refused, in one line; that the first rank alone speaks, and all end alike.
# shellcheck disable=SC2016 # jq has variables
# shellcheck source=tests/ranks/program.sh
. "$(dirname "$0")/program.sh"

# near PROPERTY KEY: of both, as far as another order of sums allows.
near() {
  jq -n --slurpfile a "$top/one" --slurpfile b "$out" -e "
    (\$a[0].blocks | map(.trace) | add) as \$trace |
    [\$a[0], \$b[0] | $2 | numbers] as [\$x, \$y] |
    \$x == \$y or (\$x - \$y | fabs) <= 32 * 1.2e-16 * \$trace + 1e-9 * \$x" >/dev/null ||
    fails "$1" "$2: $(jq -c "$2" "$top/one") and $(jq -c "$2" "$out")"
}
# same PROPERTY KEY
same() {
  [ "$(jq -c "$2" "$top/one")" = "$(jq -c "$2" "$out")" ] ||
    fails "$1" "$2: $(jq -c "$2" "$top/one") and $(jq -c "$2" "$out")"
}

# both PROPERTY ARGUMENT...: on one process, then on so many ranks.
both() {
  what=$1
  shift
  rm -rf one dealt
  good "$what: one process" spectrum "$@" --json --save one
  mv "$out" "$top/one"
  for count in $counts; do
    ranks "$count" spectrum "$@" --json --save dealt
    [ "$status" -eq 0 ] || { fails "$what, $count ranks" "exit status $status" && continue; }
    [ ! -s "$err" ] || fails "$what, $count ranks" 'something on standard error'
    check "$what, $count ranks: one object" jq -se 'length == 1' "$out"
    check "$what, $count ranks: said" jq -e ".ranks == $count and .environment.ranks == $count" "$out"
    [ "$count" -eq 1 ] || check "$what, $count ranks: traffic" jq -e '.traffic > 0' "$out"
    for key in .verdict .method .samples .order .data .network .seed '.saved | length'; do
      same "$what, $count ranks" "$key"
    done
    for key in .lambda_min .lambda_max '.blocks[0].trace' '.bounds.diagonal_min' .resolution; do
      near "$what, $count ranks" "$key"
    done
    for file in one/X.npy one/W*.npy one/kernel.npy one/block*.npy; do
      [ ! -f "$file" ] || check "$what, $count ranks: $file" cmp "$file" "dealt/${file#one/}"
    done
  done
}

# more PROPERTY EXPRESSION: of jq, of what both printed last, $a from one process and $b from ranks.
more() {
  jq -n --slurpfile x "$top/one" --slurpfile y "$out" -e "
    def near(s; t): (s - t | fabs) <= 1e-9 * (s | fabs) + 1e-12 * \$x[0].lambda_max;
    \$x[0] as \$a | \$y[0] as \$b | $2" >/dev/null || fails "$1" "not so: $2"
}

counts='1 2 3 4'
small='--samples 241 --dim 20 --widths 30,30 --activation tanh --quiet'
# shellcheck disable=SC2086
{
  both 'a factor' $small --save-kernel --save-blocks --per-block
  more 'blocks' '[$a.blocks[].lambda_min, $b.blocks[].lambda_min] as $l | range(3) | near($l[.]; $l[. + 3])'
  both 'fewer chunks than ranks' --samples 50 --dim 10 --widths 20,20 --quiet --save-kernel --certify
  more 'proved' '$b.certificate | .certified and .lower <= $a.lambda_min and $a.lambda_min <= .upper'
  counts=3
  both 'all eigenvalues' $small --full
  more 'all of them' '[$a.eigenvalues, $b.eigenvalues] | transpose | length == 241 and all(near(.[0]; .[1]))'
  both 'ends' $small --vectors 4
  more 'each pair' '[$a.smallest + $a.largest, $b.smallest + $b.largest] | transpose | length == 8 and
    all(near(.[0].value; .[1].value))'
  both 'prefixes' $small --prefixes 30,100,200
  more 'each prefix' '[$a.prefixes, $b.prefixes] | transpose | length == 3 and all(near(.[0].lambda_min; .[1].lambda_min))'
  both 'a density' $small --density --steps 30
  more 'its quantiles' '[$a.density.quantiles, $b.density.quantiles] | transpose | length > 3 and
    all((.[0].eigenvalue - .[1].eigenvalue | fabs) <= 1e-6 * .[0].eigenvalue)'
  both 'outputs' --samples 100 --dim 12 --widths 20,20 --outputs 3 --output all --bias 0.1 --quiet --save-kernel
  both 'their mean' --samples 100 --dim 12 --widths 20,20 --outputs 3 --parameterization ntk --quiet --save-kernel
  both 'one of them' --samples 100 --dim 12 --widths 20,20 --outputs 3 --output 1 --quiet --save-kernel
  counts=4
  both 'products' $small --method operator
  both 'mixed precision' $small --precision mixed
  more 'in single' '$b.precision == "mixed"'
  both 'a singular kernel' --samples 241 --dim 6 --widths 8,8 --quiet --prefixes 60,100 --density --full
  more 'known' '$b.verdict == "rank_deficient" and $b.lambda_min == 0'
  more 'its prefixes' '[$a.prefixes, $b.prefixes] | transpose | length == 2 and all(near(.[0].lambda_min; .[1].lambda_min))'
}

# Data from a file, scaled, and a network from a folder.
cp dealt/X.npy "$in/X.npy"
both 'files' --data "$in/X.npy" --scale standardize --widths 30,30 --activation tanh --quiet --save-kernel
rm -f one/result.json && mv one "$in/net"
both 'a saved network' --data "$in/X.npy" --scale standardize --load "$in/net" --activation tanh --quiet --save-kernel
check 'what was read' jq -e '.inputs | length > 0' "$out"

finish ranks_spectrum
