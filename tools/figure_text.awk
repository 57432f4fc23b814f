# LC_ALL=C awk -f tools/figure_text.awk FIGURE.svg: a line for each text of gnuplot's SVG that leaves
# the picture or lies on another one, or has a line of data through it; nothing when all can be read. Letters are taken for 0.6 of
# their size wide, as those of DejaVu Sans are on the average.

function fails(what) {
  print FILENAME ": " what
}

# Sets width, and how far below the line a subscript reaches.
function measure(line,   size, part, text) {
  width = below = 0
  said = ""
  size = em
  while (match(line, /<tspan[^>]*>[^<]*/)) {
    part = substr(line, RSTART, RLENGTH)
    line = substr(line, RSTART + RLENGTH)
    if (match(part, /font-size="[0-9.]+/))
      size = substr(part, RSTART + 11, RLENGTH - 11) + 0
    if (match(part, /dy="[0-9.]+px/) && substr(part, RSTART + 4, RLENGTH - 6) + 0 > below)
      below = substr(part, RSTART + 4, RLENGTH - 6) + 0
    text = substr(part, index(part, ">") + 1)
    said = said text
    gsub(/&[a-z]+;/, "x", text)
    gsub(/[\200-\277]/, "", text) # of UTF-8 the first bytes stay
    width += 0.6 * size * length(text)
  }
}

function record(   before, i) {
  before = anchor == "middle" ? 0.5 * width : anchor == "end" ? width : 0
  count++
  name[count] = said
  if (turned) {
    left[count] = x - 0.76 * em
    right[count] = x + 0.24 * em + below
    top[count] = y + before - width
    bottom[count] = y + before
  } else {
    left[count] = x - before
    right[count] = x - before + width
    top[count] = y - 0.76 * em
    bottom[count] = y + 0.24 * em + below
  }
  if (left[count] < 0 || right[count] > across || top[count] < 0 || bottom[count] > down)
    fails("cut off: " said)
  for (i = 1; i < count; i++)
    if (left[count] < right[i] - 2 && left[i] < right[count] - 2 &&
        top[count] < bottom[i] - 2 && top[i] < bottom[count] - 2)
      fails("one on the other: " name[i] " / " said)
}

# Keeps the pieces of a line: "M from L to L to ... M from ...".
function keep_line(path,   stroke, point, n, m, i, k) {
  n = split(path, stroke, "M")
  for (i = 1; i <= n; i++) {
    m = split(stroke[i], point, /[L ]+/)
    for (k = 1; k < m; k++)
      if (point[k + 1] ~ /,/)
        piece[++pieces] = point[k] "," point[k + 1]
  }
}

function crossed(   i, k, t, end, u, v) {
  for (i = 1; i <= pieces; i++) {
    split(piece[i], end, ",")
    for (t = 0; t <= 1; t += 0.02) {
      u = end[1] + t * (end[3] - end[1])
      v = end[2] + t * (end[4] - end[2])
      for (k = 1; k <= count; k++)
        if (!(k in hit) && u > left[k] && u < right[k] && v > top[k] && v < bottom[k]) {
          fails("a line through: " name[k])
          hit[k] = 1
        }
    }
  }
}

match($0, /viewBox="0 0 [0-9]+ [0-9]+/) {
  split(substr($0, RSTART + 9, RLENGTH - 9), view, " ")
  across = view[3]
  down = view[4]
}
match($0, /translate\([0-9.,-]+\)/) {
  split(substr($0, RSTART + 10, RLENGTH - 11), at, ",")
  x = at[1]
  y = at[2]
  turned = index($0, "rotate(270)") > 0
  anchor = match($0, /text-anchor="[a-z]+/) ? substr($0, RSTART + 13, RLENGTH - 13) : "start"
  em = match($0, /font-size="[0-9.]+/) ? substr($0, RSTART + 11, RLENGTH - 11) + 0 : 18
}
/<text>/ {
  measure($0)
  if (said != "")
    record()
}
# Coloured lines are data; light grey is the grid, black the axes.
/stroke='rgb/ && !/221, *221, *221/ && match($0, / d='[^']+/) {
  keep_line(substr($0, RSTART + 4, RLENGTH - 4))
}
END {
  crossed()
  if (count < 3)
    fails("only " count + 0 " texts; expected axes with numbers")
}
