#!/bin/sh
# The main job, end to end: Figure 1 of the paper beside the theorem's bounds, and one run on a user's
# file. Takes about a minute on 2 cores.
# usage: NTKIT=build/release/ntkit tools/demo.sh [FOLDER]    (FOLDER for the results; default: demo)
set -eu
ntkit=${NTKIT:-build/release/ntkit}
out=${1:-demo}
samples='1000 2000 3000'  # N
dims='234 504 745 977'    # d, four of the figure's

rm -rf "$out"
mkdir -p "$out"
started=$(date +%s)

cat <<END
1. lambda_min(K) for the network of Figure 1
   3 layers, sigmoid, d = n_1 = n_2, Gaussian data, weights N(0, 1/n_{l-1}), last layer N(0, 1)
   certified: lower <= lambda_min <= upper, proved of the stored matrix (for N <= 2000 here)
   (6), (7): lambda_min over the scales of Theorem 3.1, n_1 n_2 and d n_2
   (16): min_i K_ii, which lambda_min cannot exceed

END
printf '%6s %5s %8s %10s %11s %25s %12s %12s %10s %8s\n' N d d^2 'N/(n1 n2)' lambda_min \
  'certified lower .. upper' '/(n1 n2) (6)' '/(d n2) (7)' 'K_ii (16)' seconds

# row N D [OPTION...]: one point, as a line of the table.
row() {
  N=$1 d=$2
  shift 2
  "$ntkit" spectrum --json --quiet --data gaussian --samples "$N" --dim "$d" --widths "$d,$d" \
    --activation sigmoid --init paper --seed 1 "$@" >"$out/run.json"
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
  for d in $dims; do
    if [ "$N" -le 2000 ]; then row "$N" "$d" --certify; else row "$N" "$d"; fi
  done
done
rm -f "$out/run.json"

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

cat <<END

3. Figure 1 of the paper: mean and standard deviation of lambda_min(K) over three trials, each in a
   process of its own (--preset paper: all 600 trials; interrupt it, and the same command goes on)
   ntkit reproduce figure1 --preset quick --out $out/figure1

END
"$ntkit" reproduce figure1 --preset quick --out "$out/figure1"
echo "   all of it in $(($(date +%s) - started)) s"
