#!/bin/sh
# Where ulimit -v leaves no addresses for threads and OpenBLAS's buffers, which OpenBLAS asks for for ever,
# one line says what would be accepted; with that the program works, and forecasts leave room for both.
# shellcheck source=tests/cli/program.sh
. "$(dirname "$0")/program.sh"
run='--samples 400 --dim 100 --widths 100,100 --quiet'

# limited kB WORDS...: with at most so many kB of addresses; as `timeout` has it, 124 where it hangs.
limited() {
  kb=$1
  shift
  # shellcheck disable=SC3045
  (ulimit -v "$kb" && exec timeout -k 1 20 "$NTKIT" "$@") >"$out" 2>"$err"
  status=$?
}

"$NTKIT" info >"$out"
# shellcheck disable=SC3045
if ! (ulimit -v 4000000) 2>"$err" || [ ! -r /proc/self/statm ] || ! grep -qi openblas "$out"; then
  echo 'test_addresses.sh: no such limit, or no OpenBLAS: nothing to test'
  exit 0
fi
limited 4000000 --version
if grep -q AddressSanitizer "$err"; then
  echo 'test_addresses.sh: the sanitizer itself takes all addresses: nothing to test'
  exit 0
fi
accepted=0
for threads in 1 2; do
  export OMP_NUM_THREADS=$threads
  kb=150000
  while [ $kb -lt 2000000 ]; do
    # shellcheck disable=SC2086
    limited $kb spectrum $run --threads $threads
    [ "$status" -ne 0 ] || break
    accepted=$(sed -n 's/^ntkit: the limit on addresses (ulimit -v) leaves .*; accepted: ulimit -v \([0-9]*\) and up.*/\1/p' "$err")
    [ "$status" -eq 2 ] && [ "$(wc -l <"$err")" -eq 1 ] && [ -n "$accepted" ] ||
      fails "$threads threads, $kb kB" "exit status $status"
    [ "$failures" -eq 0 ] || finish addresses
    check "$threads threads: what is accepted is more" test "$accepted" -gt $kb
    kb=$accepted
  done
  check "$threads threads: what was accepted is" test "$status" -eq 0
  check "$threads threads: there was a line" test "$accepted" -gt 0
done
# No memory for K beside them.
limited $kb spectrum --samples 12000 --dim 100 --widths 100,100 --quiet --threads 2 --method factor --precision double
check 'K does not fit' test "$status" -eq 2
check 'which is one line' test "$(grep -c 'available' "$err")/$(wc -l <"$err")" = 1/1
finish addresses
