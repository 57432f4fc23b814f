#!/bin/sh
# Ranks that cannot compute together say so, all of them, and end: processors that differ, another
# MPI's launcher, a rank that fails before it has met the others.
set -eu
mpirun="$(dirname "$0")/mpirun.sh"
program=$NTKIT_LIBRARIES/test_ranks_agree # whose setup makes a context on all ranks
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# says WORDS COMMAND... : it fails, before its time is over, and says this.
says() {
  words=$1 code=0
  shift
  NTK_MPIRUN_SECONDS=60 "$@" >"$work/said" 2>&1 || code=$?
  if [ $code -eq 0 ] || [ $code -ge 124 ] || ! grep -qF "$words" "$work/said"; then
    echo "status $code, and it does not say '$words': $*" >&2
    cat "$work/said" >&2
    status=1
  fi
}

# (Where OpenBLAS has but one kind of core, as on arm64, the variable changes nothing.)
OPENBLAS_CORETYPE=Nehalem "$NTKIT" info >"$work/info"
if grep -q 'core Nehalem' "$work/info"; then
  says "rank 1 on $(hostname) has the BLAS core 'Nehalem', rank 0 on $(hostname) '" \
    sh "$mpirun" -n 1 "$program" : -n 1 env OPENBLAS_CORETYPE=Nehalem "$program"
fi
says "started by another MPI's mpirun: it says 4 processes, and Open MPI" \
  env PMI_SIZE=4 PMI_RANK=1 timeout -k 5 60 "$program"
says 'non-zero' sh "$mpirun" -n 2 "$program" : -n 1 sh -c 'exit 3'
exit $status
