#!/bin/sh
# ntkit plan: sizes, a machine described in words, questions; and that what does not fit is refused
# with the plan's answer before anything is allocated.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"
XDG_CACHE_HOME=$top/cache
export XDG_CACHE_HOME

plan() { # plan PROPERTY ARGUMENT...: its object, flattened
  property=$1
  shift
  good "$property" plan --threads 1 --quiet --json "$@"
  flat "$out" >"$top/flat"
}

# ---- What it says ---------------------------------------------------------------------------------

set -- plan --threads 1 --quiet --data mnist --widths 784,784 --memory 8G --certify
"$NTKIT" "$@" --json >"$out" 2>"$err"
check 'what does not fit: exit status 1' test $? = 1
flat "$out" >"$top/flat"
holds 'its sizes' '@samples@ == 60000 && @dim@ == 784 && @outputs@ == 10'
holds 'its parameters' '@parameters@ == 784 * 784 * 2 + 7840'
holds 'the memory that was said' '@machine.memory@ == 8 * 1024 ^ 3'
check 'four times 60000^2 bytes do not fit' test "$(value chosen)" = null
check 'which is said' grep -q '"reason": "no method fits: factor needs 1[0-9.]* GB of memory, and 8.59 GB' "$out"
"$NTKIT" "$@" >"$out" 2>"$err"
check 'the table in the units of the answer' grep -q '^factor.* 1[0-9.]* GB  no' "$out"
check 'and in no others' sh -c "! grep -q '[KMGE]iB' '$out'"
"$NTKIT" plan --threads 1 --quiet --samples 10000000000 --dim 784 --widths 1000,1000 >"$out" 2>"$err"
check 'more than a number of bytes counts: its cell' grep -q '^factor.* over 18 EB  no' "$out"
check 'and its answer' grep -q 'factor needs over 18 EB of memory, and' "$out"
plan 'without K' --data mnist --widths 784,784 --memory 8G
check 'it fits' test "$(value chosen)" = '"operator"'
check 'which is said' grep -q '"reason": "without K, in [0-9.]* GB of memory; seconds not known' "$out"
plan 'a factor that fits, and an operator forecast faster' --samples 400000 --dim 100 --widths 1000,1000 \
  --memory 4T
check 'the factor all the same' test "$(value chosen)" = '"mixed"'
check 'and why' test "$(value reason)" = '"the operator is forecast faster, by a guess at its products"'
plan 'an operator forecast slower' --samples 3000 --dim 100 --widths 100,100
check 'no word of it' test "$(value reason)" = '""'
plan 'one output of it, fewer samples' --data mnist --widths 784,784 --outputs 1 --samples 2000
holds 'as asked' '@samples@ == 2000 && @outputs@ == 1 && @order@ == 2000'
check 'a method that fits' test "$(value chosen)" != null
seconds=$(value methods.seconds)
plan 'a machine of ten times the peak and bandwidth' --data mnist --widths 784,784 --outputs 1 \
  --samples 2000 --peak 100000 --bandwidth 100000
holds 'is faster' "@methods.seconds@ * 5 < $seconds"
holds 'and has that peak' '@machine.peak@ > 0.99e14 && @machine.peak@ < 1.01e14'
plan 'ImageNet, on a machine that has room' --data imagenet --widths 64,64 --memory 100T
holds 'its sizes' '@samples@ == 1281167 && @dim@ == 150528 && @outputs@ == 1000'
plan 'a training' --samples 1000 --dim 10 --widths 20,30 --question train --epochs 7
flops=$(value methods.flops)
plan 'of more epochs' --samples 1000 --dim 10 --widths 20,30 --question train --epochs 9
holds 'flops of the two' "@methods.flops@ - $flops == 2 * 2 * 1000 * (2 * 830 + 630)"
good 'one row' plan --threads 1 --quiet --samples 1 --dim 10 --widths 20,30
check 'is one' grep -q 'P = 830, K has 1 row$' "$out"
good 'a proof' plan --threads 1 --quiet --samples 100 --dim 10 --widths 20,30 --certify
check 'no phase comes twice' test -z "$(sed -n '/^factor /,/^(/p' "$out" | sed -n 's/^  \([a-zK ]*[a-zK]\)  .*/\1/p' | sort | uniq -d)"
for name in 'features again' 'proof for stored K' 'proof for exact K'; do
  check "$name" grep -q "^  $name  " "$out"
done
good 'for people' plan --threads 1 --quiet --samples 1000 --dim 10 --widths 20,30 --question memorize
check 'one line of an answer' grep -q '^answer      factor' "$out"
check 'and the widths' grep -q '^widths .* from 27 on P >= 1000, the rows of K;$' "$out"
check 'both of them' grep -q '^            from 46 on n_{L-2} n_{L-1} >= 2 N n_L$' "$out"
check 'that the labels are too many' \
  grep -q '^answer      factor; the labels will not be reached: 300 parameters for 1000 samples$' "$out"
check 'what is the largest' grep -q '^factor .*  yes   300$' "$out"
check 'one scale where n_{L-2} > d' grep -q '^lambda_min  at most of the order of d n_{L-1} = 300; ' "$out"
check 'and no other' test "$(grep -c 'of the order' "$out")" = 1
check 'nor the product' sh -c "! grep -q '= 600' '$out'"
good 'falling widths' plan --threads 1 --quiet --samples 100 --dim 30 --widths 20,10
check 'two scales' sh -c "tr -s '\n' ' ' <'$out' | grep -q 'at least of the order of n_{L-2} n_{L-1} = 200, at most of d n_{L-1} = 300 '"
good 'K in the place of its factor, with a prefix' plan --threads 1 --quiet --samples 6000 --dim 10 \
  --widths 9,700 --prefixes 300 --precision double --method factor
check 'a long name has a line of its own' grep -q '^  products with the Jacobian$' "$out"
check 'the next one its numbers, no 0 bytes' grep -q '^ \{23\}1.7e+08         -    ' "$out"
check 'one smallest eigenvalue' test "$(grep -c '^  smallest eigenvalue' "$out")" = 1
check 'and the prefix' grep -q '^  prefixes  ' "$out"
narrow() {
  "$NTKIT" plan --threads 1 --quiet "$@" >"$out" 2>"$err"
  check 'what is no sentence fits 80 columns' sh -c "! grep -v '^note\|^answer' '$out' | grep -q '.\{81\}'"
}
narrow --data imagenet --widths 784,784
narrow --samples 100000000000 --dim 1000 --question memorize
{ header '<f8' '(200000, 1000)' && printf '%b' "$nan"; } >"$in/X.npy"
truncate -s 1600000128 "$in/X.npy"
plan 'a file, of which only the heading is read' --data "$in/X.npy" --widths 4000
holds 'its sizes' '@samples@ == 200000 && @dim@ == 1000'

# ---- Several ranks --------------------------------------------------------------------------------

set -- --samples 12000 --dim 784 --widths 784,784 --memory 8G --precision double --method factor
plan 'one process' "$@"
one=$(value methods.memory)
holds 'receives nothing' '@ranks@ == 1 && @methods.traffic@ == 0 && @machine.network.rate@ == 0'
plan 'two ranks' "$@" --ranks 2 --network 2
holds 'hold about half each' "@methods.memory@ > 0.5 * $one && @methods.memory@ < 0.75 * $one"
holds 'and each receives half of K and of the features' \
  '@methods.traffic@ > 2 * 12000 ^ 2 + 4 * 12000 * 5 * 784 && @methods.traffic@ < 1.2 * (2 * 12000 ^ 2 + 4 * 12000 * 5 * 784)'
holds 'at that rate' '@ranks@ == 2 && @machine.network.rate@ == 2e9'
good 'for people' plan --threads 1 --quiet --ranks 64 "$@"
check 'how many' grep -q '^ranks       64, each on such a machine; 10 GB/s between them, 30 us a message$' "$out"
check 'what they receive' grep -q '^method .* received .* of a rank  fits' "$out"
narrow --ranks 64 "$@"
plan 'all outputs' --data cifar10 --output all --widths 1024,1024 --ranks 64 --memory 256G
holds 'N n_L rows' '@order@ == 500000'
"$NTKIT" plan --threads 1 --quiet --samples 60000 --dim 784 --widths 784,784 --certify --memory 1G --ranks 2 >"$out" 2>"$err"
check 'what does not fit on each' grep -q 'factor needs [0-9.]* GB of memory on each of 2 ranks, and 1\.07 GB are available' "$out"
bad 'a network of one' "network is what several ranks have between them; accepted: with ranks from 2 on" \
  plan --data mnist --widths 4 --network 3
bad 'ranks that are none' "ranks: '-1': P is negative" plan --data mnist --widths 4 --ranks -1

# ---- Where nothing fits ---------------------------------------------------------------------------

bad 'spectrum: the largest N that fits, in one line' \
  'no method fits: factor needs [0-9.]* GB of memory, and 1\.07 GB are available; the largest N that fits is 1[0-9]*$' \
  spectrum --samples 60000 --dim 784 --widths 784,784 --memory 1G --certify
bad 'spectrum: what asks for double, where mixed fits' \
  'the largest N that fits is 2[0-9]*; prefixes are found from a factor in double precision: without that, mixed fits in 3[0-9.]* MB$' \
  spectrum --samples 3000 --dim 20 --widths 60,120 --memory 40M --prefixes 100,200
bad 'memorize: what fits in less' '; iterative, without a factor, fits in 29[0-9] MB$' \
  memorize --samples 3000 --dim 5 --widths 3000,2 --memory 290M
bad 'memorize: nothing does' 'no method fits: iterative needs 29[0-9] MB of memory, and 210 MB are available; the largest N that fits is [0-9]*$' \
  memorize --samples 3000 --dim 5 --widths 3000,2 --memory 200M --iterative

# ---- Bad input ------------------------------------------------------------------------------------

bad 'a data set that the plan knows is a file to others' \
  '^ntkit: --data: mnist does not come with ntkit; accepted: the file it is in, like train-images-idx3-ubyte.gz; or gaussian, ' \
  spectrum --data mnist --widths 4
bad 'a data set of no known name' "did you mean 'mnist'" plan --data mnits --widths 4
bad 'a question of no known name' "did you mean 'spectrum'" plan --data mnist --widths 4 --question spectrim
bad 'no samples' 'samples is needed' plan --dim 4 --widths 4
bad 'epochs of no training' 'epochs is of the question train; the question is spectrum$' \
  plan --data mnist --widths 4 --epochs 7
bad 'a training with a certificate' 'certify is of the question spectrum; the question is train$' \
  plan --data mnist --widths 4 --question train --certify
bad 'a peak of 0' 'peak.*is 0' plan --data mnist --widths 4 --peak 0
bad 'a bandwidth that is none' 'bandwidth' plan --data mnist --widths 4 --bandwidth fast
bad 'a precision of K in the place of that of steps' "^ntkit: --precision: 'mixed' is not known; known: double, float; that of K's factors is --kernel-precision$" \
  plan --data mnist --question train --precision mixed
bad 'a precision of steps in the place of that of K' "^ntkit: --precision: 'float' is not known; known: auto, double, mixed$" \
  plan --data mnist --precision float
bad 'and of that of a memorisation' "^ntkit: --precision: 'float' is not known; known: auto, double, mixed$" \
  plan --data mnist --question memorize --precision float
bad 'tracking of no training' 'track is of the question train; the question is spectrum$' \
  plan --data mnist --track log
# In the words of the command itself.
for words in '--method operator --certify' '--method operator --precision mixed' '--prefixes 9,7' \
  '--vectors 65'; do
  # shellcheck disable=SC2086 # words of the command
  set -- --samples 200 --dim 5 --widths 9,30 --threads 1 --quiet $words
  "$NTKIT" spectrum "$@" >"$out" 2>"$top/said"
  check "spectrum refuses $words" test $? = 2
  "$NTKIT" plan "$@" >"$out" 2>"$err"
  check 'and so does the plan' test $? = 2
  check 'in the same line' cmp -s "$top/said" "$err"
done

# ---- What is left open ----------------------------------------------------------------------------

plan 'no widths' --samples 1000 --dim 10 --memory 8G
holds 'two layers with P = 10 n + n^2 + n >= 1000' \
  '@width@ == 27 && @parameters@ == 1026'
good 'no widths, for people' plan --threads 1 --quiet --samples 1000 --dim 10
check 'which is said' grep -q '^            from 32 on n_{L-2} n_{L-1} >= N; none were given$' "$out"

# ---- What a command's own options change ----------------------------------------------------------

rows() { # the methods' names, in their order
  awk '$1 == "methods.name" { gsub(/"/, "", $2); printf "%s%s", n++ ? " " : "", $2 }' "$top/flat"
}
told() { # told ROWS ARGUMENT...: has these methods
  expected=$1
  shift
  plan "$*" --samples 1000 --dim 10 --widths 20,90 "$@"
  check "methods of '$*'" test "$(rows)" = "$expected"
}
told 'mixed' --precision mixed --method factor
told 'mixed' --question memorize --precision mixed
told 'mixed' --question train --track log --kernel-precision mixed
told 'adam' --question train --optimizer adam --precision float
told 'gd mixed' --question train --clients 5 --local-steps 3 --epochs 10
flops=$(value methods.flops)
told 'gd mixed' --question train --clients 5 --local-steps 6 --epochs 10
holds 'three more steps a round' \
  "@methods.flops@ - $flops > 3 * 10 * 6000 * 2190 * 0.9 && @methods.flops@ - $flops < 3 * 10 * 6000 * 2190"
bad 'more clients than samples' '^ntkit: clients is 101, and there are 100 samples; accepted: from 1 to 100' plan \
  --question train --samples 100 --dim 10 --widths 20,90 --clients 101
told 'factor' --density --probes 4 --steps 10
flops=$(value methods.flops)
told 'factor' --density --probes 4 --steps 20 --prefixes 300
holds 'products and solves of the density' \
  "@methods.flops@ - $flops > 2 * 40 * 2 * 1000 ^ 2 && @methods.flops@ - $flops < 2 * 42 * 2 * 1000 ^ 2 + 60 * 2 * 300 ^ 2"

# ---- A search that takes long says so before it begins --------------------------------------------

"$NTKIT" spectrum --threads 1 --samples 30000 --dim 784 --widths 784,784 --method operator >"$out" 2>"$err" &
search=$!
for _ in $(seq 300); do
  if grep -q 'flops' "$err" || ! kill -0 $search 2>/dev/null; then break; fi
  sleep 0.2
done
kill -TERM $search 2>/dev/null
wait $search
check 'flops by a guess, which is said to be one' \
  grep -q 'without K, by products until it converges: [0-9.e+]* flops.* by a guess' "$err"
finish plan
