#!/bin/sh
# ntkit train --classes: the targets that are saved are those of the classes, and the samples that
# are counted as right are those whose outputs, by predict, are on the side of their class.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

awk 'BEGIN { for (i = 0; i < 40; i++) print sin(i) "," cos(3 * i) "," sin(i * i) }' >"$in/X.csv"
awk 'BEGIN { for (i = 0; i < 40; i++) print (sin(11 * i * i) > 0) ? 3 : -7 }' >"$in/Y.csv"
sed 's/^3$/cat/; s/^-7$/dog/' "$in/Y.csv" >"$in/words.csv"
awk 'BEGIN { for (i = 0; i < 40; i++) print i % 3 }' >"$in/three.csv"
net='--widths 20 --activation tanh --epochs 30'

# outputs: the numbers of the "outputs" that the last run told of, one a line.
outputs() {
  awk '/^  "outputs"/ { on = 1; next } /^  \]/ { on = 0 } on && /[0-9]/ { gsub(/[ ,]/, ""); print }' "$out"
}

# says PROPERTY LABELS: what predict prints are these classes, right of them as train counted; with
# the labels in the file of the data it says so.
says() {
  good "$1" predict --load "$1" --data "$in/X.csv"
  paste "$out" "$2" | awk '$1 == $2 { right++ } END { print right + 0 }' >"$top/printed"
  check "$1: classes" cmp "$top/printed" "$top/right"
  check "$1: of the labels" test "$(sort -u "$out" "$2" | wc -l)" -eq "$(sort -u "$2" | wc -l)"
  paste -d, "$in/X.csv" "$2" >"$in/both.csv"
  good "$1" predict --load "$1" --data "$in/both.csv" --label-column 4 --json --report page.html
  check "$1: right" grep -q "^ntkit: $(cat "$top/right") of 40 samples get the class" "$err"
  check "$1: the page" grep -q 'Samples by class' page.html
  good "$1" predict --load "$1" --data "$in/X.csv" --output "$1.npy"
  check "$1: a class a sample" test "$(numbers "$1.npy" | wc -l)" -eq 40
}

# counts PROPERTY LABELS FIRST OTHER CODE: right of the last run, against outputs above the middle.
counts() {
  flat "$out" >"$top/flat"
  good "$1" predict --load "$1" --data "$in/X.csv" --json
  outputs | paste - "$2" | awk -v first="$3" -v other="$4" '
    { if (($1 > (1 + other) / 2) == ($2 == first)) right++ }
    END { print right + 0 }' >"$top/right"
  holds "$1" "@targets.right@ == $(cat "$top/right") && @targets.accuracy@ == @targets.right@ / 40"
  check "$1" test "$(cat "$top/right")" -gt 20 -a "$(cat "$top/right")" -lt 40
  says "$1" "$2"
}

# shellcheck disable=SC2086
{
  good 'signs' train --data "$in/X.csv" --labels "$in/Y.csv" $net --classes --save signs --json
  flat "$out" >"$top/flat"
  check 'signs' grep -q 'targets.encoding "signs"' "$top/flat"
  counts signs "$in/Y.csv" 3 -1
  numbers signs/Y.npy >"$top/Y"
  sed 's/^3$/1/; s/^-7$/-1/' "$in/Y.csv" >"$top/expected"
  check 'targets 1 and -1' test "$(differ "$top/Y" "$top/expected")" = 0
  good 'one-hot' train --data "$in/X.csv" --labels "$in/words.csv" $net --classes one-hot --save hot --json
  flat "$out" >"$top/flat"
  check 'names' grep -q '"dog"' "$out"
  counts hot "$in/words.csv" dog 0
  numbers hot/Y.npy >"$top/Y"
  sed 's/^dog$/1/; s/^cat$/0/' "$in/words.csv" >"$top/expected"
  check 'targets 1 and 0' test "$(differ "$top/Y" "$top/expected")" = 0
  good 'a subset' train --data "$in/X.csv" --labels "$in/Y.csv" $net --classes --skip 5 --limit 20
  check 'as text' grep -qE '^classes     2, as signs: [0-9]+ of 20 samples' "$out"
  awk 'BEGIN { for (i = 0; i < 40; i++) print i < 6 ? (i % 2 ? "pig" : "cow") : "w" i % 17 }' >"$in/many.csv"
  good 'words of other rows' train --data "$in/X.csv" --labels "$in/many.csv" $net --classes --limit 6 --json
  check 'names of its classes alone' test "$(tr -d ' \n' <"$out" | grep -c '"class_names":\["cow","pig"\]')" = 1
  good 'the order of words' train --data "$in/X.csv" --labels "$in/words.csv" $net --classes --outputs 2
  check 'as they are counted' grep -q 'in the order of the outputs: cat, dog$' "$out"
  good 'numbers' train --data "$in/X.csv" --labels "$in/Y.csv" $net
  check 'a warning' grep -q '2 different whole numbers, -7 to 3, as of classes.*--classes fits' "$err"
}

# A network of an output for each class: its weights come from files, and the largest output counts.
mkdir "$in/three"
awk 'BEGIN { for (i = 0; i < 3; i++) { for (j = 0; j < 20; j++) printf "%s%f", j ? "," : "", sin(i + 7 * j); print "" } }' >"$in/W1.csv"
awk 'BEGIN { for (i = 0; i < 20; i++) print sin(3 * i) / 4 "," sin(5 * i) / 4 "," cos(i) / 4 }' >"$in/W2.csv"
good 'weights' data convert "$in/W1.csv" "$in/three/W1.npy"
good 'weights' data convert "$in/W2.csv" "$in/three/W2.npy"
three="--load $in/three --activation tanh --optimizer adam --epochs 100"
# shellcheck disable=SC2086
{
  good 'three outputs' train --data "$in/X.csv" --labels "$in/three.csv" $three --classes one-hot --save three --json
  flat "$out" >"$top/flat"
  good 'its outputs' predict --load three --data "$in/X.csv" --json
  outputs | paste -d ' ' - - - "$in/three.csv" | awk '
    { best = 0
      if ($2 > $(best + 1)) best = 1
      if ($3 > $(best + 1)) best = 2
      right += best == $4 }
    END { print right + 0 }' >"$top/right"
  holds 'three outputs' "@targets.right@ == $(cat "$top/right") && @targets.right@ > 13"
  says three "$in/three.csv"
  numbers three/Y.npy | paste -d ' ' - - - >"$top/Y"
  sed 's/^0$/1 0 0/; s/^1$/0 1 0/; s/^2$/0 0 1/' "$in/three.csv" >"$top/expected"
  check 'one-hot' test "$(sed 's/\.0*\b//g; s/0e+00/0/g' "$top/Y" | awk '{ print $1 + 0, $2 + 0, $3 + 0 }' | diff - "$top/expected" | wc -l)" -eq 0
  good 'a drawn network of three' train --data "$in/X.csv" --labels "$in/three.csv" --outputs 3 $net --optimizer adam \
    --classes --save drawn --json
  flat "$out" >"$top/flat"
  value targets.right >"$top/right"
  holds 'is trained' '@targets.right@ > 13'
  says drawn "$in/three.csv"
  cp "$top/flat" "$top/said"
  good 'outputs that nobody named' train --data "$in/X.csv" --labels "$in/three.csv" $net --optimizer adam --classes --json
  flat "$out" >"$top/flat"
  check 'are one for each class' test "$(value network.outputs)" = 3
  check 'and the same training' test "$(value loss_final)" = "$(awk '$1 == "loss_final" { print $2; exit }' "$top/said")"
  good 'labels of three numbers' train --data "$in/X.csv" --labels "$in/X.csv" $three --save numbers
  check 'as they are' cmp numbers/X.npy numbers/Y.npy
}

rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
# shellcheck disable=SC2086
{
  bad 'no file' '--classes needs --labels FILE' train --data "$in/X.csv" $net --classes
  bad 'three classes' '--classes: 3 classes for 1 output; accepted: an output for each class' \
    train --data "$in/X.csv" --labels "$in/three.csv" $net --classes --outputs 1
  bad 'labels of one number' 'has one label a sample, and the network 3 outputs; expected --classes' \
    train --data "$in/X.csv" --labels "$in/Y.csv" $three
  bad 'no classes' 'label 1 (from 1) is .*expected whole numbers' \
    train --data "$in/X.csv" --labels "$(cut -d, -f1 "$in/X.csv" | sed 's/^0$/0.5/' >"$in/r.csv" && echo "$in/r.csv")" $net --classes
  bad 'another code' "'hot' is not known; .*signs, one-hot" \
    train --data "$in/X.csv" --labels "$in/Y.csv" $net --classes hot
  bad 'words' '--labels: .* are words, the names of 2 classes; --classes fits' \
    train --data "$in/X.csv" --labels "$in/words.csv" $net
}
# A result.json that tells of other classes than the network has.
# shellcheck disable=SC2086
good 'a network' train --data "$in/X.csv" --labels "$in/Y.csv" $net --classes --save "$in/saved" --quiet
other() {
  sed "$2" "$in/saved/result.json" >"$in/other" && mv "$in/other" "$in/saved/result.json"
  bad "$1" "$3" predict --load "$in/saved" --data "$in/X.csv"
}
other 'three classes' '/^    "classes"/s/\[/[-9,/' 'has 1 output, and its result.json tells of 3 classes'
other 'not ascending' '/^    "classes"/s/-9/-1/' 'class 2 has no number; expected whole ones, ascending'
other 'another code' '/"encoding"/s/signs/odd/' "targets are of 3 classes, as 'odd'; expected"
finish 'training on classes'
