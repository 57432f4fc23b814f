#!/bin/sh
# What the program makes of words as people type them.
# Property: what can be meant in one way is understood; else the line says the word that is known
# and nearest, or the one command that helps, and never the word itself.
. "$(dirname "$0")/program.sh"

small='spectrum --samples 20 --dim 5 --seed 3'

# same PROPERTY A B: both words of an option give the same results to the bit.
same() {
  # shellcheck disable=SC2086 # words
  good "$1" $small --json $2
  jq -S 'del(.seconds, .command_line, .date)' "$out" >"$top/first"
  # shellcheck disable=SC2086
  good "$1" $small --json $3
  jq -S 'del(.seconds, .command_line, .date)' "$out" | cmp -s - "$top/first" || fails "$1" "differs: $3"
}
same 'capitals of an activation' '--widths 50 --activation relu' '--widths 50 --activation ReLU'
same 'capitals of an activation' '--widths 50 --activation gelu' '--widths 50 --activation GELU'
same 'another name of an activation' '--widths 50 --activation silu' '--widths 50 --activation Swish'
same 'capitals of a distribution' '--widths 50 --data sphere' '--widths 50 --data Sphere'
same 'capitals of an initialisation' '--widths 50 --init he' '--widths 50 --init He'
same 'a power of ten' '--widths 50,100' '--widths 5e1,1E+2'
touch Sphere # a file of that name is the file
run spectrum --samples 20 --dim 5 --widths 50 --data Sphere
check 'a file before a name in capitals' grep -q 'Sphere: is empty' "$err"
rm Sphere

# shellcheck disable=SC2086
words() { property=$1 pattern=$2; shift 2; bad "$property" "$pattern" $small "$@"; }
words 'mish is no slip of silu' "unknown activation 'mish'; known: sigmoid" --widths 9 --activation mish
words 'swapped letters' "did you mean 'tanh'?" --widths 9 --activation tahn
words 'a letter left out' "did you mean '--widths'?" --width 9
words 'capitals of an option' "did you mean '--widths'?" --Widths 9
words 'an option that is begun' "did you mean '--infinite-width'?" --infinite
words 'half a power of ten' "'1e': width 1 is not a whole number" --widths 1e
words 'a power of ten below 1' "'1e-3': width 1 is not a whole number" --widths 1e-3
words 'a power of ten past 64 bits' 'width 1 is too large' --widths 1e99
words 'no digit before a power' 'width 1 is not a whole number' --widths e3
bad 'a decimal power' "'1.5e3': N is not a whole number" spectrum --samples 1.5e3 --dim 5 --widths 9
bad 'capitals of a command' "unknown command 'SPECTRUM'; did you mean 'spectrum'?" SPECTRUM
bad 'a word that is no command' "unknown command 'versions'; known: spectrum" versions
bad 'a command in one word, misspelt' "unknown command 'study exprt'; did you mean 'study export'?" \
  help 'study exprt'

good 'a command in one word' help 'study export'
cp "$out" "$top/first"
good 'the same in two' help study export
check 'help on a command in one word' cmp "$out" "$top/first"
good 'version' --version
cp "$out" "$top/first"
good 'version as a command' version
check 'version as a command' cmp "$out" "$top/first"

# What stands behind -- is no option, and nothing but a command's operand.
good 'the end of options' help -- spectrum
cp "$out" "$top/first"
good 'without it' help spectrum
check 'the end of options' cmp "$out" "$top/first"
good 'the end of options, and nothing behind it' info --
bad 'an option behind the end of options' '^ntkit: --json: cannot be read' network inspect -- --json
bad 'a second end of options' '^ntkit: --: cannot be read' network inspect -- --
bad 'too many words behind it' "unexpected 'b'" data inspect a -- b

# Texts are cut between characters.
long=$(printf 'aéééééééééééééééééééééééééééééééééééééééé')
run spectrum --samples 20 --dim 5 --widths "$long"
check 'a cut text is UTF-8' iconv -f UTF-8 -t UTF-16 "$err"

# Numbers that overflow are told as what they are.
run train --samples 20 --dim 5 --widths 9,9 --lr 1e300
check 'a loss past every number' grep -q \
  'the loss went from [0-9.]* past the largest number by epoch 1 with the step size 1e+300;' "$err"
printf '\223NUMPY\1\0\166\0%-117s\n' "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }" \
  >"$in/head"
{ cat "$in/head" && printf '\0\0\0\0\0\0\0\107\0\0\0\0\0\0\360\77'; } >"$in/large.npy" # 2^113, 1
{ cat "$in/head" && printf '\0\0\0\0\0\0\0\110\0\0\0\0\0\0\360\77'; } >"$in/larger.npy" # 2^129, 1
large="train --activation relu --widths 9,9 --quiet --precision float --data"
# shellcheck disable=SC2086
{
  bad 'a gradient past float' 'the gradient at the start is past the largest float: the data reach 1.04e+34' \
    $large "$in/large.npy"
  bad 'data past float' 'the data: 6.80565e+38 in row 1, column 1 (from 1) is past the largest float' \
    $large "$in/larger.npy"
  bad 'labels past float' 'the labels: 6.80565e+38 in row 1' $large gaussian --samples 2 --dim 3 \
    --labels "$in/larger.npy"
}

finish test_words
