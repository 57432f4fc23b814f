# shellcheck shell=sh
# What tools/threads.sh and tools/valgrind.sh have in common; to be sourced. The quick tests of a build, and what is told of
# each and of all.
clean=0 bad=0 failed=0 late=0

# quick_tests BUILD REGEXP: their names.
quick_tests() {
  ctest --test-dir "$1" -N -L quick | sed -n 's/^ *Test *#[0-9]*: *//p' | grep -E "$2"
}

# tell TEST STATUS COUNT WHAT LOGS: of a test that ended so, with so many reports; LOGS: where they, and its output, are.
tell() {
  if [ "$3" -gt 0 ]; then
    bad=$((bad + 1)) said="$3 $4: $5"
  elif [ "$2" -eq 124 ]; then
    late=$((late + 1)) said='not ended in its time, clean so far'
  elif [ "$2" -ne 0 ]; then
    failed=$((failed + 1)) said="none of the $4, but it fails here: $5"
  else
    clean=$((clean + 1)) said=clean
  fi
  echo "$1: $said"
}

# tell_all TOOL WHAT: the numbers; fails where there was a report.
tell_all() {
  echo "$1: $clean clean, $bad with $2, $failed clean but failing, $late not ended"
  [ $bad -eq 0 ]
}
