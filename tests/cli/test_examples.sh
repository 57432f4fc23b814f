#!/bin/sh
# The studies of examples/ run (made tiny here), and every command that their pages quote works.
# shellcheck disable=SC1091,SC2154 # dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"
cd - >/dev/null || exit 1
examples=$(cd "$(dirname "$0")/../../examples" && pwd) || exit 1
cd "$dir" || exit 1

# A grid that takes no time, for each example; it comes after what the page says.
tiny() {
  case $1 in
  width) echo 'trials=1 grid.n=16,24 grid.N=20 grid.p=0,1 grid.n2=round(16*(n/16)^p)' ;;
  depth) echo 'trials=1 grid.n=12 grid.N=20 grid.depth=2,4' ;;
  layers) echo 'trials=1 grid.n=12,16 grid.N=20' ;;
  capacity) echo 'trials=1 grid.n=8 grid.c=0.5,1.5' ;;
  relu) echo 'trials=1 grid.n=16,24 grid.N=20 grid.phi=relu,tanh' ;;
  fan-wang) echo 'trials=1 grid.N=20,30' ;;
  federated) echo "data.source=$examples/digits/digits.npy train.labels=$examples/digits/classes.npy trials=1 grid.N=12 grid.C=2,3 grid.E=1,2 train.epochs=20 network.widths=12,12" ;;
  limit-distance) echo 'trials=1 grid.n=16,24 grid.N=20 grid.d=8' ;;
  margin) echo 'trials=1 grid.n=16 grid.c=0.8,1.6' ;;
  momentum) echo 'trials=1 grid.N=6,8 grid.d=8 network.widths=24,24' ;;
  montanari-zhong) echo 'trials=1 grid.r=3,4 grid.d=16 grid.n=400' ;;
  training) echo 'trials=1 grid.n=12,16 grid.N=8 grid.d=8' ;;
  *) echo "there is no tiny grid for examples/$1 in test_examples.sh" ;;
  esac
}

for file in "$examples"/*/study.yaml; do
  folder=${file%/*}
  name=${folder##*/}
  page=$folder/README.md
  check "$name: a page" test -s "$page"
  check "$name: in the index" grep -q "($name/README.md)" "$examples/README.md"
  check "$name: a figure" test -s "$folder/figure.svg"
  grep -o '([a-z]*\.svg)' "$page" | tr -d '()' >shown
  while read -r figure; do
    check "$name: the page's $figure" test -s "$folder/$figure"
  done <shown
  commands='run fit plot'
  case $name in capacity | margin) commands='run plot' ;; esac # a transition has no slope
  for command in $commands; do
    check "$name: the page quotes study $command" grep -q "^    \$ ntkit study $command " "$page"
  done

  # Only lines of this form are run; quotes in them are the shell's.
  sed -n 's/^    \$ ntkit \(study [a-z]* .*\)$/\1/p' "$page" >commands
  check "$name: every command on the page is a study's" \
    test "$(wc -l <commands)" -eq "$(grep -c '^    \$ ' "$page")"
  while read -r line; do
    eval "set -- $line"
    case $2 in
    run)
      for override in $(tiny "$name"); do
        set -- "$@" "$override"
      done
      cp "$file" study.yaml
      ;;
    plot)
      command -v gnuplot >/dev/null || continue
      set -- "$@" --quiet
      ;;
    esac
    good "$name: ntkit $line" "$@"
    case $2 in
    run) check "$name: no trial failed" grep -q '^[a-z-]*: \([0-9]*\) of \1 trials done$' "$out" ;;
    fit) check "$name: a slope" grep -q '^curve  *slope' "$out" ;;
    plot) check "$name: a figure is drawn" test -s "${line##*--output }.svg" ;;
    esac
  done <commands
  rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
done

finish test_examples
