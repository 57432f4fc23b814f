#!/bin/sh
# Labels that lie in the file of the data, from the command line: a column of names is memorised, saved
# and predicted by these names; libsvm with the same numbers gives the same results.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

net='--widths 40,40 --activation tanh --scale standardize --seed 10'
awk 'BEGIN {
  split("virginica setosa versicolor", kind, " ")
  print "length,species,width"
  for (i = 1; i <= 30; i++) printf "%.3f,%s,%.3f\n", 5 * sin(i), kind[i % 3 + 1], 5 * cos(i * i)
}' >"$in/iris.csv"
# the same numbers with the classes as numbers in the order of the names
awk -F, 'NR > 1 { print ($2 == "setosa" ? 0 : $2 == "versicolor" ? 1 : 2) " 1:" $1 " 2:" $3 }' \
  "$in/iris.csv" >"$in/iris.svm"
cut -d, -f1,3 "$in/iris.csv" >"$in/X.csv"
cut -d, -f2 "$in/iris.csv" >"$in/species.csv"

# shellcheck disable=SC2086
{
  good 'a column of names' memorize --data "$in/iris.csv" --label-column species $net --save fit --json
  flat "$out" >"$top/flat"
  holds 'all of them' '@accuracy@ == 1'
  check 'names in the result' grep -q '"name": "versicolor"' "$out"
  good 'without saving' memorize --data "$in/iris.csv" --label-column species $net --json
  grep -E '"(relative_error|max_error|t)"' "$out" >"$top/names"
  good 'by number' memorize --data "$in/iris.csv" --label-column 2 $net --json
  grep -E '"(relative_error|max_error|t)"' "$out" >"$top/number"
  good 'libsvm' memorize --data "$in/iris.svm" --classes $net --json
  grep -E '"(relative_error|max_error|t)"' "$out" >"$top/libsvm"
  good 'a file of names' memorize --data "$in/X.csv" --labels "$in/species.csv" $net --json
  grep -E '"(relative_error|max_error|t)"' "$out" >"$top/file"
  good 'a column of another file' memorize --data "$in/X.csv" --labels "$in/iris.csv" \
    --label-column species $net --json
  grep -E '"(relative_error|max_error|t)"' "$out" >"$top/other"
  head -n 16 "$in/iris.csv" >"$in/a.csv"
  (head -n 1 "$in/iris.csv" && tail -n +17 "$in/iris.csv") >"$in/b.csv"
  good 'two files' memorize --data "$in/a.csv,$in/b.csv" --label-column species $net --json
  grep -E '"(relative_error|max_error|t)"' "$out" >"$top/two"
  check 'both are noted' test "$(grep -c '"sha256"' "$out")" -eq 2
  awk -F, -v OFS=, '{ print $2, $1, $3 }' "$in/b.csv" >"$in/front.csv"
  good 'labels in another column' memorize --data "$in/a.csv,$in/front.csv" --label-column species $net --json
  grep -E '"(relative_error|max_error|t)"' "$out" >"$top/front"
  for way in number libsvm file other two front; do
    check "$way: the same numbers" cmp "$top/names" "$top/$way"
  done
  check 'they are there' test "$(wc -l <"$top/names")" -ge 8

  good 'predict' predict --load fit --data "$in/iris.csv" --label-column species
  check 'names come back' sh -c "tail -n +2 '$in/species.csv' | cmp - '$out'"
  check 'accuracy' grep -q '30 of 30 samples get the class of their label' "$err"
  good 'predict chosen rows' predict --load fit --data "$in/iris.csv" --label-column species --shuffle --seed 4
  check 'they keep their labels' grep -q '30 of 30 samples get the class of their label' "$err"
  good 'predict a part' predict --load fit --data "$in/iris.csv" --label-column species --skip 3 --subsample 20
  check 'its labels' grep -q '20 of 20 samples get the class of their label' "$err"
  sed 's/,setosa,/,rose,/' "$in/iris.csv" >"$in/rose.csv"
  good 'another name' predict --load fit --data "$in/rose.csv" --label-column species --json
  flat "$out" >"$top/flat"
  holds 'is none of the classes' '@accuracy@ > 0.66 && @accuracy@ < 0.67'
  good 'without labels' predict --load fit --data "$in/X.csv" --json
  check 'no accuracy' sh -c "! grep -q '\"accuracy\"' '$out'"
  good 'numbers, where classes are words' predict --load fit --data "$in/iris.svm" --json
  check 'not compared' sh -c "grep -q 'are numbers, and the network.s classes are not' '$err' && ! grep -q accuracy '$out'"
  rm -rf fit

  # A network from elsewhere, of three outputs, whose classes no file names.
  good 'three outputs' spectrum --data "$in/X.csv" $net --outputs 3 --output 0 --save "$in/three"
  good 'as weights' network convert "$in/three" "$in/three.npz"
  good 'its outputs' predict --load "$in/three.npz" --activation tanh --scale none --data "$in/X.csv"
  awk '{ most = 1
    for (i = 2; i <= 3; i++) if ($i > $most) most = i
    print most - 1 }' "$out" >"$top/most"
  right=$(cut -d' ' -f1 "$in/iris.svm" | paste - "$top/most" | awk '$1 == $2' | wc -l)
  good 'beside labels' predict --load "$in/three.npz" --activation tanh --scale none --data "$in/iris.csv" \
    --label-column species
  check 'the largest output' grep -q "^ntkit: $right of 30 samples have their largest output at" "$err"
  check 'which word is 0' grep -q "words become 0 to 2: 'setosa' is 0" "$err"
  good 'beside numbers' predict --load "$in/three.npz" --activation tanh --scale none --data "$in/iris.svm"
  check 'the same' grep -q "^ntkit: $right of 30 samples have their largest output at" "$err"
  sed 's/^2/7/' "$in/iris.svm" >"$in/seven.svm"
  good 'labels of no output' predict --load "$in/three.npz" --activation tanh --scale none --data "$in/seven.svm"
  check 'no word of it' test ! -s "$err"
  good 'labels alone' data convert "$in/iris.svm" "$top/both.npz"
  good 'a vector' data convert "$top/both.npz:Y" "$in/Y.npy"

  good 'numbers as labels' train --data "$in/iris.svm" $net --epochs 2
  check 'they are of the file' grep -q 'labels .*iris.svm' "$out"
  check 'a warning' grep -q '3 different whole numbers, 0 to 2, as of classes.*--classes' "$err"
  good 'labels that are asked for' train --data "$in/iris.svm" --labels sign $net --epochs 2
  check 'are taken' grep -q 'labels sign' "$out"

  good 'inspect' data inspect "$in/iris.csv" --label-column species
  check 'names with their samples' grep -q '^classes     3: setosa: 10, versicolor: 10, virginica: 10$' "$out"
  good 'inspect libsvm' data inspect "$in/iris.svm"
  check 'numbers with their samples' grep -q '^classes     3: 0: 10, 1: 10, 2: 10$' "$out"
  good 'convert' data convert "$in/iris.csv" "$top/X.npy" --label-column species
  check 'labels are left out, which is said' grep -q 'iris.csv are not written; .npz and' "$err"
  good 'convert without it' data convert "$in/X.csv" "$top/X2.npy"
  check 'the column is left out' cmp "$top/X.npy" "$top/X2.npy"
  good 'verify' verify --data "$in/iris.csv" --label-column species --widths 8,8 --quiet

  cp "$in/b.csv" "$top/kept.csv"
  awk -F, -v OFS=, '{ print $3, $2, $1 }' "$in/b.csv" >"$in/turned.csv"
  bad 'columns in another order' 'turned.csv: its heading calls columns otherwise, or in another order' \
    memorize --data "$in/a.csv,$in/turned.csv" --label-column species $net
  bad 'a file of the list' 'is the file that is read' data convert "$in/a.csv,$in/b.csv" "$in/b.csv" \
    --label-column species --overwrite
  bad 'a page over a file of the list' 'is what the command reads' spectrum --data "$in/a.csv,$in/b.csv" \
    --label-column species --widths 4 --report "$in/b.csv"
  check 'it is kept' cmp "$top/kept.csv" "$in/b.csv"
  bad 'no such column' "has no column 'kind'; accepted: 1 to 3, -1 for the last, or a name: length, species" \
    spectrum --data "$in/iris.csv" --label-column kind $net
  bad 'words without a column' "line 2, column 2: 'setosa' is no number; accepted: .* words in a label column" \
    spectrum --data "$in/iris.csv" $net
  bad 'a slip in its name' "has no column 'specis'; did you mean 'species'? accepted: 1 to 3" \
    data inspect "$in/iris.csv" --label-column specis
  bad 'one label a sample for several outputs' \
    '^ntkit: --labels: .*iris.csv has one label a sample, and the network 3 outputs; expected --classes' \
    train --load "$in/three.npz" --activation tanh --data "$in/iris.csv" --label-column species
  bad 'of a file of their own' \
    '^ntkit: --labels: .*Y.npy has one label a sample, and the network 3 outputs; expected --classes' \
    train --load "$in/three.npz" --activation tanh --data "$in/X.csv" --labels "$in/Y.npy"
  bad 'train and words' 'are words, the names of 3 classes' train --data "$in/iris.csv" --label-column species $net
  bad 'drawn data' '^ntkit: --label-column: is for files only' \
    spectrum --label-column 1 --samples 5 --dim 3 --widths 4
}

finish labels
