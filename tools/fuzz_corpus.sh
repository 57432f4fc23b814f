#!/bin/sh
# Makes the corpus that the fuzz targets start from, tests/fuzz/corpus: small files of every format, by
# the program's own writers where it has one, behind the byte that says how they are asked for.
# usage: tools/fuzz_corpus.sh    (NTKIT: the program; default: build/release/ntkit)
set -eu
cd "$(dirname "$0")/.."
ntkit=$(realpath "${NTKIT:-build/release/ntkit}")
corpus=$PWD/tests/fuzz/corpus
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# seed TARGET NAME OCTAL FILE: the byte, and then the file.
seed() {
  mkdir -p "$corpus/$1"
  { printf "\\$3" && cat "$4"; } >"$corpus/$1/$2"
}
made() { "$ntkit" "$@" --quiet >/dev/null; }

# ---- Arrays, for the targets array and inspect ----
printf 'x,y,label\n1,2.5,cat\n-3e-2,4,dog\n7,0.125,cat\n0,2,dog\n' >words.csv
printf '1;2,5;3\n-4;0,25;6\n' >comma.csv
printf '# a heading\n1 2 3\n4 5 6\n' >blanks.txt
printf '1.5,2,3\n4,5,6\n7,8,9\n' >plain.csv
printf '+1 1:0.5 3:2\n-1 2:1\n+1 1:1 2:1 3:1\n' >sparse.libsvm
printf '4\n5\n6.5\n' >vector.txt
made data convert plain.csv plain.npy
made data convert vector.txt vector.npy
made data convert plain.csv plain.npz --labels vector.txt
made data convert plain.csv plain.safetensors --labels vector.txt
printf '\0\0\010\003\0\0\0\002\0\0\0\002\0\0\0\002abcdefgh' >images.idx
printf '\0\0\010\001\0\0\0\003\001\002\003' >labels.idx
printf '\0\0\013\002\0\0\0\001\0\0\0\002\377\377\0\007' >short.idx
printf "\\223NUMPY\\001\\000\\071\\000{'descr': '>f4', 'fortran_order': True, 'shape': (2, 1)}\\n\\077\\200\\0\\0\\100\\0\\0\\0" \
  >big.npy
{ printf '\003' && head -c 3072 /dev/zero | tr '\0' 'a'; } >cifar.bin
for name in plain.csv plain.npy images.idx sparse.libsvm; do
  gzip -9 -n -c $name >$name.gz
done
for name in comma.csv blanks.txt plain.csv sparse.libsvm plain.npy vector.npy images.idx labels.idx \
  short.idx big.npy plain.csv.gz plain.npy.gz images.idx.gz sparse.libsvm.gz; do
  seed array $name 000 $name
done
seed array words.csv 030 words.csv         # labels by their name
seed array words-labels.csv 034 words.csv  # and these alone
seed array last.csv 020 plain.csv          # by number
seed array sparse-labels.libsvm 004 sparse.libsvm
seed array cifar.bin 000 cifar.bin
seed array vector.txt 001 vector.txt
seed array key.npz 040 plain.npz           # FILE:X
seed array any.npz 043 plain.npz
seed array key.safetensors 040 plain.safetensors

# ---- Named arrays, for the target weights ----
made memorize --samples 4 --dim 2 --widths 3,4 --activation tanh --save fitted
made data convert plain.csv W.npz
for kind in npz safetensors; do
  made network convert fitted plain.$kind --overwrite
  made network convert fitted torch.$kind --to torch
  made network convert fitted flax.$kind --to flax
  seed weights plain.$kind 000 plain.$kind
  seed weights torch.$kind 001 torch.$kind
  seed weights flax.$kind 002 flax.$kind
done
seed weights data.npz 000 W.npz

# ---- Text: arithmetic, and study files ----
text() { # text TARGET NAME TEXT
  mkdir -p "$corpus/$1"
  printf '%b' "$3" >"$corpus/$1/$2"
}
n=0
for line in '2*d' 'floor(sqrt(1000*i))' 'd^2/4' '-d^-2 + .5e1' 'max(N, 10^i) - min(d,3)' '(((N)))' '1e308*10' \
  'log2(N)/log10(d)*log(exp(1))' 'abs(-N)--+-d' 'round(N/3) + ceil(1.5)' 'phi' '2**3' '0x10' '1e' 'sqrt(-1)'; do
  n=$((n + 1))
  text expression "$n" "$line"
done
mkdir -p "$corpus/study"
for example in "$corpus"/../../../examples/*/study.yaml; do
  cp "$example" "$corpus/study/$(basename "$(dirname "$example")").yaml"
done
text study small.yaml 'name: small\nquantity: [lambda_min, lambda_max]\nnetwork: {widths: [2*d, d], activation: phi}
grid: {N: [40, 90], d: [8, 12], phi: [tanh, "gelu"]}\ntrials: 4\nseed: 7\n'
text study train.yaml 'name: t\nquantity: [final_loss, rate]\nnetwork: {widths: "d, d", bias: 0.1}
train:\n  optimizer: adam\n  lr: 1e-3\n  epochs: 10*i\ngrid:\n  i: 1:3\n  d: 4\n  N: 2^k for k in 2:4\n'
text study changes.yaml 'name: c\nquantity: condition\nnetwork: {widths: [d, d]}\ngrid: {N: 5, d: 3}\n\0trials=3\0grid.N=1:3\0network.activation=leaky_relu(0.2)\0data.source=sphere'
text study ledger.yaml '# all\nname: l\nquantity: ledger\nledger: {population: 4096}\nnetwork: {widths: [9, 9], init: he, beta: [1, 1, 2]}\ngrid: {N: 5, d: 3}\n'
text study memorize.yaml 'name: "m\\\\, \\"x\\" # y"\nquantity: [memorize_error, per_block]\nnetwork: {widths: [n, 2*n], outputs: 2, parameterization: ntk}\ngrid: {n: [4, 6], N: 5, d: 3}\n'

# ---- Command lines, a word a line ----
text words spectrum 'spectrum\n--samples\n500\n--dim=32\n--widths\n64,64\n--activation\ntanh\n--json'
text words train 'train\n--data\nX.npy\n--labels=Y.npy\n--widths\n40,40\n--optimizer\nadam\n--lr\n1e-3\n--epochs\n7\n--checkpoint\nrun.ckpt\n--quiet'
text words memorize 'memorize\n--samples\n9\n--dim\n4\n--widths\n4,5\n--beta\n1,2,0.5\n--memory\n8G\n--save\nfitted'
text words verify 'verify\n--samples\n9\n--dim\n4\n--widths\n4,5\n--sweep\n--bias\n0\n--report\npage.html'
text words predict 'predict\nfitted\n--data\nX.csv\n--label-column\n-1\n--activation\nleaky_relu(0.2)'
text words study 'study run\nwidth.yaml\n--db\nwidth.db\n--set\ntrials=3'
text words plot 'study\nplot\nwidth.db\n--x\nd\n--size\n800x560\n--output\nfigure'
text words figure 'reproduce\nfigure1\n--overwrite'
text words convert 'data\nconvert\nA\nB\n--subsample\n100\n--skip\n18446744073709551615'
text words plan 'plan\n--samples\n1000\n--threads\n-1'
text words letters 'spectrum\n-qh\n-q\n-x'
text words help 'help\nspectrum'
text words dashes 'network\ninspect\n--\n--layout\ntorch'
text words former 'spectrum\n--seed\n5\n--sed\n5'

# ---- Folders: the byte, and then for each file its name's number, its size, itself ----
folder() { # folder NAME OCTAL DIRECTORY
  mkdir -p "$corpus/saved"
  {
    printf "\\$2"
    n=0
    for file in result.json W1.npy W2.npy W3.npy b1.npy b2.npy b3.npy X.npy Y.npy scaling.npy \
      class0/W1.npy class0/W2.npy class0/W3.npy class1/W1.npy class1/W2.npy class1/W3.npy; do
      if [ -f "$3/$file" ]; then
        if [ $file = result.json ]; then # without what is of this run and this machine
          jq -c '{command, network: (.network | {dim, widths, activation, parameterization}),
            data: {scale: .data.scale}, classes, targets, certificate, saved} | with_entries(select(.value != null))' \
            "$3/$file" >short.json
          cp short.json "$3/$file"
        fi
        size=$(wc -c <"$3/$file")
        printf "\\$(printf %03o $n)\\$(printf %03o $((size % 256)))\\$(printf %03o $((size / 256)))"
        cat "$3/$file"
      fi
      n=$((n + 1))
    done
  } >"$corpus/saved/$1"
}
printf '0\n1\n1\n0\n' >classes.txt
made data convert classes.txt classes.npy
made memorize --samples 4 --dim 2 --widths 3,4 --activation tanh --bias 0.1 --save bias
made memorize --data plain.csv --scale standardize --widths 3,6 --activation tanh --save scaled
made memorize --samples 4 --dim 2 --widths 3,8 --activation tanh --outputs 2 --save outputs
made train --samples 4 --dim 2 --widths 3,4 --labels classes.npy --epochs 3 --save trained
made memorize --samples 4 --dim 2 --widths 3,8 --activation tanh --labels classes.npy --classes --save classes
for name in fitted bias scaled outputs trained classes; do
  folder $name 000 $name
done
rm fitted/result.json
folder bare 005 fitted

# ---- Checkpoints of the training that the target has ----
n=0
for optimizer in gd nesterov adam lm; do
  made train --samples 3 --dim 2 --widths 3 --activation tanh --optimizer $optimizer --epochs 4 --track 2 \
    --checkpoint $optimizer.ckpt
  seed checkpoint $optimizer 00$n $optimizer.ckpt
  seed checkpoint $optimizer-other 01$n $optimizer.ckpt
  seed checkpoint $optimizer-damaged 02$n $optimizer.ckpt
  # The same with weights, all 0, of the three tracked epochs: 9 numbers each.
  { head -c -8 $optimizer.ckpt && head -c $((3 * 9 * 8 + 8)) /dev/zero; } >weights.ckpt
  seed checkpoint $optimizer-weights 00$((n + 4)) weights.ckpt
  n=$((n + 1))
done
