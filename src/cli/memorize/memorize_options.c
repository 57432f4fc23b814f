/* The table of options, the part of memorisation and of saved networks. */
#include "cli/shell/command.h"
#include "cli/shell/options.h"
#include "ntkit/fit.h"

#define FIELD(name) offsetof(cli_settings, name)

static const char *activation_name(size_t i) {
  size_t count = 0;
  const ntk_activation_info *list = ntk_activation_list(&count);
  return i < count ? list[i].name : NULL;
}

static const char *scale_name(size_t i) {
  size_t count = 0;
  const char *const *names = ntk_scaling_list(&count);
  return i < count ? names[i] : NULL;
}

const option_row memorize_options[] = {
    {.name = "classes",
     .kind = KIND_FLAG,
     .commands = FOR_MEMORIZE,
     .field = FIELD(classes),
     .help = "The labels are classes, whole numbers in the file of --labels: one network for each, "
             "fitted to 1 on its class and -1 on the others. The factorisation is shared."},
    {.name = "eps",
     .kind = KIND_ABOVE,
     .commands = FOR_MEMORIZE,
     .field = FIELD(eps),
     .argument = "E",
     .fallback = "1e-10",
     .item = "eps",
     .expected = "a number > 0, like 1e-10",
     .help = "Wanted ||F_L - Y||_2 / ||Y||_2."},
    {.name = "absolute",
     .kind = KIND_FLAG,
     .commands = FOR_MEMORIZE,
     .field = FIELD(absolute),
     .help = "--eps is for ||F_L - Y||_2 itself, as in eq. (17)."},
    {.name = "iterative",
     .kind = KIND_FLAG,
     .commands = FOR_MEMORIZE,
     .field = FIELD(iterative),
     .help = "Conjugate gradients with the kernel as an operator, where 4 N^2 bytes for its factor "
             "are too many. Slower, and for kernels that are not too badly conditioned."},
    {.name = "save",
     .kind = KIND_PATH,
     .commands = FOR_MEMORIZE,
     .field = FIELD(save),
     .argument = "DIR",
     .expected = "a directory, made if it is not there",
     .help = "Write X.npy (after scaling), Y.npy, W1.npy to WL.npy (with --classes, those of class "
             "3 in class3) and result.json (what --json prints) into DIR, and certify the error "
             "from the files."},
    {.name = "load",
     .kind = KIND_PATH,
     .commands = FOR_PREDICT,
     .field = FIELD(load),
     .required = true,
     .argument = "DIR",
     .expected = "a directory that --save wrote",
     .help = "The network: W1.npy, ..., WL.npy, or folders of them for classes, and result.json, "
             "which names activation and scaling."},
    {.name = "activation",
     .kind = KIND_CHOICE,
     .commands = FOR_PREDICT,
     .field = FIELD(activation),
     .argument = "NAME",
     .choice = activation_name,
     .help = "Activation function of a network that comes without a result.json."},
    {.name = "scale",
     .kind = KIND_CHOICE,
     .commands = FOR_PREDICT,
     .field = FIELD(scale),
     .argument = "HOW",
     .choice = scale_name,
     .help = "Scaling of a file's data. When not given: that of the network's own data, by its "
             "result.json, but for rows of its X.npy, which are scaled already. none: rows as they "
             "are. Needed without a result.json; center and standardize take scaling.npy."},
    {.name = "output",
     .letter = 'o',
     .kind = KIND_FILE,
     .commands = FOR_PREDICT,
     .field = FIELD(output),
     .argument = "FILE",
     .expected = "the name of a file in a directory that is there",
     .help = "Write the outputs, or the classes, as a .npy file of N numbers; also -o. When not "
             "given they are printed, one a line."},
};
const size_t memorize_option_count = sizeof memorize_options / sizeof memorize_options[0];
