#!/bin/sh
# Quick tests under clang's thread sanitizer, with libomp and its tool Archer, which tells the sanitizer of
# OpenMP's barriers, tasks and locks, so that a race within a parallel region is found, and none is made up.
# usage: tools/threads.sh [REGEXP [SECONDS]]    (of tests; default: all, 300 s each)
# Builds the preset tsan, runs one test after the other, prints a line for each and the numbers; fails
# where there is a race. Logs: build/tsan/races.
set -u
cd "$(dirname "$0")/.." || exit 1
pattern=${1:-.} seconds=${2:-300}
archer=$(find /usr/lib/llvm-*/lib -name libarcher.so 2>/dev/null | head -n 1)
if ! command -v clang >/dev/null || [ -z "$archer" ]; then
  echo "clang with libomp is not there; Debian: tools/bootstrap.sh threads" >&2
  exit 2
fi
[ -f build/tsan/build.ninja ] || cmake --preset tsan >/dev/null || exit 1
. tools/one_by_one.sh
# shellcheck disable=SC2046 # several targets; scripts are none
cmake --build --preset tsan --target all $(quick_tests build/tsan "$pattern" | grep -v '[.]sh$') >build/tsan/build.log ||
  { tail -n 20 build/tsan/build.log && exit 1; }
logs=$PWD/build/tsan/races
rm -rf "$logs" && mkdir "$logs"
export OMP_TOOL_LIBRARIES="$archer" OMP_WAIT_POLICY=passive
for test in $(quick_tests build/tsan "$pattern"); do
  # Archer ends a process that is forked by another thread than the first (libomp 14); these have one thread each.
  case $test in test_study_threads) OMP_TOOL=disabled ;; *) OMP_TOOL=enabled ;; esac
  export OMP_TOOL
  TSAN_OPTIONS="ignore_noninstrumented_modules=1 log_path=$logs/$test" \
    ctest --test-dir build/tsan -R "^$test\$" --timeout "$seconds" >"$logs/$test.out" 2>&1
  status=$?
  grep -q '[*]Timeout' "$logs/$test.out" && status=124
  tell "$test" $status "$(cat "$logs/$test".[0-9]* 2>/dev/null | grep -c 'WARNING: ThreadSanitizer')" warnings "$logs/$test.*"
done
tell_all threads warnings
