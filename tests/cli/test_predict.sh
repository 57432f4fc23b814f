#!/bin/sh
# ntkit predict: outputs are those of the network on data that are scaled as its own were: once, by
# what the directory says, or not at all without a word from it or the user. The labels that were
# memorised are what the right scaling gives.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

small='--samples 60 --dim 10 --widths 12,16 --activation tanh'
zero='\0\0\0\0\0\0\0\0' minus='\0\0\0\0\0\0\0360\277'
# repeat COUNT TEXT
repeat() {
  i=0
  while [ $i -lt "$1" ]; do
    printf '%s' "$2"
    i=$((i + 1))
  done
}
# rows FILE FIRST COUNT: of 10 numbers, from 0, without a header.
rows() {
  tail -c +$((129 + 80 * $2)) "$1" | head -c $((80 * $3))
}

{ header '<f8' '(60,)' && printf '%b' "$(repeat 20 "$one$two$zero")"; } >"$in/classes.npy"
{ header '<f8' '(4, 2)' && printf '%b' "$one$two$two$two$one$two$two$one"; } >"$in/twice.npy"

# shellcheck disable=SC2086
good 'a network' memorize $small --save saved --quiet
good 'one sample' predict --load saved --data saved/X.npy --limit 1 --output one.npy --report one.html
check 'it is one' grep -q '^outputs of 1 sample written to one.npy' "$out"
check 'on the page too' grep -q '<p class="value">outputs of 1 sample, from ' one.html
rm -f one.npy one.html

# ---- Scaled data ---------------------------------------------------------------------------------

# fits DIR ARGUMENT...: --data raw.npy, its labels, and the arguments; saved in DIR.
cp saved/X.npy raw.npy && cp saved/Y.npy labels.npy
fits() {
  place=$1
  shift
  good "fitting with $*" memorize --data raw.npy --labels labels.npy --widths 12,16 \
    --activation tanh --save "$place" --quiet "$@"
}
numbers labels.npy >"$top/Y"
for scale in center standardize sphere; do
  fits $scale --scale $scale
  good "$scale: predict scales as the network's data were" predict --load $scale --data raw.npy
  holds "$scale: the labels" "$(differ "$out" "$top/Y") < 1e-6"
  good "$scale: its own X.npy" predict --load $scale --data $scale/X.npy
  holds "$scale: is not scaled again" "$(differ "$out" "$top/Y") < 1e-6"
  check "$scale: which is said" grep -q '^ntkit: --data: .* not scaled again' "$err"
  cp $scale/X.npy copy.npy
  good "$scale: a copy of it" predict --load $scale --data copy.npy --quiet
  holds "$scale: is not either" "$(differ "$out" "$top/Y") < 1e-6"
  good "$scale: a part of the rows" predict --load $scale --data raw.npy --samples 5
  head -n 5 "$top/Y" >"$top/five"
  holds "$scale: the same labels" "$(differ "$out" "$top/five") < 1e-6"
done
cp -r standardize "$in/standardised"
cp raw.npy "$in"
check 'means and deviations are there' test "$(numbers standardize/scaling.npy | wc -l)" -eq 20
fits standardize
check 'and go away when there are none' test ! -e standardize/scaling.npy

# ---- Scaled once ---------------------------------------------------------------------------------

fits standardize --scale standardize
# likewise PROPERTY FIRST COUNT ARGUMENT...: predict gives the labels of these rows.
likewise() {
  property=$1 first=$2 count=$3
  shift 3
  good "$property" predict --load standardize "$@"
  tail -n +$((first + 1)) "$top/Y" | head -n "$count" >"$top/wanted"
  holds "$property: the labels" "$(differ "$out" "$top/wanted") < 1e-6"
}
own=standardize/X.npy
{ header '<f8' '(10, 10)' && rows $own 0 10; } >part.npy
{ header '<f8' '(20, 10)' && rows $own 5 20; } >middle.npy
{ header '<f8' '(2, 10)' && rows $own 7 1 && rows raw.npy 8 1; } >mixed.npy
{ header '<f8' '(1, 10)' && rows $own 8 1; } >row.npy
likewise 'part of the scaled data' 0 10 --data part.npy
check 'is said to be scaled' grep -q '^ntkit: --data: part.npy has samples of .* not scaled again' "$err"
likewise 'a part from the middle' 5 20 --data middle.npy
likewise 'a part of the part' 5 4 --data middle.npy --samples 4
likewise 'a row' 8 1 --data row.npy
likewise 'raw data' 0 60 --data raw.npy
check 'are said to be scaled now' grep -q '^ntkit: --data: raw.npy is scaled by .*--scale none' "$err"
likewise 'which can be asked for' 0 60 --data raw.npy --scale standardize
check 'and is not said then' test ! -s "$err"
likewise 'no scaling can be asked for' 0 10 --data part.npy --scale none
check 'nor then' test ! -s "$err"
mkdir hidden && cp standardize/W?.npy standardize/result.json standardize/scaling.npy hidden
good 'without X.npy raw data are scaled' predict --load hidden --data raw.npy
holds 'to the labels' "$(differ "$out" "$top/Y") < 1e-6"
check 'and that is said' grep -q 'scale none takes what is scaled already' "$err"
run predict --load standardize --data mixed.npy
check 'scaled and raw rows: exit status 2' test "$status" -eq 2
check 'are refused' grep -q '^ntkit: --data: 1 of the 2 rows are in .*--scale' "$err"
# 0, 1, 2, 3, 4 centred are -2, ..., 2: 0 and 1 may be raw, or scaled.
five='\0\0\0\0\0\0\010\0100' four='\0\0\0\0\0\0\020\0100'
{ header '<f8' '(5, 1)' && printf '%b' "$zero$one$two$five$four"; } >whole.npy
{ header '<f8' '(2, 1)' && printf '%b' "$zero$one"; } >first.npy
good 'whole numbers' memorize --data whole.npy --scale center --widths 12,16 --activation softplus \
  --save whole --quiet
numbers whole/Y.npy >"$top/whole"
run predict --load whole --data first.npy
check 'rows that may be either: exit status 2' test "$status" -eq 2
check 'are refused' grep -q '^ntkit: --data: the rows are in .* both' "$err"
good 'as raw' predict --load whole --data first.npy --scale center
head -n 2 "$top/whole" >"$top/wanted"
holds 'the first labels' "$(differ "$out" "$top/wanted") < 1e-6"
good 'as scaled' predict --load whole --data first.npy --scale none
tail -n +3 "$top/whole" | head -n 2 >"$top/wanted"
holds 'the third and fourth' "$(differ "$out" "$top/wanted") < 1e-6"
good 'with rows that are raw for sure' predict --load whole --data whole.npy
holds 'all are' "$(differ "$out" "$top/whole") < 1e-6"

# A constant column, which becomes 0, whatever it is in new data.
{ header '<f8' '(4, 2)' && printf '%b' "$one$zero$one$one$one$two$one$five"; } >constant.npy
{ header '<f8' '(4, 2)' && printf '%b' "$two$zero$zero$one$minus$two$one$five"; } >varied.npy
good 'a constant column' memorize --data constant.npy --scale standardize --widths 12,16 \
  --activation softplus --save constant --quiet
numbers constant/Y.npy >"$top/constant"
good 'another value in it' predict --load constant --data varied.npy
holds 'does not matter' "$(differ "$out" "$top/constant") < 1e-6"
check 'and is told' grep -q "warning: --data: 1 column of 2, constant in the network's data, set to 0" "$err"

# ---- predict: networks of ntkit train, and of nobody ---------------------------------------------

# shellcheck disable=SC2086
good 'training' train $small --epochs 30 --optimizer adam --save trained --quiet
good 'predict of a trained network' predict --load trained --data trained/X.npy
check 'an output a line' test "$(wc -l <"$out")" -eq 60
# shellcheck disable=SC2086
good 'memorizing where a training was' memorize $small --save trained --overwrite --quiet
check 'replaces what has the same names' test "$(find trained -type f | wc -l)" -eq 11
mkdir bare && cp saved/W?.npy bare
good 'an activation with a parameter' train --samples 20 --dim 4 --widths 6,6 --epochs 3 --save "$in/mixed" \
  --activation 'tanh,ELU(alpha=0.5)' --quiet
good 'is read back' predict --load "$in/mixed" --data "$in/mixed/X.npy"
good 'is the same by another name' predict --load "$in/mixed" --data "$in/mixed/X.npy" --activation 'Tanh, elu(0.50)'
good 'weights alone' predict --load bare --activation tanh --scale none --data saved/X.npy
numbers saved/Y.npy >"$top/Y"
holds 'the labels' "$(differ "$out" "$top/Y") < 1e-6"

good 'classes' memorize --data saved/X.npy --labels "$in/classes.npy" --classes --widths 12,16 \
  --save classified --quiet
cp -r saved bare classified "$in"
rm -rf ./*
# broken NAME: a copy of the saved network in $in/NAME, to be broken.
broken() {
  rm -rf "${in:?}/$1" && cp -r "$in/saved" "$in/$1"
}
x="--data $in/X10.npy"
cp "$in/saved/X.npy" "$in/X10.npy"
bad 'nothing to load' '^ntkit: --load is needed\|required' predict --data gaussian --samples 3
# shellcheck disable=SC2086
{
  bad 'no such directory' "^ntkit: --load: 'nowhere' cannot be read: .*; expected a directory" predict --load nowhere $x
  bad 'a file of data' '^ntkit: --load: .*X10.npy: has no arrays with names' \
    predict --load "$in/X10.npy" --activation tanh $x
  bad 'no activation' '^ntkit: --activation: the activation must be given' predict --load "$in/bare" $x
  bad 'no scaling' '^ntkit: --scale: the scaling must be given: .*/bare has no result.json that says' \
    predict --load "$in/bare" --activation tanh $x
  bad 'another parameter' "^ntkit: --activation: 'tanh,elu', and the network .* has tanh,elu(0.5)" \
    predict --load "$in/mixed" --activation tanh,elu $x
  bad 'another activation' "^ntkit: --activation: 'relu', and the network .* has tanh" \
    predict --load "$in/saved" --activation relu $x
  bad 'no data' '^ntkit: --data is needed: a file' predict --load "$in/saved"
  bad 'drawn data of no number' '^ntkit: --samples is needed' predict --load "$in/saved" \
    --data sphere
  bad 'data of another d' '^ntkit: --data: .* 2 numbers, and the network .* takes 10' \
    predict --load "$in/saved" --data "$in/twice.npy"
  # 80 MB, nearly all of it a hole: were a row read, its NaN would be what is refused.
  { header '<f8' '(1000000, 10)' && printf '%b' "$nan"; } >"$in/large.npy"
  truncate -s 80000128 "$in/large.npy"
  bad 'rows that do not fit twice, as they are and scaled' 'need 0.168 GB of memory, and 0\.1' \
    predict --load "$in/standardised" --data "$in/large.npy" --memory 110M
  bad 'no such data' '^ntkit: --data: .*missing.npy' predict --load "$in/saved" --data missing.npy
  bad 'more rows than there are' '^ntkit: --data: .*61' predict --load "$in/saved" $x --samples 61
  bad 'the data as output' '^ntkit: --output: .*is the data' predict --load "$in/saved" $x \
    -o "$in/X10.npy"
  for name in W1 W3 W4 result scaling X Y; do
    suffix=npy && [ $name = result ] && suffix=json
    [ $name = scaling ] && touch "$in/saved/scaling.npy"
    cp "$in/saved/$name.$suffix" "$top/before" 2>/dev/null
    bad "$name as output" '^ntkit: --output: .* is of the network in ' predict --load "$in/saved" $x \
      -o "$in/saved/$name.$suffix"
    [ $name = W4 ] || check "$name stays" cmp "$top/before" "$in/saved/$name.$suffix"
  done
  rm "$in/saved/scaling.npy"
  bad 'weights of a class as output' '^ntkit: --output: .* is of the network in ' \
    predict --load "$in/classified" $x -o "$in/classified/class1/W2.npy"
  bad 'an output in no directory' '^ntkit: --output: ' predict --load "$in/saved" $x -o no/where.npy
  broken gap && rm "$in/gap/W1.npy"
  bad 'no first matrix' '^ntkit: --load: .*W1.npy' predict --load "$in/gap" $x
  broken short && rm "$in/short/W3.npy"
  bad 'no last matrix' '^ntkit: --load: the shapes of W1.npy, ... in .* are not those of its result.json' \
    predict --load "$in/short" $x
  broken swapped && cp "$in/saved/W3.npy" "$in/swapped/W2.npy"
  bad 'shapes that do not chain' '^ntkit: --load: .*W2 is 16 x 1 .* W1 before it is 10 x 12 and puts out 12' \
    predict --load "$in/swapped" $x
  broken nan && { header '<f8' '(16, 1)' && printf '%b' "$(repeat 15 "$one")$nan"; } \
    >"$in/nan/W3.npy"
  bad 'a weight that is no number' '^ntkit: --load: .*W3.npy.*row 16' predict --load "$in/nan" $x
  broken wrong && sed 's/^ *16$/      20/' "$in/saved/result.json" >"$in/wrong/result.json"
  bad 'another result.json' '^ntkit: --load: the shapes of W1.npy' predict --load "$in/wrong" $x
  broken text && echo 'no JSON' >"$in/text/result.json"
  bad 'a result.json that is none' '^ntkit: --load: .*result.json: line 1' predict --load "$in/text" $x
  broken unscaled && sed 's/"scale": "none"/"scale": "standardize"/' "$in/saved/result.json" \
    >"$in/unscaled/result.json"
  bad 'no means and deviations' '^ntkit: --load: .*scaling.npy' predict --load "$in/unscaled" $x
}

# Outputs beyond double precision are refused, and are nobody's class.
huge='\377\377\377\377\377\377\357\177'
broken huge && { header '<f8' '(16, 1)' && printf '%b' "$(repeat 16 "$huge")"; } >"$in/huge/W3.npy"
# shellcheck disable=SC2086
run predict --load "$in/huge" $x -o huge.npy
check 'outputs that are not finite: exit status 1' test "$status" -eq 1
check 'outputs that are not finite: the sample' grep -q '^ntkit: the output for sample [0-9]* (from 1) is ' "$err"
check 'outputs that are not finite: nothing is written' test ! -e huge.npy

# ---- Scaling that is not known, or cannot be ------------------------------------------------------

rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
# spoilt NAME [EXPRESSION]: the standardised network in $in/spoilt, its result.json edited.
spoilt() {
  rm -rf "$in/spoilt" && cp -r "$in/standardised" "$in/spoilt"
  sed "$1" "$in/standardised/result.json" >"$in/spoilt/result.json"
}
raw="$in/raw.npy" load="--load $in/spoilt"
for edit in 's/"data": {/"dataset": {/' 's/"scale": ".*"/"scale": null/' 's/"scale": ".*"/"scale": 3/'; do
  spoilt "$edit"
  # shellcheck disable=SC2086
  bad "scaling not known: $edit" \
    '^ntkit: --scale: the scaling must be given: .*; expected none, center, standardize or sphere' \
    predict $load --data "$raw"
  # shellcheck disable=SC2086
  good 'and given' predict $load --data "$raw" --scale standardize
  holds 'the labels' "$(differ "$out" "$top/Y") < 1e-6"
  # shellcheck disable=SC2086
  good 'drawn data need none' predict $load --data gaussian --samples 3
done
spoilt 's/"scale": ".*"/"scale": "whiten"/'
# shellcheck disable=SC2086
bad 'an unknown scaling' "^ntkit: --load: .*result.json: unknown scaling 'whiten'; known: none," \
  predict $load --data "$raw"
bad 'another scaling' "^ntkit: --scale: 'sphere', and the data of the network in .* had standardize" \
  predict --load "$in/standardised" --data "$raw" --scale sphere
bad 'no such scaling' '^ntkit: --scale: .*sphere' predict --load "$in/standardised" \
  --data "$raw" --scale sqare
spoilt 's/"scale": ".*"/"scale": "center"/'
# shellcheck disable=SC2086
bad 'deviations where there were none' '^ntkit: --load: .*scaling.npy has the deviation .*another run' \
  predict $load --data "$raw"
# columns SHAPE NUMBERS PATTERN: a scaling.npy, which is refused.
columns() {
  spoilt ''
  { header '<f8' "$1" && printf '%b' "$2"; } >"$in/spoilt/scaling.npy"
  # shellcheck disable=SC2086
  bad "scaling.npy $1 $3" "^ntkit: --load: .*scaling.npy.*$3" predict $load --data "$raw"
}
ten=$(repeat 10 "$one") nine=$(repeat 9 "$one")
columns '(2, 10)' "$ten$nine$minus" 'column 10 (counted from 1) has the mean 1 and the deviation -1'
columns '(2, 10)' "$ten$nine$nan" 'row 2, column 10'
columns '(2, 10)' "$ten$nine$inf" 'row 2, column 10'
columns '(2, 10)' "$nan$nine$ten" 'row 1, column 1'
columns '(3, 10)' "$ten$ten$ten" '3 rows; expected 2'
columns '(1, 10)' "$ten" '1 rows; expected 2'
columns '(2, 9)' "$nine$nine" '9 numbers'
columns '(20,)' "$ten$ten" '2'

bad 'outputs are .npy' "^ntkit: --output: 'o.txt': outputs are written as .npy or .csv" \
  predict --load "$in/bare" --data "$in/X10.npy" --activation tanh --scale none -o o.txt

finish test_predict
