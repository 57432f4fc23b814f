#!/bin/sh
# The main job, end to end: lambda_min(K) over the network of Figure 1 as a table and a figure, and
# one run on a user's file. Takes about a minute on 2 cores; never much more than two.
# usage: NTKIT=build/release/ntkit tools/demo.sh [FOLDER]    (FOLDER for the results; default: demo)
set -eu
ntkit=${NTKIT:-build/release/ntkit}
out=${1:-demo}
samples='1000 2000 3000'                       # N, one curve each
steps='55 155 255 355 455 555 655 755 855 955' # d = floor(sqrt(1000 i))
table_steps=' 55 255 555 955 '                 # those shown in the table
trials=3                                       # seeds of every point, if they fit into
budget=100                                     # seconds

rm -rf "$out"
mkdir -p "$out"
runs=$out/runs.jsonl
started=$(date +%s)

dim() {
  awk -v i="$1" 'BEGIN { print int(sqrt(1000 * i)) }'
}

# spectrum N D SEED [OPTION...]: one point; appends its JSON object, as one line, to $runs.
spectrum() {
  N=$1 d=$2 seed=$3
  shift 3
  "$ntkit" spectrum --json --quiet --data gaussian --samples "$N" --dim "$d" --widths "$d,$d" \
    --activation sigmoid --init paper --seed "$seed" "$@" >"$out/run.json"
  jq -c . "$out/run.json" >>"$runs"
}

cat <<END
1. lambda_min(K) for the network of Figure 1
   3 layers, sigmoid, d = n_1 = n_2, Gaussian data, weights N(0, 1/n_{l-1}), last layer N(0, 1)
   certified: lower <= lambda_min <= upper, proved of the stored matrix (for N <= 2000 here)
   (6), (7): lambda_min over the scales of Theorem 3.1, n_1 n_2 and d n_2
   (16): min_i K_ii, which lambda_min cannot exceed

END
printf '%6s %5s %8s %10s %11s %25s %12s %12s %10s %8s\n' N d d^2 'N/(n1 n2)' lambda_min \
  'certified lower .. upper' '/(n1 n2) (6)' '/(d n2) (7)' 'K_ii (16)' seconds

row() {
  jq -r '[.data.samples, .data.dim, .lambda_min, (.certificate.lower // "-"),
          (.certificate.upper // "-"), .bounds.ratio_lower, .bounds.ratio_upper,
          .bounds.diagonal_min, .seconds.total, .status] | @tsv' "$out/run.json" |
    awk -F '\t' '
      # Seven digits, rounded outwards so that what is printed is still a bound.
      function outwards(x, up, unit, units) {
        if (x <= 0) return x
        unit = exp(log(10) * (int(log(x) / log(10) + 50) - 56))
        units = int(x / unit)
        return sprintf("%#.7g", (units + up) * unit)
      }
      {
        interval = $4 == "-" ? "-" : outwards($4, 0) " .. " outwards($5, 1)
        printf "%6d %5d %8d %10.4f %11s %25s %12.4g %12.4g %10.4g %8.2f%s\n", $1, $2, $2 * $2,
          $1 / ($2 * $2), $3 == "" ? "-" : sprintf("%.6g", $3), interval, $6, $7, $8, $9,
          $10 == "ok" ? "" : "  " $10
      }'
}

for N in $samples; do
  for i in $steps; do
    case $table_steps in
    *" $i "*)
      if [ "$N" -le 2000 ]; then certify=--certify; else certify=; fi
      spectrum "$N" "$(dim "$i")" 1 $certify
      row
      ;;
    *) spectrum "$N" "$(dim "$i")" 1 ;;
    esac
  done
done

cat <<END

2. A data set of your own: any 2-D .npy file, one sample a row. This one is written first:
   ntkit spectrum --data gan --samples 1500 --dim 64 --widths 128,128 --save $out/user
   ntkit spectrum --data $out/user/X.npy --scale standardize --widths 128,128 \\
     --activation tanh --certify

END
"$ntkit" spectrum --quiet --data gan --samples 1500 --dim 64 --widths 128,128 \
  --save "$out/user" >"$out/user.txt"
"$ntkit" spectrum --quiet --data "$out/user/X.npy" --scale standardize --widths 128,128 \
  --activation tanh --certify

# The first trial is done; another is started only if there is time for all of it.
trial=1
while [ "$trial" -lt "$trials" ] && [ $(($(date +%s) - started)) -lt $((budget * trial / (trial + 1))) ]; do
  trial=$((trial + 1))
  for N in $samples; do
    for i in $steps; do
      spectrum "$N" "$(dim "$i")" "$trial"
    done
  done
done
rm -f "$out/run.json"

# One block a curve: d^2, mean and standard deviation of lambda_min over the trials.
{
  echo "# lambda_min(K), 3 layers, sigmoid, d = n_1 = n_2, Gaussian data: one block for each N"
  echo "# d^2  mean  standard deviation  trials"
  for N in $samples; do
    printf '\n\n# N = %s\n' "$N"
    jq -r --argjson N "$N" 'select(.data.samples == $N and .lambda_min != null)
                            | [.data.dim, .lambda_min] | @tsv' "$runs" |
      awk '{ n[$1]++; sum[$1] += $2; squares[$1] += $2 * $2 }
           END {
             for (d in n) {
               mean = sum[d] / n[d]
               spread = n[d] > 1 ? (squares[d] - n[d] * mean * mean) / (n[d] - 1) : 0
               printf "%d %.10g %.4g %d\n", d * d, mean, sqrt(spread > 0 ? spread : 0), n[d]
             }
           }' | sort -n
  done
} >"$out/figure1.dat"

cat >"$out/figure1.gp" <<'END'
# Figure 1 of the paper; run gnuplot on this file in its folder to draw it again.
set encoding utf8
set xlabel "d^{2}"
set ylabel "λ_{min}(K)"
set key left top reverse Left samplen 2
set grid lc rgb "#dddddd" lt 1
set border 3
set rmargin 6
set tics nomirror out
set format x "%.0f"
set xtics 200000
set yrange [0:*]
array colour[3] = ["#0072B2", "#D55E00", "#009E73"] # told apart by colour-blind readers too
array shape[3] = [7, 5, 9]
array N[3] = [1000, 2000, 3000]
band = 'using 1:($2-$3):($2+$3) with filledcurves fs transparent solid 0.2 noborder'
line = 'using 1:2 with linespoints lw 2 ps 1.1'
draw = 'plot for [k=1:3] "figure1.dat" index k-1 '.band.' lc rgb colour[k] notitle,'. \
       ' for [k=1:3] "figure1.dat" index k-1 '.line.' pt shape[k] lc rgb colour[k]'. \
       ' title sprintf("N = %d", N[k])'
set terminal svg size 800,560 font "DejaVu Sans,18" background "white"
set output "figure1.svg"
@draw
set terminal pngcairo size 1200,840 font "DejaVu Sans,20" linewidth 1.5
set output "figure1.png"
@draw
END
(cd "$out" && gnuplot figure1.gp)

cat <<END

3. Figure 1 of the paper: lambda_min(K) against d^2, mean and standard deviation over $trial trial(s)
   $out/figure1.svg
   $out/figure1.png
   ($out/figure1.dat and $out/figure1.gp to draw it again; every run: $runs)
   $(wc -l <"$runs") runs in $(($(date +%s) - started)) s
END
