/* The command and its options. */
#include "cli/train/train.h"

#include "cli/shell/command.h"

#define FIELD(name) offsetof(train_settings, name)

OPTION_NAMES(optimizer_name, ntk_name_info, ntk_optimizer_list)
OPTION_NAMES(lr_name, ntk_name_info, ntk_lr_list)
OPTION_NAMES(loss_name, ntk_name_info, ntk_loss_list)
OPTION_NAMES(weights_name, ntk_name_info, ntk_client_weights_list)
OPTION_NAMES(precision_name, ntk_name_info, ntk_precision_list)
OPTION_NAMES(mode_name, ntk_name_info, ntk_mode_list)

/* What is saved of a tracked epoch. */
static const char *tracked_name(size_t i) {
  static const char *const names[] = {"weights", "kernel"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

static const option_row own[] = {
    {.name = "classes",
     .kind = KIND_CHOICE,
     .field = FIELD(classes),
     .argument = "CODE",
     .alone = "signs",
     .choice = labels_encoding,
     .help = "The labels are classes, whole numbers or words in the file of --labels: the output "
             "of a sample's class is fitted to 1, the others to -1 (signs, also without a word) or "
             "0 (one-hot). One output for each class, as when --outputs is not given; of two "
             "classes one output, 1 for the second, which --outputs 2 makes two."},
    {.name = "optimizer",
     .kind = KIND_CHOICE,
     .field = FIELD(optimizer),
     .argument = "NAME",
     .fallback = "gd",
     .choice = optimizer_name,
     .help = "Gradient descent (gd), with heavy-ball or Nesterov momentum, Adam, or "
             "Levenberg-Marquardt (lm), which solves an N x N system a step and needs few."},
    {.name = "lr",
     .kind = KIND_RULE,
     .field = FIELD(lr),
     .argument = "ETA|RULE",
     .fallback = "auto",
     .choice = lr_name,
     .item = "the step size",
     .expected = "a number > 0, auto, theory or best",
     .help =
         "Step size eta: a number > 0, or a rule. auto takes it from the eigenvalues of K at "
         "the start (adam: 1 / (10 sqrt N)), theory is that of Theorem 4.2, best the fastest of "
         "the linear model at both ends of K, momentum too, without a margin. lm takes none."},
    {.name = "momentum",
     .kind = KIND_REAL,
     .field = FIELD(momentum),
     .argument = "B",
     .item = "the momentum",
     .expected = "a number > 0 and < 1, like 0.9",
     .help = "Of momentum and nesterov. When not given: by the rule of --lr auto, else 0.9."},
    {.name = "loss",
     .kind = KIND_CHOICE,
     .field = FIELD(loss),
     .argument = "NAME",
     .fallback = "half-sum",
     .choice = loss_name,
     .help = "half-sum: 1/2 sum_i (f_L(x_i) - Y_i)^2 as in eq. (19); mean: the mean of squares, as "
             "in the authors' script."},
    {.name = "margin",
     .kind = KIND_ABOVE,
     .field = FIELD(margin),
     .argument = "M",
     .alone = "1",
     .item = "margin",
     .expected = "a number > 0, like 1",
     .help = "Of labels 1 and -1, or classes: stop when every y_i f_L(x_i) is M (without a number "
             "1) or more. The loss is that of max(0, 5/4 M - y_i f_L(x_i)), squared, in "
             "place of f_L(x_i) - Y_i. Not with lm, --question or --track."},
    {.name = "epochs",
     .kind = KIND_SIZE,
     .field = FIELD(epochs),
     .argument = "E",
     .item = "E",
     .expected = "a whole number from 1",
     .help = "At most so many steps. When not given: 10000, of lm 100, with --question none."},
    {.name = "batch",
     .kind = KIND_SIZE,
     .field = FIELD(batch),
     .argument = "B",
     .item = "B",
     .expected = "a whole number from 1",
     .help = "Steps on B samples each, which are shuffled anew every epoch, by --seed; an epoch is "
             "then a pass over all, and its last step has what is left. Beside it stands the rate "
             "of Ma, Bassily and Belkin (2018), of which --lr auto takes its step. Not lm. When "
             "not given: a step an epoch, on all samples."},
    {.name = "clients",
     .kind = KIND_SIZE,
     .field = FIELD(clients),
     .argument = "C",
     .item = "C",
     .expected = "a whole number from 1",
     .help = "Federated: the samples are those of C clients; an epoch is a round, in which each "
             "makes steps of gradient descent on its own, and the weights become the mean of "
             "theirs. Beside it stands the rate of the linear model, whose kernel is asymmetric "
             "(FL-NTK, 2021), and the drift of the clients' weights. gd alone."},
    {.name = "local-steps",
     .kind = KIND_SIZE,
     .field = FIELD(local_steps),
     .argument = "E",
     .item = "E",
     .expected = "a whole number from 1",
     .help = "Of a client in a round. When not given: 1."},
    {.name = "client-weights",
     .kind = KIND_CHOICE,
     .field = FIELD(client_weights),
     .argument = "NAME",
     .choice = weights_name,
     .help = "What a client of n samples counts in the mean of weights: equal, 1 / C (when not "
             "given), or size, n / N."},
    {.name = "split",
     .kind = KIND_TEXT,
     .field = FIELD(split),
     .argument = "iid|by-label|FILE",
     .help = "Which samples are whose: shuffled by --seed and dealt evenly (iid, when not given), "
             "sorted by label and cut evenly (by-label), or a file of N numbers from 0 to C - 1."},
    {.name = "target",
     .kind = KIND_ABOVE,
     .field = FIELD(target),
     .argument = "LOSS",
     .item = "the target",
     .expected = "a loss > 0, like 1e-8",
     .help = "Stop when the loss is at most this."},
    {.name = "plateau",
     .kind = KIND_SIZE,
     .field = FIELD(plateau),
     .argument = "E",
     .alone = "100",
     .item = "E",
     .expected = "a whole number from 1",
     .help =
         "Every E epochs, stop when the sum of the last E losses is larger than that of the E "
         "before: the authors' rule. Without a number: 100, as theirs. The loss at the plateau, "
         "which they plot, is twice the mean of the last E losses whose sum had not risen."},
    {.name = "time",
     .kind = KIND_ABOVE,
     .field = FIELD(seconds),
     .argument = "SECONDS",
     .item = "the time",
     .expected = "seconds > 0",
     .help = "Stop before it takes longer, the time before an interruption included: no step is "
             "begun that the last one's time, and K's of --track, would end past it."},
    {.name = "track",
     .kind = KIND_TEXT,
     .field = FIELD(track),
     .argument = "EVERY|E1,E2,...|log",
     .help =
         "Every so many epochs, or at those of a list (0,1,3,10), or at 1, 2, 5, 10, 20, 50, ... "
         "(log), first and last besides: the eigenvalues of K, ||J_t - J_0||, the "
         "distance travelled, the bound (20) and the linearised prediction. Each costs what "
         "'ntkit spectrum' does."},
    {.name = "question",
     .kind = KIND_FLAG,
     .field = FIELD(question),
     .help = "Can the labels be fitted to --target (when not given: an error of 1/1000 of their "
             "norm), and when? By (20), by the linear model, which K_0 decides, and by the recent "
             "rate of the loss. Without --epochs nothing is trained."},
    {.name = "precision",
     .kind = KIND_CHOICE,
     .field = FIELD(common.precision),
     .argument = "NAME",
     .fallback = "double",
     .choice = precision_name,
     .elsewhere = "; that of K's factors is --kernel-precision",
     .help = "Precision of weights and steps."},
    {.name = "kernel-precision",
     .kind = KIND_CHOICE,
     .field = FIELD(kernel_precision),
     .argument = "NAME",
     .fallback = "auto",
     .choice = mode_name,
     .help = "Of the factors of K that eigenvalues and the steps of lm are found with: as "
             "--precision of spectrum, to the same digits."},
    {.name = "checkpoint",
     .kind = KIND_FILE,
     .field = FIELD(checkpoint),
     .argument = "FILE",
     .expected = "the name of a file, made if it is not there",
     .help = "Written now and then, on interruption and at the end; when it is there, the run goes "
             "on from it, to the same bits. Default with --save: DIR/checkpoint.ntk."},
    {.name = "save",
     .kind = KIND_PATH,
     .field = FIELD(common.save),
     .argument = "DIR",
     .expected = "a directory, made if it is not there",
     .help = "Write X.npy (after scaling), Y.npy, the first weights init/W1.npy to init/WL.npy, "
             "the last W1.npy to WL.npy, loss.npy, with --track track_*.npy, and result.json (what "
             "--json prints) into DIR."},
    {.name = "save-track",
     .kind = KIND_CHOICE,
     .field = FIELD(save_track),
     .argument = "WHAT",
     .choice = tracked_name,
     .help = "With --save and --track: weights, those of every tracked epoch as a network of its "
             "own, epoch100/W1.npy to epoch100/WL.npy; or kernel, K(theta_t) of all outputs as "
             "kernel_epoch100.npy, 8 N^2 bytes each. Weights are held in memory and in the "
             "checkpoint until the end, when kernels are made of them."},
    {.name = "plot",
     .kind = KIND_FLAG,
     .field = FIELD(plot),
     .help = "With --save: figures loss.{svg,pdf,png} with bound and prediction, with --track "
             "spectrum.{svg,pdf,png}, the eigenvalues of K over epochs, and with --clients "
             "drift.{svg,pdf,png}. Needs gnuplot."},
};

const cli_command train_command = {
    .name = "train",
    .summary = "fits a network to labels; Theorem 4.2 measured beside it",
    .about =
        "Trains a network, on all samples at once or in batches, and says at what rate the loss "
        "fell and what "
        "Theorem 4.2 has to say of it: the bound (20) on the loss, the conditions (21) on the "
        "Jacobian, and how far the kernel moved. Interrupted with a checkpoint, the same command "
        "goes on to the same bits. Under mpirun (-n 4, say) all processes compute it together, "
        "each with its share of the samples. docs/training.md explains what it prints and writes.",
    .ranks = RANKS_ALL,
    .example = "ntkit train --samples 200 --dim 50 --widths 100,100 --activation tanh --epochs "
               "2000 --track 100",
    .options = (const option_part[]){SHARED(DATA, SCALE),
                                     SHARED(BIAS, PARAMETERIZATION),
                                     SHARED(OVERWRITE, OVERWRITE),
                                     SHARED(THREADS, MEMORY),
                                     SHARED(LABELS, LABELS),
                                     OPTION_PART(own),
                                     SHARED(REPORT, HELP),
                                     {NULL, 0}},
    .size = sizeof(train_settings),
    .run = command_train,
};
