#!/bin/sh
# The page of verify --report opens with lambda_min, its certificate (spectrum --certify has the same) and the
# verdicts, then figures, then the table; in a browser nothing of it leaves the window, however wide.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

# line PATTERN FILE: of its first line that has it; 0: none.
line() {
  awk -v pattern="$1" 'index($0, pattern) { n = NR; exit } END { print n + 0 }' "$2"
}

# ordered FILE: answer, facts, figure, table.
ordered() {
  last=0
  for part in '<div class="answer">' '<p class="value">' '<p class="summary">' '<dl>' "<svg viewBox='" '<table>'; do
    at=$(line "$part" "$1")
    check "$1: '$part' comes in its place" test "$at" -gt "$last"
    last=$at
  done
}

size='--samples 60 --dim 20 --widths 20,20 --activation tanh --seed 3'
# shellcheck disable=SC2086
good 'a page' verify $size --population 2048 --report proof.html
ordered proof.html
# shellcheck disable=SC2086
good 'the spectrum' spectrum $size --certify --json
flat "$out" >"$top/flat"
for key in lambda_min certificate.lower certificate.upper certificate.kernel_lower certificate.kernel_upper; do
  text=$(awk -v x="$(value $key)" 'BEGIN { printf "%.8g", x }')
  check "$key is in the page: $text" grep -q "$text" proof.html
done
good 'more samples than parameters' verify --samples 60 --dim 3 --widths 3,3 --population 2048 --report none.html
check 'is 0, and says why' grep -q '= 0 <span class="v [a-z]*">[^<]*rank_deficient' none.html
check 'and has the reason' grep -q '^<p>.*21 parameters' none.html

good 'a sweep' verify --sweep d=10,20,40 --samples 'd^2/4' --widths d,d --population 2048 --quiet --report sweep.html
ordered sweep.html
# shellcheck disable=SC2016
check 'the exponent of the table is the one above' awk '/ grows like / { split($0, a, /<sup>|<\/sup>/); top = a[2] }
  /^<tr><td>.*>\(6\)</ { split($0, a, /data-label="exponent">/); split(a[2], b, "<"); table = b[1] }
  END { exit !(top != "" && top == table) }' sweep.html

good 'the page of a spectrum' spectrum --samples 60 --dim 20 --widths 20,20 --full --per-block --certify --report spectrum.html
good 'of a training' train --samples 60 --dim 20 --widths 20,20 --epochs 60 --track 1 --report train.html
good 'with momentum' train --samples 60 --dim 20 --widths 20,20 --optimizer momentum --epochs 300 --track 60 --report momentum.html
good 'of a memorisation' memorize --samples 60 --dim 20 --widths 20,20 --save fitted --report memorize.html
good 'of a prediction' predict --load fitted --data fitted/X.npy --report predict.html
good 'of predictions by a kernel' predict --kernel ntk --samples 60 --dim 20 --widths 20,20 --labels teacher --test-samples 30 \
  --time 0.001,0.01,0.1,1 --report kernel.html
check 'a long list is thinned' test "$(grep -c '<tr><td data-label="epoch">' train.html)" = 50

# ---- In a browser --------------------------------------------------------------------------------

# shellcheck disable=SC2016 # it is JavaScript
probe='<script>let w = innerWidth, most = document.documentElement.scrollWidth;
for (const e of document.querySelectorAll("body *")) most = Math.max(most, Math.ceil(e.getBoundingClientRect().right));
document.title = `window ${w} content ${most}`</script>'
if command -v chromium >/dev/null; then
  for page in proof none sweep spectrum train momentum memorize predict kernel; do
    { cat $page.html && echo "$probe"; } >probe.html
    for width in 500 700 1041 1100 1241 1600; do
      chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$top/chromium" \
        --window-size=$width,1000 --dump-dom "file://$dir/probe.html" >"$out" 2>"$err"
      found=$(sed -n 's/.*<title>\(window [0-9]* content [0-9]*\)<.*/\1/p' "$out")
      check "$page at $width: '$found'" test "$found" = "window $width content $width"
    done
  done
fi

finish test_pages_slow
