#!/bin/sh
# Fuzzes with libFuzzer, under the address and undefined-behaviour sanitizers: builds what it needs, and
# runs one target after the other from the corpus of tests/fuzz/corpus and what earlier runs have added
# in build/fuzz/corpus. A line for each says how often it ran; what ends a target lies in build/fuzz as
# found-TARGET-..., and makes the exit status 1.
# usage: tools/fuzz.sh [RUNS [TARGET...]]    (executions of each, default 20000; default: all targets)
set -eu
cd "$(dirname "$0")/.."
runs=${1:-20000}
[ $# -eq 0 ] || shift
build=$PWD/build/fuzz
if ! command -v clang >/dev/null || ! echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
  clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null; then
  echo 'fuzz: left out: it needs clang with libFuzzer (tools/bootstrap.sh fuzz)'
  exit 0
fi
test -f "$build/build.ninja" || cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target fuzzers
[ $# -gt 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's/.*fuzz_\(.*\)\.c/\1/' | grep -v '^run$')

# What the targets' own files cannot be: a folder to start in with nothing that a name could mean.
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
status=0
for target; do
  seeds=$PWD/tests/fuzz/corpus/$target
  [ "$target" != inspect ] || seeds=$PWD/tests/fuzz/corpus/array
  mkdir -p "$build/corpus/$target"
  log=$build/$target.log
  code=0
  (cd "$empty" && OMP_NUM_THREADS=1 "$build/fuzz_$target" -runs="$runs" -max_len=4096 -timeout=30 \
    -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$build/found-$target-" \
    "$build/corpus/$target" "$seeds") >"$log" 2>&1 || code=$?
  count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "fuzz: $target: ${count:-0} executions, $(grep -o 'cov: [0-9]*' "$log" | tail -1), exit status $code"
  [ $code -eq 0 ] || { tail -40 "$log"; status=1; }
done
exit $status
