/* The command and its options. */
#include "cli/commands/predict.h"
#include "cli/run/labels.h"
#include "cli/shell/command.h"

#define FIELD(name) offsetof(predict_settings, name)

static const char *kernel_name(size_t i) {
  static const char *const names[] = {"ntk", "limit"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

OPTION_NAMES(loss_name, ntk_name_info, ntk_loss_list)

static const option_row network[] = {
    {.name = "load",
     .kind = KIND_PATH,
     .field = FIELD(common.load),
     .required = true,
     .instead = "kernel",
     .also = true,
     .argument = "FILE|DIR",
     .expected = "a directory that --save wrote, or a file of weights",
     .help = "The network: a directory of --save (W1.npy, b1.npy, ..., or folders of them for "
             "classes, and result.json, which names activation and scaling), or weights alone, "
             "in .npz, .safetensors, HDF5 or a directory of .npy, as PyTorch, Flax, Keras and "
             "others name them ('ntkit network inspect' tells what is understood). With --kernel "
             "ntk X.npy and Y.npy of a directory are the training data, unless --data says "
             "others, which are scaled as these were unless --scale is given."},
};

static const option_row scaling[] = {
    {.name = "scale",
     .kind = KIND_CHOICE,
     .field = FIELD(common.scale),
     .argument = "HOW",
     .choice = option_scaling,
     .help = "Scaling of a file's data. When not given: that of the network's own data, by its "
             "result.json, but for rows of its X.npy, which are scaled already. none: rows as they "
             "are. Needed without a result.json; center and standardize take scaling.npy. With "
             "--kernel of the training data, which give the means and deviations; when not given, "
             "that of the data of the network of --load, or none. Test data are scaled as these "
             "were."},
    {.name = "output",
     .letter = 'o',
     .kind = KIND_FILE,
     .field = FIELD(output),
     .argument = "FILE",
     .expected = "the name of a file in a directory that is there",
     .help = "Write the outputs, or the classes, as a .npy file of N numbers, or N x n_L, or as "
             ".csv, in which classes have their names; also -o. When not given they are printed, "
             "those of a sample on a line; with --kernel they "
             "are of the test data, and in --json alone."},
};

static const option_row kernel[] = {
    {.name = "kernel",
     .kind = KIND_CHOICE,
     .field = FIELD(kernel),
     .argument = "NAME",
     .choice = kernel_name,
     .help = "Predict by regression with a kernel, trained on --data and --labels: ntk, K of a "
             "network that is drawn or loaded, linearised at its weights; limit, what K tends to "
             "at infinite width. The options that follow are of it."},
    {.name = "test",
     .kind = KIND_PATH,
     .field = FIELD(test),
     .argument = "FILE",
     .expected = "a file with one sample a row",
     .help = "The data to predict for, a file as --data, scaled as those were, its columns, where "
             "they have names, called as those are. Labels in it, by "
             "--label-column where training data have them, are those to compare with."},
    {.name = "test-labels",
     .kind = KIND_PATH,
     .field = FIELD(test_labels),
     .argument = "FILE",
     .expected = "a file of M numbers, or M x n_L",
     .help = "Labels of --test in a file of their own, as --labels."},
    {.name = "test-samples",
     .kind = KIND_SIZE,
     .field = FIELD(test_samples),
     .argument = "M",
     .item = "M",
     .expected = "a whole number from 1",
     .help = "Where data are drawn: M more of the same distribution, with labels of the same law "
             "or teacher."},
    {.name = "hold-out",
     .kind = KIND_ABOVE,
     .field = FIELD(hold_out),
     .argument = "M|PART",
     .item = "M",
     .expected = "a whole number from 1, or a part of the rows, as 0.2",
     .help = "In the place of --test: M of the rows of --data, or that part of them, drawn by "
             "--seed, are the test data, and the others are trained on."},
    {.name = "ridge",
     .kind = KIND_FROMS,
     .field = FIELD(ridge),
     .argument = "R,...",
     .item = "ridge",
     .expected = "numbers from 0",
     .help = "Solve with K + R I; 0, as when not given: the end of gradient flow, which "
             "interpolates. Of several the one is chosen that has the least error of each training "
             "sample when the others are fitted (leave-one-out); predictions are of it."},
    {.name = "time",
     .kind = KIND_FROMS,
     .field = FIELD(time),
     .argument = "T,...",
     .item = "time",
     .expected = "numbers from 0",
     .help = "Gradient flow stopped at these times, in closed form by all eigenvectors of K; "
             "predictions are of the last. In the place of --ridge."},
    {.name = "steps",
     .kind = KIND_SIZES,
     .field = FIELD(steps),
     .argument = "T,...",
     .item = "number of steps",
     .expected = "whole numbers from 1",
     .help = "The same after so many steps of gradient descent of size --lr, those of 'ntkit "
             "train'."},
    {.name = "lr",
     .kind = KIND_ABOVE,
     .field = FIELD(lr),
     .argument = "ETA",
     .item = "the step size",
     .expected = "a number > 0",
     .help = "Step size of --steps, in the units of 'ntkit train': below 2 / lambda_max(K) with "
             "half-sum, N / lambda_max with mean."},
    {.name = "loss",
     .kind = KIND_CHOICE,
     .field = FIELD(loss),
     .argument = "NAME",
     .choice = loss_name,
     .help = "half-sum, as when not given: 1/2 sum_i (f(x_i) - Y_i)^2; mean: the mean of squares. "
             "As of 'ntkit train', --time and --lr are of its gradient."},
    {.name = "classes",
     .kind = KIND_CHOICE,
     .field = FIELD(classes),
     .argument = "CODE",
     .alone = "signs",
     .choice = labels_encoding,
     .help = "The labels are classes, whole numbers or words, as of 'ntkit train': the output of a "
             "sample's class is 1, the others are -1 (signs, also without a word) or 0 (one-hot); "
             "one output for each class, as when --outputs is not given; of two classes one."},
    {.name = "centered",
     .kind = KIND_FLAG,
     .field = FIELD(centered),
     .help = "Take the network's first outputs f0 away: fit, and predict, f - f0. Without it "
             "predictions are those of the linearised network. A limit has no f0: they are the "
             "mean of the Gaussian process."},
    {.name = "save",
     .kind = KIND_PATH,
     .field = FIELD(common.save),
     .argument = "DIR",
     .expected = "a directory, made if it is not there",
     .help = "Write X.npy and test.npy (after scaling), Y.npy and test_Y.npy, prediction.npy, "
             "fitted.npy, coefficient.npy, the network's weights init/W1.npy to init/WL.npy and "
             "result.json (what --json prints) into DIR."},
};

_Static_assert(sizeof scaling / sizeof scaling[0] == 2, "each has its place below");

const cli_command predict_command = {
    .name = "predict",
    .summary = "the outputs of a saved network, or of regression by a kernel, on data",
    .about =
        "Applies a network that 'ntkit memorize --save' or 'ntkit train --save' wrote, or any "
        "that is saved as W1.npy, ..., WL.npy, to data, and prints or writes its outputs; of "
        "a network for classes, or one for each, the class that its outputs say. Data that "
        "come from a file are scaled once, as those of the network were. With --kernel "
        "nothing is saved before: f(x) = f0(x) + k(x, X) (K + R I)^{-1} (Y - f0(X)), trained "
        "on --data and told of --test, with training error beside test error (docs/predict.md): "
        "ntkit predict --kernel limit --data a.csv --label-column price --scale standardize "
        "--widths 256,256 --activation relu --bias 1 --test b.csv --ridge 0.1",
    .example = "ntkit predict --load fitted --data fitted/X.npy",
    .options = (const option_part[]){SHARED(DATA, SHUFFLE),
                                     SHARED(SEED, SEED),
                                     SHARED(THREADS, MEMORY),
                                     {network, 1},
                                     SHARED(LAYOUT, LAYOUT),
                                     SHARED(ACTIVATION, ACTIVATION),
                                     {scaling, 2},
                                     OPTION_PART(kernel),
                                     SHARED(OVERWRITE, OVERWRITE),
                                     SHARED(LABELS, LABELS),
                                     SHARED(DIM, DIM),
                                     SHARED(WIDTHS, WIDTHS),
                                     SHARED(INIT, BETA),
                                     SHARED(BIAS, PARAMETERIZATION),
                                     SHARED(REPORT, HELP),
                                     {NULL, 0}},
    .size = sizeof(predict_settings),
    .run = command_predict,
};
