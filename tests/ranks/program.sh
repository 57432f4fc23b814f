# shellcheck shell=sh disable=SC2034
# tests/cli/program.sh, and what those of the program under mpirun share besides; to be sourced.
# shellcheck source=tests/cli/program.sh
. "$(dirname "$0")/../cli/program.sh"
case $0 in /*) mpirun=${0%/*}/mpirun.sh ;; *) mpirun=$OLDPWD/${0%/*}/mpirun.sh ;; esac

# ranks COUNT ARGUMENT...: sets status, $out, $top/all and $err, what ntkit says of that and not mpirun.
ranks() {
  count=$1
  shift
  sh "$mpirun" -n "$count" "$NTKIT" "$@" >"$out" 2>"$top/all"
  status=$?
  grep '^ntkit' "$top/all" >"$err"
}

# one_line PROPERTY PATTERN: what $status, $out and $top/all say of the last call.
one_line() {
  grep '^ntkit' "$top/all" >"$err"
  [ "$status" -eq 2 ] || fails "$1" "exit status $status, not 2"
  [ ! -s "$out" ] || fails "$1" 'something on standard output'
  [ "$(wc -l <"$err")" -eq 1 ] || fails "$1" 'not one line of ntkit'
  grep -q -e "$2" "$err" || fails "$1" "no '$2'"
}

# begin COUNT ARGUMENT...: in the background; $top/pid.RANK has their ids, $job mpirun's shell's.
begin() {
  count=$1
  shift
  rm -f "$top"/pid.*
  # shellcheck disable=SC2016
  sh "$mpirun" -n "$count" sh -c 'echo $$ >"$0.$OMPI_COMM_WORLD_RANK"; exec "$@"' "$top/pid" "$NTKIT" "$@" \
    >"$out" 2>"$top/all" &
  job=$!
}
