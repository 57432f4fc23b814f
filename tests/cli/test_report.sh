#!/bin/sh
# Every command's --report is one page, well-formed, that needs nothing else: the answer with its verdict, then the
# facts, then every field that --json has, by name and value.
# shellcheck disable=SC1091,SC2154,SC2086 # $size is several words; in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

# balanced FILE: every element is closed where it was opened.
balanced() {
  awk '{ text = text $0 "\n" }
  END {
    sub(/<style>.*<\/style>/, "", text)
    while (match(text, /<[^>]*>/)) {
      tag = substr(text, RSTART, RLENGTH); text = substr(text, RSTART + RLENGTH)
      if (tag ~ /^<[!m]|\/>$/) continue # <!DOCTYPE, <meta, <path .../>
      name = tag; gsub(/^<\/?|[ \n>].*$/, "", name)
      if (tag !~ /^<\//) open[++depth] = name
      else if (open[depth--] != name) { print "not closed in its place: " tag; exit 1 }
    }
    exit depth != 0
  }' "$1"
}

# page COMMAND ARGUMENT...: writes page.html and prints the JSON; looks at both.
page() {
  rm -f page.html
  good "$1 --report" "$@" --json --report page.html
  check "$1: alone" test "$(find . -name '*.ntkit-tmp*')" = ''
  check "$1: whole" test "$(tail -n 1 page.html)" = '</html>'
  check "$1: well-formed" balanced page.html
  check "$1: needs nothing else" sh -c '! grep -q "http\|src=\|<script\|<link\|url(\|@import" page.html'
  check "$1: opens with the answer, facts after it, fields last" awk '/<div class="answer">/ { a = NR }
    /<p class="value">.*<span class="v / { v = NR } /<dl>/ && !d { d = NR } /<table class="fields">/ { f = NR }
    END { exit !(a && a < v && v < d && d < f) }' page.html
  flat "$out" >"$top/flat"
}

# fields BUT: each value of the JSON object that is in no list stands in the table by its name, but for some.
fields() {
  jq -r 'paths(scalars) as $p | select($p | all(type == "string")) | [($p | join(".")), (getpath($p) | tostring)] | @tsv' \
    "$out" | grep -v -E "^($1)([.]|	)" >"$top/fields"
  check 'there are some' test -s "$top/fields"
  while IFS='	' read -r name value; do
    row=$(grep -F "<code>$name</code>" page.html | sed 's/<span class="option">\([^<]*\)<\/span>/\1/g')
    check "$name is in the table" test -n "$row"
    case $value in
    null) ;;
    [0-9]*.* | *e-*) # the page rounds times
      shown=$(echo "$row" | sed 's/.*<td class="value">\([^<]*\)<.*/\1/')
      check "$name = $value: '$shown'" awk "BEGIN { a = $value; b = $shown + 0; d = a - b; exit !(\"$name\" ~ /seconds/ ? d * d <= 1e-6 * a * a : a == b) }"
      ;;
    *) check "$name = $value" sh -c 'printf %s "$1" | grep -q -F ">$2</td>"' - "$row" "$(echo "$value" | sed "s/&/\\&amp;/g; s/</\\&lt;/g; s/>/\\&gt;/g; s/'/\\&#39;/g")" ;;
    esac
  done <"$top/fields"
}

size='--samples 30 --dim 10 --widths 12,12 --activation tanh --seed 3'
told='status|seconds.layers' # names of before

page spectrum $size --certify --full --per-layer
fields "$told"
for kind in 'matrix as stored' 'kernel in exact arithmetic'; do
  check "the proved bounds of the $kind are above the table" \
    test "$(grep -c "^<p>proved, for the $kind: .*≤.*≤" page.html)" = 1
done
check 'an option is not parted after its dashes' grep -q '<span class="option">--samples</span> 30 ' page.html
check 'a list of blocks' test "$(grep -c '<tr><td>block [0-9]' page.html)" = 3

# A kernel that was never made is said to be none, before the fields.
page spectrum $size --method operator
check 'the method is a fact' grep -q '<dd>operator: by products, without K</dd>' page.html
page spectrum $size
check '... where it is not a factor' sh -c '! grep -q "<dt>method" page.html'
page spectrum --samples 30 --dim 3 --widths 3,3
check 'singular, and why' grep -q '<span class="v measured">rank_deficient</span>' page.html
check 'no proof where none was asked for' sh -c '! grep -q "^<p>exactly" page.html'
# A row given twice, and two of them: so many eigenvalues are 0.
printf '1,2,3\n4,5,7\n2,2,1\n1,2,3\n' >"$in/twice.csv"
page spectrum --data "$in/twice.csv" --widths 20,20 --certify --density
check 'certain' grep -q '^<p>exactly, for the kernel in exact arithmetic</p>$' page.html
check 'one' grep -q ' 1 eigenvalue or more lies below the axis' page.html
echo 4,5,7 >>"$in/twice.csv"
page spectrum --data "$in/twice.csv" --widths 20,20 --density
check 'two' grep -q ' 2 eigenvalues or more lie below the axis' page.html

# A deep network whose K double precision does not hold: numbers above are K's own, Theorem 3.1's beside them, axes say
# over what they are, and 400 widths fill no screen.
widths=$(awk 'BEGIN { for (i = 1; i < 400; i++) printf "40,"; print 40 }')
page spectrum --samples 30 --dim 20 --widths "$widths" --activation tanh --beta 0.1 --seed 1 --full --density --prefixes 10,20
check 'beyond double precision' jq -e '.exponent < -1100' "$out"
over=$(jq '-.exponent' "$out")
check 'four axes with their factor' test "$(grep -c "^<p class=\"axis .\">.* over 2<sup>−$over</sup>\(, logarithmic\)*</p>" page.html)" = 4
for order in 40*40 20*40; do # n_{L-2} n_{L-1}, d n_{L-1}
  jq ".lambda_min / ($order) | log10" "$out" >"$top/log"
  sed -n 's/^<p>Theorem 3.1, .*<b>\([0-9.]*\)e\(-[0-9]*\)<.*/\1 \2/p' page.html >"$top/ratios"
  check "lambda_min over $order is one of Theorem 3.1's" awk "{ if (FNR == NR) { at = \$1 - $over * log(2) / log(10); next }
    d = log(\$1) / log(10) + \$2 - at; if (d * d < 1e-5) found = 1 } END { exit !found }" "$top/log" "$top/ratios"
done
check 'widths in short' grep -q '<code>network.widths</code></td><td class="value">40 x 400</td>' page.html
check 'the command in short' grep -q '<details><summary>.* 40 x 400 <span class="option">--activation</span> tanh .*</summary>' page.html
check '... and whole' grep -q "<details>.*</summary>.*$widths .*</details>" page.html
widths=$(awk 'BEGIN { for (i = 1; i < 30; i++) printf "%d,", 20 + i % 7; print 20 }')
page spectrum --samples 30 --dim 20 --widths "$widths" --activation tanh
check 'others in short' grep -q '<code>network.widths</code></td><td class="value">21, 22, 23, 24 more, 20, 21, 20</td>' page.html
check 'without a factor none is said' sh -c '! grep -q " over 2<sup>" page.html'
page verify $size --population 2048
fields "$told"

# figures COUNT CURVES: so many figures, and so many curves named in their legends.
figures() {
  check "$1 figures" test "$(grep -c '^<svg viewBox' page.html)" = "$1"
  check "$2 curves with a name" test "$(grep -o "<span><svg width='36'" page.html | wc -l)" = "$2"
  check 'numbers at both axes, each at a line of the grid' awk '
    /^<svg viewBox/ { inside = 1; across = upwards = grid = 0 }
    inside { grid += gsub(/#ddd/, "&"); upwards += gsub(/anchor=.end/, "&"); across += gsub(/anchor=.middle/, "&") }
    inside && /<\/svg>/ { inside = 0; if (across < 2 || upwards < 2 || grid < across + upwards) bad = 1 }
    END { exit bad }' page.html
  check 'of finite places' sh -c '! grep -q "nan\|inf[ .]" page.html'
}

# across WHAT NUMBER...: the last figure has these numbers below it.
across() {
  what=$1 && shift
  awk "/^<svg viewBox/ { n = \"\" } /text-anchor='middle'/ { gsub(/<[^>]*>/, \"\"); n = n \" \" \$0 } END { print n }" page.html >"$top/across"
  check "$what: $(cat "$top/across")" test "$(cat "$top/across")" = " $*"
}

page limit $size --certify --per-block
fields "$told"
figures 1 2
across 'blocks are whole numbers' 0 1 2
check 'a logarithmic axis says so' grep -q '^<p class="axis y">.*, logarithmic</p>$' page.html
check 'limit: a list of blocks' test "$(grep -c '<tr><td>block [0-9]' page.html)" = 3
check 'limit: proved, as stored' grep -q '^<p>proved, for the matrix as stored: ' page.html
page limit $size --covariance
figures 0 0
page spectrum --samples 30 --dim 10 --widths 12 --infinite-width
across 'two blocks' 0 1
page spectrum $size --infinite-width
figures 1 2 # of each block, and K's
across 'blocks beside theirs' 0 1 2
check 'the limit beside K' grep -q '<h2>Infinite width</h2>' page.html
check '... each block and its distance' grep -q 'Distance of each block from its limit' page.html

page train $size --epochs 20 --track 10
fields "$told"
figures 2 5 # loss, bound, linearised; lambda_max, lambda_min
check 'the loss beside it' grep -q '^<h2>Loss, beside Theorem 4.2</h2>' page.html
check 'the bound has its verdict' grep -q '^<p>Theorem 4.2, (20): held .*<span class="v holds">' page.html
check 'the bound is a column' test "$(grep -c 'data-label="bound" class="real">[0-9]' page.html)" = 3
check 'what no epoch has is none' sh -c '! grep -q "data-label=.drift\|<dt>drift" page.html'
check 'what was tracked' test "$(grep -c '<tr><td data-label="epoch">' page.html)" = 3
check 'its end is above' grep -q "<p class=\"value\">loss .* → $(awk "BEGIN { printf \"%.6g\", $(value loss_final) }") in 20 epochs" page.html
page train --samples 200 --dim 30 --widths 60,60 --activation tanh --epochs 200 --optimizer momentum --track 100
awk -v told="$(grep -o 'linearised, down to [0-9.e-]*' page.html | head -n 1)" -v least="$(value loss_smallest)" '
  BEGIN { split(told, w); exit !(told != "" && w[4] / (0.1 * least) > 0.9 && w[4] / (0.1 * least) < 1.1) }' ||
  fails 'the linear model is cut where it is told' "$(grep -o 'linearised[^<]*' page.html) beside $(value loss_smallest)"
check 'and the line of the rate' grep -q 'rate by .*, <i>c</i> = [0-9.]*, down to [0-9.]*e-' page.html
page train $size --epochs 20 --optimizer adam
figures 1 1
check 'beside nothing' grep -q '^<h1>A training</h1>' page.html
page train $size --epochs 20 --clients 3 --local-steps 2 --track 10
fields "$told"
figures 3 5 # loss, linearised; lambda_max, lambda_min; drift
check 'over rounds' test "$(grep -c 'class="axis x">round<' page.html)$(grep -c 'class="axis x">epoch<' page.html)" = 30
check 'which are a column' grep -q 'data-label="drift" class="real">[0-9]' page.html
check 'in the place of a bound' sh -c '! grep -q "data-label=.bound\|<dt>bound" page.html'
check 'the drift of clients' grep -q '^<h2>Drift of clients</h2>' page.html
check 'the rate beside which it stands' grep -q "<p>rate .* measured; in the end $(awk "BEGIN { printf \"%.8g\", $(value federated.rate) }") by the linear model" page.html
check 'so it is called' grep -q '^<h1>A training, beside its linear model</h1>' page.html
run train $size --epochs 20 --clients 3 --local-steps 2
check 'in text, too' grep -q '^rate  *[0-9.]* a round, measured$' "$out"
check 'an epoch is a round' sh -c 'grep -q "in 20 rounds, stopped by" page.html && ! grep -q "<p>rate [0-9.]* an epoch" page.html'
check 'how they share the samples' grep -q '<dt>clients</dt><dd>3 of 10 samples each, split iid, 2 local steps a round, which is an epoch; in the mean of weights one of n samples counts 1 / C;' page.html
check 'a condition that only suffices is not outside' sh -c 'grep "^<p>its condition (21): not satisfied; it suffices" page.html | grep -q -v "span class=.v outside"'
check 'the loss of clients, beside the linear model' grep -q '^<h2>Loss, beside the linear model</h2>' page.html
page train $size --epochs 20 --clients 3 --client-weights size --split by-label
check "shares by their size" grep -q '<dd>3 of 10 samples each, split by-label, .* counts n / N;' page.html
page train $size --epochs 5 --batch 10
check 'of batches the linear model' grep -q '^<h1>A training, beside its linear model</h1>' page.html
page train $size --epochs 900 --labels sign --optimizer adam --lr 0.01 --margin 0.5
figures 1 1
check 'a margin is the answer' grep -q '<p class="value">.* = <b>0[.].*wanted <b>0.5</b> .*reached' page.html
check 'beside which no theorem stands' sh -c '! grep -q "Theorem 4.2<" page.html'
check 'nor over its loss' grep -q '^<h2>Loss</h2>' page.html
page train $size --epochs 20 --clients 1
figures 1 1
check 'the bound is not of adam' grep -q '(20): is of gradient descent on all samples alone <span class="v outside">' page.html
rm -f page.html
run train $size --epochs 60 --lr 0.01 --track 1 --report page.html # stable below 0.002
check 'a step that is too large is no failure of the theorem' \
  grep -q '(20): did not hold, first at epoch 1; it need not.*∉ outside' page.html
run train $size --epochs 200 --lr 1e9 --track 1 --report page.html
check 'which is not called lazy' test "$(grep -c 'before it diverged' page.html) $(grep -c 'lazy: nearly' page.html)" = '1 0'
check 'of a training that diverged, too' grep -q '<span class="v fails">✗ diverged</span>' page.html

page memorize $size
fields "$told"
check 'reached' grep -q '<p class="value">.*<span class="v holds">✓ reached</span>' page.html
check 'not certified' grep -q 'not certified: --save DIR does' page.html
page memorize $size --save fitted
fields "$told"
bound=$(awk "BEGIN { printf \"%.1e\", $(value certificate.bound) }")
check "the certificate is above: $bound" grep -q '^<p>proved, for the weights as saved.*≤ <b>[0-9]' page.html
page predict --load fitted --data fitted/X.npy
fields "$told"
figures 1 0
check 'its ends are those of the outputs' sh -c 'jq -r ".outputs | min, max" "$1" | while read -r x; do grep -q "<b>$(printf %.6g "$x")</b>" page.html || exit 1; done' - "$out"
rm -rf fitted

# ---- The head: what was taken of a file, and where its labels are ---------------------------------

awk -v OFS=, 'BEGIN { print "a,b,c,kind"; split("oak elm ash", w, " ")
  for (i = 0; i < 24; i++) print sin(i), cos(3 * i), i % 5, w[i % 3 + 1] }' >"$in/trees.csv"
of="--data $in/trees.csv --label-column kind --scale standardize --widths 12,12 --activation tanh"
taken="<dt>data</dt><dd>$in/trees.csv, N = 24, d = 3, scale standardize, without column kind, seed 0</dd>"
labels="<dt>labels</dt><dd>$in/trees.csv, column kind"
while read -r command; do
  eval "page $command \$of"
  check "$command: its data" grep -q -F "$taken" page.html
done <<'END'
spectrum
limit
verify
memorize
train --epochs 5 --classes one-hot
predict --kernel ntk --ridge 1 --classes signs --test $in/trees.csv
END
page train $of --epochs 5 --classes one-hot
check 'train: its labels' grep -q -F "$labels</dd>" page.html
check 'train: its classes' grep -q '<dd>3, as one-hot, in the order of the outputs: ash, elm, oak</dd>' page.html
page memorize $of
check 'memorize: its labels' grep -q -F "$labels (classes)</dd>" page.html
check 'memorize: each class by its name' test "$(sed -n 's/^<tr><td>\([a-z][a-z]*\)<.*reached.*/\1/p' page.html | sort | tr '\n' ' ')" = 'ash elm oak '

good 'a network of scaled data' memorize $of --save fit
page predict --load fit --data "$in/trees.csv" --label-column kind
check 'predict: scaled as its own data were' grep -q "<dt>data</dt><dd>$in/trees.csv, N = 24, d = 3, scale standardize</dd>" page.html
rm -rf fit

# ---- What is refused -----------------------------------------------------------------------------

rm -f page.html
for command in spectrum limit verify train memorize; do
  {
    bad "$command: in no folder" '^ntkit: --report: nowhere/r.html' $command $size --report nowhere/r.html
    bad "$command: a folder" 'is no plain file' $command $size --report .
    bad "$command: no page" "'p.pdf': the page is HTML; expected a name that ends in .html" $command $size --report p.pdf
    bad "$command: standard output" "'-' is no file's name here" $command $size --report -
  }
  header '<f8' '(1, 1)' >"$in/x.npy"
  printf '%b' "$one" >>"$in/x.npy"
  bad "$command: over the data" 'is what the command reads' $command --data "$in/x.npy" --widths 4 --report "$in/x.npy"
done

# predict reads a folder besides, and writes outputs.
good 'a network to read' memorize $size --save net
mv net "$in/net"
cp "$in/net/X.npy" "$in/rows.npy"
sum_before=$(cksum "$in"/net/* "$in/rows.npy")
while read -r page says; do
  bad "predict: --report $page" "$says" predict --load "$in/net" --data "$in/rows.npy" --output o.html \
    --report "$page"
done <<END
$in/net/W1.npy expected a name that ends in .html
$in/net/result.json expected a name that ends in .html
$in/rows.npy is what the command reads
o.html choose another name
p.txt expected a name that ends in .html
END
ln -s W1.npy "$in/net/W1.html"
bad 'predict: a link to the weights' 'choose another name\|is no plain file' predict --load "$in/net" \
  --data "$in/rows.npy" --report "$in/net/W1.html"
rm -f "$in/net/W1.html"
check 'nothing is touched' test "$sum_before" = "$(cksum "$in"/net/* "$in/rows.npy")"
rm -rf "$in/net"

bad 'over the checkpoint' 'is what another option names' train $size --checkpoint c --report c

finish test_report
