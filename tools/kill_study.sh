#!/bin/sh
# Kills a study at random moments, its workers and the process that leads them, with SIGKILL, and
# goes on each time with the same command. Every second one has grown: it goes on from a database of
# fewer values, trials and quantities. In the end the database must hold what an uninterrupted
# run gives, result for result, bit for bit.
# usage: NTKIT=build/release/ntkit tools/kill_study.sh [KILLS [SEED]]    (default: 1000 kills)
set -eu
ntkit=${NTKIT:-build/release/ntkit}
kills=${1:-1000}
seed=${2:-1}
work=$(mktemp -d)
pid=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
  if [ -n "$pid" ]; then kill -9 "$pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

cat >"$work/study.yaml" <<END
name: killed
quantity: [lambda_min, condition, per_block]
network: {widths: [d, 2*d], activation: phi}
grid: {N: [60, 150, 240], d: [10, 20], phi: [tanh, relu]}
trials: 25
seed: $seed
END

# results DATABASE: every row, without the seconds it took; numbers have all their digits.
results() {
  "$ntkit" study export "$1" --csv | awk -F, '{ for (i = 1; i <= NF; i++) if (NR == 1 ? $i == "seconds" : i == seconds) { seconds = i; $i = "" }; print }'
}
# random LIMIT: the next pseudo-random number below LIMIT, in $random.
state=$seed
random() {
  state=$(((state * 1103515245 + 12345) % 2147483648))
  random=$((state / 65536 % $1))
}
run() { # in the background, so that it can be killed
  "$ntkit" study run "$work/study.yaml" --db "$1" --workers 2 --retry --quiet >/dev/null 2>"$work/log" &
  pid=$!
}

"$ntkit" study run "$work/study.yaml" --db "$work/whole.db" --workers 2 --quiet >/dev/null
results "$work/whole.db" >"$work/whole.txt"

done=0 studies=0 workers=0 leaders=0
while [ "$done" -lt "$kills" ]; do
  studies=$((studies + 1))
  database=$work/killed.$studies.db
  if [ $((studies % 2)) -eq 0 ]; then
    "$ntkit" study run "$work/study.yaml" quantity=condition grid.N=60,240 grid.phi=relu trials=10 \
      --db "$database" --workers 2 --quiet >/dev/null
  fi
  run "$database"
  while [ "$done" -lt "$kills" ] && kill -0 "$pid" 2>/dev/null; do
    random 120
    sleep "0.$(printf '%03d' "$random")"
    random 3
    if [ "$random" -eq 0 ]; then
      kill -9 "$pid" 2>/dev/null || break
      wait "$pid" 2>/dev/null || true
      leaders=$((leaders + 1))
      done=$((done + 1))
      run "$database"
    else
      random 2
      victim=$(pgrep -P "$pid" | sed -n "$((random + 1))p")
      if [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null; then
        workers=$((workers + 1))
        done=$((done + 1))
      fi
    fi
  done
  wait "$pid" 2>/dev/null || true
  pid=
  # Whatever is left, and what the kills made fail.
  if ! "$ntkit" study run "$work/study.yaml" --db "$database" --retry --quiet >/dev/null 2>"$work/log"; then
    echo "kill_study: the last run failed: $(cat "$work/log")" >&2
    exit 1
  fi
  results "$database" >"$work/killed.txt"
  if ! cmp -s "$work/whole.txt" "$work/killed.txt"; then
    echo "kill_study: study $studies differs from the uninterrupted one:" >&2
    diff "$work/whole.txt" "$work/killed.txt" | head -n 5 >&2
    exit 1
  fi
  rm -f "$database"
done
rows=$(wc -l <"$work/whole.txt")
echo "kill_study: $done kills ($workers workers, $leaders leaders) over $studies studies: each equals the whole one, $((rows - 1)) results"
