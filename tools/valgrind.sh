#!/bin/sh
# Quick tests under valgrind, one after the other: what memcheck, or helgrind, finds in each.
# usage: tools/valgrind.sh memcheck|helgrind [REGEXP [SECONDS]]    (of tests that are programs; default: all,
# 300 s each). Prints a line for each: clean, the number of errors, or that it did not end; then the
# numbers. Fails where there are errors. Logs: build/valgrind.
#
# Programs are those of the preset release: valgrind has no AVX-512, and ntkit takes what the processor
# that valgrind shows has, AVX2. Long double has 64 bits there, not 80, so that tests which compare with
# it may fail: their memory is looked at all the same.
set -u
cd "$(dirname "$0")/.." || exit 1
tool=${1:-} pattern=${2:-.} seconds=${3:-300}
case $tool in
memcheck) words="--leak-check=full --show-leak-kinds=definite,indirect" threads=2 ;;
# One thread: of OpenMP's barriers, which are futexes, helgrind sees nothing (tools/threads.sh does).
helgrind) words=--history-level=approx threads=1 && export OMP_THREAD_LIMIT=1 ;;
*) sed -n '2,6s/^# //p' "$0" >&2 && exit 2 ;;
esac
command -v valgrind >/dev/null || { echo "valgrind is not there; Debian: tools/bootstrap.sh valgrind" >&2 && exit 2; }
mkdir -p build/valgrind
. tools/one_by_one.sh
for test in $(quick_tests build/release "$pattern"); do
  program=build/release/$test
  [ -x "$program" ] || continue # a script
  log=build/valgrind/$test.$tool
  # shellcheck disable=SC2086 # words are several
  (cd build/release && OMP_NUM_THREADS=$threads OMP_WAIT_POLICY=passive timeout "$seconds" valgrind --tool="$tool" -q $words \
    --gen-suppressions=all --suppressions=../../tools/valgrind.supp --log-file="../../$log" "./$test") \
    >"$log.out" 2>&1
  status=$?
  # As many as suppressions are offered; what a failed test has not given back is no leak.
  apart=Leak && [ $status -ne 0 ] || apart=nothing
  errors=$(grep -E '^   (Memcheck|Helgrind):' "$log" | grep -vc ":$apart")
  tell "$test" $status "$errors" errors "$log*"
done
tell_all "$tool" errors
