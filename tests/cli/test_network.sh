#!/bin/sh
# --load of every command, ntkit network inspect and convert: a network that was drawn and saved is
# the same network when it is loaded, from whatever file and under whatever names; what contradicts
# it is refused.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

drawn='--samples 30 --dim 6 --widths 8,5 --activation tanh --init he --seed 3'

# ---- The same network, from every kind of file ---------------------------------------------------

# shellcheck disable=SC2086
good 'a spectrum of a drawn network' spectrum $drawn --save "$in/saved" --save-kernel --json
flat "$out" >"$top/flat"
expected=$(value lambda_min)
check 'which is known' test -n "$expected"
for to in own torch flax; do
  for file in model.npz model.safetensors folder; do
    names="--to $to"
    [ $to != own ] || names=
    # shellcheck disable=SC2086
    good "converted: $to, $file" network convert "$in/saved" "$in/$to-$file" $names
    good "loaded: $to, $file" spectrum --load "$in/$to-$file" --activation tanh \
      --data "$in/saved/X.npy" --seed 3 --json
    flat "$out" >"$top/flat"
    check "$to, $file: the same kernel" test "$(value lambda_min)" = "$expected"
  done
done
good 'a folder of --save has its activation' spectrum --load "$in/saved" --data "$in/saved/X.npy" \
  --seed 3 --json
flat "$out" >"$top/flat"
check 'the same kernel' test "$(value lambda_min)" = "$expected"
check 'and tells where it is from' test "$(value network.load)" = "\"$in/saved\""
good 'data are drawn of its d' spectrum --load "$in/saved" --samples 30 --seed 3 --json
flat "$out" >"$top/flat"
check 'the same data' test "$(value lambda_min)" = "$expected"

# A training goes on from the weights; what it saves as the first ones are these.
# shellcheck disable=SC2086
good 'a training' train $drawn --epochs 4 --save "$in/trained" --json
flat "$out" >"$top/flat"
loss=$(value loss_final)
good 'from the same weights' train --load "$in/trained/init" --activation tanh \
  --data "$in/trained/X.npy" --labels "$in/trained/Y.npy" --epochs 4 --seed 3 --save again \
  --json
flat "$out" >"$top/flat"
check 'the same loss' test "$(value loss_final)" = "$loss"
check 'the same first weights' cmp again/init/W1.npy "$in/trained/init/W1.npy"
rm -rf again
good 'a ledger' verify --load "$in/saved" --data "$in/saved/X.npy" --json
check 'of this network' grep -q "\"load\": \"$in/saved\"" "$out"
good 'a memorisation' memorize --samples 20 --dim 6 --widths 8,10 --activation tanh --save "$in/fitted"
good 'other labels above its layers' memorize --load "$in/fitted" --data "$in/fitted/X.npy" --seed 5 \
  --save above
check 'which stay' cmp above/W1.npy "$in/fitted/W1.npy"
rm -rf above
good 'outputs' predict --load "$in/torch-model.safetensors" --activation tanh --scale none \
  --data "$in/saved/X.npy"
cp "$out" "$top/F"
good 'outputs of the saved one' predict --load "$in/saved" --data "$in/saved/X.npy"
check 'are the same' cmp "$out" "$top/F"

# What --save writes is all of the network: its scales too, which no file of weights has.
# shellcheck disable=SC2086
{
  good 'a network with scales' spectrum $drawn --bias 0.3 --outputs 2 --parameterization 'ntk(1.5,0.1)' \
    --save "$in/scaled" --json
  flat "$out" >"$top/flat"
  general=$(value lambda_min)
  again="--load $in/scaled --data $in/scaled/X.npy --seed 3"
  good 'loaded' spectrum $again --json
  flat "$out" >"$top/flat"
  check 'has the same kernel' test "$(value lambda_min)" = "$general"
  check 'and tells of its scales' test "$(value network.parameterization)" = '"ntk(1.5,0.1)"'
  for command in 'spectrum' 'train --epochs 1' 'predict'; do
    good "$command" $command $again --json
    check "$command tells of biases and outputs" test \
      "$(jq -c '.network | [.biases, .outputs, .parameters, .load]' "$out")" = "[[1,2,3],2,113,\"$in/scaled\"]"
  done
  good 'in words' spectrum $again
  check 'the same' grep -q "from $in/scaled, biases in 3 of its layers, scales ntk(1.5,0.1), P = 113 " "$out"
  good 'other scales may be given' spectrum $again --parameterization standard --json
  flat "$out" >"$top/flat"
  check 'and are taken' test "$(value network.parameterization)" = '"standard"'
  check 'another kernel' test "$(value lambda_min)" != "$general"
  good 'inspected' network inspect "$in/scaled"
  check 'its scales are shown' grep -q '^scales      ntk(1.5,0.1)$' "$out"
}

# ---- Biases and several outputs, by hand ---------------------------------------------------------

# W_1 = [[1, 2], [2, 1]], b_1 = (1, 2), W_2 = [[1, 1], [2, 1]]: (1, 2) becomes (6, 6), then (18, 12).
mkdir "$in/two"
{ header '<f8' '(2, 2)' && printf '%b' "$one$two$two$one"; } >"$in/two/W1.npy"
{ header '<f8' '(2,)' && printf '%b' "$one$two"; } >"$in/two/b1.npy"
{ header '<f8' '(2, 2)' && printf '%b' "$one$one$two$one"; } >"$in/two/W2.npy"
two_outputs="--activation identity --data $in/two/W1.npy --scale none"
# shellcheck disable=SC2086
{
  good 'two outputs' predict --load "$in/two" $two_outputs
  printf '18 12\n19 12\n' >"$top/F"
  check 'a line each' cmp "$out" "$top/F"
  good 'its kernel' spectrum --load "$in/two" --activation identity --data "$in/two/W1.npy" --quiet \
    --json
  flat "$out" >"$top/flat" # K = [[93, 89.5], [89.5, 95]]: (x_i x_j + 1) 7/2 + f_i f_j, of both outputs
  holds 'is the mean over outputs' '(@lambda_min@ - 94 + sqrt(8011.25)) ^ 2 < 1e-20'
  holds 'with its biases' '(@lambda_max@ - 94 - sqrt(8011.25)) ^ 2 < 1e-18'
  good 'into a file' predict --load "$in/two" $two_outputs -o F.npy
  check 'as N x n_L' test "$(numbers F.npy | tr '\n' ' ')" = '18 12 19 12 '
  good 'as JSON' predict --load "$in/two" $two_outputs --json
  check 'a list each' test "$(jq -c '.outputs | map(map(floor))' "$out")" = '[[18,12],[19,12]]'
}
rm -f F.npy

# ---- What is understood --------------------------------------------------------------------------

good 'inspect' network inspect "$in/torch-model.safetensors"
check 'its sizes' grep -q 'safetensors: L = 3, d = 6, n_L = 1, P = 93 parameters' "$out"
check 'no activation' grep -q '^activation  not told: give --activation' "$out"
check 'its layers' grep -qE \
  '^    2  2.weight +-  +float64 +8 -> 5 +\[n_l, n_\{l-1\}\] +PyTorch.s word weight' "$out"
good 'inspect --json' network inspect "$in/saved" --json
flat "$out" >"$top/flat"
holds 'the same' '@depth@ == 3 && @dim@ == 6 && @outputs@ == 1 && @parameters@ == 93'
check 'its activation' test "$(value activation)" = '"tanh"'
check 'what is left out' grep -q '"X"' "$out"

# ---- What is refused -----------------------------------------------------------------------------

x="--data $in/saved/X.npy"
load="--load $in/flax-model.npz"
mkdir "$in/open" && for l in 1 2; do { header '<f8' '(2, 2)' && printf '%b' "$one$two$two$one"; } \
  >"$in/open/w$l.npy"; done
# Zeros, rows x columns: 4 -> 6 -> 3.
zeros() {
  printf '\223NUMPY\001\000\166\000%-117s\n' \
    "{'descr': '<f8', 'fortran_order': False, 'shape': ($2, $3), }" > "$1"
  head -c $((8 * $2 * $3)) /dev/zero >> "$1"
}
mkdir "$in/three"
zeros "$in/three/W1.npy" 4 9
zeros "$in/three/W2.npy" 9 3

# shellcheck disable=SC2086
{
  bad 'no activation' '^ntkit: --activation is needed with --load .*, which does not name it' \
    spectrum $load $x
  bad 'another activation' "^ntkit: --activation: 'relu', and the network in .* has tanh" \
    spectrum --load "$in/saved" --activation relu $x
  for option in '--widths 3' '--init he' '--beta 2' '--gamma 2'; do
    bad "$option with --load" "^ntkit: ${option% *} and --load: the second has it already" \
      spectrum $load --activation tanh $x $option
  done
  bad 'neither widths nor a file' '^ntkit: --widths is needed' spectrum $x
  bad 'another d' '^ntkit: --dim: 7, and the network in .* takes 6' \
    spectrum $load --activation tanh --samples 5 --dim 7
  bad 'data of another d' '^ntkit: --data: the rows of .* have 2 numbers, and the network .* takes 6' \
    spectrum $load --activation tanh --data "$in/open/w1.npy"
  bad 'saving over what is loaded' '^ntkit: --save: .* has the network of --load; choose another' \
    spectrum --load "$in/saved" $x --save "$in/saved"
  bad 'a page over it' '^ntkit: --report: .* is what the command reads' spectrum $load \
    --activation tanh $x --report "$in/flax-model.npz"
  bad 'units that do not pair' '^ntkit: the last hidden width is 5' \
    memorize $load --activation tanh --samples 5
  bad 'units of three outputs' '^ntkit: the last hidden width is 9; each of 3 outputs has pairs.*a multiple of 6' \
    memorize --load "$in/three" --activation tanh --samples 5
  bad 'a sweep' '^ntkit: --sweep draws networks of several sizes; expected no --load' \
    verify $load --activation tanh --samples 20 --sweep width=4,8
  bad 'which way a square lies' '^ntkit: --layout: .*w1 is 2 x 2, and neither its name nor the' \
    network inspect "$in/open"
  bad 'the same to load' '^ntkit: --layout: .*w1 is 2 x 2, and neither its name nor the shapes' \
    spectrum --load "$in/open" --activation tanh --samples 4
  bad 'no such layout' "^ntkit: --layout: 'keras' is not known; known: torch, flax" \
    network inspect "$in/open" --layout keras
  bad 'no such file' '^ntkit: .*none.npz' network inspect none.npz
  bad 'no weights' '^ntkit: .*X.npy: has no arrays with names' network inspect "$in/saved/X.npy"
  printf 'a,b,c,d,e,f,kind\n1,2,3,4,5,6,0\n2,3,1,5,4,6,1\n' >"$in/seven.csv"
  bad 'labels among the data' '--data: the rows of .*seven.csv have 7 numbers, and the network in .* takes 6; --label-column leaves' \
    spectrum $load --activation tanh --data "$in/seven.csv"
  bad 'the same to predict' 'takes 6; --label-column leaves' predict $load --activation tanh --scale none --data "$in/seven.csv"
  bad 'one array of a file' '^ntkit: .*own-model.npz:W1: names one array; accepted: the file alone, .npz, ' network inspect "$in/own-model.npz:W1"
  printf '\200\004}.' >"$in/old.pt"
  bad 'a pickle' '^ntkit: .*old.pt: is a pickle, which only Python reads; accepted: .npz, .safetensors, .*directory of .npy .*state_dict' \
    network inspect "$in/old.pt"
  bad 'a file onto itself' "is what is read; choose another name" network convert "$in/saved" \
    "$in/saved"
  cp "$in/torch-model.npz" "$in/kept.npz"
  bad 'a file that is there' "^ntkit: .*kept.npz' is there already; .*--overwrite" \
    network convert "$in/saved" "$in/kept.npz"
  check 'it is as it was' cmp "$in/torch-model.npz" "$in/kept.npz"
  good 'unless told' network convert "$in/saved" "$in/kept.npz" --overwrite
  check 'it is new' cmp "$in/own-model.npz" "$in/kept.npz"
  bad 'another ending' "^ntkit: 'x.txt': weights are written as" network convert "$in/saved" x.txt
  bad 'a folder of others' "^ntkit: .*the folder is of 'ntkit spectrum'" network convert "$in/flax-model.npz" "$in/saved"
}
good 'once it is told' network inspect "$in/open" --layout torch
check 'by what was given' grep -q '^    1  w1 .* as given$' "$out"

finish test_network
