#!/bin/sh
# ntkit memorize of several outputs: what the saved files put out, by predict, are all N x n_L
# labels, as near as the certificate says; with --classes the largest output is the class.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

awk 'BEGIN { for (i = 0; i < 40; i++) print sin(i) "," cos(3 * i) "," sin(i * i) }' >"$in/X.csv"
awk 'BEGIN { for (i = 0; i < 40; i++) print cos(i * i) "," i / 40 "," 1 - i % 3 }' >"$in/Y.csv"
awk 'BEGIN { for (i = 0; i < 40; i++) print 5 * (i % 3) }' >"$in/classes.csv"
sed 's/^0$/cat/; s/^5$/dog/; s/^10$/eel/' "$in/classes.csv" >"$in/words.csv"
net='--widths 12,48 --activation tanh --outputs 3 --overwrite'

# fits PROPERTY DIR: what the last run saved in DIR, and told of in JSON: all outputs are Y.npy's.
fits() {
  flat "$out" >"$top/flat"
  holds "$1" '@relative_error@ <= 1e-9 && @certificate.bound@ > 0 && @certificate.bound@ < 1e-5'
  good "$1: predict" predict --load "$2" --data "$in/X.csv" --output outputs.npy
  numbers outputs.npy >"$top/F" && numbers "$2/Y.npy" >"$top/Y"
  check "$1: N x n_L" test "$(wc -l <"$top/F")" -eq 120
  holds "$1: the labels" "$(differ "$top/F" "$top/Y") <= @certificate.bound@"
}
# each PROPERTY DIR: the errors of each output are those of its column of predict's outputs.
each() {
  awk '/^  "outputs"/ { on = 1 } /^  \]/ { on = 0 } on && /max_error/ { print $2 }' "$top/json" >"$top/told"
  paste "$top/F" "$top/Y" | awk '
    { d = $1 - $2; d = d < 0 ? -d : d; c = (NR - 1) % 3; if (d > most[c]) most[c] = d }
    END { for (c = 0; c < 3; c++) print most[c] + 0 }' >"$top/seen"
  check "$1: three outputs" test "$(wc -l <"$top/told")" -eq 3
  holds "$1: the error of each" "$(differ "$top/told" "$top/seen") < 1e-12"
  check "$1: and they differ" test "$(sort -u "$top/seen" | wc -l)" -eq 3
}

# shellcheck disable=SC2086
{
  good 'labels of a file' memorize --data "$in/X.csv" --labels "$in/Y.csv" $net --eps 1e-9 --save fit --report page.html --json
  cp "$out" "$top/json"
  fits 'labels of a file' fit
  each 'labels of a file'
  tr , '\n' <"$in/Y.csv" >"$top/labels"
  check 'are as they were' test "$(differ "$top/Y" "$top/labels")" = 0
  check 'its precision' grep -q '<dt>precision</dt><dd>double</dd>' page.html
  check 'the page' grep -q 'of all 3 outputs; the largest error is that of output [012], from 0' page.html
  good 'as text' memorize --data "$in/X.csv" --labels "$in/Y.csv" $net
  check 'which error it is' grep -q 'wanted 1e-10 (all outputs)' "$out"
  check 'a line for each' test "$(grep -cE '^ {11}[012] +[0-9.e-]+ +[0-9.e-]+$' "$out")" -eq 3
  check 'its units' grep -q 'n_{L-2} m = 96 parameters of each output for 40 different' "$out"
  good 'of a loaded network' memorize --data "$in/X.csv" --labels "$in/Y.csv" --load fit --eps 1e-9 --save again --json
  fits 'of a loaded network' again
  check 'whose layer stays' cmp fit/W1.npy again/W1.npy
  good 'drawn labels, biases' memorize --samples 40 --dim 3 --bias 0.2 $net --save drawn --json
  flat "$out" >"$top/flat"
  holds 'drawn labels, biases' '@relative_error@ <= 1e-10'
  check 'their biases' test -s drawn/b3.npy
  for labels in classes words; do
    good "$labels" memorize --data "$in/X.csv" --labels "$in/$labels.csv" $net --classes --eps 1e-9 --save $labels --json
    flat "$out" >"$top/flat"
    holds "$labels" '@targets.right@ == 40 && @targets.accuracy@ == 1'
    check "$labels: what is saved" test "$(numbers $labels/Y.npy | sort | uniq -c | awk '{ print $1, $2 + 0 }' | sort | tr '\n' ' ')" = '40 1 80 -1 '
    good "$labels: predict" predict --load $labels --data "$in/X.csv"
    check "$labels: are what it puts out" cmp "$out" "$in/$labels.csv"
  done
  good 'classes as text' memorize --data "$in/X.csv" --labels "$in/classes.csv" $net --classes
  check 'how many' grep -q '^accuracy    40 of 40 samples get their class by the largest of 3 outputs' "$out"
}
mv fit "$in"
rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
awk 'BEGIN { for (i = 0; i < 40; i++) print i % 4 }' >"$in/four.csv"
sed '2s/.*/0.841471,-0.989992,0.841471/; 4s/.*/0.841471,-0.989992,0.841471/' "$in/X.csv" >"$in/equal.csv"
# shellcheck disable=SC2086
{
  bad 'a width' 'the last is 48, and each of 5 outputs has pairs.*expected a multiple of 2 n_L' \
    memorize --data "$in/X.csv" --labels "$in/Y.csv" --widths 12,48 --activation tanh --outputs 5
  bad 'more outputs than units' 'the last is 48, and each of 25 outputs' \
    memorize --data "$in/X.csv" --labels "$in/Y.csv" --widths 12,48 --activation tanh --outputs 25
  bad 'labels of one number' 'has one label a sample, and the network 3 outputs; expected --classes' \
    memorize --data "$in/X.csv" --labels "$in/classes.csv" $net
  bad 'labels of three numbers' '40 x 3.*accepted' memorize --data "$in/X.csv" --labels "$in/Y.csv" --widths 12,48
  bad 'four classes' '--classes: 4 classes for 3 outputs; accepted: an output for each class' \
    memorize --data "$in/X.csv" --labels "$in/four.csv" $net --classes
  bad 'equal samples of two classes' 'samples 2 and 4 (from 1) are equal and of the classes dog and cat' \
    memorize --data "$in/equal.csv" --labels "$in/words.csv" $net --classes
  bad 'outputs of a network that is loaded' '--outputs' \
    memorize --data "$in/X.csv" --labels "$in/Y.csv" --load "$in/fit" --outputs 3
}
finish 'memorising several outputs'
