#!/bin/sh
# ntkit train: bad input is refused in one line before anything is written; what is printed and saved
# agrees with each other and with ntkit spectrum; an interruption changes no bit.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

# bad_train PROPERTY PATTERN ARGUMENT...: a directory to save into must not appear.
small='--samples 40 --dim 10 --widths 12,12 --activation tanh'
bad_train() {
  property=$1 pattern=$2
  shift 2
  # shellcheck disable=SC2086 # a list of words
  bad "$property" "$pattern" train $small --save saved "$@"
}
# train PROPERTY ARGUMENT...: a run that ends well, its JSON object in $out and $top/flat.
train() {
  property=$1
  shift
  # shellcheck disable=SC2086
  good "$property" train $small --json "$@"
  flat "$out" >"$top/flat"
}
# text KEY: a value without its quotes.
text() {
  value "$1" | tr -d '"'
}
# last FILE: the last double of a .npy file; squares FILE: the sum of their squares,
# after a header of 128 bytes.
last() {
  tail -c 8 "$1" | od -An -t f8 | tr -d ' '
}
squares() {
  tail -c +129 "$1" | od -An -v -t f8 | awk '{ for (i = 1; i <= NF; i++) sum += $i * $i }
    END { printf "%.17g\n", sum }'
}

# ---- Files to read: labels -----------------------------------------------------------------------

# repeat COUNT TEXT
repeat() {
  i=0
  while [ $i -lt "$1" ]; do
    printf '%s' "$2"
    i=$((i + 1))
  done
}
{ header '<f8' '(40,)' && printf '%b' "$(repeat 20 "$one$two")"; } >"$in/labels.npy"
{ header '<f8' '(40, 1)' && printf '%b' "$(repeat 20 "$one$two")"; } >"$in/column.npy"
{ header '<f8' '(39,)' && printf '%b' "$(repeat 39 "$one")"; } >"$in/short.npy"
{ header '<f8' '(20, 2)' && printf '%b' "$(repeat 20 "$one$two")"; } >"$in/square.npy"
{ header '<f8' '(40,)' && printf '%b' "$(repeat 37 "$one")$nan$one$one"; } >"$in/nan.npy"
{ header '<f8' '(40,)' && printf '%b' "$(repeat 37 "$one")$one$inf$one"; } >"$in/inf.npy"
echo 'no checkpoint' >"$in/text.ntk"

# ---- Bad input: options --------------------------------------------------------------------------

bad_train 'unknown optimizer: the nearest name' "did you mean 'adam'? known: gd, momentum" \
  --optimizer adan
bad_train 'unknown optimizer: the known' 'known: gd, momentum, nesterov, adam, lm' --optimizer sgd
bad_train 'unknown loss' "'mse' is not known; .*half-sum, mean" --loss mse
bad_train 'unknown rule' "'fast' is not known; known: auto, theory, best, or a number > 0" --lr fast
bad_train 'unknown labels' 'gaussian, sign, teacher, or a file' --labels uniform
bad_train 'unknown precision' 'known: double, float; .*--kernel-precision' --precision mixed
for text in 0 -1 1e400 0x1p3 1.0.0 ''; do
  bad_train "step size '$text'" '^ntkit: --lr: .*the step size is .*; expected a number > 0, auto' \
    --lr "$text"
  bad_train "target '$text'" '^ntkit: --target: .*the target is .*; expected a loss > 0' \
    --target "$text"
  bad_train "time '$text'" '^ntkit: --time: .*the time is .*; expected seconds > 0' --time "$text"
done
for option in epochs track plateau batch clients local-steps; do
  bad_train "--$option=0" "^ntkit: --$option: .* is 0; expected a whole number" "--$option=0"
  bad_train "--$option 1.5" "^ntkit: --$option: .* is not a whole number" "--$option" 1.5
done
bad 'weights without a folder' '^ntkit: --save-track needs --save DIR' train --samples 5 --dim 3 \
  --widths 4 --track log --save-track weights
bad_train 'weights of no epochs' '^ntkit: --save-track needs .* --track' --save-track weights
bad_train 'a batch larger than N' '^ntkit: --batch: .* 41 samples, and there are 40; accepted: from 1 to 40' --batch 41
bad_train 'more clients than samples' '^ntkit: --clients: .*41 clients, and there are 40 samples' --clients 41
bad_train 'clients beyond memory' '^ntkit: --clients: .* clients, and there are 40 samples' --clients 18446744073709551615
bad_train 'clients of adam' '^ntkit: --clients: .*gradient descent' --clients 4 --optimizer adam
bad_train 'steps of no clients' '^ntkit: --local-steps needs --clients' --local-steps 4
bad_train 'a split of no clients' '^ntkit: --split needs --clients' --split by-label
bad_train 'a split that is no file' "^ntkit: --split: 'fair' is not known, and no such file is there; known: iid, by-label, or a file of N numbers from 0 to C - 1$" --clients 4 --split fair
bad_train 'a split misspelt' "^ntkit: --split: 'bylabel' .*; did you mean 'by-label'? known: iid" --clients 4 --split bylabel
bad_train 'weights of no clients' '^ntkit: --client-weights needs --clients' --client-weights size
bad_train 'unknown weights of clients' "'n' is not known; .*equal, size" --clients 4 --client-weights n
bad_train 'a client without samples' '^ntkit: --split: client 0 has no samples' --clients 3 --split "$in/labels.npy"
bad_train 'batches of lm' '^ntkit: --batch: lm takes all samples at once' --optimizer lm --batch 4
bad_train 'plateau and a word' "^ntkit: --plateau: 'word': E is not a whole number" --plateau word
bad_train 'momentum 1' '^ntkit: --momentum: .*is not below 1' --optimizer momentum --momentum 1
bad_train 'momentum of gd' '^ntkit: --momentum: gd has no momentum; accepted with: momentum, nesterov' --momentum 0.5
bad_train 'momentum of adam' '--momentum: adam has no' --optimizer adam --momentum 0.5
bad_train 'step size of lm' '--lr: lm takes no step size' --optimizer lm --lr 0.1
bad_train 'best of adam' '--lr: no step size is known to be the best for adam' --optimizer adam --lr best
bad_train 'best and a momentum' '--lr: best is a step size and a momentum' --optimizer nesterov --lr best --momentum 0.5
bad_train 'rule of lm' '--lr: lm takes no step size' --optimizer lm --lr theory
bad_train 'lm in float' '--precision: lm solves systems in double' --optimizer lm --precision float
# shellcheck disable=SC2086
bad 'figures without a directory' '^ntkit: --plot needs --save DIR' train $small --plot
bad_train 'gamma of another initialisation' '^ntkit: --gamma needs --init antisymmetric' --gamma 100
bad_train 'gamma 0' '^ntkit: --gamma: .*gamma is 0' --init antisymmetric --gamma 0
bad_train 'odd last hidden width' 'even.*13\|13.*even' --init antisymmetric --widths 12,13
bad 'a step size for spectrum' "^ntkit: --lr is not an option of 'spectrum'" \
  spectrum --samples 5 --dim 3 --widths 4 --lr 0.1
bad_train 'too large for --memory: both numbers' '[0-9].*[0-9]' --memory 1K

# ---- Bad input: files ----------------------------------------------------------------------------

bad_train 'no such labels' '^ntkit: --labels: .*missing.npy' --labels missing.npy
bad_train 'labels of the wrong length' '^ntkit: --labels: .*39.*40' --labels "$in/short.npy"
bad_train 'labels of the wrong shape' '^ntkit: --labels: ' --labels "$in/square.npy"
bad_train 'a label that is no number, by its place' '^ntkit: --labels: .*3[78]' --labels "$in/nan.npy"
bad_train 'an infinite label, by its place' '^ntkit: --labels: .*3[89]' --labels "$in/inf.npy"
bad_train 'directory that is a file' '^ntkit: --save' --save "$in/text.ntk"
# shellcheck disable=SC2086
bad 'a checkpoint that is none' 'text.ntk' train $small --checkpoint "$in/text.ntk"
check 'it is left alone' grep -q 'no checkpoint' "$in/text.ntk"
# shellcheck disable=SC2086
bad 'a checkpoint in no directory' 'nowhere' train $small --epochs 3 --checkpoint nowhere/c.ntk

# ---- Optimizers, losses, labels ------------------------------------------------------------------

for optimizer in gd momentum nesterov adam lm; do
  train "$optimizer" --optimizer $optimizer --epochs 20
  holds "$optimizer: the loss falls" '@loss_final@ < @loss_initial@ && @loss_final@ > 0'
  holds "$optimizer: epochs" '@epochs@ == 20 || @epochs@ < 20 && "'"$(text stopped)"'" == "stalled"'
  check "$optimizer is named" test "$(text optimizer)" = $optimizer
done
train 'best step' --epochs 20 --optimizer momentum --lr best --track 10
holds 'best step: is used' '@lr@ == @linear.lr_best@ && @momentum@ == @linear.momentum_best@'
holds 'best step: its rate' '(@linear.rate@ / @linear.rate_best@ - 1)^2 < 1e-10 && @linear.rate@ < @linear.rate_gd@'
check 'best step: accelerated' test "$(value linear.accelerated)" = true
train 'batches' --epochs 20 --batch 15
holds 'batches: the loss falls' '@loss_final@ < @loss_initial@ && @loss_final@ > 0'
holds 'batches: how many' '@batches.size@ == 15 && @batches.steps@ == 3'
holds 'batches: the rate' '@batches.rate_best@ <= @batches.rate@ && @batches.rate@ < 1'
check 'batches have no bound (20)' test "$(value rate_bound)" = null
train 'clients' --epochs 20 --clients 4 --local-steps 3 --split by-label --save clients
holds 'clients: the loss falls' '@loss_final@ < @loss_initial@ && @loss_final@ > 0'
holds 'clients: who they are' '@federated.clients@ == 4 && @federated.local_steps@ == 3 && @federated.smallest@ == 10'
holds 'clients: rate and drift' '@federated.rate@ < 1 && @federated.rate@ > 0 && @federated.drift_first@ > 0'
check 'clients: what they count' test "$(text federated.weights)" = equal
check 'clients: drift of every round is saved' grep -qaF "'shape': (21,)" clients/drift.npy
train 'clients by size' --epochs 20 --clients 3 --client-weights size --track 10
check 'clients by size: what they count' test "$(text federated.weights)" = size
holds 'clients by size: are of several' '@federated.smallest@ == 13 && @federated.largest@ == 14'
check 'clients: drift where it is tracked' \
  test "$(grep -c '"drift": 0\.0$' "$out") $(grep -c '"drift": 0\.[0-9]*[1-9]' "$out")" = '1 2'
{ header '<f8' '(40,)' && printf '%b' "$(repeat 20 "$one"'\0\0\0\0\0\0\0\0')"; } >"$in/whose.npy"
train 'clients of a file' --epochs 3 --clients 2 --split "$in/whose.npy"
check 'clients of a file: which one' grep -q "$(sha256sum "$in/whose.npy" | cut -d' ' -f1)" "$out"
train 'lm again' --epochs 20 --optimizer lm
check 'without batches there is no rate of them' test "$(value batches.rate)" = null
check 'lm has no step size' test "$(value lr)" = null
check 'lm has no bound' test "$(value rate_bound)" = null
for key in loss_initial loss_final epochs resumed stopped reason lr lr_source momentum optimizer loss \
  labels precision rate_measured rate_bound seconds seconds_tracking seed network.widths \
  network.gamma data.samples convergence.lambda_min convergence.lambda_max convergence.alpha \
  convergence.beta convergence.change_allowed convergence.radius convergence.lr_largest \
  convergence.c convergence.change_largest convergence.distance_largest convergence.laziness \
  convergence.bound_held convergence.condition_held track checkpoint environment.version; do
  [ -n "$(value $key)" ] || fails 'keys of the JSON object' "no $key"
done
check 'one object' test "$(grep -c '^[{}]' "$out")" -eq 2

train 'half-sum' --epochs 1
half_sum=$(value loss_initial)
train 'mean' --epochs 1 --loss mean
holds 'mean is 2 / N of half-sum, eq. (19)' "(@loss_initial@ * 20 / $half_sum - 1)^2 < 1e-24"
train 'number for a step size' --epochs 5 --lr 1e-4
holds 'is used' '@lr@ == 1e-4'
train 'theory' --epochs 5 --lr theory --init antisymmetric --save theory
norm2=$(squares theory/init/W3.npy)
holds 'gamma = d^3 N^2' '@network.gamma@ == 1000 * 1600'
holds 'step of Theorem 4.2, 1 / (gamma N d n_{L-1}) with gamma n_{L-1} = ||W_L||^2' \
  "(@lr@ * 40 * 10 * $norm2 - 1)^2 < 1e-20"
holds 'whose expectation is gamma n_{L-1}' "($norm2 / (1.6e6 * 12) - 1)^2 < 1"
train 'gamma' --epochs 5 --init antisymmetric --gamma 100
holds 'gamma is kept' '@network.gamma@ == 100'
train 'given momentum' --epochs 5 --optimizer nesterov --momentum 0.5
holds 'is used' '@momentum@ == 0.5'
train 'sign' --labels sign --epochs 1 --init antisymmetric
holds 'F_0 = 0 and Y_i^2 = 1: the loss is N / 2, eq. (18)' '@loss_initial@ == 20'
train 'teacher' --labels teacher --epochs 1 --init antisymmetric
holds 'teacher has a mean square of 1' '(@loss_initial@ - 20)^2 < 1e-20'
train 'labels of a file' --labels "$in/labels.npy" --epochs 1 --init antisymmetric
holds 'sum of squares / 2' '@loss_initial@ == (20 * 1 + 20 * 4) / 2'
train 'labels in a column' --labels "$in/column.npy" --epochs 1 --init antisymmetric
holds 'the same' '@loss_initial@ == 50'
train 'double' --epochs 50 --optimizer adam
double=$(value loss_final)
train 'float' --epochs 50 --optimizer adam --precision float
holds 'float is double to its precision' \
  "(@loss_final@ / $double - 1)^2 < 1e-6 && @loss_final@ != $double"

# ---- Stopping ------------------------------------------------------------------------------------

train 'target' --optimizer lm --target 1e-6
check 'stopped at the target' test "$(text stopped)" = target
holds 'the target is reached' '@loss_final@ <= 1e-6 && @epochs@ < 100'
train 'time' --epochs 100000000 --time 0.3
check 'stopped by the time' test "$(text stopped)" = time
# That no step is left out which had fitted in is test_train_stop.c's, by a clock of its own: here
# one step may take most of the time, on a busy machine.
check 'the time that was given' grep -q '"reason": "0.3 seconds are over, or ' "$out"
holds 'the time is kept' '@seconds@ < 3 && @epochs@ > 0'
train 'no time' --epochs 100000000 --time 1e-9
holds 'no step' '@epochs@ == 0'
# Adam with a step this large circles: a plateau comes.
train 'plateau of 50' --optimizer adam --lr 0.3 --plateau=50 --epochs 4000
check 'stopped at a plateau' test "$(text stopped)" = plateau
holds 'at the end of a window' '@epochs@ % 50 == 0'
check 'no window, no loss of it' test "$(train 'none' --epochs 3 && value loss_plateau)" = null
# authors FILE E: their loop over loss.npy, whose last loss no step was made from.
authors() {
  tail -c +129 "$1" | od -An -v -t f8 -w8 | awk -v E="$2" 'NR > 1 { sum += loss
      if ((NR - 1) % E == 0) { if (NR - 1 > E && sum > previous) exit; previous = sum; sum = 0 } }
    { loss = $1 } END { printf "%.17g\n", previous / (E / 2) }'
}
train 'plateau of 100' --optimizer adam --lr 0.3 --plateau 100 --epochs 4000 --save plateau
epochs=$(value epochs)
holds 'what the authors plot' "(@loss_plateau@ / $(authors plateau/loss.npy 100) - 1)^2 < 1e-24"
# shellcheck disable=SC2086
run train $small --optimizer adam --lr 0.3 --plateau 100 --epochs 4000
check 'is printed' grep -q "^ *at the plateau $(value loss_plateau | cut -c1-4).*: twice the mean of the last 100 " "$out"
rm -r plateau
train 'plateau' --epochs 4000 --optimizer adam --lr 0.3 --plateau
holds '--plateau is --plateau 100' "@epochs@ == $epochs && @epochs@ % 100 == 0"

# ---- The theorem, and files ----------------------------------------------------------------------

train 'a tracked run' --init antisymmetric --gamma 1e12 --epochs 100 --track 30 --save saved --seed 3
check 'nothing but the result' test ! -s "$err"
check 'result.json is what was printed' cmp saved/result.json "$out"
check '(20) held' test "$(value convergence.bound_held)" = true
check '(21) held' test "$(value convergence.condition_held)" = true
holds 'change of J within what (21) allows' \
  '@convergence.change_largest@ <= @convergence.change_allowed@'
holds 'distance within R' '@convergence.distance_largest@ <= @convergence.radius@'
holds 'alpha = 4/5 sigma_min' '(@convergence.alpha@ / (0.8 * sqrt(@convergence.lambda_min@)) - 1)^2 < 1e-20'
holds 'rate within the bound' '@rate_measured@ <= @rate_bound@ && @rate_bound@ < 1'
holds 'rate of (20), with ||W_L||^2 for gamma n_{L-1}' \
  "(1 - @convergence.c@ * @lr@ * 12 * $(squares saved/init/W3.npy) - @rate_bound@)^2 < 1e-20"
holds 'rate of the losses' \
  '(exp(log(@loss_final@ / @loss_initial@) / 100) / @rate_measured@ - 1)^2 < 1e-20'
check 'epochs 0, 30, 60, 90 and the last' test "$(awk '/"epoch": / { printf "%d ", $2 }' "$out")" = \
  '0 30 60 90 100 '
for pair in 'X:(40, 10)' 'Y:(40,)' 'W1:(10, 12)' 'W2:(12, 12)' 'W3:(12, 1)' 'init/W1:(10, 12)' \
  'init/W2:(12, 12)' 'init/W3:(12, 1)' 'loss:(101,)' 'track_epoch:(5,)' 'track_bound:(5,)' \
  'track_prediction:(5,)' 'track_lambda_min:(5,)' 'track_lambda_max:(5,)' \
  'track_jacobian_change:(5,)' 'track_distance:(5,)' 'track_rate:(5,)' 'track_rate_linear:(5,)'; do
  head -n 1 "saved/${pair%%:*}.npy" | tr -cd ' -~' >"$top/header"
  check "shape of ${pair%%:*}.npy" grep -qF "'shape': ${pair#*:}" "$top/header"
  check "${pair%%:*}.npy is listed" grep -qF "saved/${pair%%:*}.npy" "$out"
done
check 'these, result.json and the checkpoint' test "$(find saved -type f | wc -l)" -eq 20
holds 'loss.npy ends with the loss' "($(last saved/loss.npy) / @loss_final@ - 1)^2 < 1e-24"
holds 'track_lambda_min.npy ends as the table does' \
  "($(last saved/track_lambda_min.npy) / $(awk '/"lambda_min": / { v = $2 } END { print v + 0 }' \
    "$out") - 1)^2 < 1e-8"
lambda=$(value convergence.lambda_min)
good 'the first kernel, from what was saved' spectrum --data saved/X.npy --widths 12,12 \
  --activation tanh --init antisymmetric --gamma 1e12 --seed 3 --save first --json
flat "$out" >"$top/flat"
holds 'has the same lambda_min' "(@lambda_min@ / $lambda - 1)^2 < 1e-12"
for l in 1 2 3; do
  check "init/W$l.npy is what ntkit spectrum draws" cmp "saved/init/W$l.npy" "first/W$l.npy"
done
cmp -s saved/W2.npy saved/init/W2.npy && fails 'training moves the weights' W2
loss=$(last saved/loss.npy)
train 'data and labels of a file' --data saved/X.npy --labels saved/Y.npy --init antisymmetric \
  --gamma 1e12 --epochs 100 --seed 3
holds 'the same run' "@loss_final@ == $loss || (@loss_final@ / $loss - 1)^2 < 1e-28"

# The plain question: nothing is trained unless --epochs is given; told in all three ways.
train 'the question' --question --report question.html
holds 'no step is made' '@epochs@ == 0'
check 'an answer' test "$(text answer.answer)" = open
holds 'one epoch of the linear model' \
  '@answer.linear_least@ > 1 && @answer.linear_least@ == @answer.linear_most@'
holds 'and (20) later' '@answer.epochs_bound@ > @answer.linear_most@'
check 'the page has it' grep -q 'can the labels be fitted to a loss of' question.html
check 'and not that (20) held' grep -q '(20).*not measured: no step was made' question.html
rm question.html
# shellcheck disable=SC2086
good 'the question for people' train $small --question --epochs 4000 --target 1e-3
check 'answered' grep -q '^answer      yes: the loss was .* at epoch' "$out"
check 'with the linear model' grep -q '^            the linear model  *epoch [0-9]*$' "$out"
train 'not asked' --epochs 2
check 'no answer' test "$(value answer.answer)" = null

# Weights of tracked epochs: of the first and the last those that are saved anyway; a run that goes on
# keeps the earlier ones, and not the one that was its last.
train 'weights of epochs' --epochs 7 --track log --save-track weights --save epochs
for l in 1 2 3; do
  check "epoch0/W$l.npy" cmp "epochs/epoch0/W$l.npy" "epochs/init/W$l.npy"
  check "epoch7/W$l.npy" cmp "epochs/epoch7/W$l.npy" "epochs/W$l.npy"
done
cksum <epochs/epoch5/W2.npy >"$top/before"
train 'and on' --epochs 12 --track log --save-track weights --save epochs
cksum <epochs/epoch5/W2.npy >"$top/after"
check 'epoch 5 stays' cmp "$top/before" "$top/after"
check 'epoch 7 was the last' test ! -e epochs/epoch7
check 'and 12 is' cmp epochs/epoch12/W2.npy epochs/W2.npy
rm -r epochs
for bias in '' '--bias 0.3'; do
  # shellcheck disable=SC2086
  train "kernels of epochs $bias" $bias --epochs 3 --track 3 --save-track kernel --save epochs
  # shellcheck disable=SC2086
  good 'K_0 by itself' spectrum $small $bias --save first --save-kernel --overwrite
  check "kernel_epoch0.npy is K_0 $bias" cmp epochs/kernel_epoch0.npy first/kernel.npy
  check 'and K moves' test -s epochs/kernel_epoch3.npy
  cmp -s epochs/kernel_epoch3.npy first/kernel.npy && fails 'K_3 is another' kernel_epoch3.npy
  rm -r epochs first
done

# Refusals that need files of a run.
run train --data saved/X.npy --widths 12,12 --save saved
check 'data are not overwritten' test "$status" -eq 2
check 'it says so' grep -q "^ntkit: --save: saved would overwrite the data 'saved/X.npy'" "$err"
# shellcheck disable=SC2086
run train $small --samples 12 --labels saved/init/W3.npy --save saved
check 'labels are not overwritten' test "$status" -eq 2
check 'it says so, too' grep -q "would overwrite the labels 'saved/init/W3.npy'" "$err"
run train --samples 40 --dim 10 --widths 14,12 --checkpoint saved/checkpoint.ntk
check 'checkpoint of another network' test "$status" -eq 2
check 'is named' grep -q 'saved/checkpoint.ntk' "$err"
check 'in one line' test "$(wc -l <"$err")" -eq 1

# What was saved goes away only when there is something else.
find saved -type f ! -name '*.ntk' -exec cksum {} + | sort >"$top/before"
# shellcheck disable=SC2086
run train $small --epochs 500 --lr 1e3 --save saved --checkpoint other.ntk
check 'divergence: exit status 1' test "$status" -eq 1
check 'divergence: one line' test "$(wc -l <"$err")" -eq 1
check 'divergence: with the epoch and what is stable' grep -q \
  '^ntkit: --lr: diverged: .* by epoch [1-9][0-9]* .*largest stable .* is [0-9.e-]*;' "$err"
check 'divergence: no result' test ! -s "$out"
find saved -type f ! -name '*.ntk' -exec cksum {} + | sort >"$top/after"
check 'divergence: what was saved stays' cmp "$top/before" "$top/after"
# shellcheck disable=SC2086
run train $small --epochs 500 --lr 1e3 --json
check 'divergence with --json: exit status 1' test "$status" -eq 1
flat "$out" >"$top/flat"
check 'divergence with --json: an object' test "$(text stopped)" = diverged
holds 'noticed soon, and the stable step is below' \
  '@epochs@ <= 20 && 0 < @convergence.lr_largest@ && @convergence.lr_largest@ < 1e3'
stable=$(value convergence.lr_largest)
# shellcheck disable=SC2086
run train $small --epochs 500 --lr 1e3 --json --save diverged
flat "$out" >"$top/flat"
check 'divergence: no empty folder' test ! -e diverged/init
check 'divergence: a checkpoint is named only where it is' \
  test "$(text checkpoint)" = "$([ -e diverged/checkpoint.ntk ] && echo diverged/checkpoint.ntk || echo null)"
train 'the stable step' --epochs 50 --lr "$(awk "BEGIN { print 0.5 * $stable }")"
holds 'does not diverge' '@loss_final@ < @loss_initial@'

rm saved/checkpoint.ntk
train 'another run into the directory' --epochs 10 --save saved
check 'leaves nothing of the last one' test "$(find saved -type f | wc -l)" -eq 11
check 'no figure unless asked for' test ! -e saved/loss.svg

if command -v gnuplot >/dev/null; then
  train 'figures' --epochs 60 --track 20 --plot --save figures
  for name in loss spectrum; do
    for suffix in svg pdf png dat gp; do
      check "$name.$suffix" test -s "figures/$name.$suffix"
      check "$name.$suffix is listed" grep -qF "figures/$name.$suffix" "$out"
    done
  done
  check 'every loss of a short run is drawn' test \
    "$(awk '/^# loss$/ { on = 1; next } on && /^$/ { exit } on' figures/loss.dat | wc -l)" -eq 61
  train 'a long run' --epochs 3000 --plot --save long
  check 'is thinned' test \
    "$(awk '/^# loss$/ { on = 1; next } on && /^$/ { exit } on' long/loss.dat | wc -l)" -eq 500
  check 'to its end' grep -q '^3000 ' long/loss.dat
  check 'and has no tracked kernel' test ! -e long/spectrum.svg
  check 'the bound of gd is drawn' grep -q '^# bound (20)' long/loss.dat
  train 'adam' --optimizer adam --epochs 30 --track 10 --plot --save adam
  check 'adam has no bound to draw' test "$(grep -c '^# ' adam/loss.dat)" -eq 3
  train 'clients' --clients 4 --local-steps 2 --epochs 30 --plot --save drifts
  check 'the drift of each round is drawn' test "$(grep -c '^[0-9]' drifts/drift.dat)" -eq 30
  check 'the figure of the drift is listed' grep -qF drifts/drift.svg "$out"
fi

# ---- Checkpoints ---------------------------------------------------------------------------------

# same A B: two directories with the same bits.
same() {
  for file in X Y W1 W2 W3 init/W1 init/W2 init/W3 loss; do
    check "$file.npy has the same bits" cmp "$1/$file.npy" "$2/$file.npy"
  done
}
train 'a run to its end' --epochs 300 --save whole --optimizer adam
train 'and again' --epochs 300 --save whole --optimizer adam
holds 'there is nothing left to do' '@resumed@ == 300 && @epochs@ == 300'
train 'half of it' --epochs 150 --save part --optimizer adam
train 'and the rest' --epochs 300 --save part --optimizer adam
holds 'is gone on with' '@resumed@ == 150 && @epochs@ == 300'
same whole part

# A run that would take minutes, stopped three times; how far it came is then what an uninterrupted
# one is asked for. (Shells let background jobs ignore SIGINT; SIGTERM takes the same way.)
long='train --samples 200 --dim 30 --widths 60,60 --activation tanh --optimizer momentum --lr 1e-4
  --track 200'
# shellcheck disable=SC2086
"$NTKIT" $long --epochs 1000000 >"$out" 2>"$err" &
until_so worked 50 $!
kill -TERM $!
wait $!
check 'interrupted: exit status 130' test $? -eq 130
check 'interrupted: one line' test "$(wc -l <"$err")" -eq 1
check 'interrupted: what would have helped' grep -q 'nothing was saved: with --checkpoint FILE' "$err"
check 'interrupted: no result' test ! -s "$out"
for time in 120 60 90; do # of the processor, long enough for the first epoch
  # shellcheck disable=SC2086
  "$NTKIT" $long --epochs 1000000 --save two --json >"$out" 2>"$err" &
  until_so worked $time $!
  kill -TERM $!
  wait $!
  check 'interrupted: exit status 130' test $? -eq 130
  check 'interrupted: it says how to go on' grep -q \
    '^ntkit: interrupted.*the same command goes on from there, by two/checkpoint.ntk' "$err"
  check 'interrupted: only the checkpoint' test "$(find two -type f)" = two/checkpoint.ntk
done
# A copy of the checkpoint tells how far that is.
cp two/checkpoint.ntk copy.ntk
# shellcheck disable=SC2086
good 'nothing to do up to epoch 1' $long --checkpoint copy.ntk --json --epochs 1
flat "$out" >"$top/flat"
epoch=$(value epochs)
epochs=$((${epoch:-0} + 300))
# shellcheck disable=SC2086
good 'the same command goes on' $long --save two --json --epochs $epochs
flat "$out" >"$top/flat"
holds 'and says how much was there' "@resumed@ == ${epoch:-0} && @resumed@ > 0 && @epochs@ == $epochs"
# shellcheck disable=SC2086
good 'without interruption' $long --save one --epochs $epochs
same one two
for file in bound prediction lambda_min lambda_max jacobian_change distance; do
  check "track_$file.npy has the same bits" cmp "one/track_$file.npy" "two/track_$file.npy"
done

# ---- Text, warnings, quiet -----------------------------------------------------------------------

# shellcheck disable=SC2086
good 'text' train $small --init antisymmetric --gamma 1e12 --epochs 100 --track 4
for word in 'P = 276' 'labels gaussian' 'gamma 1e+12' 'optimizer   gd' 'step size' 'stopped     epochs' \
  'rate' 'by (20)' 'lambda_min' 'distance' '(20)      held' '(21)      satisfied' 'laziness' \
  'time'; do
  check "the table has '$word'" grep -qF "$word" "$out"
done
check 'the tracked table is short' test "$(grep -c '^ *[0-9][0-9]*  *[0-9.e+-]*  ' "$out")" -le 14
check 'no line is too long' test "$(awk 'length > 110' "$out" | wc -l)" -eq 0
# shellcheck disable=SC2086
for words in '--track 10' '--lr theory' '--optimizer lm'; do
  good "relu $words" train $small --activation relu --epochs 10 $words
  check 'smoothness is missed' grep -q "^ntkit: warning: .*${words% *}.*smooth.*relu" "$err"
done
# shellcheck disable=SC2086
good 'relu by adam' train $small --activation relu --epochs 10 --optimizer adam
grep -q smooth "$err" && fails 'adam needs no smoothness' "$(cat "$err")"
# shellcheck disable=SC2086
good 'float and (18)' train $small --init antisymmetric --precision float --epochs 10
check 'float cannot resolve it' grep -q '^ntkit: warning: --precision float: .*sqrt(gamma)' "$err"
# shellcheck disable=SC2086
good 'quiet' train $small --init antisymmetric --precision float --epochs 10 --quiet
check 'quiet means no warnings' test ! -s "$err"

finish test_train
