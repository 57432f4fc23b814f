/* The table of options, the part of training. */
#include "cli/shell/command.h"
#include "cli/shell/options.h"
#include "ntkit/fit.h"

#define FIELD(name) offsetof(cli_settings, name)

static const char *optimizer_name(size_t i) {
  size_t count = 0;
  const ntk_name_info *list = ntk_optimizer_list(&count);
  return i < count ? list[i].name : NULL;
}

static const char *lr_name(size_t i) {
  size_t count = 0;
  const ntk_name_info *list = ntk_lr_list(&count);
  return i < count ? list[i].name : NULL;
}

static const char *loss_name(size_t i) {
  size_t count = 0;
  const ntk_name_info *list = ntk_loss_list(&count);
  return i < count ? list[i].name : NULL;
}

static const char *labels_name(size_t i) {
  size_t count = 0;
  const ntk_name_info *list = ntk_labels_list(&count);
  return i < count ? list[i].name : NULL;
}

static const char *precision_name(size_t i) {
  static const char *const names[] = {"double", "float"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

const option_row train_options[] = {
    {.name = "labels",
     .kind = KIND_DATA,
     .commands = FOR_TRAIN | FOR_MEMORIZE,
     .field = FIELD(labels),
     .argument = "NAME|FILE",
     .fallback = "gaussian",
     .choice = labels_name,
     .help = "Labels Y: a law to draw from, the outputs of a teacher network, or a .npy file of N "
             "numbers. Text that is no known name is a file when it ends in .npy, contains a '/' "
             "or exists."},
    {.name = "optimizer",
     .kind = KIND_CHOICE,
     .commands = FOR_TRAIN,
     .field = FIELD(optimizer),
     .argument = "NAME",
     .fallback = "gd",
     .choice = optimizer_name,
     .help = "Full-batch gradient descent (gd), with heavy-ball or Nesterov momentum, Adam, or "
             "Levenberg-Marquardt (lm), which solves an N x N system a step and needs few."},
    {.name = "lr",
     .kind = KIND_RULE,
     .commands = FOR_TRAIN,
     .field = FIELD(lr),
     .argument = "ETA|RULE",
     .fallback = "auto",
     .choice = lr_name,
     .item = "the step size",
     .expected = "a number > 0, auto or theory",
     .help = "Step size eta: a number > 0, or a rule. auto takes it from the eigenvalues of K at "
             "the start (adam: 1 / (10 sqrt N)), theory is that of Theorem 4.2. lm takes none."},
    {.name = "momentum",
     .kind = KIND_REAL,
     .commands = FOR_TRAIN,
     .field = FIELD(momentum),
     .argument = "B",
     .item = "the momentum",
     .expected = "a number > 0 and < 1, like 0.9",
     .help = "Of momentum and nesterov. When not given: by the rule of --lr auto, else 0.9."},
    {.name = "loss",
     .kind = KIND_CHOICE,
     .commands = FOR_TRAIN,
     .field = FIELD(loss),
     .argument = "NAME",
     .fallback = "half-sum",
     .choice = loss_name,
     .help = "half-sum: 1/2 sum_i (f_L(x_i) - Y_i)^2 as in eq. (19); mean: the mean of squares, as "
             "in the authors' script."},
    {.name = "epochs",
     .kind = KIND_SIZE,
     .commands = FOR_TRAIN,
     .field = FIELD(epochs),
     .argument = "E",
     .item = "E",
     .expected = "a whole number from 1",
     .help = "At most so many steps. When not given: 10000, of lm 100."},
    {.name = "target",
     .kind = KIND_ABOVE,
     .commands = FOR_TRAIN,
     .field = FIELD(target),
     .argument = "LOSS",
     .item = "the target",
     .expected = "a loss > 0, like 1e-8",
     .help = "Stop when the loss is at most this."},
    {.name = "plateau",
     .kind = KIND_SIZE,
     .commands = FOR_TRAIN,
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
     .commands = FOR_TRAIN,
     .field = FIELD(seconds),
     .argument = "SECONDS",
     .item = "the time",
     .expected = "seconds > 0",
     .help = "Stop before it takes longer, the time before an interruption included: no step is "
             "begun that the last one's time, and K's of --track, would end past it."},
    {.name = "track",
     .kind = KIND_SIZE,
     .commands = FOR_TRAIN,
     .field = FIELD(track),
     .argument = "EVERY",
     .item = "EVERY",
     .expected = "a whole number of epochs from 1",
     .help = "Every so many epochs, first and last: the eigenvalues of K, ||J_t - J_0||, the "
             "distance travelled, the bound (20) and the linearised prediction. Each costs what "
             "'ntkit spectrum' does."},
    {.name = "precision",
     .kind = KIND_CHOICE,
     .commands = FOR_TRAIN,
     .field = FIELD(precision),
     .argument = "NAME",
     .fallback = "double",
     .choice = precision_name,
     .help = "Precision of weights and steps; K is always found in double."},
    {.name = "checkpoint",
     .kind = KIND_FILE,
     .commands = FOR_TRAIN,
     .field = FIELD(checkpoint),
     .argument = "FILE",
     .expected = "the name of a file, made if it is not there",
     .help = "Written now and then, on interruption and at the end; when it is there, the run goes "
             "on from it, to the same bits. Default with --save: DIR/checkpoint.ntk."},
    {.name = "save",
     .kind = KIND_PATH,
     .commands = FOR_TRAIN,
     .field = FIELD(save),
     .argument = "DIR",
     .expected = "a directory, made if it is not there",
     .help =
         "Write X.npy (after scaling), Y.npy, the first weights init/W1.npy to init/WL.npy, the "
         "last W1.npy to WL.npy, loss.npy, with --track track_*.npy, and result.json (what "
         "--json prints) into DIR."},
    {.name = "plot",
     .kind = KIND_FLAG,
     .commands = FOR_TRAIN,
     .field = FIELD(plot),
     .help = "With --save: figures loss.{svg,pdf,png} with bound and prediction, and with --track "
             "spectrum.{svg,pdf,png}, the eigenvalues of K over epochs. Needs gnuplot."},
};
const size_t train_option_count = sizeof train_options / sizeof train_options[0];
