#!/bin/sh
# What cannot be, under mpirun: one line of ntkit's from the first rank alone, status 2, no process left,
# nothing written. Commands that one process does; files that one rank has not, or has shorter; another
# build; mpirun of no MPI and of another one; more threads than cores; too little memory.
# shellcheck source=tests/ranks/program.sh
. "$(dirname "$0")/program.sh"

# ended PROPERTY PATTERN: what $status, $top/all and $out say of the last call, and the folder.
ended() {
  one_line "$1" "$2"
  [ -z "$(find "$dir" -type f ! -path '*/a/*' ! -path '*/b/*')" ] || fails "$1" 'something was written'
}

# refused PROPERTY PATTERN ARGUMENT...: by 3 ranks.
refused() {
  property=$1 pattern=$2
  shift 2
  ranks 3 "$@"
  ended "$property" "$pattern"
}

# apart PROPERTY PATTERN ARGUMENT...: of two ranks, the first in the folder a, the other in b.
apart() {
  property=$1 pattern=$2
  shift 2
  sh "$mpirun" -n 1 --wdir "$dir/a" "$NTKIT" "$@" : -n 1 --wdir "$dir/b" "${OTHER:-$NTKIT}" "$@" \
    >"$out" 2>"$top/all"
  status=$?
  ended "$property" "$pattern"
}

small='--samples 60 --dim 20 --widths 20,20 --activation tanh --quiet'

# ---- Commands ----------------------------------------------------------------------------------------
# shellcheck disable=SC2086
{
  refused 'verify' "3 of these.*'verify' is done by one; accepted" verify $small
  refused 'predict' "'predict'.*accepted: it without mpirun" predict --load x --data y.npy
  refused 'data inspect' "'data inspect'" data inspect x.npy
  refused 'network inspect' "'network inspect'" network inspect x
  refused 'reproduce' "'reproduce figure1'" reproduce figure1 --out x
  refused 'study status' "'study status'" study status x.db
  refused 'study run' 'accepted: one without mpirun, or a part for each' study run x.yaml --db x.db
  refused 'a word' "unknown command 'spectral'" spectral
  refused 'an option' "unknown option" spectrum $small --nonsense
  refused 'a value' 'the tolerance' spectrum $small --tolerance 2
  refused 'limit' "'limit' is done by one; accepted" limit $small
  refused 'an infinite width' 'infinite-width.*accepted: ntkit without mpirun' spectrum $small --infinite-width
  refused 'a law' 'law.*accepted: ntkit without mpirun' spectrum $small --law marchenko-pastur
  refused 'resolve' 'resolve.*accepted: resolve without several ranks' spectrum $small --resolve --certify
  refused 'a batch of more' '--batch: .* 100 .* 60; accepted: from 1 to 60' train $small --batch 100
  refused 'clients of no samples' '--clients: .* 100 .* accepted: from 1 to 60' train $small --clients 100
  refused 'a margin of labels that are no signs' '--margin needs labels 1 and -1' train $small --margin
}

# Those of one rank, once: a line that each of them has.
while IFS='|' read -r command once; do
  # shellcheck disable=SC2086
  sh "$mpirun" -n 3 "$NTKIT" $command >"$out" 2>"$err" </dev/null
  status=$?
  [ "$status" -eq 0 ] || fails "$command" "exit status $status"
  [ "$(grep -c -e "$once" "$out")" -eq 1 ] || fails "$command" "not one '$once'"
done <<'END'
info|^version
plan --samples 100 --dim 5 --widths 10,10|^plan 
help|^Commands
help spectrum|^Usage
spectrum --help|^Usage
selftest|checks, 0 failed
--version|^ntkit
END

# A study's parts know of no other.
printf 'name: s\nquantity: lambda_min\nnetwork: {widths: [d, d]}\ndata: {source: gaussian}\ngrid: {N: 6, d: 5}\ntrials: 2\nseed: 1\n' \
  >"$in/s.yaml"
# shellcheck disable=SC2016
if sh "$mpirun" -n 2 sh -c '"$0" study run "$1" --quiet --shard $((OMPI_COMM_WORLD_RANK + 1))/2 --db $OMPI_COMM_WORLD_RANK.db' \
  "$NTKIT" "$in/s.yaml" >"$out" 2>"$err"; then
  check 'two parts' test -s 0.db -a -s 1.db
else
  fails 'two parts' 'not 0'
fi
rm -f ./*.db

# ---- What ranks see apart ----------------------------------------------------------------------------
mkdir "$dir/a" "$dir/b"
# shellcheck disable=SC2086
good 'data' spectrum $small --save "$in/net"
[ "$failures" -eq 0 ] || finish ranks_bad
cp "$in/net/X.npy" "$dir/a"
options='--widths 20,20 --quiet --json'
# shellcheck disable=SC2086
{
  apart 'a file that one rank has not' '^ntkit: rank 1 on .*--data: X.npy: .*No such file' spectrum --data X.npy $options
  head -c 4000 "$dir/a/X.npy" >"$dir/b/X.npy"
  apart 'a shorter one' '^ntkit: rank 1 on .*X.npy' spectrum --data X.npy $options
  { header '<f8' '(59, 20)' && tail -c 9440 "$dir/a/X.npy"; } >"$dir/b/X.npy"
  apart 'one of fewer rows' '^ntkit: .*rank 1' spectrum --data X.npy $options
  rm "$dir/b/X.npy"
  cp "$in/net/X.npy" "$dir/b"
  cp -r "$in/net" "$dir/a"
  apart 'a network that one rank has not' '^ntkit: rank 1 on .*net' spectrum --load net --data X.npy --quiet
  refused 'more threads than cores' '^ntkit: --threads: 1000, and each rank may use' spectrum $small --threads 1000
  refused 'too little memory' 'this computation needs .* on 3 ranks (.* each), and .* available on all of them, .* on rank [012] (' \
    spectrum --samples 20000 --dim 20 --widths 200,200 --method factor --memory 50M --quiet
}
printf 'x' >"$dir/a/file"
# shellcheck disable=SC2086
refused 'a folder that cannot be' "^ntkit: --save: .*a/file" spectrum $small --save "$dir/a/file"

# A divergence, which every rank finds: one page and one line.
# shellcheck disable=SC2086
ranks 3 train $small --epochs 30 --lr 1e9 --report "$top/page.html"
[ "$status" -eq 1 ] || fails 'divergence' "exit status $status, not 1"
check 'divergence: one line' test "$(wc -l <"$err")/$(grep -c diverged "$err")" = 1/1
check 'divergence: its page' test -s "$top/page.html"

# ---- Other MPIs, another build -----------------------------------------------------------------------
# shellcheck disable=SC2086
PMI_SIZE=4 PMI_RANK=0 "$NTKIT" spectrum $small >"$out" 2>"$top/all"
status=$?
ended 'the mpirun of another MPI' 'another MPI'
# shellcheck disable=SC2086
sh "$mpirun" -n 1 "$NTKIT" spectrum $small : -n 1 env OPENBLAS_CORETYPE=Prescott "$NTKIT" spectrum $small >"$out" 2>"$top/all"
status=$?
ended 'another processor' "^ntkit: rank 1 on .* has the BLAS core '.*; accepted: one build, on one kind"
# Others of this build tree's presets, where they are built.
for other in release debug; do
  OTHER=${NTKIT%/*}/../$other/ntkit
  [ -x "$OTHER" ] || continue
  # shellcheck disable=SC2086
  OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=0 "$OTHER" spectrum $small >"$out" 2>"$top/all"
  status=$?
  ended "a build without MPI ($other)" 'built without MPI'
  OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=0 "$OTHER" info >"$out" 2>"$top/all"
  status=$?
  ended "info of a build without MPI ($other)" 'built without MPI'
done
unset OTHER

# ---- Other words on another rank ----------------------------------------------------------------------
for words in '--activation erf' '--beta 1.01' '--tolerance 1e-3' '--seed 1' '--scale none'; do
  # shellcheck disable=SC2086
  sh "$mpirun" -n 1 "$NTKIT" spectrum $small : -n 1 "$NTKIT" spectrum $small $words >"$out" 2>"$top/all"
  status=$?
  ended "$words on one rank" "^ntkit: ranks disagree: rank 1 on .* is at spectrum $small $words, rank 0 at spectrum $small;"
done
# shellcheck disable=SC2086
sh "$mpirun" -n 1 "$NTKIT" spectrum $small : -n 1 "$NTKIT" spectrum $small --memory 300M --threads=1 >"$out" 2>"$top/all"
check 'memory and threads may be of each' grep -q '^lambda_min' "$out"

finish ranks_bad
