#!/bin/sh
# The program: bad input is refused in one line before anything is written; results, files and help
# are complete and agree with each other. $NTKIT is the program.
. "$(dirname "$0")/program.sh"

# bad_spectrum PROPERTY PATTERN ARGUMENT...: the same for spectrum, where a directory to save into
# must not appear.
bad_spectrum() {
  property=$1 pattern=$2
  shift 2
  bad "$property" "$pattern" spectrum --save saved "$@"
}

# ---- Files to read ------------------------------------------------------------------------------

{ header '<f8' '(3, 2)' && printf '%b' "$one$two$two$one$one$one"; } >"$in/good.npy"
{ header '<f8' '(3, 2)' && printf '%b' "$one$two$two$one$one"; } >"$in/truncated.npy"
{ header '<f8' '(3, 2)' && printf '%b' "$one$two$two$nan$one$one"; } >"$in/nan.npy"
{ header '<f8' '(3, 2)' && printf '%b' "$one$two$two$one$inf$one"; } >"$in/inf.npy"
{ header '<f8' '(6,)' && printf '%b' "$one$two$two$one$one$one"; } >"$in/flat.npy"
{ header '|O' '(3, 2)' && printf '%b' "$one$two$two$one$one$one"; } >"$in/object.npy"
{ header '<f8' '(3, 2)' && printf '%b' "$one$two$one$one$one$one"; } >"$in/constant.npy"
printf '\223NUMPY\001' >"$in/header.npy"
echo 'a,b' >"$in/text.npy"
: >"$in/empty.npy"
: >"$in/file"

# ---- Bad input: numbers --------------------------------------------------------------------------

bad_spectrum 'N = 0' "^ntkit: --samples: '0': N is 0; expected" --samples 0 --dim 3 --widths 4
bad_spectrum 'd = 0' "^ntkit: --dim: '0': d is 0; expected" --samples 5 --dim 0 --widths 4
bad_spectrum 'negative N' 'N is negative' --samples -5 --dim 3 --widths 4
bad_spectrum 'N with a sign' 'not a whole number' --samples +5 --dim 3 --widths 4
bad_spectrum 'N past 64 bits' 'too large' --samples 99999999999999999999 --dim 3 --widths 4
bad_spectrum 'N with a blank' 'not a whole number' --samples ' 5' --dim 3 --widths 4
bad_spectrum 'empty width' "^ntkit: --widths: '12,,7': width 2 is empty; expected n_1" \
  --samples 5 --dim 3 --widths 12,,7
bad_spectrum 'no width' 'width 1 is empty' --samples 5 --dim 3 --widths ''
bad_spectrum 'trailing comma' 'width 2 is empty' --samples 5 --dim 3 --widths 4,
bad_spectrum 'negative width' 'width 2 is negative' --samples 5 --dim 3 --widths 4,-4
bad_spectrum 'width 0' 'width 1 is 0' --samples 5 --dim 3 --widths 0,4
bad_spectrum 'width not a number' 'width 2 is not a whole number' --samples 5 --dim 3 --widths 4,x
bad_spectrum 'fractional width' 'width 1 is not a whole number' --samples 5 --dim 3 --widths 4.5
bad_spectrum 'width beyond every limit' . --samples 5 --dim 3 --widths 18446744073709551615,2
bad_spectrum 'widths missing' '^ntkit: --widths is needed' --samples 5 --dim 3
bad_spectrum 'samples missing' '^ntkit: --samples is needed' --dim 3 --widths 4
bad_spectrum 'dim missing' '^ntkit: --dim is needed' --samples 5 --widths 4
for text in 0 -1 nan inf 1e400 0x1p3 1.0.0 x ''; do
  bad_spectrum "beta '$text'" '^ntkit: --beta: .*beta 1 is .*; expected' \
    --samples 5 --dim 3 --widths 4 --beta "$text"
done
bad_spectrum 'beta of the wrong count' '^ntkit: --beta: 3 values .*depth L = 2; expected 1, or 2' \
  --samples 5 --dim 3 --widths 4 --beta 1,1,1
bad_spectrum 'beta second empty' 'beta 2 is empty' --samples 5 --dim 3 --widths 4 --beta 1,
bad_spectrum 'negative seed' 'seed is negative' --samples 5 --dim 3 --widths 4 --seed -1
bad_spectrum 'seed past 64 bits' 'too large' --samples 5 --dim 3 --widths 4 \
  --seed 18446744073709551616
bad_spectrum 'negative threads' '^ntkit: --threads' --samples 5 --dim 3 --widths 4 --threads -1
bad_spectrum 'threads beyond reason' '^ntkit: --threads' --samples 5 --dim 3 --widths 4 \
  --threads 1000000
bad_spectrum 'memory without a number' '^ntkit: --memory' --samples 5 --dim 3 --widths 4 --memory G
bad_spectrum 'memory unit unknown' '^ntkit: --memory' --samples 5 --dim 3 --widths 4 --memory 8Q
bad_spectrum 'tolerance 0' '^ntkit: --tolerance' --samples 5 --dim 3 --widths 4 --tolerance 0
bad_spectrum 'tolerance 2' '^ntkit: --tolerance' --samples 5 --dim 3 --widths 4 --tolerance 2

# ---- Bad input: names ----------------------------------------------------------------------------

bad_spectrum 'unknown activation lists the known' 'sigmoid, tanh, softplus, erf, gelu, sin, relu' \
  --samples 5 --dim 3 --widths 4 --activation mish
bad_spectrum 'a slip gets a suggestion' "did you mean 'sigmoid'" \
  --samples 5 --dim 3 --widths 4 --activation sigmod
bad_spectrum 'activations of another count' \
  '^ntkit: --activation: 3 activations where L - 1 = 2; accepted: one for all hidden layers, or 2' \
  --samples 5 --dim 3 --widths 4,4 --activation tanh,relu,tanh
bad_spectrum 'a slip in a list' "^ntkit: --activation: unknown activation 'rleu'; did you mean 'relu'" \
  --samples 5 --dim 3 --widths 4,4 --activation tanh,rleu
bad_spectrum 'a parameter that is none' "^ntkit: --activation: 'elu(x)': 'x' is no number; accepted: elu" \
  --samples 5 --dim 3 --widths 4 --activation 'elu(x)'
bad_spectrum 'unknown data lists the known' 'gaussian, sphere, cube, binary, gan, or a file' \
  --data uniform --samples 5 --dim 3 --widths 4
bad_spectrum 'unknown init lists the known' 'paper, standard, he, lecun' \
  --samples 5 --dim 3 --widths 4 --init xavier
bad_spectrum 'unknown scale lists the known' 'none, center, standardize, sphere' \
  --data "$in/good.npy" --widths 4 --scale whiten
bad_spectrum 'scale is for files' '^ntkit: --scale' --samples 5 --dim 3 --widths 4 --scale sphere
for precision in float single; do # which training may know, and the kernel does not
  bad_spectrum "precision $precision" \
    "^ntkit: --precision: '$precision' is not known; known: auto, double, mixed" \
    --samples 5 --dim 3 --widths 4 --precision "$precision"
done
bad_spectrum 'unknown option' "unknown option '--sample'; did you mean '--samples'" --sample 5
bad_spectrum 'no abbreviations' "unknown option '--wid'" --wid 5
bad_spectrum 'value for a flag' 'takes no value' --json=yes
bad_spectrum 'word that is no option' "unexpected 'word'" --samples 5 --dim 3 --widths 4 word
bad_spectrum 'a list with spaces' "unexpected '40'; a list has commas and no spaces: --widths 30,40$" --samples 5 --dim 3 --widths 30 40 50
bad_spectrum 'no list' "unexpected '40'; 'ntkit help spectrum' says what is accepted" --dim 3 --widths 4 --samples 5 40
bad 'missing value' 'needs a value' spectrum --samples
bad 'option of another command' "not an option of 'info'" info --widths 4
bad 'unknown command' "unknown command 'spektrum'; did you mean 'spectrum'" spektrum
bad 'unknown command, nothing near' 'known: spectrum, limit, train, memorize, predict, verify, study run,' qqqqqqqq
bad 'no command' 'a command is needed'
bad 'help on nothing known' 'unknown command' help qqqqqqqq
bad 'control characters stay out of the line' "unknown command 'a?b'" "$(printf 'a\nb')"

# ---- Bad input: files ----------------------------------------------------------------------------

bad_spectrum 'no such file' 'missing.npy' --data missing.npy --widths 4
bad_spectrum 'a directory is no file' . --data "$in/" --widths 4
bad_spectrum 'a NaN is named by row and column' 'row.*column' --data "$in/nan.npy" --widths 4
bad_spectrum 'an infinity is named by row and column' 'row.*column' --data "$in/inf.npy" --widths 4
bad_spectrum 'truncated data' 'truncated.npy' --data "$in/truncated.npy" --widths 4
bad_spectrum 'truncated header' 'header.npy' --data "$in/header.npy" --widths 4
bad_spectrum 'no .npy at all' 'text.npy' --data "$in/text.npy" --widths 4
bad_spectrum 'empty file' 'empty.npy' --data "$in/empty.npy" --widths 4
bad_spectrum 'objects' 'object.npy' --data "$in/object.npy" --widths 4
bad_spectrum 'one dimension' 'flat.npy.*first counts samples' --data "$in/flat.npy" --widths 4
bad_spectrum 'width of the file against --dim' 'good.npy.*5.*2' --data "$in/good.npy" --dim 5 \
  --widths 4
bad_spectrum 'more samples than the file has' 'good.npy.*[34].*[34]' \
  --data "$in/good.npy" --samples 4 --widths 4

# ---- Bad input: sizes and directories ------------------------------------------------------------

bad_spectrum 'too large for --memory: both numbers' \
  'needs [0-9.]* [MG]B of memory, and 1\.05 MB are available' \
  --samples 4000 --dim 3 --widths 4 --memory 1M
bad_spectrum 'too large for any memory' 'needs [0-9.]* GB of memory, and [0-9.]* GB are available' \
  --samples 50000000 --dim 3 --widths 4
# 1.6 GB, nearly all of it a hole: were a row read, its NaN would be what is refused.
{ header '<f8' '(200000, 1000)' && printf '%b' "$nan"; } >"$in/large.npy"
truncate -s 1600000128 "$in/large.npy"
for command in spectrum train memorize verify; do
  bad "$command: a file too large to compute on is not read" 'needs .* GB of memory, and' \
    "$command" --data "$in/large.npy" --widths 4000 --memory 2G
done
rm "$in/large.npy"
bad_spectrum 'N past the limit of storage' '[0-9]' --samples 999999999999 --dim 3 --widths 4
bad 'directory below a file (root too)' '^ntkit: --save' \
  spectrum --samples 5 --dim 3 --widths 4 --save "$in/file/sub"
bad 'directory that is a file' '^ntkit: --save' \
  spectrum --samples 5 --dim 3 --widths 4 --save "$in/file"
bad 'empty directory name' '^ntkit: --save' spectrum --samples 5 --dim 3 --widths 4 --save ''
bad 'blocks without a directory' '^ntkit: --save-blocks needs --save' \
  spectrum --samples 5 --dim 3 --widths 4 --save-blocks
bad 'more vectors than samples' '6 eigenvectors at each end of 5 are asked for; accepted: up to 5' \
  spectrum --samples 5 --dim 3 --widths 4 --vectors 6
bad 'kernel without a directory' '^ntkit: --save-kernel needs --save' \
  spectrum --samples 5 --dim 3 --widths 4 --save-kernel
check 'input files are left alone' test ! -s "$in/file"

# ---- A run: the JSON object ----------------------------------------------------------------------

good 'a run' spectrum --samples 60 --dim 12 --widths 20,30 --beta 1,1.5,2 --seed 7 --json \
  --per-block --certify --full --save saved --save-kernel
check 'nothing but the result' test ! -s "$err"
flat "$out" >"$top/flat"
for key in network.depth network.dim network.widths network.activation network.init network.beta \
  network.parameters data.source data.samples data.dim data.scale seed verdict reason lambda_min \
  lambda_max condition residual_min residual_max resolution certificate.certified \
  certificate.lower certificate.upper certificate.kernel_estimate.lower \
  certificate.kernel_estimate.upper certificate.kernel.proved certificate.kernel.lower \
  certificate.kernel.upper blocks blocks.block blocks.lambda_min blocks.trace \
  blocks.verdict bounds.lower_scale bounds.upper_scale bounds.ratio_lower bounds.ratio_upper \
  bounds.diagonal_min iterations.solves iterations.products seconds.forward seconds.kernel \
  seconds.factor seconds.eigen seconds.largest seconds.certify seconds.full seconds.blocks \
  seconds.total memory_bytes eigenvalues saved environment.version environment.commit environment.compiler \
  environment.blas environment.blas_core environment.simd environment.backend environment.cpu \
  environment.threads; do
  [ -n "$(value $key)" ] || fails 'keys of the JSON object' "no $key"
done
check 'one object' test "$(grep -c '^[{}]' "$out")" -eq 2
check 'verdict ok' test "$(value verdict)" = '"ok"'
for names in verdict:status blocks.verdict:layers.status blocks.trace:layers.trace \
  seconds.blocks:seconds.layers; do
  check "also under its former name: $names" \
    test -n "$(value "${names%:*}")" -a "$(value "${names%:*}")" = "$(value "${names#*:}")"
done
holds 'depth is widths + 1' '@network.depth@ == 3'
holds 'P = sum n_{l-1} n_l' '@network.parameters@ == 12 * 20 + 20 * 30 + 30'
holds 'scale of eq. (6) is n_{L-2} n_{L-1}' '@bounds.lower_scale@ == 600'
holds 'scale of eq. (7) is d n_{L-1}' '@bounds.upper_scale@ == 360'
holds 'ratio of eq. (6)' '(@lambda_min@ / 600 / @bounds.ratio_lower@ - 1)^2 < 1e-24'
holds 'ratio of eq. (7)' '(@lambda_min@ / 360 / @bounds.ratio_upper@ - 1)^2 < 1e-24'
holds '0 < lambda_min <= lambda_max' '0 < @lambda_min@ && @lambda_min@ <= @lambda_max@'
holds 'eq. (16)' '@lambda_min@ <= @bounds.diagonal_min@'
holds 'condition' '(@lambda_max@ / @lambda_min@ / @condition@ - 1)^2 < 1e-24'
holds 'residual within the default tolerance' '@residual_min@ <= 1e-5 * @lambda_min@'
check 'certified' test "$(value certificate.certified)" = true
holds 'certified interval' \
  '@certificate.lower@ <= @lambda_min@ && @lambda_min@ <= @certificate.upper@ * (1 + 1e-9)'
holds 'the estimate contains the proved interval' \
  '@certificate.kernel_estimate.lower@ <= @certificate.lower@ &&
   @certificate.upper@ <= @certificate.kernel_estimate.upper@'
check 'proved for the kernel in exact arithmetic' test "$(value certificate.kernel.proved)" = true
holds 'around what is proved of the stored one' \
  '@certificate.kernel.lower@ < @certificate.lower@ &&
   @certificate.upper@ < @certificate.kernel.upper@'
holds 'parts of the time are no more than all of it' \
  '@seconds.forward@ + @seconds.kernel@ + @seconds.factor@ + @seconds.eigen@ <= @seconds.total@'
holds 'lambda_max is part of the eigenvalues' '@seconds.largest@ > 0 && @seconds.largest@ <= @seconds.eigen@'
check 'N eigenvalues' test "$(awk '/"eigenvalues"/ { on = 1; next } on && /\]/ { exit } on' "$out" |
  wc -l)" -eq 60
awk '/"eigenvalues"/ { on = 1; next } on && /\]/ { exit } on { print $1 + 0 }' "$out" >"$top/all"
check 'eigenvalues ascend' sort -g -c "$top/all"
holds 'smallest of all is lambda_min' "(@lambda_min@ / $(head -n 1 "$top/all") - 1)^2 < 1e-8"

# ---- A run: files --------------------------------------------------------------------------------

check 'result.json is what was printed' cmp saved/result.json "$out"
for pair in 'X:(60, 12)' 'W1:(12, 20)' 'W2:(20, 30)' 'W3:(30, 1)' 'eigenvector:(60,)' \
  'eigenvalues:(60,)' 'kernel:(60, 60)'; do
  head -n 1 "saved/${pair%%:*}.npy" | tr -cd ' -~' >"$top/header"
  check "shape of ${pair%%:*}.npy" grep -qF "'shape': ${pair#*:}" "$top/header"
  check "${pair%%:*}.npy is listed" grep -qF "saved/${pair%%:*}.npy" "$out"
done
check 'nothing else is left' test "$(find saved -type f | wc -l)" -eq 8
lambda=$(value lambda_min)
good 'saved data read back' spectrum --data saved/X.npy --widths=20,30 --beta=1,1.5,2 --seed=7 --json
flat "$out" >"$top/flat"
check 'the same lambda_min from X.npy; --opt=value is --opt value' test "$(value lambda_min)" = \
  "$lambda"
good 'first rows of a file' spectrum --data saved/X.npy --samples 20 --widths 20,30 --json
flat "$out" >"$top/flat"
holds 'N is --samples' '@data.samples@ == 20 && @data.dim@ == 12'
check 'no eigenvalues unless asked for' test -z "$(value eigenvalues)"
check 'no list of files without --save' test -z "$(value saved)"
check 'no certificate unless asked for' test "$(value certificate.certified)" = false
check 'NaN is null' test "$(value certificate.lower)" = null
good 'largest seed' spectrum --samples 5 --dim 3 --widths 4 --seed 18446744073709551615 --json
check 'its digits are kept' grep -q '"seed": "18446744073709551615"' "$out"

good 'more samples than parameters' spectrum --samples 40 --dim 3 --widths 4 --json
flat "$out" >"$top/flat"
check 'rank deficient' test "$(value verdict)" = '"rank_deficient"'
holds 'lambda_min is 0' '@lambda_min@ == 0'
check 'with a reason' test "$(value reason)" != '""'

# ---- A run: text, warnings, quiet ----------------------------------------------------------------

# What is printed of a proved interval contains it, and in some of these %g would not.
for seed in 1 2 3 4 5 6 7 8; do
  good 'an interval' spectrum --samples 20 --dim 5 --widths 30 --seed $seed --certify --json
  exact=$(jq -r '.certificate | "\(.lower) \(.upper)"' "$out")
  good 'the same as text' spectrum --samples 20 --dim 5 --widths 30 --seed $seed --certify
  shown=$(sed -n 's/.*proved of the stored matrix: *\([^ ]*\) .* \([^ ]*\)$/\1 \2/p' "$out")
  echo "$exact $shown" | awk 'NF != 4 || $3 > $1 || $4 < $2 || $4 - $3 > $2 - $1 + 1e-8 * $2 {
    exit 1 }' || fails 'an interval is rounded outwards' "$shown for $exact"
done

good 'text' spectrum --samples 30 --dim 6 --widths 8,9 --certify --per-block --full
cp "$out" named
good 'the former name of --per-block' spectrum --samples 30 --dim 6 --widths 8,9 --certify \
  --per-layer --full
check 'asks for the same' test "$(grep -c 'K_' "$out")" = "$(grep -c 'K_' named)"
for word in 'P = 129' lambda_min lambda_max 'eq. (4)' 'eq. (6)' 'eq. (7)' 'eq. (16)' '8 x 9' \
  'proved' 'quartiles' 'time' 'memory'; do
  check 'the table is complete' grep -qF "$word" "$out"
done
good 'text of a rank-deficient kernel' spectrum --samples 200 --dim 3 --widths 4
check 'the verdict is explained' grep -q 'rank_deficient: ' "$out"
good 'an activation for each layer' spectrum --samples 20 --dim 6 --widths 8,9,8 \
  --activation 'Tanh,LeakyReLU(negative_slope=0.2),swish'
check 'by their own names' grep -q 'tanh,leaky_relu(0.2),silu, init' "$out"
check 'the kink is outside Assumption 2.3' grep -q 'leaky_relu has a derivative that is not' "$err"
good 'x^2' spectrum --samples 20 --dim 6 --widths 8,9 --activation quadratic --certify
check 'has no M' grep -q '^ntkit: warning: activation quadratic is not Lipschitz' "$err"
check 'and bounds' grep -q 'proved of the exact kernel:  *[0-9.e-]* <= lambda_min <= [0-9]' "$out"
good 'two outputs' spectrum --samples 10 --dim 6 --widths 8,9 --outputs 2 --certify
check 'and bounds' grep -q 'proved of the exact kernel:  *[0-9.e-]* <= lambda_min <= [0-9]' "$out"
good 'relu' spectrum --samples 20 --dim 6 --widths 8 --activation relu
check 'relu is outside Assumption 2.3' grep -q '^ntkit: warning: .*Assumption 2.3' "$err"
good 'constant column' spectrum --data "$in/constant.npy" --widths 4 --scale standardize
check 'constant columns are counted' grep -q '^ntkit: warning: .*1 constant column' "$err"
good 'quiet' spectrum --data "$in/constant.npy" --widths 4 --scale standardize --quiet
check 'quiet means no warnings' test ! -s "$err"

"$NTKIT" info >&- 2>"$err"
check 'closed standard output: exit status 1' test $? -eq 1
check 'closed standard output: a line says so' test -s "$err"
if [ -c /dev/full ]; then
  "$NTKIT" spectrum --samples 5 --dim 3 --widths 4 >/dev/full 2>"$err"
  check 'full disk on standard output: exit status 1' test $? -eq 1
  check 'full disk on standard output: a line says so' test -s "$err"
fi

# A job of several seconds, stopped in it. (Shells let background jobs ignore SIGINT.)
"$NTKIT" spectrum --samples 10000 --dim 100 --widths 200,200 --threads 1 >"$out" 2>"$err" &
until_so worked 50 $!
kill -TERM $!
wait $!
check 'interrupted: exit status 130' test $? -eq 130
check 'interrupted: one line' test "$(wc -l <"$err")" -eq 1
check 'interrupted: no result' test ! -s "$out"

# ---- Help, in every form, from one table ---------------------------------------------------------

good 'help' help
cp "$out" "$top/help"
good '--help' --help
check 'help is --help' cmp "$out" "$top/help"
good '-h' -h
check 'help is -h' cmp "$out" "$top/help"
good 'version' --version
check 'the version is a number' grep -q '^ntkit [0-9][0-9.]* ' "$out"
"$NTKIT" help --man >"$top/man"
"$NTKIT" help --completion >"$top/completion"
for command in spectrum train info selftest help; do
  check "'help' names $command" grep -q "^  $command " "$top/help"
  good "help $command" help "$command"
  cp "$out" "$top/help_command"
  good "$command --help" "$command" --help
  check "'help $command' is '$command --help'" cmp "$out" "$top/help_command"
  sed -n 's/^  --\([a-z-]*\).*/\1/p' "$out" | while read -r option; do
    escaped=$(echo "--$option" | sed 's/-/\\\\-/g')
    grep -q "^\.B $escaped" "$top/man" || echo "--$option is not in the man page"
    grep -q -e "--$option" "$top/completion" || echo "--$option is not in the completion"
  done >"$top/missing"
  check "every option of $command is everywhere" test ! -s "$top/missing"
done
check 'the man page has a title' grep -q '^\.TH NTKIT 1 ' "$top/man"
check 'the man page ends its title once' test "$(grep -c '^\.TH' "$top/man")" -eq 1
if command -v groff >"$top/check"; then
  groff -man -Tascii -ww -z "$top/man" >"$top/groff" 2>&1
  check 'groff has nothing to say' test ! -s "$top/groff"
fi
if command -v bash >"$top/check"; then
  # shellcheck disable=SC2016 # for the other shell to expand
  complete='COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ntkit; echo "${COMPREPLY[*]}"'
  check 'completion of a command' test "$(bash -c ". $top/completion; $complete" - ntkit sp)" = \
    spectrum
  check 'completion of a name' test "$(bash -c ". $top/completion; $complete" - \
    ntkit spectrum --data ga)" = 'gaussian gan'
  check 'completion after =' test "$(bash -c ". $top/completion; $complete" - \
    ntkit spectrum --init = le)" = lecun
fi

# ---- info and selftest ---------------------------------------------------------------------------

good 'info' info
for word in gaussian sigmoid relu identity paper lecun teacher nesterov half-sum blas cpu limits; do
  check 'info is complete' grep -q "$word" "$out"
done
if command -v taskset >/dev/null; then
  core=$(taskset -cp $$ | sed 's/.*: \([0-9]*\).*/\1/')
  taskset -c "$core" "$NTKIT" info >"$out"
  check 'one thread on one core' grep -q ', 1 thread, ' "$out"
fi
good 'info --json' info --json
for key in environment limits distributions activations inits labels optimizers losses step_sizes; do
  check 'info --json is complete' grep -q "^  \"$key\": " "$out"
done
good 'selftest passes' selftest
check 'selftest counts' grep -q '^[1-9][0-9]* checks*, 0 failed$' "$out"
good 'selftest --json' selftest --json
check 'selftest --json counts' grep -q '^  "failed": 0' "$out"

finish test_cli
