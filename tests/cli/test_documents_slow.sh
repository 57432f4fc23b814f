#!/bin/sh
# Every command of README.md, docs/, examples/ and of the help works as it stands, in order, on a fresh copy.
#
# A command is an indented line that begins with ntkit, build/release/ntkit, or "$ ntkit"; a backslash goes on
# with it. An indented block that begins with "name: NAME" is the file NAME.yaml. Made short by two rules alone:
# studies get trials=1 (and where they train train.epochs=5), and a command whose comment speaks of minutes or
# hours is interrupted after some seconds, which it has to take well. Not run: make, what needs Python.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
here=$(cd "$(dirname "$0")/../.." && pwd)
. "$here/tests/cli/program.sh"

# fresh: a copy to run in, with the program where make build puts it and in the path.
fresh() {
  rm -rf "$top/copy" && mkdir -p "$top/copy/build/release" && cd "$top/copy" || exit 1
  cp -R "$here/README.md" "$here/docs" "$here/examples" . && ln -s "$NTKIT" build/release/ntkit
  awk 'BEGIN { print "a,b,c,d,species" # docs/data.md has these two
    for (i = 1; i <= 30; i++) { for (j = 1; j <= 4; j++) printf "%.2f,", 5 * sin(i * i * j + j)
      print i % 3 ? "setosa" : "virginica" } }' >iris.csv
  cp iris.csv new.csv
}
PATH=$top/copy/build/release:$PATH

# commands FILE: one a line.
commands() {
  awk '/^    / { line = substr($0, 5); sub(/^\$ /, "", line)
      if (!going && line !~ /^(build\/release\/)?ntkit /) next
      going = sub(/\\$/, "", line); printf "%s%s", line, going ? "" : "\n" }' "$1"
}

# studies FILE: writes its NAME.yaml.
studies() {
  awk '!/^    / { name = "" } /^    name: [a-z0-9]*$/ { name = $2 ".yaml" }
    name != "" { print substr($0, 5) > name }' "$1"
}

# works WHERE COMMAND
works() {
  line=$2 wanted=0
  case $line in
  *'#'*minute* | *'#'*hour*) line="timeout -s INT 6 $line" wanted=130 ;;
  *' study run '*) line=$(echo "$line" | sed 's/ study run \([^ ]*\)/ study run \1 trials=1/; s/ trials=[2-9]//') ;;
  esac
  for file in *.yaml; do # of those that train
    case $line in *" study run $file "*) grep -q '^train:' "$file" && line="$line train.epochs=5" ;; esac
  done
  sh -c "$line" >"$out" 2>"$err" </dev/null
  status=$?
  [ $status -eq 124 ] && status=130 # timeout's own word for it
  [ $status -eq $wanted ] || fails "$1" "exit status $status, not $wanted: $line"
  [ -z "${SEE-}" ] || echo "$(date +%T) $1: $line"
}

# document FILE FOLDER: where its commands are run.
document() {
  mkdir -p "$2" && cd "$2" || exit 1
  studies "$here/$1"
  commands "$here/$1" >"$top/commands"
  while read -r command; do
    works "$1" "$command"
  done <"$top/commands"
  for file in *.yaml; do # those that no command runs are sound all the same
    [ ! -e "$file" ] || grep -q " $file " "$top/commands" || works "$1" "ntkit study run $file --db $file.db"
  done
  cd "$top/copy" || exit 1
}

fresh
document README.md .
check 'README has commands' test "$(wc -l <"$top/commands")" -ge 10
for page in "$here"/docs/*.md; do
  fresh
  document "docs/${page##*/}" .
done
document examples/README.md examples/width
document examples/digits/README.md examples/digits

# ---- The help ------------------------------------------------------------------------------------

fresh
studies "$here/docs/studies.md" # width.yaml
ntkit help | grep '^  [a-z]' | cut -c3-19 | sed 's/ *$//' >"$top/names"
check 'the help lists commands' test "$(wc -l <"$top/names")" -ge 15
while read -r name; do
  # shellcheck disable=SC2086
  example=$(ntkit help $name | sed -n 's/^Example: //p')
  check "$name has an example" test -n "$example"
  case $name in 'study merge')
    works "$name" 'ntkit study run width.yaml --shard 1/2 --db a.db'
    works "$name" 'ntkit study run width.yaml --shard 2/2 --db b.db'
    ;;
  'reproduce'*) example="$example # minutes" ;;
  esac
  works "help $name" "$example"
done <"$top/names"

finish test_documents_slow
