#!/bin/sh
# ntkit predict --kernel with a saved network: training data of a file are scaled as the network's own were,
# those of its folder are X.npy with --samples too, its classes are those of a file of test data; and columns of
# test data are those of the training data by name.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

net='--widths 30,20 --activation tanh'
awk 'BEGIN { print "a,b,c,y"
  for (i = 0; i < 40; i++) print 5 + sin(i) "," 100 * cos(3 * i) "," sin(i * i) "," sin(7 * i) }' >"$in/train.csv"
{ head -n 1 "$in/train.csv" && awk 'BEGIN {
  for (i = 50; i < 60; i++) print 5 + sin(i) "," 100 * cos(3 * i) "," sin(i * i) "," sin(7 * i) }'; } >"$in/test.csv"
cut -d, -f1-3 "$in/test.csv" >"$in/bare.csv"
sed '1d' "$in/test.csv" | cut -d, -f4 >"$in/labels.csv"
awk -F, '{ print $4 "," $3 "," $1 "," $2 }' "$in/test.csv" >"$in/other.csv"
sed '1s/b/z/' "$in/test.csv" >"$in/named.csv"
file="--data $in/train.csv --label-column y"
test_error() { flat "$out" | awk '$1 == "chosen.test_error" { print $2; exit }'; }

# ---- Columns by name -----------------------------------------------------------------------------

# shellcheck disable=SC2086
{
  bad 'columns in another order' '--test: the heading of .* in another order' predict --kernel ntk $file $net --test "$in/other.csv"
  bad 'a column of another name' 'calls columns otherwise' predict --kernel ntk $file $net --test "$in/named.csv"
  good 'the same names' predict --kernel ntk $file $net --test "$in/test.csv" --ridge 1 --json --quiet
  sed '1d' "$in/test.csv" >"$in/none.csv"
  wanted=$(test_error)
  good 'no heading' predict --kernel ntk --data "$in/train.csv" --label-column 4 $net --test "$in/none.csv" --ridge 1 --json --quiet
  check 'is by place' test "$(test_error)" = "$wanted"
  good 'the last column' predict --kernel ntk --data "$in/train.csv" --label-column -1 $net --test "$in/bare.csv" --ridge 1
  check 'of a file without labels is a datum' grep -q '^ntkit: --test: no labels with' "$err"
}

# libsvm of which the last column is 0 in all test rows.
awk 'BEGIN { for (i = 0; i < 20; i++) print i % 2, "1:" sin(i), "2:" cos(3 * i), "4:" sin(i * i) }' >"$in/train.svm"
awk 'BEGIN { for (i = 0; i < 5; i++) print i % 2, "1:" sin(9 + i), "2:" cos(i) }' >"$in/few.svm"
sed 's/$/ 4:0/' "$in/few.svm" >"$in/full.svm"
sed 's/ 1:/ 0:/; s/ 2:/ 1:/' "$in/few.svm" >"$in/zero.svm"
# shellcheck disable=SC2086
bad 'indices from 0' 'of libsvm: indices from 0, or from 1' predict --kernel ntk --data "$in/train.svm" --classes $net --test "$in/zero.svm"
bad 'in a set' 'its indices begin with 0, and those of .* with 1' data inspect "$in/few.svm,$in/zero.svm"
for name in few full; do
  # shellcheck disable=SC2086
  good "$name" predict --kernel ntk --data "$in/train.svm" $net --test "$in/$name.svm" --ridge 1 --output $name.npy --quiet
done
check 'columns that are left out are 0' cmp few.npy full.npy

# ---- Scaling of the network's own data -----------------------------------------------------------

for scale in standardize sphere; do
  rm -rf trained
  # shellcheck disable=SC2086
  good "train, $scale" train $file --scale $scale $net --epochs 5 --save trained --quiet
  good 'its own data' predict --kernel ntk --load trained --test "$in/test.csv" --label-column y --time 1 --json --quiet
  wanted=$(test_error)
  # shellcheck disable=SC2086
  good 'the file that they are of' predict --kernel ntk --load trained $file --test "$in/test.csv" --time 1 --json
  check "$scale: is scaled as they were" test "$(test_error)" = "$wanted"
  check 'which is said' grep -q "^ntkit: --data: .* is scaled as the data of trained were ($scale)" "$err"
  check 'and told' test "$(flat "$out" | awk '$1 == "data.scale" { print $2 }')" = "\"$scale\""
  # shellcheck disable=SC2086
  good 'as they are' predict --kernel ntk --load trained $file --scale none --test "$in/test.csv" --time 1 --json
  check "$scale: another answer" test "$(test_error)" != "$wanted"
  check 'nothing is said of scaling' test "$(grep -c 'is scaled as' "$err")" -eq 0
  good 'the rows of X.npy' predict --kernel ntk --load trained --data trained/X.npy --labels trained/Y.npy \
    --test "$in/bare.csv" --test-labels "$in/labels.csv" --time 1 --json
  check "$scale: are not scaled again" test "$(test_error)" = "$wanted"
  good 'a column of the test data alone' predict --kernel ntk --load trained --data trained/X.npy --labels trained/Y.npy \
    --test "$in/test.csv" --label-column y --time 1 --json
  check "$scale: has their labels" test "$(test_error)" = "$wanted"
done
good 'the first rows' predict --kernel ntk --load trained --samples 12 --test "$in/test.csv" --label-column y --time 1
check 'are those of X.npy' grep -q '^data  *trained/X.npy, N = 12 ' "$out"
good 'drawn data' predict --kernel ntk --load trained --data gaussian --samples 12 --test-samples 5 --time 1
check 'are drawn' grep -q '^data  *gaussian, N = 12 ' "$out"

# ---- Classes of a saved network ------------------------------------------------------------------

awk 'BEGIN { srand(1); print "a,b,kind"
  for (i = 0; i < 30; i++) print sin(i) "," cos(3 * i) "," (i % 3 == 0 ? "cat" : i % 3 == 1 ? "dog" : "eel") }' >"$in/kinds.csv"
{ head -n 1 "$in/kinds.csv" && sed -n '3p;4p;6p;7p' "$in/kinds.csv"; } >"$in/some.csv"
sed 's/dog/fox/' "$in/some.csv" >"$in/fox.csv"
for code in signs one-hot; do
  rm -rf classes
  good "train, $code" train --data "$in/kinds.csv" --label-column kind --classes $code --outputs 3 --widths 60,60 \
    --activation relu --bias 0.1 --epochs 3 --save classes --quiet
  good "$code: test data with words" predict --kernel ntk --load classes --test "$in/some.csv" --label-column kind \
    --output kinds.npy --json
  flat "$out" >"$top/flat"
  holds "$code: each has its class" "@chosen.test_accuracy@ == 1 && @targets.right@ == 30"
  holds "$code: by its coding" "@chosen.test_error@ < 1e-5 && @chosen.train_error@ < 1e-5"
  check 'the names' grep -q '"eel"' "$out"
  check "$code: classes dog, eel, dog, eel" test "$(numbers kinds.npy | tr '\n' ' ')" = '1 2 1 2 '
done
good 'words as they are printed' predict --load classes --data "$in/some.csv" --label-column kind --quiet
cp "$out" "$top/words"
good 'and in a file' predict --load classes --data "$in/some.csv" --label-column kind --quiet --output words.csv
check 'are the same' cmp words.csv "$top/words"
mv classes "$top/classes" && rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
bad 'an unknown class' "label 1 (from 1) in .* is 'fox', which no training" predict --kernel ntk --load "$top/classes" \
  --test "$in/fox.csv" --label-column kind
mkdir "$top/alone" && cp "$top/classes"/W?.npy "$top/classes"/b?.npy "$top/alone"
bad 'no data' '--data is needed: .*/alone has no X.npy of its own' predict --kernel ntk --load "$top/alone" --activation relu \
  --test "$in/some.csv"
mkdir "$top/each" && cp "$top/classes/result.json" "$top/each"
bad 'a network for each class' '--load: .*/each has no W1.npy, but networks in its folders' predict --kernel ntk \
  --load "$top/each" --test "$in/some.csv"
bad 'another code' "--classes: 'signs', and the labels in .*/classes/Y.npy are one-hot" predict --kernel ntk --load "$top/classes" \
  --test "$in/some.csv" --label-column kind --classes signs

finish test_predict_kernel_load
