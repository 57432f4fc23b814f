#!/bin/sh
# Of processes under one mpirun, asked for different things, all end, by one line of ntkit's, status 2:
# whatever they were asked for, whichever is first, and whether or not they would have met. So do a build
# without MPI beside one that has it, and one whose limits keep it from meeting.
# (Parts of studies know of no other: of two of them each may say its own.)
# NTK_TABLE=all: each beside each, some 40 minutes.
# shellcheck source=tests/ranks/program.sh
. "$(dirname "$0")/program.sh"
NTK_MPIRUN_SECONDS=20
export NTK_MPIRUN_SECONDS

small='--samples 60 --dim 20 --widths 20,20 --activation tanh --quiet'
printf 'name: s\nquantity: lambda_min\nnetwork: {widths: [d, d]}\ndata: {source: gaussian}\ngrid: {N: 40, d: 20}\ntrials: 100000\nseed: 1\n' \
  >"$in/s.yaml"
part="study run $in/s.yaml --quiet --shard 1/2 --db $top/part.db"

# beside PROPERTY PATTERN WORDS WORDS [WORDS]: one process each.
beside() {
  property=$1 pattern=$2 first=$3 second=$4
  # shellcheck disable=SC2086
  if [ $# -eq 4 ]; then
    sh "$mpirun" -n 1 "$NTKIT" $first : -n 1 "${OTHER:-$NTKIT}" $second
  else
    sh "$mpirun" -n 1 "$NTKIT" $first : -n 1 "$NTKIT" $second : -n 1 "$NTKIT" $5
  fi >"$out" 2>"$top/all" </dev/null
  status=$?
  one_line "$property" "$pattern"
}

# Commands, words that are none, and what ends before it computes.
cat >"$in/words" <<END
spectrum $small
study run --help
train $small --epochs 3
info
study run $in/s.yaml --db $top/whole.db
memorize $small
--help
study run --nonsense
--version
predict --load x --data y.npy
$part
verify $small
study status x.db
study run
study merge x.db y.db
version
study export x.db
study plot x.db
$part --nonsense
study fit x.db
reproduce figure1 --out x
study run none.yaml --shard 1/2 --db $top/none.db
reproduce figure2 --out x
data inspect x.npy
data convert x.npy y.npy
study run $in/s.yaml --shard 3/2 --db $top/none.db
network inspect x
network convert x y
plan --samples 100 --dim 5 --widths 10,10

selftest
help
help study run
spectral
study
study walk
--nonsense
spectrum --help
spectrum $small --nonsense
train --epochs x
END
count=$(wc -l <"$in/words")
line() { sed -n "$((($1 - 1) % count + 1))p" "$in/words"; }

i=1
while [ $i -le "$count" ]; do
  if [ "${NTK_TABLE:-}" = all ]; then
    j=1
    while [ $j -lt "$count" ]; do
      case "$(line $i)|$(line $((i + j)))" in
        'study run'*'|study run'*) ;;
        *) beside "$(line $i) : $(line $((i + j)))" '^ntkit: ' "$(line $i)" "$(line $((i + j)))" ;;
      esac
      j=$((j + 1))
    done
    i=$((i + 1))
  else
    beside "$(line $i) : $(line $((i + 1))) : $(line $((i + 2)))" '^ntkit: ' \
      "$(line $i)" "$(line $((i + 1)))" "$(line $((i + 2)))"
    i=$((i + 2))
  fi
done
check 'nothing was written' test -z "$(ls -A)"

# Whoever comes late, when the other has ended or waits.
# shellcheck disable=SC2016
late='sleep 1; exec "$0" "$@"'
# shellcheck disable=SC2086
{
  sh "$mpirun" -n 1 "$NTKIT" $part : -n 1 sh -c "$late" "$NTKIT" train $small --epochs 3 >"$out" 2>"$top/all"
  status=$?
  one_line 'one that meets, late' 'some of them for parts of a study and some for what all do together; accepted: an mpirun for each'
  sh "$mpirun" -n 1 "$NTKIT" train $small --epochs 3 : -n 1 sh -c "$late" "$NTKIT" $part >"$out" 2>"$top/all"
  status=$?
  one_line 'a part, late' 'some of them for parts of a study and some for what all do together'
}
ranks 3 study run --help
one_line 'help of a part' "accepted: 'ntkit help study run', or its --help without mpirun"
ranks 3 help study run
check 'which is' grep -q '^Usage' "$out"

# What one of them lacks alone: addresses, where so few of them are too few.
# shellcheck disable=SC2016
few='ulimit -v 500000; exec "$0" "$@"'
sh -c "$few" "$NTKIT" info >"$out" 2>"$err"
if grep -q 'the limit on addresses' "$err"; then
  for words in info "spectrum $small"; do
    # shellcheck disable=SC2086
    sh "$mpirun" -n 1 "$NTKIT" $words : -n 1 sh -c "$few" "$NTKIT" $words >"$out" 2>"$top/all"
    status=$?
    one_line "few addresses: $words" 'the limit on addresses'
  done
else
  echo 'test_ranks_beside.sh: few addresses are enough here: skipped' >&2
fi

# Another build, without MPI, where it is built: before the other, beside it, and alone.
for other in release debug; do
  OTHER=${NTKIT%/*}/../$other/ntkit
  if [ ! -x "$OTHER" ] || [ "$("$OTHER" info --json | jq -r '.mpi // ""')" != '' ]; then
    echo "test_ranks_beside.sh: no ntkit without MPI in build/$other: skipped" >&2
    continue
  fi
  for words in info "train $small --epochs 3" --version ''; do
    beside "$other: $words" "MPI.*'make mpi'" "$words" "$words"
  done
  # shellcheck disable=SC2086
  {
    sh "$mpirun" -n 1 "$OTHER" info : -n 1 sh -c "$late" "$NTKIT" info >"$out" 2>"$top/all"
    status=$?
    one_line "$other, first" 'built without MPI'
    sh "$mpirun" -n 1 "$NTKIT" info : -n 1 sh -c "$late" "$OTHER" info >"$out" 2>"$top/all"
    status=$?
    one_line "$other, late" "MPI.*'make mpi'"
    sh "$mpirun" -n 2 "$OTHER" info >"$out" 2>"$top/all"
    status=$?
    one_line "$other alone" 'mpirun has started 2 of these, and this ntkit is built without MPI'
  }
done
unset OTHER
finish ranks_beside
