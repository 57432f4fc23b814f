#!/bin/sh
# Figures: every label and number of an axis lies inside the picture and on no other one, whatever the sizes of
# the numbers; those of the documents and examples too.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/tests/program.sh"

# readable FIGURE.svg
readable() {
  LC_ALL=C awk -f "$here/tools/figure_text.awk" "$1" >"$out"
  [ ! -s "$out" ] || fails 'texts can be read' "$(cat "$out")"
}

for figure in "$here"/docs/*.svg "$here"/examples/*/*.svg; do
  case $figure in */docs/figure2.svg) continue ;; esac # to be drawn again
  readable "$figure"
done

if command -v gnuplot >/dev/null; then
  cat >"$in/maps.yaml" <<'END'
name: maps
network: {widths: [d, d], beta: b, activation: tanh}
grid: {N: 20:40:10, d: 10:18:4, b: [1e-3, 0.2, 1]}
trials: 2
END
  good 'a study' study run "$in/maps.yaml" --db maps.db
  # lambda_min goes as b^4.
  while read -r name arguments; do
    # shellcheck disable=SC2086
    good "the figure $name" study plot maps.db --output "$name" --quiet $arguments
    readable "$name.svg"
    labels=1 # of y, and of colours; gnuplot leaves out what would lie outside altogether
    case $arguments in *--heat*) labels=2 ;; esac
    check "$name has its upright labels" test "$(grep -c 'rotate(270)' "$name.svg")" -eq $labels
  done <<'END'
powers --x b --heat N --log xz --where d=10
small --x d --heat N --where b=1e-3
small_log --x d^2 --heat N --log xyz --where b=1e-3
plain --x d --heat N --where b=1
plain_log --x d --heat N --where b=1 --log z --title Title
large --x N*1e9 --heat d*1e9 --where b=1
curves --x N --group d --where b=1 --title Title
curves_log --x b --group d --where N=20 --log xy
END
fi

finish test_figures
