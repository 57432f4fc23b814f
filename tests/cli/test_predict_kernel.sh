#!/bin/sh
# ntkit predict --kernel: where only the last layer is trained, steps in closed form are those of 'ntkit
# train' and outputs those of the network it saves; training data are interpolated, whatever their scaling,
# which is that of the training data; classes, words too, are those of the labels; bad input is one line.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

drawn='--samples 60 --dim 6 --widths 40,40 --activation tanh --seed 3'
net='--widths 40,40 --activation tanh'

# ---- Steps of train ------------------------------------------------------------------------------

# shellcheck disable=SC2086
for loss in half-sum mean; do
  lr=$([ $loss = mean ] && echo 0.3 || echo 0.01)
  rm -rf trained
  good "train, $loss" train $drawn --labels teacher --parameterization 0,0,1 --loss $loss --lr $lr --epochs 15 \
    --save trained --json
  flat "$out" >"$top/trained"
  wanted=$(awk '$1 == "loss_final" { print $2; exit }' "$top/trained")
  good "predict, $loss" predict --kernel ntk $drawn --labels teacher --parameterization 0,0,1 --loss $loss --lr $lr \
    --steps 1,15 --test-samples 9 --json
  flat "$out" >"$top/flat"
  holds "$loss: the loss of train" "@chosen.train_loss@ / $wanted - 1 < 1e-9 && $wanted / @chosen.train_loss@ - 1 < 1e-9"
  holds "$loss: the last time" "@chosen.time@ == 15"
done
# Samples 60 to 68 are the test data, and their labels the teacher's.
# shellcheck disable=SC2086
good 'more data' train --samples 69 --dim 6 $net --seed 3 --labels teacher --epochs 1 --save more --quiet
# shellcheck disable=SC2086
good 'their outputs' predict --load trained --data more/X.npy --skip 60 --scale none --quiet
cp "$out" "$top/wanted"
# shellcheck disable=SC2086
good 'by the kernel' predict --kernel ntk $drawn --labels teacher --parameterization 0,0,1 --loss mean --lr 0.3 --steps 15 \
  --test-samples 9 --output f.npy --report page.html
numbers f.npy >"$top/f"
check 'outputs at test data' test "$(wc -l <"$top/f")" -eq 9
# Sums over 60 and 9 samples do not compare, means do; no theorem is asked about, and none is warned of.
# shellcheck disable=SC2086
good 'in words' predict --kernel ntk --samples 60 --dim 6 --widths 40,40 --activation relu --labels teacher --test-samples 9
check 'losses are sums' grep -q '^            sums over 60 and 9 samples; error can be compared$' "$out"
check 'nothing is outside a theorem' test ! -s "$err"
# shellcheck disable=SC2086
good 'of means' predict --kernel ntk $drawn --labels teacher --test-samples 9 --loss mean
check 'not so of means' sh -c '! grep -q "sums over" "$1"' - "$out"
holds 'are those of the trained network' "$(differ "$top/f" "$top/wanted") < 1e-9"
check 'a page with a figure' grep -q 'Predictions beside labels' page.html
numbers more/Y.npy | tail -n 9 >"$top/more"
# shellcheck disable=SC2086
good 'labels of the same teacher' predict --kernel ntk $drawn --labels teacher --test-samples 9 --json
flat "$out" >"$top/flat"
awk '/^  "outputs"/ { on = 1; next } /^  \]/ { on = 0 } on && /[0-9]/ { gsub(/[ ,]/, ""); print }' "$out" |
  paste - "$top/more" >"$top/pairs"
numbers more/Y.npy | head -n 60 >"$top/all"
numbers trained/Y.npy | paste - "$top/all" | awk '{ a += $1 * $1; b += $2 * $2 } END { printf "%.17g", sqrt(a / b) }' >"$top/factor"
error=$(awk -v c="$(cat "$top/factor")" '{ e += ($1 - c * $2) ^ 2; y += (c * $2) ^ 2 } END { printf "%.17g", sqrt(e / y) }' "$top/pairs")
holds 'the test error is that of these labels' "@chosen.test_error@ - $error < 1e-9 && $error - @chosen.test_error@ < 1e-9"

# ---- Files ---------------------------------------------------------------------------------------

awk 'BEGIN { print "a,b,c,y"
  for (i = 0; i < 30; i++) print 5 + sin(i) "," 100 * cos(3 * i) "," sin(i * i) "," sin(7 * i) }' >"$in/train.csv"
{ head -n 1 "$in/train.csv" && sed -n '4p;11p;12p' "$in/train.csv"; } >"$in/test.csv"
cut -d, -f1-3 "$in/test.csv" >"$in/bare.csv"
sed '1d' "$in/test.csv" | cut -d, -f4 >"$in/labels.csv"
for scale in none center standardize; do
  # shellcheck disable=SC2086
  good "$scale" predict --kernel ntk --data "$in/train.csv" --label-column y $net --scale $scale --test "$in/test.csv" \
    --json --quiet
  flat "$out" >"$top/flat"
  holds "$scale: rows of the training data have their labels" "@chosen.test_error@ < 1e-6 && @chosen.train_error@ < 1e-6"
done
# shellcheck disable=SC2086
good 'each row by its own norm' predict --kernel ntk --data "$in/train.csv" --label-column y $net --scale sphere \
  --test "$in/train.csv" --ridge 0.5 --json --quiet
flat "$out" >"$top/flat"
holds 'one error on the same data' "@chosen.test_error@ / @chosen.train_error@ - 1 < 1e-9 && 1 - @chosen.test_error@ / @chosen.train_error@ < 1e-9"
# shellcheck disable=SC2086
good 'without labels' predict --kernel limit --data "$in/train.csv" --label-column y $net --scale standardize \
  --test "$in/bare.csv" --output g.npy
check 'is said' grep -q '^ntkit: --test: no labels with .*--test-labels' "$err"
check 'no test error' grep -q '^error  *[0-9.e-]*  *-$' "$out"
numbers g.npy >"$top/g"
holds 'the limit interpolates' "$(differ "$top/g" "$in/labels.csv") < 1e-6"
# shellcheck disable=SC2086
good 'labels of their own' predict --kernel limit --data "$in/train.csv" --label-column y $net --scale standardize \
  --test "$in/bare.csv" --test-labels "$in/labels.csv" --ridge 0.001 --json
flat "$out" >"$top/flat"
holds 'a ridge' "@chosen.test_error@ > 1e-9 && @chosen.test_error@ < 0.2 && @ridge@ == 0.001"

# Labels that are mostly their mean, which without biases is not met.
awk -F, 'NR > 1 { $NF += 1000 } { print }' OFS=, "$in/train.csv" >"$in/far.csv"
for bias in '' '--bias 1'; do
  # shellcheck disable=SC2086
  good "labels far from 0 $bias" predict --kernel limit --data "$in/far.csv" --label-column y $net $bias --test "$in/bare.csv" --ridge 0.1
  check "a warning, but with biases $bias" test "$(grep -c 'labels: most of them is their mean, 1' "$err")" -eq "$([ -n "$bias" ] && echo 0 || echo 1)"
done

# Classes in words, of which the test has not all.
awk 'BEGIN { print "a,b,kind"
  for (i = 0; i < 30; i++) print sin(i) "," cos(3 * i) "," (i % 3 == 0 ? "cat" : i % 3 == 1 ? "dog" : "eel") }' >"$in/kinds.csv"
{ head -n 1 "$in/kinds.csv" && sed -n '3p;4p;6p;7p' "$in/kinds.csv"; } >"$in/some.csv"
for code in signs one-hot; do
  outputs=$([ $code = signs ] && echo '--outputs 3') # else as many as classes
  # shellcheck disable=SC2086
  good "$code" predict --kernel ntk --data "$in/kinds.csv" --label-column kind --classes $code $outputs --widths 60,60 \
    --activation relu --bias 0.1 --test "$in/some.csv" --output kinds.npy
  check "$code: accuracy" grep -q '^accuracy  *1  *1$' "$out"
  check "$code: classes dog, eel, dog, eel" test "$(numbers kinds.npy | tr '\n' ' ')" = '1 2 1 2 '
done
sed '1!{s/cat/-1/;s/dog/1/;/eel/d;}' "$in/kinds.csv" >"$in/signs.csv"
sed '1!s/-1$/0/' "$in/signs.csv" >"$in/ones.csv"
# shellcheck disable=SC2086
good 'labels of another coding' predict --kernel ntk --data "$in/signs.csv" --label-column kind $net --test "$in/ones.csv" --json
check 'are a warning' grep -q '^ntkit: .*--test: its labels are not those of the training data' "$err"
check 'no steps, no size' grep -q '^  "lr": null' "$out"
# What is told beside them: files that were read, by their hash, a time that has passed; and outputs that are in
# a file are not there a second time. Of one output that is N numbers.
# shellcheck disable=SC2086
good 'all of it' predict --kernel ntk --data "$in/train.csv" --label-column y $net --scale standardize \
  --test "$in/bare.csv" --test-labels "$in/labels.csv" --ridge 1 --output o.npy --report o.html --json
check 'the SHA-256 of the test data' grep -q "\"$(sha256sum "$in/bare.csv" | cut -d' ' -f1)\"" "$out"
check 'of their labels' grep -q "\"$(sha256sum "$in/labels.csv" | cut -d' ' -f1)\"" "$out"
check 'no outputs beside a file' test "$(grep -c '^  "outputs"' "$out")" -eq 0
check 'one dimension' grep -aq "'shape': (3,)" o.npy
flat "$out" >"$top/flat"
holds 'a time' '@seconds@ > 0 && @seconds_kernel@ > 0'
sed 's/dog/fox/' "$in/some.csv" >"$in/other.csv"
# Of two classes one output: 1 for the second, dog, and 0 for the first.
grep -v eel "$in/kinds.csv" >"$in/two.csv"
for code in signs one-hot; do
  good "$code, one output" predict --kernel ntk --data "$in/two.csv" --label-column kind --classes $code --widths 60,60 \
    --activation relu --bias 0.1 --test "$in/two.csv" --ridge 30 --json --report times.html
  flat "$out" >"$top/flat"
  holds "$code: right of 20" "@targets.right@ == @targets.accuracy@ * 20 && @targets.accuracy@ == @chosen.train_accuracy@"
  holds "$code: the same as test data" "@chosen.test_accuracy@ == @chosen.train_accuracy@ && @targets.right@ > 10"
done
# shellcheck disable=SC2086
good 'times on a page' predict --kernel ntk $drawn --test-samples 5 --time 0.001,0.1 --report times.html
check 'errors over them' grep -q 'Errors over time' times.html
check 'a diagonal' grep -q 'prediction = label' times.html
# shellcheck disable=SC2086
good 'classes on a page' predict --kernel ntk --data "$in/kinds.csv" --label-column kind --classes --widths 60,60 \
  --activation relu --bias 0.1 --test "$in/some.csv" --report classes.html
# shellcheck disable=SC2086
good 'classes as text' predict --kernel ntk --data "$in/kinds.csv" --label-column kind --classes --widths 60,60 \
  --activation relu --bias 0.1 --test "$in/some.csv" --output kinds.csv
check 'are words' test "$(tr '\n' ' ' <kinds.csv)" = 'dog eel dog eel '
check 'by their names: dog 2 of 2' grep -q \
  '<tr><th>dog</th><td>0</td><td class="right">2</td><td>0</td></tr>' classes.html
check 'and no figure of output 0' test "$(grep -c 'Predictions beside labels' classes.html)" -eq 0
check 'where labels are' grep -q 'column kind, classes as signs' classes.html

# A folder of its own training data: a network that fits them moves nowhere.
good 'memorize' memorize --data "$in/bare.csv" --labels "$in/labels.csv" --scale standardize --widths 12,16 \
  --activation softplus --save fitted --quiet
good 'its own data' predict --kernel ntk --load fitted --test "$in/bare.csv" --output h.npy --json
flat "$out" >"$top/flat"
numbers h.npy >"$top/h"
holds 'test data are scaled as these were' "$(differ "$top/h" "$in/labels.csv") < 1e-6"
holds 'nothing moves' "@chosen.norm@ < 1e-5"

# What is saved makes the same predictions again.
# shellcheck disable=SC2086
good 'saving' predict --kernel ntk $drawn --labels teacher --test-samples 9 --outputs 2 --ridge 0.5 --save saved --output k.npy
check 'all files' test "$(find saved -name '*.npy' | wc -l)" -eq 10
check 'N x n_L coefficients' test "$(numbers saved/coefficient.npy | wc -l)" -eq 120
good 'again, from files' predict --kernel ntk --load saved/init --activation tanh --data saved/X.npy --labels saved/Y.npy \
  --test saved/test.npy --test-labels saved/test_Y.npy --ridge 0.5 --output l.npy --json
flat "$out" >"$top/flat"
numbers k.npy >"$top/k" && numbers l.npy >"$top/l" && numbers saved/prediction.npy >"$top/p"
check 'what is saved is what is written' cmp "$top/k" "$top/p"
holds 'the same predictions' "$(differ "$top/k" "$top/l") < 1e-10"
check 'the same errors' grep -q "\"test_error\": $(value chosen.test_error | cut -c1-10)" saved/result.json
# shellcheck disable=SC2086
good 'a limit' predict --kernel limit $drawn --labels teacher --test-samples 9 --save saved --quiet
check 'has no weights' test "$(find saved -name '*.npy' | wc -l)" -eq 7

# ---- Bad input -----------------------------------------------------------------------------------

rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
kernel="predict --kernel ntk $drawn"
file="predict --kernel ntk --data $in/train.csv --label-column y $net"
# shellcheck disable=SC2086
{
  bad 'no test data' '--test is needed' $kernel
  bad 'M = 0' 'test-samples' $kernel --test-samples 0
  bad 'both tests' '--test and --test-samples' $kernel --test-samples 3 --test "$in/test.csv"
  bad 'a negative ridge' 'ridge' $kernel --test-samples 3 --ridge -1
  bad 'a ridge that is no number' 'ridge' $kernel --test-samples 3 --ridge nan
  bad 'time and steps' '--time is of gradient flow' $kernel --test-samples 3 --time 1 --steps 3 --lr 0.1
  bad 'a ridge and time' '--ridge and --time' $kernel --test-samples 3 --time 1 --ridge 1
  bad 'steps without a size' '--steps needs --lr' $kernel --test-samples 3 --steps 3
  bad 'a size without steps' '--lr needs --steps' $kernel --test-samples 3 --lr 0.1
  bad 'steps that diverge' '--lr: lr is 100, and steps from 2 / lambda_max = .* diverge' $kernel --test-samples 3 --steps 3 --lr 100
  bad 'times that fall' '--time: 1 follows 3; expected numbers that grow' $kernel --test-samples 3 --time 3,1
  bad 'one time twice' '--steps: 3 follows 3' $kernel --test-samples 3 --steps 3,3 --lr 0.1
  bad 'more steps than a double counts' '--steps: 9007199254740993 is beyond' $kernel --test-samples 3 \
    --steps 9007199254740993 --lr 1e-9
  bad 'another d' 'the rows of .* have d = 1, and those of the training data d = 3' $file --test "$in/labels.csv"
  bad 'no labels' '--labels is needed' predict --kernel ntk --data "$in/bare.csv" $net --test "$in/bare.csv"
  bad 'test-samples of a file' '--test-samples is for drawn data' $file --test-samples 3
  bad 'labels without data' '--test-labels needs --test' $kernel --test-samples 3 --test-labels "$in/labels.csv"
  bad 'a limit of weights' '--load: a limit is of the law' predict --kernel limit --load fitted --test "$in/bare.csv"
  bad 'no network' '--widths is needed' predict --kernel ntk --samples 3 --dim 2 --test-samples 3
  bad 'no kernel to save' '--save needs --kernel' predict --load fitted --data "$in/bare.csv" --save new
  bad 'no kernel' '--ridge needs --kernel' predict --load fitted --data "$in/bare.csv" --ridge 1
  bad 'too large' 'memory' $kernel --test-samples 3 --memory 1M --samples 5000
  bad 'an unknown class' "label 1 (from 1) in .* is 'fox', which no training sample has" predict --kernel ntk \
    --data "$in/kinds.csv" --label-column kind --classes --outputs 3 --widths 60,60 --test "$in/other.csv"
  bad 'words as numbers' 'are words' predict --kernel ntk --data "$in/kinds.csv" --label-column kind --widths 9,9 --test "$in/some.csv"
  bad 'no such kernel' 'known: ntk, limit' predict --kernel nngp --test x
}

run predict --kernel ntk --samples 200 --dim 3 --widths 5,5 --test-samples 3
check 'a singular K: exit status 1' test "$status" -eq 1
check 'asks for a ridge' grep -q '^ntkit: K is rank_deficient: .*accepted: a ridge above 0' "$err"
good 'a ridge' predict --kernel ntk --samples 200 --dim 3 --widths 5,5 --test-samples 3 --ridge 0.1
good 'or times' predict --kernel ntk --samples 200 --dim 3 --widths 5,5 --test-samples 3 --time 0.5,1
check 'whose verdict is told' grep -q '^verdict  *rank_deficient: N = 200 samples exceed' "$out"
check 'a row for each' test "$(grep -c '^\(0.5\|1\) ' "$out")" -eq 2

finish test_predict_kernel
