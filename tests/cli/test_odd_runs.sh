#!/bin/sh
# What is only a part of what was asked for, or not what it looks like, is said, or refused in one line.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

cat >"$in/half.yaml" <<'END'
name: half
quantity: [lambda_min, lambda_max]
network: {widths: [d, d], activation: tanh}
grid: {N: [10, 14], d: [6, 8]}
trials: 10
END

# array VARIABLE=VALUE...: a run of the study in a job with these variables.
array() {
  job=$1
  shift
  env "$@" "$NTKIT" study run "$in/half.yaml" --db array.db >"$out" 2>"$err"
  check "$job: refused" test $? -eq 2 -a ! -e array.db
  check "$job: in one line" test "$(wc -l <"$err")" -eq 1
  check "$job: with what helps" grep -q 'one task of an array job.*--shard i/n' "$err"
}

# ---- Names ---------------------------------------------------------------------------------------

size='--samples 10 --dim 4 --widths 4,4'
# shellcheck disable=SC2086 # lists of words
{
  bad 'a table of a format unknown' "'t.parquet' has no ending that is known; expected a name in .csv" \
    study export s.db -o t.parquet
  bad 'a format and a name that disagree' "'t.npz' is not the name of what --csv writes" \
    study export s.db --csv -o t.npz
  bad 'a table in -' "'-' is no file's name here" study export s.db -o -
  bad 'a figure in -' "'-' is no file's name here" study plot s.db -o -
  bad 'a figure of a kind that is not drawn' 'no .jpg is drawn; expected the name without it' \
    study plot s.db -o f.jpg
  bad 'a figure with the name of its data' 'expected the name without .dat' study plot s.db -o f.dat
  bad 'a merged database in -' "'-' is no file's name here" study merge s.db -o -
  bad 'a database in -' "'-' is no file's name here" study run "$in/half.yaml" --db -
  bad 'weights in -' "'-' is no file's name here" spectrum $size --save -
  bad 'a training in -' "'-' is no file's name here" train $size --checkpoint -
  bad 'a reproduction in -' "'-' is no file's name here" reproduce figure1 --out -
  bad 'a page of another kind' "'p.pdf': the page is HTML; expected a name that ends in .html" \
    verify $size --report p.pdf
}

# ---- Array jobs ----------------------------------------------------------------------------------

array 'a Slurm task of unknown number' SLURM_ARRAY_TASK_ID=3
array 'a Slurm task that is no number' SLURM_ARRAY_TASK_ID=3x SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=4 \
  SLURM_ARRAY_TASK_COUNT=4
array 'a task of PBS' PBS_ARRAY_INDEX=2
array 'a task of Torque' PBS_ARRAYID=2
array 'a task of Grid Engine' SGE_TASK_ID=2
array 'a task of LSF' LSB_JOBINDEX=2
SGE_TASK_ID=undefined LSB_JOBINDEX=0 SLURM_ARRAY_TASK_ID='' "$NTKIT" study run "$in/half.yaml" --db s.db >"$out" 2>"$err"
check 'no array, no question' test $? -eq 0
check 'a whole study' grep -q '^half: 40 of 40 trials done$' "$out"
SLURM_ARRAY_TASK_ID=3 "$NTKIT" study run "$in/half.yaml" --shard 1/1 --db again.db >"$out" 2>"$err"
check 'or all of it, when that is said' test $? -eq 0

# ---- A part of a study ---------------------------------------------------------------------------

good 'a shard' study run "$in/half.yaml" --shard 1/2 --db half.db
said="^ntkit: warning: 20 of the study's 40 trials are not computed yet"
good 'a fit of half' study fit half.db --x d --group N
check 'says so' grep -q "$said" "$err"
good 'as JSON' study fit half.db --x d --group N --json
check 'says so' grep -q '"study_missing": 20' "$out"
good 'an export of half' study export half.db
check 'says so' grep -q "$said" "$err"
if command -v gnuplot >/dev/null; then
  good 'a plot of half' study plot half.db --x d --group N -o f
  check 'says so' grep -q "$said" "$err"
fi
good 'a fit of all' study fit s.db --x d --group N
check 'says nothing' test ! -s "$err"

# ---- Trials without a value ----------------------------------------------------------------------

cat >"$in/train.yaml" <<'END'
name: train
quantity: [final_loss, epochs_to]
network: {widths: [d, d], activation: identity}
train: {lr: step, epochs: 20, target: 1e-30}
grid: {N: 10, d: [4, 8], step: [1e-6, 1e6]}
trials: 3
END
good 'trainings that diverge' study run "$in/train.yaml" --db t.db
check 'are done' grep -q '^train: 12 of 12 trials done$' "$out"
check 'without a value, and why' \
  grep -q '^  12 trials without a value of some quantity: 6 diverged, 6 not_reached$' "$out"
good 'later too' study status t.db --json
check 'in JSON' grep -q '"why_valueless": "6 diverged, 6 not_reached"' "$out"
good 'where all have one' study status s.db
check 'nothing is said' test "$(grep -c 'without a value' "$out")" -eq 0

# ---- Labels that are classes ---------------------------------------------------------------------

# labels NAME CODE...: 12 small whole numbers, as an array of bytes.
labels() {
  name=$1
  shift
  # shellcheck disable=SC2059
  {
    printf '\223NUMPY\001\000\166\000'
    printf '%-117s\n' "{'descr': '|i1', 'fortran_order': False, 'shape': (12,), }"
    printf "$*"
  } >"$in/$name.npy"
}
labels classes '\000\001\002\003\000\001\002\003\000\001\002\003'
labels signs '\377\001\377\001\377\001\377\001\377\001\377\001'
labels numbers '\000\001\002\003\004\005\006\007\010\011\012\013'
size='--samples 12 --dim 4 --widths 8,8 --activation tanh'
for command in 'train --epochs 2' memorize; do
  # shellcheck disable=SC2086
  {
    good "$command: classes" $command $size --labels "$in/classes.npy"
    check 'are told of' grep -q 'warning: --labels: 4 different whole numbers, 0 to 3' "$err"
    good "$command: signs" $command $size --labels "$in/signs.npy"
    check 'are none' test ! -s "$err"
    good "$command: as many numbers as samples" $command $size --labels "$in/numbers.npy"
    check 'are none' test ! -s "$err"
  }
done
# shellcheck disable=SC2086
good 'classes asked for' memorize $size --labels "$in/classes.npy" --classes
check 'need no word' test ! -s "$err"

finish test_odd_runs
