#!/bin/sh
# ntkit data inspect and data convert: what they print of files whose contents are known, and files
# that give every number back.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

# says PROPERTY PATTERN: a line of the last output.
says() {
  grep -qE "$2" "$out" || fails "$1" "no '$2'"
}

# ---- inspect -------------------------------------------------------------------------------------

printf '3,4\n0,0\n3,4\n-6,-8\n' >"$in/X.csv"
printf '1\n0\n0\n1\n' >"$in/Y.csv"
good 'a text' data inspect "$in/X.csv"
says 'the file' 'X.csv: text, .*4 x 2$'
says 'the numbers' '^numbers     -8 to 4, all whole, smallest .x. > 0: 3, 25 % are 0'
says 'item 1' '1  E\|\|x\|\| / sqrt d +3.536 '     # (5 + 0 + 5 + 10) / 4 / sqrt 2
says 'item 2' '2  E\|\|x\|\|\^2 / d +18.75 '       # (25 + 0 + 25 + 100) / 4 / 2
says 'item 3' '3  E\|\|x - E x\|\|\^2 / d +18.75 ' # the mean is 0
says 'the rank' '^eff. rank   1 of at most 2'
says 'equal rows' '^equal rows  1 with an earlier one, first 1 and 3 '
says 'multiples' '^multiples   1 with an earlier one, first 1 and 4, by -2'
says 'the nearest' '^nearest     rows 1 and 2, 5 apart: 0.577 of' # sqrt(2 18.75 2) = 8.66
good 'labels' data inspect "$in/X.csv" --labels "$in/Y.csv" --scale sphere --skip 2
says 'rows' '^rows        2 of them'
says 'scaled' 'as read +sphere'
says 'on the sphere' '2  E\|\|x\|\|\^2 / d +31.25 +1 '
says 'labels' 'labels      .*Y.csv, 0 to 1'
good 'a conflict' data inspect "$in/X.csv" --labels "$in/Y.csv"
says 'classes' '^classes     2: 0: 2, 1: 2'
says 'a conflict' '^remark      1 row equals an earlier one with another label, first rows 1 and 3 '
good 'in JSON' data inspect "$in/X.csv" --labels "$in/Y.csv" --json
flat "$out" >"$top/flat"
holds 'numbers' '@samples@ == 4 && @dim@ == 2 && @least@ == -8 && @moments.square@ == 18.75'
holds 'rows from 0' '@equal.first@ == 0 && @equal.second@ == 2 && @multiples.value@ == -2'
check 'what is not known' grep -q 'scaled.norm null' "$top/flat"

printf 'a,b,kind\n1,2,cat\n3,4,dog\n1,2,dog\n5,7,cat\n' >"$in/words.csv"
good 'labels in the file' data inspect "$in/words.csv" --label-column kind
says 'the others' 'text, .*4 x 2$'
says 'words' '^labels      .*words.csv, 0 to 1$'
says 'names' '^classes     2: cat: 2, dog: 2$'
says 'a conflict' '^remark      1 row equals an earlier one'
check 'no remark on names' sh -c '! grep -q "called as labels" "$1"' sh "$out"

# A column called as labels are, and taken as data: a remark, and one line of every command.
printf 'a,Y,Target\n1,2,0\n3,4,1\n1,3,1\n' >"$in/target.csv"
printf '1\n2\n1\n' >"$in/three.csv"
told="column 'Y' is taken as data, though it is called as labels are; --label-column Y takes it for these"
good 'a target' data inspect "$in/target.csv"
says 'which' "^remark      $told$"
good 'its remark' data inspect "$in/target.csv" --json
check 'by name' jq -e '[.remarks[].name] == ["target"]' "$out"
good 'named' data inspect "$in/target.csv" --label-column Target
check 'no remark' sh -c '! grep -q "called as labels" "$1"' sh "$out"
for command in spectrum verify 'train --epochs 1' memorize; do
  # shellcheck disable=SC2086 # words
  good "$command" $command --data "$in/target.csv" --widths 8,8
  check "$command: one line" test "$(grep -cFx "ntkit: --data: $told" "$err")" = 1
  # shellcheck disable=SC2086
  good "$command --quiet" $command --data "$in/target.csv" --widths 8,8 --quiet
  check "$command: none" test ! -s "$err"
done
good 'a named column' spectrum --data "$in/target.csv" --widths 8,8 --label-column Target
check 'no line' sh -c '! grep -q "called as labels" "$1"' sh "$err"
good 'labels of another file' train --data "$in/target.csv" --labels "$in/three.csv" --widths 8,8 --epochs 1
check 'nor here' sh -c '! grep -q "called as labels" "$1"' sh "$err"
good 'two files' spectrum --data "$in/target.csv,$in/target.csv" --widths 8,8
check 'of the first' grep -qFx "ntkit: --data: $told" "$err"
printf 'a,b,yy\n1,2,0\n3,4,1\n' >"$in/other.csv"
good 'other names' spectrum --data "$in/other.csv" --widths 8,8
check 'no word' sh -c '! grep -q "called as labels" "$1"' sh "$err"
cut -d, -f3 "$in/words.csv" >"$in/kinds.csv"
good 'words alone' data inspect "$in/X.csv" --labels "$in/kinds.csv"
says 'names' '^classes     2: cat: 2, dog: 2$'
good 'of another file' data inspect "$in/X.csv" --labels "$in/words.csv" --label-column kind
says 'names' '^classes     2: cat: 2, dog: 2$'
printf '1 1:2 3:4\n2 2:5\n1 1:1\n2 3:9\n' >"$in/x.libsvm"
good 'libsvm' data inspect "$in/x.libsvm"
says 'labels in it' '^labels      .*x.libsvm, 1 to 2$'
bad 'no such column' "hue" data inspect "$in/words.csv" --label-column hue
bad 'no file' 'needs more: ntkit data inspect FILE' data inspect
bad 'two files' "unexpected '.*Y.csv'" data inspect "$in/X.csv" "$in/Y.csv"
bad 'a file that is not there' 'none.npy: cannot be read' data inspect none.npy
bad 'labels that are too few' 'holds 3 labels; accepted: 4' \
  data inspect "$in/X.csv" --labels "$(head -n 3 "$in/Y.csv" >"$in/few.csv" && echo "$in/few.csv")"
bad 'past the end' '^ntkit: --skip: .*has 4 rows' data inspect "$in/X.csv" --skip 4
bad 'zeros on the sphere' 'row 2 .* all zeros' data inspect "$in/X.csv" --scale sphere
bad 'one word' "'data' needs a second word: .*inspect" data
bad 'another word' "unknown command 'data look'; known after 'data': .*inspect, convert" data look

# ---- convert -------------------------------------------------------------------------------------

awk 'BEGIN { srand(1); for (i = 0; i < 30; i++) printf "%.17g,%.17g,%.17g\n", rand() - 0.5, rand() * 1e-300, -rand() * 1e300 }' >"$in/all.csv"
good 'to .npy' data convert "$in/all.csv" a.npy
says 'what was written' '^30 x 3 numbers written to a.npy$'
good 'to text' data convert a.npy b.csv
good 'and back' data convert b.csv c.npy
check 'every number comes back' cmp a.npy c.npy
good 'tabs' data convert c.npy d.tsv
check 'tabs' grep -q "$(printf '\t')" d.tsv
good 'and back' data convert d.tsv c.npy --overwrite
check 'every number comes back' cmp a.npy c.npy
printf '0.1,1,-3\n' >"$in/few.csv"
good 'few digits' data convert "$in/few.csv" few.txt
check 'as few digits as do' test "$(cat few.txt)" = 0.1,1,-3

# Rows, and labels that go with them by the same options.
good 'rows' data convert "$in/all.csv" e.npy --skip 3 --subsample 9 --shuffle --seed 4
awk 'BEGIN { for (i = 0; i < 30; i++) print i }' >"$in/number.csv"
good 'labels' data convert "$in/number.csv" y.csv --skip 3 --subsample 9 --shuffle --seed 4
check 'as many' test "$(wc -l <y.csv)" -eq 9
while read -r i; do sed -n "$((i + 1))p" "$in/all.csv"; done <y.csv >"$in/chosen.csv"
good 'the same rows' data convert "$in/chosen.csv" f.npy
check 'the same rows' cmp e.npy f.npy
{ header '<f8' '(2,)' && printf '%b' "$one$two"; } >"$in/vector.npy"
good 'without labels' data convert "$in/words.csv" w.csv --label-column kind --skip 2
check 'without labels' test "$(tr '\n' ' ' <w.csv)" = '1,2 5,7 '

# Both in one file, by any way to the labels.
good 'labels in the file' data convert "$in/words.csv" w.npz --label-column kind --skip 1
says 'both' '^3 x 2 numbers and their labels written to w.npz$'
grep -q "words become 0 to 1: 'cat' is 0" "$err" || fails 'words' 'not told'
good 'its data' data convert w.npz:X w1.csv
good 'its labels' data convert w.npz:Y w2.csv
check 'data' test "$(tr '\n' ' ' <w1.csv)" = '3,4 1,2 5,7 '
check 'labels' test "$(tr '\n' ' ' <w2.csv)" = '1 1 0 '
good 'labels of another file' data convert "$in/all.csv" z.safetensors --labels "$in/number.csv" --subsample 9 --shuffle
good 'its data' data convert z.safetensors:X z.npy
good 'its labels' data convert z.safetensors:Y z.csv
while read -r i; do sed -n "$((i + 1))p" "$in/all.csv"; done <z.csv >"$in/chosen.csv"
good 'the same rows' data convert "$in/chosen.csv" z1.npy
check 'the same rows' cmp z.npy z1.npy
good 'several numbers' data convert "$in/X.csv" m.npz --labels "$in/X.csv"
good 'as they are' data convert m.npz:Y m.csv
check 'as they are' cmp m.csv "$in/X.csv"
good 'no labels' data convert "$in/X.csv" n.npz
says 'no labels' '^4 x 2 numbers written to n.npz$'
good 'a vector' data convert "$in/vector.npy" v.npy
check 'stays one' grep -aqF "'shape': (2,)" v.npy
good 'scaled' data convert "$in/X.csv" s.csv --scale center --limit 2
check 'scaled' test "$(tr '\n' ' ' <s.csv)" = '1.5,2 -1.5,-2 '

# The page tells what the text does, every field of --json, and the number of samples of each class.
printf '1\n1\n2\n2\n' >"$in/classes.csv"
good 'a page' data inspect "$in/X.csv" --labels "$in/classes.csv" --scale standardize --report page.html
says 'a page' '^report      page.html$'
check 'the size' grep -q '4 x 2 numbers, from <b>' page.html
check 'moments as read and scaled' test "$(grep -c 'Assumption 2.1, ' page.html)" -ge 2
check 'the classes' grep -q 'Samples by class' page.html
check 'the fields' grep -q 'effective_rank' page.html
check 'its end' grep -q '</html>' page.html

rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
bad 'a page over the data' '^ntkit: --report: ' data inspect "$in/X.csv" --report "$in/X.csv"
bad 'a page over the labels' '^ntkit: --report: ' data inspect "$in/X.csv" --labels "$in/Y.csv" --report "$in/Y.csv"
cp "$in/X.csv" "$in/kept.csv"
head -n 3 "$in/Y.csv" >"$in/few3.csv"
bad 'no second file' 'needs more: ntkit data convert A B' data convert "$in/X.csv"
bad 'no format' "'out.mat' is of no format that is written; expected .*npy" data convert "$in/X.csv" out.mat
bad 'labels of one array' "^ntkit: --labels: 'out.npy' has one array" \
  data convert "$in/X.csv" out.npy --labels "$in/Y.csv"
bad 'labels that are too few' '--labels: .*holds 3 labels; accepted: 4' \
  data convert "$in/X.csv" out.npz --labels "$in/few3.csv"
bad 'onto itself' 'is the file that is read' data convert "$in/X.csv" "$in/X.csv" --overwrite
bad 'a file that is there' "kept.csv' is there already; .*--overwrite" data convert "$in/Y.csv" "$in/kept.csv"
check 'it is as it was' cmp "$in/kept.csv" "$in/X.csv"
bad 'no directory' 'none/a.npy' data convert "$in/X.csv" none/a.npy
bad 'no directory' '^ntkit: none/a.csv: No such file' data convert "$in/X.csv" none/a.csv
bad 'a vector that is scaled' 'of 1 dimension' data convert "$in/vector.npy" v.npy --scale center
bad 'not finite' 'line 1, column 2' data convert "$(printf '1,nan\n2,3\n' >"$in/nan.csv" && echo "$in/nan.csv")" a.npy
bad 'more than there are' 'from 4; accepted: 1 to 4' data convert "$in/X.csv" a.npy --subsample 5
bad 'little memory' 'need .* GB of memory' data convert "$in/all.csv" a.npy --memory 100
finish 'data'
