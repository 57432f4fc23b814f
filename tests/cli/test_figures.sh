#!/bin/sh
# Figures: every label and number of an axis lies inside the picture and on no other one, whatever the sizes of
# the numbers; those of the documents and examples too. A label of one's own is set as a built-in one is.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
here=$(cd "$(dirname "$0")/../.." && pwd)
. "$here/tests/cli/program.sh"

# readable FIGURE.svg
readable() {
  LC_ALL=C awk -f "$here/tools/figure_text.awk" "$1" >"$out"
  [ ! -s "$out" ] || fails 'texts can be read' "$(cat "$out")"
}

# ended FIGURE AXES: on each of these logarithmic axes, x, y or xy, the outermost labelled tics are as near the ends as
# a label needs, 80 pixels across and 40 upwards: ends need none, for what is round keeps its own.
ended() {
  LC_ALL=C awk -v axes="$2" '
    match($0, /d=.M[0-9.,]+ L[0-9.,]+/) {
      split(substr($0, RSTART + 4, RLENGTH - 4), at, /[, L]+/)
      if (/translate/) # a tic and its label
        tic[++tics] = at[1] == at[3] ? "x" at[1] : "y" at[2]
      else if (match($0, /L[0-9.,]+ M/) && at[1] == at[3]) { # the axes: top left, bottom left, bottom right
        right = substr($0, RSTART + 1) + 0
        end["y top"] = "y" at[2]; end["y bottom"] = "y" at[4]
        end["x left"] = "x" at[1]; end["x right"] = "x" right
      }
    }
    END {
      if (!("x left" in end)) print "no axes"
      for (e in end) {
        axis = substr(e, 1, 1); near = 0; count = 0
        for (i = 1; i <= tics; i++) if (substr(tic[i], 1, 1) == axis) {
          off = substr(tic[i], 2) - substr(end[e], 2)
          count++
          if (off * off < (axis == "x" ? 6400 : 1600)) near = 1
        }
        if (index(axes, axis) && (!near || count < 2)) print count " labels, none near the end of " e
      }
    }' "$1" >"$out"
  [ ! -s "$out" ] || fails 'a logarithmic axis has labels as far as its ends' "$1: $(cat "$out")"
}

for figure in "$here"/docs/*.svg "$here"/examples/*/*.svg; do
  ! grep -q GNUPLOT "$figure" || readable "$figure" # test_report.sh looks at those of pages
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
    case $arguments in *--heat*) ;; *--log\ x*) ended "$name.svg" xy ;; esac
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
wide --x d --heat N --where b=1 --size 1400x300
curves_short --x N --group d --where b=1 --log xy
curves_small --x b --group d --where N=20 --log xy --size 400x300
curves_large --x N*1e9 --group d --where b=1 --log xy --band none
curves_far --x N^9/1e9 --group d --where b=0.2 --log xy
small_one --x N --group d --where b=1 --size 400x300 --band bars
END
  good 'a training that ends far below its start' train --samples 10 --dim 8 --widths 30,30 --activation tanh \
    --epochs 300 --track 10 --save far --plot --quiet
  ended far/loss.svg y
  readable far/loss.svg
  # Where labels are five decades apart small tics are at powers of ten; else they are gnuplot's, 2 to 9 times these.
  check 'labels five decades apart' grep -q '^set xtics .*,100000,' curves_small.gp
  check 'have powers of ten between' grep -qxF "set xtics add ('' 1e-3 1, '' 1e-2 1, '' 1e-1 1)" curves_small.gp
  check 'and nothing else' grep -qx 'unset mxtics' curves_small.gp
  check 'a decade apart they are left to gnuplot' sh -c '! grep -q "unset m" far/loss.gp'

  # Numbers of three to seven decades stand in full, as on a page; what is longer is a power of ten.
  check 'in full' grep -qxF "set format x '%.10g'" curves_log.gp
  check 'their ends, too' sh -c '! grep "^set xtics" curves_log.gp | grep -q "10^"'
  check 'as powers' grep -qxF "set format y '10^{%T}'" far/loss.gp

  # A map's tics are the grid's values; its outermost cells reach no farther than the narrowest.
  good 'an uneven map' study plot maps.db --x d^2/4 --heat N --where b=1 --output uneven
  check 'its tics to the right' test "$(grep 'set xtics' uneven.gp)" = 'set xtics (25, 49, 81)'
  check 'and upwards' test "$(grep 'set ytics' uneven.gp)" = 'set ytics (20, 30, 40)'
  check 'its ends' test "$(grep 'set xrange' uneven.gp)" = 'set xrange [13:93]'
  readable uneven.svg

  # An axis from 0.00006 to 0.1 has labels at 0.0001 and 0.1, and none at its end, in gnuplot, and small tics on both
  # sides of 0.0001.
  good 'an end beside a round number' study plot maps.db --x 'b*0.08' --group d --where N=20 --log xy --output beside
  check 'does not take its label' test "$(grep xtics beside.gp)" = 'set xtics 1e-05,10,1'
  # shellcheck disable=SC2016
  check 'a small tic in what is left of a decade' awk 'match($0, /M[0-9.]+,[0-9.]+ L[0-9.]+,[0-9.]+/) {
      split(substr($0, RSTART + 1, RLENGTH - 1), at, /[, L]+/)
      if (at[1] == at[3] && at[2] > 400 && at[4] > at[2]) { # downwards from the axis: small, or with a label
        if (at[4] - at[2] < 10) small[++tics] = at[1]
        else if (!label || at[1] < label) label = at[1]
      }
    }
    END { for (i = 1; i <= tics; i++) if (small[i] < label) exit 0; exit 1 }' beside.svg

  # ---- Markup, bars, the guide line, the size ----------------------------------------------------

  title="n_{L-2} n_1 d^2 x^(1/2) 2^{n_1} lambda_min phi*K a\\_b"
  good 'own labels' study plot maps.db --x b --group d --where N=20 --log xy --band ci-bars --slope 4 \
    --title "$title" --xlabel "$title" --ylabel 'lambda_min(K)' --output own
  readable own.svg
  set="set title 'n_{L-2} n_{1} d^{2} x^{1/2} 2^{n_{1}} λ_{min} φ·K a\\_b'"
  check 'the title as mathematics' grep -q -F "$set" own.gp
  check 'the horizontal label, too' grep -q -F "set xlabel ${set#set title }" own.gp
  good 'the built-in label' study plot maps.db --x b --group d --where N=20 --log xy --output built
  check 'is what the own one gives' test "$(grep 'set ylabel' own.gp)" = "$(grep 'set ylabel' built.gp)"
  check 'bars' test "$(grep -c yerrorbars own.gp)" -eq 3
  check 'and no bands' sh -c '! grep -q filledcurves own.gp'
  # Of blocks the legend has K_k, whatever is measured of them.
  good 'a study of blocks' study run "$in/maps.yaml" quantity=per_block,condition,limit_distance,limit_distances \
    grid.b=1 trials=1 --db blocks.db
  good 'their figure' study plot blocks.db --x d --where N=20 --output blocks \
    --quantity lambda_min_1,limit_distance,limit_distance_0,limit_distance_2
  readable blocks.svg
  sed -n "s/.* title '\(.*\)'.*/\1/p" blocks.gp >legend
  check 'its legend' test "$(tr '\n' ' ' <legend)" = 'λ_{min}(K_{1}) ||K - limit|| / ||limit|| ||K_{0} - limit|| / ||limit|| ||K_{2} - limit|| / ||limit|| '
  # Labels that would leave less than half of the width beside them stand above the plot.
  good 'long labels' study plot blocks.db --x condition --group d --output above \
    --quantity condition,limit_distance
  readable above.svg
  check 'stand above' grep -q '^set key tmargin left' above.gp
  # The guide: y_2 / y_1 = (x_2 / x_1)^4, from the first point of all.
  # shellcheck disable=SC2016
  check 'the guide is c x^4 from the first point' awk '/^[0-9]/ && !first { first = $1 " " $2 }
    /^# slope 4$/ { guide = 1; next } guide && NF == 2 { x[++n] = $1; y[n] = $2 }
    END { off = log(y[2] / y[1]) - 4 * log(x[2] / x[1])
      exit !(n == 2 && x[1] " " y[1] == first && x[2] == 1 && off * off < 1e-12) }' own.dat
  good 'a size' study plot maps.db --x b --group d --where N=20 --size 640x400 --output sized
  check 'of the SVG' grep -q 'width="640" height="400"' sized.svg
  check 'of the PNG: half as much again' test "$(od -An -tx1 -j16 -N8 sized.png | tr -d ' ')" = 000003c000000258
  for size in 640 640x 20x300 640x5000 640x400x2 x; do
    run study plot maps.db --x b --group d --size $size --output no
    check "--size $size" grep -q "^ntkit: --size: .* expected WxH, whole numbers of pixels from 200 to 4000$" "$err"
  done
  for slope in x 2y '' --; do
    run study plot maps.db --x b --group d --log xy --slope "$slope" --output no
    check "--slope '$slope'" grep -q "^ntkit: --slope .*: expected a number, as 2 or -0.5$" "$err"
  done
  run study plot maps.db --x b --group d --slope 2 --output no
  check 'a slope where no line is one' grep -q '^ntkit: --slope 2: expected --log xy beside it' "$err"
  long=abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz
  run study plot maps.db --x b --group d --ylabel $long --output no
  check 'a label without room' grep -q '^ntkit: the label of the vertical axis has 80 characters and 560 pixels' "$err"
  check 'and no figure' test ! -e no.svg
fi

finish test_figures
