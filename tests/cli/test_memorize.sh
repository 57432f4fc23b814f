#!/bin/sh
# ntkit memorize: bad input is refused in one line before anything is written; what
# is printed, what is saved and what the saved network puts out agree; labels that are not reached
# are saved and said, with exit status 1.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

small='--samples 60 --dim 10 --widths 12,16 --activation tanh'
# bad_memorize PROPERTY PATTERN ARGUMENT...: a directory to save into must not appear.
bad_memorize() {
  property=$1 pattern=$2
  shift 2
  # shellcheck disable=SC2086 # a list of words
  bad "$property" "$pattern" memorize $small --save saved "$@"
}
# memorize PROPERTY ARGUMENT...: a run that ends well, its JSON object in $out and $top/flat.
memorize() {
  property=$1
  shift
  # shellcheck disable=SC2086
  good "$property" memorize $small --json "$@"
  flat "$out" >"$top/flat"
}
# text KEY: a value without its quotes.
text() {
  value "$1" | tr -d '"'
}
zero='\0\0\0\0\0\0\0\0' half='\0\0\0\0\0\0\0340\077' minus='\0\0\0\0\0\0\0360\277'

# ---- Files to read -------------------------------------------------------------------------------

{ header '<f8' '(60,)' && printf '%b' "$(repeat 20 "$one$two$zero")"; } >"$in/classes.npy"
{ header '<f8' '(60,)' && printf '%b' "$(repeat 20 "$minus$two$one")"; } >"$in/signed.npy"
{ header '<f8' '(60,)' && printf '%b' "$(repeat 30 "$one$half")"; } >"$in/halves.npy"
{ header '<f8' '(60,)' && printf '%b' "$(repeat 60 "$one")"; } >"$in/ones.npy"
{ header '<f8' '(59,)' && printf '%b' "$(repeat 59 "$one")"; } >"$in/short.npy"
# Samples 1 and 3 are equal: their labels are 1 and 0, 2 and 2, or one class.
{ header '<f8' '(4, 2)' && printf '%b' "$one$two$two$two$one$two$two$one"; } >"$in/twice.npy"
{ header '<f8' '(4,)' && printf '%b' "$one$two$zero$one"; } >"$in/unequal.npy"
{ header '<f8' '(4,)' && printf '%b' "$two$one$two$one"; } >"$in/equal.npy"

# ---- Bad input: memorize -------------------------------------------------------------------------

bad_memorize 'odd last width' '^ntkit: --widths: the last is 13, .*expected an even number' \
  --widths 12,13
bad_memorize 'initialisation of pairs' '^ntkit: --init antisymmetric is for training' \
  --init antisymmetric
bad_memorize 'classes of drawn labels' '^ntkit: --classes needs --labels FILE' --classes
bad_memorize 'classes that are none' '^ntkit: --classes: label 2 (from 1) is 0.5; expected whole' \
  --classes --labels "$in/halves.npy"
bad_memorize 'one class' '^ntkit: --classes: every label is 1; expected two' \
  --classes --labels "$in/ones.npy"
bad_memorize 'labels of the wrong length' '^ntkit: --labels: .*59.*60' --labels "$in/short.npy"
bad_memorize 'unknown labels' 'gaussian, sign, teacher, or a file' --labels uniform
for eps in 0 -1 1e400 nan ''; do
  bad_memorize "eps '$eps'" '^ntkit: --eps: .*eps is .*; expected a number > 0' --eps "$eps"
done
bad_memorize 'no such option' "^ntkit: --optimizer is not an option of 'memorize'" --optimizer adam
bad_memorize 'gamma' "^ntkit: --gamma is not an option of 'memorize'" --gamma 3
bad_memorize 'too large for --memory: both numbers' '[0-9].*[0-9]' --memory 50K
bad_memorize 'N that no storage indexes' 'N = ' --samples 100000000000
bad_memorize 'directory that is a file' '^ntkit: --save' --save "$in/ones.npy"
bad 'equal samples, different labels' 'samples 1 and 3 (from 1) are equal and have the labels 1 and 0' \
  memorize --data "$in/twice.npy" --labels "$in/unequal.npy" --widths 4,4 --save saved
bad 'equal samples of different classes' \
  '^ntkit: samples 1 and 3 (from 1) are equal and of the classes 1 and 0: no weights' \
  memorize --data "$in/twice.npy" --labels "$in/unequal.npy" --classes --widths 4,4 --save saved
cp "$in/twice.npy" "$in/X.npy" && cp "$in/equal.npy" "$in/Y.npy"
bad 'data that --save would overwrite' '^ntkit: --save: .*would overwrite the data' \
  memorize --data "$in/X.npy" --widths 4,4 --save "$in"
bad 'labels that --save would overwrite' '^ntkit: --save: .*would overwrite the labels' \
  memorize --data "$in/twice.npy" --labels "$in/Y.npy" --widths 4,4 --save "$in" --overwrite --quiet

# ---- A fit, its files, its certificate -----------------------------------------------------------

memorize 'a fit' --save saved --seed 3
check 'nothing but the result' test ! -s "$err"
check 'result.json is what was printed' cmp saved/result.json "$out"
check 'reached' test "$(text verdict)" = reached
check 'no reason' test "$(value reason)" = null
holds 'as wanted' '@relative_error@ <= 1e-10 && @relative_error@ > 0'
holds 'the certificate is that of the weights' \
  '@certificate.max_error@ == @max_error@ && @certificate.rounding@ == @rounding@'
holds 'the bound adds both' '@certificate.bound@ >= @max_error@ + @rounding@'
holds 'and no more' '@certificate.bound@ <= (@max_error@ + @rounding@) * (1 + 1e-14)'
for key in verdict relative_error max_error rounding t corrections condition seconds seconds_kernel \
  seconds_factor seconds_condition seconds_solve seconds_evaluate samples eps absolute iterative \
  network.widths data.samples labels seed saved environment.version; do
  [ -n "$(value $key)" ] || fails 'keys of the JSON object' "no $key"
done
parts='@seconds_kernel@ + @seconds_factor@ + @seconds_condition@ + @seconds_solve@'
holds 'the parts of the time' "$parts + @seconds_evaluate@ <= @seconds@"
for pair in 'X:(60, 10)' 'Y:(60,)' 'W1:(10, 12)' 'W2:(12, 16)' 'W3:(16, 1)'; do
  head -n 1 "saved/${pair%%:*}.npy" | tr -cd ' -~' >"$top/header"
  check "shape of ${pair%%:*}.npy" grep -qF "'shape': ${pair#*:}" "$top/header"
  check "${pair%%:*}.npy is listed" grep -qF "saved/${pair%%:*}.npy" "$out"
done
check 'these and result.json' test "$(find saved -type f | wc -l)" -eq 6

# The network in awk, from the files alone: F_3 = W3^T tanh(W2^T tanh(W1^T x)).
numbers saved/Y.npy >"$top/Y"
{ numbers saved/W1.npy && numbers saved/W2.npy && numbers saved/W3.npy && numbers saved/X.npy; } |
  awk 'function tanh(x, e) { e = exp(2 * x); return 1 - 2 / (e + 1) }
    { v[NR - 1] = $1 }
    END { for (i = 0; i < 60; i++) {
      for (j = 0; j < 12; j++) { s = 0
        for (k = 0; k < 10; k++) s += v[10 * 12 + 12 * 16 + 16 + i * 10 + k] * v[k * 12 + j]
        f[j] = tanh(s) }
      out = 0
      for (j = 0; j < 16; j++) { s = 0
        for (k = 0; k < 12; k++) s += f[k] * v[10 * 12 + k * 16 + j]
        out += tanh(s) * v[10 * 12 + 12 * 16 + j] }
      printf "%.17g\n", out } }' >"$top/plain"
holds 'a plain forward pass gives the labels' "$(differ "$top/plain" "$top/Y") < 1e-7"

good 'predict' predict --load saved --data saved/X.npy
cp "$out" "$top/outputs"
check 'an output a line' test "$(wc -l <"$top/outputs")" -eq 60
holds 'predict gives the labels' "$(differ "$top/outputs" "$top/Y") <= @certificate.bound@"
good 'predict into a file' predict --load saved/ --data saved/X.npy -o outputs.npy
numbers outputs.npy >"$top/file"
holds 'the same numbers' "$(differ "$top/outputs" "$top/file") == 0"
good 'predict some rows' predict --load saved --data saved/X.npy --samples 7
check 'seven of them' test "$(wc -l <"$out")" -eq 7
good 'predict on drawn data' predict --load saved --data gaussian --samples 60 --seed 3 --json
check 'that are the network'"'"'s own' grep -q '"source": "gaussian"' "$out"
awk '/"outputs"/ { on = 1; next } /\]/ { on = 0 } on' "$out" | tr -d ' ,' >"$top/drawn"
holds 'and give its labels' "$(differ "$top/drawn" "$top/Y") <= @certificate.bound@"

memorize 'absolute' --eps 1e-6 --absolute
holds 'eps as in (17)' '@absolute_error@ <= 1e-6 && @eps@ == 1e-6'
holds 'and the relative error beside it' \
  '@relative_error@ < @absolute_error@ && @absolute_error@ < 100 * @relative_error@'
check 'is said' test "$(value absolute)" = true
memorize 'iterative' --iterative
check 'reached by conjugate gradients' test "$(text verdict)" = reached
check 'there is no factor' test "$(value condition)" = null
for activation in sigmoid tanh softplus erf gelu sin relu silu gelu_tanh elu softsign atan; do
  memorize "$activation" --activation $activation --widths 16,32 --quiet
  check "$activation is reached" test "$(text verdict)" = reached
done
memorize 'two layers' --widths 16
check 'L = 2' test "$(text verdict)" = reached
memorize 'sign' --labels sign
check 'labels +-1' test "$(text verdict)" = reached
good 'equal samples with equal labels' memorize --data "$in/twice.npy" --labels "$in/equal.npy" \
  --widths 4,4 --json
flat "$out" >"$top/flat"
holds 'count once' '@samples@ == 3 && @data.samples@ == 4'
for threads in 1 3; do
  memorize "$threads threads" --threads $threads --save threads$threads
done
check 'threads change no bit' cmp threads1/W2.npy threads3/W2.npy

# ---- Over an earlier run -------------------------------------------------------------------------

# rewrite FROM TO [ARGUMENT...]: networks of widths FROM and then TO in one directory: the second
# must be alone there, and its certificate that of what was computed.
rewrite() {
  from=$1 to=$2
  shift 2
  rm -rf again
  run memorize --samples 4 --dim 6 --activation tanh --save again --quiet --widths "$from" "$@"
  good "$from replaced by $to" memorize --samples 4 --dim 6 --activation tanh --save again --json \
    --eps 1e-8 --widths "$to" "$@"
  flat "$out" >"$top/flat"
  holds "$from then $to: the certificate" '@certificate.max_error@ == @max_error@'
  good "$from then $to: can be used" predict --load again --data again/X.npy
  check "$from then $to: no weights of the first" \
    test -z "$(find again -name "W$(($(echo "$to" | tr -cd , | wc -c) + 3)).npy")"
}
header '<f8' '(4,)' >"$in/four.npy" && printf '%b' "$one$two$one$two" >>"$in/four.npy"
rewrite 8,8,8 8,8
rewrite 4,1,2 4 # whose W1 W2 W3 follow each other, too
rewrite 8,8,8 8,8 --labels "$in/four.npy" --classes

# What stands in the way of a save: the earlier run stays as it was, and no file is spoken of.
for command in memorize spectrum train; do
  rm -rf broken
  # shellcheck disable=SC2086
  good "$command" $command $small --save broken --quiet
  rm broken/W2.npy && mkdir broken/W2.npy
  before=$(ls -AR broken)
  # shellcheck disable=SC2086
  run $command $small --save broken
  check "$command that cannot save: fails" test "$status" -ne 0
  check "$command that cannot save: leaves what was there" test "$before" = "$(ls -AR broken)"
  check "$command that cannot save: names none" test "$(grep -c 'listed in\|broken/result' "$out")" -eq 0
done
rm -rf again broken

# ---- Not reached ---------------------------------------------------------------------------------

# shellcheck disable=SC2086
run memorize $small --samples 150 --save beyond --json
check 'more samples than parameters: exit status 1' test "$status" -eq 1
check 'one line, with the reason' test "$(grep -c '' "$err")" -eq 1
check 'that names both numbers' grep -q '^ntkit: not reached: .*150 different samples.*96 parameters' "$err"
flat "$out" >"$top/flat"
check 'the object says so' test "$(text verdict)" = not_reached
holds 'the best found' '@relative_error@ > 1e-3 && @relative_error@ < 1'
check 'is saved' cmp beyond/result.json "$out"
good 'and can be used' predict --load beyond --data beyond/X.npy
# shellcheck disable=SC2086
run memorize $small --activation identity --quiet
check 'identity: exit status 1' test "$status" -eq 1
check 'identity: the reason' grep -q 'a linear network fits no labels that are not linear' "$err"
check 'identity: text all the same' grep -q '^labels      not reached' "$out"
# shellcheck disable=SC2086
run memorize $small --activation identity --bias 1 --quiet
check 'identity: the reason with biases' grep -q 'fits no labels that are not affine' "$err"
# Of four units of the last hidden layer's half none is active on some sample.
# shellcheck disable=SC2086
run memorize $small --activation relu --widths 12,8 --samples 40 --quiet
check 'relu on which a sample has no effect' grep -q 'not reached: .*no unit is active' "$err"

# ---- Classes -------------------------------------------------------------------------------------

memorize 'classes' --classes --labels "$in/classes.npy" --save classes
holds 'every sample gets its class' '@accuracy@ == 1'
check 'three of them' test "$(grep -c '"class": [012],$' "$out")" -eq 3
holds 'the worst of them' '@relative_error@ <= 1e-10'
check 'folders and files' test "$(find classes -type f | wc -l)" -eq $((3 + 3 * 3))
for c in 0 1 2; do
  good "outputs of class $c" predict --load classes/class$c --activation tanh --scale none --data classes/X.npy
  awk -v c=$c '{ print $1 == c ? 1 : -1 }' <<CLASSES >"$top/wanted"
$(numbers classes/Y.npy)
CLASSES
  cp "$out" "$top/got"
  holds "are 1 on it and -1 elsewhere" "$(differ "$top/got" "$top/wanted") <= @certificate.bound@"
done
good 'predict classes' predict --load classes --data classes/X.npy
numbers classes/Y.npy >"$top/Y"
holds 'gives the classes' "$(differ "$out" "$top/Y") == 0"
mv classes/result.json result.json
good 'predict classes by their folders' predict --load classes --activation tanh --scale none \
  --data classes/X.npy -o c.npy
numbers c.npy >"$top/got"
holds 'gives the same' "$(differ "$top/got" "$top/Y") == 0"
mv result.json classes/result.json
memorize 'negative classes' --classes --labels "$in/signed.npy" --save classes
check 'other classes: their folders' test -s classes/class-1/W1.npy
check 'and no longer those of the last run' test ! -e classes/class0
memorize 'no classes into the same directory' --save classes
check 'leaves no class' test "$(find classes -type f | wc -l)" -eq 6 -a ! -e classes/class1

# ---- The certificate -----------------------------------------------------------------------------

# The printed bound is never below the exact one.
for seed in 1 2 3 4 5 6; do
  # shellcheck disable=SC2086
  good 'a certificate' memorize $small --seed $seed --save printed
  flat printed/result.json >"$top/flat"
  shown=$(sed -n 's/^certificate .* <= \([^ ]*\) by.*/\1/p' "$out")
  holds 'the printed bound' "$shown >= @certificate.bound@ && $shown <= 1.01 * @certificate.bound@"
  shown=$(sed -n 's/.*rounding in it at most //p' "$out")
  holds 'the printed rounding' "$shown >= @rounding@ && $shown <= 1.1 * @rounding@"
done
rm -rf printed

# ---- Interruption --------------------------------------------------------------------------------

large='memorize --samples 9000 --dim 100 --widths 100,200 --activation tanh --save stopped'
# shellcheck disable=SC2086
"$NTKIT" $large >"$out" 2>"$err" &
until_so worked 50 $!
kill -TERM $!
wait $!
check 'interrupted: exit status 130' test $? -eq 130
check 'interrupted: one line' test "$(wc -l <"$err")" -eq 1
check 'interrupted: no result' test ! -s "$out"
check 'interrupted: nothing is left' test ! -e stopped

# ---- Text ----------------------------------------------------------------------------------------

# shellcheck disable=SC2086
good 'text' memorize $small --save text
for word in 'labels gaussian' 'labels      reached' '1e-10' 'certificate' 'read back' 'step' \
  'corrections' 'n_{L-2} m = 96' 'condition number' 'time' 'saved       6 files'; do
  check "the table has '$word'" grep -qF "$word" "$out"
done
check 'no line is too long' test "$(awk 'length > 100' "$out" | wc -l)" -eq 0
good 'text of classes' memorize --data text/X.npy --labels "$in/classes.npy" --classes --widths 12,16 \
  --activation tanh
check 'a line a class' test "$(grep -c '^ *[012]  *[0-9.e-]*  ' "$out")" -eq 3
check 'accuracy' grep -q '^accuracy    60 of 60 samples' "$out"

finish test_memorize
