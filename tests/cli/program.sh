# shellcheck shell=sh disable=SC2034
# What the tests of the program share; to be sourced. $NTKIT is the program; $in, $dir, $out and $err
# are made, and the current directory is $dir. Ends with finish.
set -u
LC_ALL=C
export LC_ALL
: "${NTKIT:?must be the path of the program}"
case $NTKIT in /*) ;; *) NTKIT=$PWD/$NTKIT ;; esac
[ -x "$NTKIT" ] || { echo "$NTKIT cannot be run" && exit 1; }

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
in=$top/in   # files to read
dir=$top/run # where the program runs: bad input must leave it empty
out=$top/out # its standard output
err=$top/err # its standard error
mkdir "$in" "$dir"
cd "$dir" || exit 1
failures=0

# fails PROPERTY DETAIL: one line, and what the program said.
fails() {
  failures=$((failures + 1))
  echo "FAILED: $1: $2"
  sed 's/^/  stdout: /' "$out" | head -n 5
  sed 's/^/  stderr: /' "$err" | head -n 5
}

# run ARGUMENT...: sets status, $out and $err.
run() {
  "$NTKIT" "$@" >"$out" 2>"$err"
  status=$?
}

# check PROPERTY TEST...: the rest is a command that must succeed.
check() {
  property=$1
  shift
  "$@" >"$top/check" 2>&1 || fails "$property" "not so: $*"
}

# until_so TEST...: waits for it, for as long as a slow machine takes.
until_so() {
  tries=0
  until "$@" 2>"$top/check" || [ $tries -gt 1200 ]; do
    sleep 0.05
    tries=$((tries + 1))
  done
}
# worked HUNDREDTHS PID...: whether each of these processes, which catch SIGTERM, has had so much processor
# time, as it is when it computes; one that has ended has. (Without /proc a time must do.)
worked() {
  enough=$1
  shift
  [ -r /proc/self/stat ] || sleep 2
  for id in "$@"; do
    ! grep -q '^State:.*Z' "/proc/$id/status" 2>"$top/check" || continue
    caught=$(sed -n 's/^SigCgt:[^0-9a-f]*//p' "/proc/$id/status" 2>"$top/check")
    [ $((0x${caught:-4000} & 0x4000)) -ne 0 ] || return 1
    awk -v enough="$enough" '{ sub(/.*[)] /, ""); exit !($12 + $13 >= enough) }' "/proc/$id/stat" 2>"$top/check" ||
      [ ! -r "/proc/$id/stat" ] || return 1
  done
}

# bad PROPERTY PATTERN ARGUMENT...: exit status 2, one line on stderr that has PATTERN, nothing on
# stdout, nothing written.
bad() {
  property=$1 pattern=$2
  shift 2
  run "$@"
  [ "$status" -eq 2 ] || fails "$property" "exit status $status, not 2: $*"
  [ ! -s "$out" ] || fails "$property" "something on standard output: $*"
  [ "$(wc -l <"$err")" -eq 1 ] || fails "$property" "not one line on standard error: $*"
  grep -q -e "$pattern" "$err" || fails "$property" "no '$pattern': $*"
  [ -z "$(ls -A "$dir")" ] || fails "$property" "something was written: $*"
  rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
}

# good PROPERTY ARGUMENT...: exit status 0.
good() {
  property=$1
  shift
  run "$@"
  [ "$status" -eq 0 ] || fails "$property" "exit status $status: $*"
}

# A .npy file for $in: `header DESCR SHAPE` makes 128 bytes, then come little-endian doubles by %b.
header() {
  printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
}
one='\0\0\0\0\0\0\0360\077' two='\0\0\0\0\0\0\0\0100'
nan='\0\0\0\0\0\0\0370\0177' inf='\0\0\0\0\0\0\0360\0177'

# flat FILE: one line "path.to.key value" for each key of the indented object.
flat() {
  awk '/^ *"[^"]*": / {
    match($0, /^ */); depth = RLENGTH / 2
    key = $1; gsub(/[":]/, "", key)
    value = $0; sub(/^ *"[^"]*": /, "", value); sub(/,$/, "", value)
    name[depth] = key
    for (k = depth + 1; k < 20; k++) name[k] = ""
    path = name[1]
    for (k = 2; k <= depth; k++) if (name[k] != "") path = path "." name[k]
    print path, value
  }' "$1"
}
# value KEY: of the last object flattened into $top/flat (the first one, in an array).
value() {
  awk -v key="$1" '$1 == key { sub(/^[^ ]* /, ""); print; exit }' "$top/flat"
}
# holds PROPERTY EXPRESSION: an awk expression in which @key@ is the value of a key.
holds() {
  expression=$2
  while :; do
    case $expression in *@*@*) ;; *) break ;; esac
    key=${expression#*@}
    key=${key%%@*}
    expression="${expression%%@*}($(value "$key"))${expression#*@*@}"
  done
  awk "BEGIN { exit !($expression) }" || fails "$1" "$2 is $expression"
}

# numbers FILE: the doubles of a .npy file after its header of 128 bytes, one a line.
numbers() {
  tail -c +129 "$1" | od -An -v -t f8 -w8 | tr -d ' '
}
# differ A B: the largest difference of two files of numbers.
differ() {
  paste "$1" "$2" | awk '{ d = $1 - $2; d = d < 0 ? -d : d; if (!(d <= m)) m = d } END { print m + 0 }'
}
# study_file NAME VALUES TRIALS: a study's file, $in/NAME.yaml, of so many trials at each N of VALUES.
study_file() {
  cat >"$in/$1.yaml" <<END_OF_STUDY
name: s
quantity: [lambda_min, lambda_max]
network:
  widths: [d, d]
data:
  source: gaussian
grid:
  N: $2
  d: 5
trials: $3
seed: 1
END_OF_STUDY
}

# repeat COUNT TEXT
repeat() {
  i=0
  while [ $i -lt "$1" ]; do
    printf '%s' "$2"
    i=$((i + 1))
  done
}

# finish NAME: the last call.
finish() {
  if [ "$failures" -ne 0 ]; then
    echo "$1: $failures checks failed"
    exit 1
  fi
  echo "$1: all checks hold"
}
