#!/bin/sh
# The study commands: bad input is refused in one line before anything is written; an interruption
# is told with how to go on; exports, plots, fits and merges agree with each other.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

cat >"$in/good.yaml" <<'END'
name: good
quantity: [lambda_min, lambda_max]
network:
  widths: [d, 2*d]
  activation: phi
grid:
  N: [30, 60]
  d: [6, 8, 12]
  phi: [tanh, relu]
trials: 4
END
# study NAME SED-COMMAND: good.yaml changed, as $in/NAME.yaml
study() {
  sed "$2" "$in/good.yaml" >"$in/$1.yaml"
}
run_study="study run $in/good.yaml --db s.db"

# ---- Bad input -----------------------------------------------------------------------------------

bad 'no second word' "'study' needs a second word: run, status" study
bad 'no such second word' "known after 'study': run, status" study walk
bad 'no file' "'study run' needs more: ntkit study run SPEC.yaml" study run --db s.db
bad 'no database' '^ntkit: --db is needed' study run "$in/good.yaml"
bad 'file not there' 'nowhere.yaml: No such file' study run nowhere.yaml --db s.db
bad 'a directory' . study run "$in" --db s.db
study key 's/activation/actvation/'
bad 'unknown key, with its line' \
  "key.yaml:5: network.actvation: unknown key 'network.actvation'; did you mean 'network.activation'? known: network.widths, " \
  study run "$in/key.yaml" --db s.db
study type 's/^trials: 4/trials: [4, 5]/'
bad 'wrong type, with its line' 'type.yaml:10: trials: 2 values; accepted: one' \
  study run "$in/type.yaml" --db s.db
study empty 's/N: .*/N: []/'
bad 'empty list, with its line' 'empty.yaml:7: grid.N is an empty list' \
  study run "$in/empty.yaml" --db s.db
study unknown "s/2\*d/2*k/"
bad 'unknown name in an expression' "unknown.yaml:4: network.widths: '2\*k': 'k' is not known; known here: N, d" \
  study run "$in/unknown.yaml" --db s.db
study zero "s/2\*d/d-6/"
bad 'zero width' 'width n_2 is 0; .* at N = 30, d = 6' study run "$in/zero.yaml" --db s.db
printf 'name: [unclosed\n' >"$in/broken.yaml"
bad 'not YAML' 'broken.yaml:2: not YAML' study run "$in/broken.yaml" --db s.db
bad 'unknown quantity' "unknown quantity 'lambda'; known: lambda_min" \
  study run "$in/good.yaml" quantity=lambda --db s.db
bad 'override without value' "accepted: KEY=VALUE" study run "$in/good.yaml" trials --db s.db
bad 'override of an unknown key' "unknown key 'trails'; did you mean 'trials'?" study run "$in/good.yaml" trails=3 --db s.db
bad 'a point that cannot fit' 'needs .* GB of memory, and .* at N = 1000000' \
  study run "$in/good.yaml" grid.N=1000000 grid.d=2000 --db s.db
bad 'a point above the limit given' 'allowed\|available' \
  study run "$in/good.yaml" grid.N=5000 grid.d=100 --memory 50M --db s.db
bad 'database in no directory' 'nowhere/s.db' study run "$in/good.yaml" --db nowhere/s.db
for no_file in '' :memory: file:s.db 'file:s.db?mode=memory' . /dev/null; do
  what="accepted: a file's name\|expected the"
  bad "a run into '$no_file'" "$what" study run "$in/good.yaml" --db "$no_file"
  bad "status of '$no_file'" "$what" study status "$no_file"
  bad "export of '$no_file'" "$what" study export "$no_file"
  bad "merge into '$no_file'" "$what" study merge "$in/good.yaml" -o "$no_file"
  bad "merge of '$no_file'" "$what" study merge "$no_file" -o s.db
done
bad 'shard past the last' "'3/2'; expected i/n" study run "$in/good.yaml" --db s.db --shard 3/2
bad 'shard of nothing' 'expected i/n' study run "$in/good.yaml" --db s.db --shard 0/0
bad 'workers not a number' 'workers: .two.' study run "$in/good.yaml" --db s.db --workers two
bad 'no database to look at' 'No such file' study status nowhere.db
bad 'a text instead of a database' "not a study's database" study status "$in/good.yaml"
bad 'merge without output' 'output is needed' study merge "$in/good.yaml"
bad 'short option without value' '^ntkit: -o needs a value' study merge "$in/good.yaml" -o

# ---- A run, and what can be done with it ---------------------------------------------------------

# shellcheck disable=SC2086 # a list of words
good 'a run' $run_study --workers 2
check 'it says how much' grep -q '^good: 48 of 48 trials done$' "$out"
check 'no lock stays' test ! -e s.db.lock
good 'status' study status s.db --json
check 'status counts' grep -q '"done": 48' "$out"
good 'status --spec' study status s.db --spec
cp "$out" again.yaml
# shellcheck disable=SC2086
good 'again: nothing to do' $run_study
good 'the stored file is the study' study run again.yaml --db s.db
good 'export' study export s.db --csv
cp "$out" s.csv
check 'one row a trial and quantity' test "$(wc -l <s.csv)" -eq 97
check 'columns' grep -q '^N,d,phi,trial,seed,quantity,value,verdict,seconds,error,lower_scale,upper_scale,status$' s.csv
cp s.db more.db
good 'more trials and a quantity' study run "$in/good.yaml" --db more.db trials=5 quantity=lambda_min,condition,lambda_max
check 'what is new' grep -q '^ntkit: 0 of 60 trials are there, 60 to compute, 48 of them for a quantity that they lack$' "$err"
good 'fewer again' study run "$in/good.yaml" --db more.db
check 'nothing is lost' grep -q '^good: 60 of 60 trials done$' "$out"
good 'another database' study run "$in/good.yaml" --db other.db trials=1
run study run "$in/good.yaml" --db other.db seed=1 trials=1
check 'another study is refused' test "$status" -eq 2
check 'with what differs' grep -q "seed is '0' in other.db, '1' in" "$err"

# The seed of any row gives its value again, to the last digit.
row=$(sed -n '20p' s.csv)
field() { echo "$row" | cut -d, -f"$1"; }
d=$(field 2)
good 'the trial by itself' spectrum --samples "$(field 1)" --dim "$d" --widths "$d,$((2 * d))" \
  --activation "$(field 3)" --seed "$(field 5)" --threads 1 --json
value=$(sed -n "s/^  \"$(field 6)\": \([^,]*\),*$/\1/p" "$out")
check 'its value to the last digit' awk -v a="$value" -v b="$(field 7)" 'BEGIN { exit !(a + 0 == b + 0 && a > 0) }'

for i in 1 2 3; do
  good "shard $i" study run "$in/good.yaml" --db "shard$i.db" --shard "$i/3"
  SLURM_ARRAY_TASK_ID=$((2 * i + 4)) SLURM_ARRAY_TASK_MIN=6 SLURM_ARRAY_TASK_STEP=2 SLURM_ARRAY_TASK_MAX=10 \
    SLURM_ARRAY_TASK_COUNT=3 "$NTKIT" study run "$in/good.yaml" --db "slurm$i.db" >"$out" 2>"$err"
  check "Slurm's task $i" grep -q "shard $i/3" "$err"
  "$NTKIT" study export "shard$i.db" | cut -d, -f1-7 >shard.csv
  "$NTKIT" study export "slurm$i.db" | cut -d, -f1-7 >slurm.csv
  check 'is that shard' cmp shard.csv slurm.csv
done
SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=2 \
  "$NTKIT" study run "$in/good.yaml" --db gaps.db >"$out" 2>"$err"
check 'an array with gaps is refused' test $? -eq 2 -a ! -e gaps.db
good 'merge' study merge shard1.db shard2.db shard3.db -o merged.db
"$NTKIT" study export merged.db | cut -d, -f1-8 >merged.csv
cut -d, -f1-8 s.csv >whole.csv
check 'shards merged are the whole' cmp merged.csv whole.csv

good 'fit' study fit s.db --x d --group N --quantity lambda_max --json
check 'fit has slopes' grep -q '"slope": ' "$out"
good 'export --json' study export s.db --json
check 'JSON rows' test "$(grep -c '"trial": ' "$out")" -eq 96
good 'export of a part' study export s.db --where N=30,phi=tanh
check 'rows of the part' test "$(grep -c '^30,[0-9]*,tanh,' "$out")" -eq 24
check 'and no others' test "$(wc -l <"$out")" -eq 25
cat >"$in/zero.yaml" <<'END'
name: zero
quantity: per_block
network:
  widths: [n, n, n]
  activation: tanh
  init: antisymmetric
grid:
  N: [10]
  d: [6]
  n: [8, 12]
trials: 2
END
good 'blocks that are 0' study run "$in/zero.yaml" --db zero.db
"$NTKIT" study export zero.db >zero.csv
check 'they are 0, and known to be' \
  test "$(grep -c ',lambda_min_0,0,rank_deficient,' zero.csv)" -eq 4
"$NTKIT" study fit zero.db --x n --quantity lambda_min_0 >"$out" 2>"$err"
check 'and are not fitted' test $? -ne 0 -a -n "$(grep 'no value to show of 4 trials' "$err")"
good 'blocks that are not' study fit zero.db --x n --quantity lambda_min_2
good 'fit of a part' study fit s.db --x d --where phi=relu,N=60 --json
good 'help on a group' help study
check 'lists its commands' grep -q '^  study merge ' "$out"
good 'export --npz' study export s.db --npz --output s.npz
check 'npz is a zip' test "$(head -c 2 s.npz)" = PK
good 'its numbers are read' data convert s.npz:seed seeds.csv
"$NTKIT" study export s.db --csv |
  awk -F, 'NR == 1 { for (c = 1; $c != "seed"; c++) continue; next } { print $c }' >seeds
check 'and are those of the table' test "$(awk '{ printf "%.0f\n", $1 }' seeds.csv)" = "$(cat seeds)"
good 'export knows .npz' study export s.db -o by_name.npz
check 'by its name' test "$(head -c 2 by_name.npz)" = PK
good 'export knows .json' study export s.db -o by_name.json
check 'by its name, too' grep -q '"columns": ' by_name.json
if command -v gnuplot >/dev/null; then
  good 'plot' study plot s.db --x d --group N --output figure --quiet
  for suffix in svg pdf png dat gp; do
    check "figure.$suffix" test -s "figure.$suffix"
  done
fi

# ---- Studies that train --------------------------------------------------------------------------

cat >"$in/train.yaml" <<'END'
name: train
quantity: [final_loss, epochs_to]
network:
  widths: [d, d]
  activation: tanh
train:
  optimizer: adam
  loss: mean
  epochs: 50
  target: 1e-3
grid:
  N: [10, 20]
  d: [4, 8]
trials: 2
END
sed 's/quantity: .*/quantity: rate/; s/optimizer: adam/optimizer: adm/' "$in/train.yaml" >"$in/adm.yaml"
mkdir "$top/trained" && cd "$top/trained" || exit 1
run study run "$in/adm.yaml" --db t.db
check 'unknown optimizer, with its line' grep -q "adm.yaml:7: train.optimizer: unknown optimizer 'adm'; did you mean 'adam'?" "$err"
check 'and nothing is written' test "$status" -eq 2 -a ! -e t.db
run study run "$in/train.yaml" quantity=lambda_min --db t.db
check 'train.* without training' grep -q 'train.yaml:7: train.optimizer: the study does not train' "$err"
good 'a study that trains' study run "$in/train.yaml" --db t.db
good 'its values' study export t.db
check 'what was not reached has no value' grep -q ',epochs_to,,not_reached,' "$out"
# Row 2 is a final_loss: N = 10, d = 4.
row=$(sed -n 2p "$out")
good 'the training by itself' train --samples "$(field 1)" --dim "$(field 2)" --widths 4,4 --activation tanh \
  --optimizer adam --loss mean --epochs 50 --target 1e-3 --seed "$(field 4)" --threads 1 --json
value=$(sed -n 's/^  "loss_final": \([^,]*\),*$/\1/p' "$out")
check 'its loss to the last digit' awk -v a="$value" -v b="$(field 6)" 'BEGIN { exit !(a + 0 == b + 0 && a > 0) }'
good 'a training that diverges' study run "$in/train.yaml" --db d.db train.optimizer=gd train.lr=1e6 \
  network.activation=identity
check 'is no failure' grep -q '^train: 8 of 8 trials done$' "$out"
run study plot d.db --x d --output d
check 'of diverged trials there is nothing to plot' grep -q 'final_loss has no value to show of 8 trials: 8 diverged' "$err"
if command -v gnuplot >/dev/null; then
  good 'a map' study plot t.db --x d --heat N --output plain
  good 'a logarithmic map' study plot t.db --x d --heat N --log z --output geometric
  # The cell at d = 4, N = 10 of both, beside its two trials in the table.
  "$NTKIT" study export t.db --where N=10,d=4 >cell.csv
  check 'means are said to be geometric' grep -q '^# study train: geometric mean of final_loss over' geometric.dat
  for kind in plain geometric; do
    # shellcheck disable=SC2016
    check "the $kind mean" awk -v kind=$kind 'NR == FNR { if (split($0, f, ",") && f[5] == "final_loss") {
        sum += f[6] / 2; logs += log(f[6]) / 2 }; next }
      $1 == 4 && $2 == 10 { off = $3 / (kind == "plain" ? sum : exp(logs)) - 1; seen = 1 }
      END { exit !(seen && off * off < 1e-16) }' cell.csv $kind.dat
  done
fi
cd "$dir" || exit 1

# ---- Interruption --------------------------------------------------------------------------------

# 200 trials of some 40 ms each: it is interrupted on the way.
# Its data are read for their fingerprint before anything is done: that can be called off, too.
{
  header '<f8' '(9000000, 1000)' >"$in/large.npy"
  truncate -s 72000000128 "$in/large.npy"
  timeout -k 20 -s TERM 1 "$NTKIT" study run "$in/good.yaml" --db large.db data.source="$in/large.npy" grid.d=1000
  check 'a signal ends the reading' test $? -eq 124
  check 'and nothing was begun' test ! -e large.db
  rm -f "$in/large.npy"
} >"$out" 2>"$err"

long="study run $in/good.yaml --db long.db grid.N=900 grid.d=60 trials=100 --workers 2"
two_workers() {
  [ "$(pgrep -P $pid | wc -l)" -eq 2 ]
}
# shellcheck disable=SC2086
"$NTKIT" $long --progress ndjson >"$out" 2>"$err" &
pid=$!
until_so grep -q '"event": "progress"' "$err"
until_so two_workers
workers=$(pgrep -P $pid | tr '\n' ' ')
kill -TERM $pid
wait $pid
status=$?
check 'SIGTERM: exit status 130' test "$status" -eq 130
check 'it says how to go on' grep -q '^ntkit: interrupted: .* of 200 trials are done; the same command' "$err"
check 'progress is JSON' grep -q '^{"event": "progress", "total": 200, ' "$err"
check 'there were two workers' test "$(echo "$workers" | wc -w)" -eq 2
for worker in $workers; do
  kill -0 "$worker" 2>/dev/null && fails 'workers are gone' "$worker is there"
done
# shellcheck disable=SC2086
good 'it goes on' $long
check 'to the end' grep -q '^good: 200 of 200 trials done$' "$out"

finish test_study
