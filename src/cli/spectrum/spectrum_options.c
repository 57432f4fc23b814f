/* The command and its options. */
#include "cli/spectrum/spectrum.h"

#include "cli/shell/command.h"
#include "ntkit/fit.h"

#define FIELD(name) offsetof(spectrum_settings, name)

OPTION_NAMES(mode_name, ntk_name_info, ntk_mode_list)

static const char *method_name(size_t i) {
  static const char *const names[] = {"auto", "factor", "operator"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

OPTION_NAMES(law_name, ntk_name_info, ntk_law_list)

static const option_row own[] = {
    {.name = "output",
     .kind = KIND_TEXT,
     .field = FIELD(output),
     .argument = "j|trace|all",
     .fallback = "trace",
     .help = "Of several outputs: K of output j, from 0 to n_L - 1; of their mean (trace), N x N; "
             "or of all, N n_L x N n_L, where row i n_L + j is output j of sample i."},
    {.name = "infinite-width",
     .kind = KIND_FLAG,
     .field = FIELD(limit),
     .help = "Beside K the kernel that it tends to as the hidden layers grow wide: its lambda_min, "
             "and how far K and each block are from it, ||K - limit|| / ||limit|| in Frobenius "
             "norm. With --certify and --per-block of the limit too. 8 N^2 bytes and two more "
             "kernels. Not with --load."},
    {.name = "full",
     .kind = KIND_FLAG,
     .field = FIELD(full),
     .help = "All eigenvalues. Needs 8 N^2 bytes more."},
    {.name = "per-block",
     .former = "per-layer",
     .kind = KIND_FLAG,
     .field = FIELD(per_block),
     .help = "The smallest eigenvalue of every block K_k of eq. (8) as well."},
    {.name = "certify",
     .kind = KIND_FLAG,
     .field = FIELD(certify),
     .help = "Prove bounds of the smallest eigenvalue, rounding errors included: of the stored "
             "matrix, and, in one process, of the kernel in exact arithmetic, by "
             "features in double-double. One more build and factorisation; beside --resolve, of up "
             "to 4096 rows, in double-double."},
    {.name = "resolve",
     .kind = KIND_FLAG,
     .field = FIELD(resolve),
     .help =
         "lambda_min as sigma_min(J)^2 from the Jacobian J, some columns at a time, where "
         "rounding in K hides it: told from 0 down to about 1e-26 of lambda_max, and where N <= "
         "512, in double-double, to 1e-42. Features are in double-double, so that a deep "
         "network's are precise too. 2 N^2 P flops a round, usually one; 12 N^2 bytes. Not "
         "with --full, --vectors, --density, --prefixes or several processes."},
    {.name = "vectors",
     .kind = KIND_SIZE,
     .field = FIELD(vectors),
     .argument = "M",
     .item = "M",
     .expected = "a whole number from 1 to 64, at most N",
     .help = "The M smallest and M largest eigenvalues with their vectors and residuals. With "
             "--save: smallest.npy and largest.npy, M x N. What --certify proves is of the "
             "smallest alone."},
    {.name = "prefixes",
     .kind = KIND_SIZES,
     .field = FIELD(prefixes),
     .argument = "m_1,m_2,...",
     .item = "prefix",
     .expected = "whole numbers from 1, ascending, up to N, like 100,200,400",
     .help = "lambda_min of the kernels of the first m_1, m_2, ... samples as well, from the same "
             "factorisation."},
    {.name = "density",
     .kind = KIND_FLAG,
     .field = FIELD(density),
     .help =
         "How all eigenvalues are distributed, without finding each: how many lie below and "
         "around any number, with 95 % intervals, by stochastic Lanczos quadrature. 100 "
         "products with K and 100 solves for each of 2 to 8 random vectors, unless --probes and "
         "--steps say else."},
    {.name = "probes",
     .kind = KIND_SIZE,
     .field = FIELD(probes),
     .argument = "M",
     .item = "the number of probes",
     .expected = "a whole number from 1 to 1000",
     .help = "Random vectors of --density; unless said 16000 / N, from 2 to 8. Four times as many "
             "halve the part of an interval that chance has."},
    {.name = "steps",
     .kind = KIND_SIZE,
     .field = FIELD(steps),
     .argument = "S",
     .item = "the number of steps",
     .expected = "a whole number from 1 to 1000",
     .help = "Products, and solves, of --density for each of them; 100 unless said, N at most. "
             "Twice as many halve the part of an interval that is not resolved."},
    {.name = "law",
     .kind = KIND_CHOICE,
     .field = FIELD(law),
     .argument = "NAME",
     .choice = law_name,
     .help =
         "A law of large random matrices beside what is measured, with its distance, its ends "
         "and its hypotheses, checked (docs/laws.md). marchenko-pastur: of X X^T. conjugate: of "
         "the last block, whose eigenvalues are found for it. fan-wang: of K, with --full or "
         "--density. montanari-zhong: lambda_min of two layers for d^l << N << d^{l+1}. One "
         "process, one output or the mean."},
    {.name = "tolerance",
     .kind = KIND_REAL,
     .field = FIELD(tolerance),
     .argument = "TOL",
     .fallback = "1e-6",
     .item = "the tolerance",
     .expected = "a number > 0 and < 1, like 1e-6",
     .help = "Wanted ||K v - lambda v|| / lambda. The relative error of lambda is near its square "
             "over the relative gap."},
    {.name = "method",
     .kind = KIND_CHOICE,
     .field = FIELD(method),
     .argument = "NAME",
     .fallback = "auto",
     .choice = method_name,
     .help =
         "factor: K and its Cholesky factor, 4 N^2 bytes. operator: products with K alone, which "
         "is never made; some times the memory of the features, products of 4 N P flops, usually "
         "70 to 550 of them, thousands past N = 100,000 (see --tolerance) and of nearly equal "
         "rows, the same digits. auto: operator where K does not fit, or not in the precision that "
         "it takes."},
    {.name = "save",
     .kind = KIND_PATH,
     .field = FIELD(common.save),
     .argument = "DIR",
     .expected = "a directory, made if it is not there",
     .help = "Write X.npy (after scaling), W1.npy to WL.npy, eigenvector.npy, with --full "
             "eigenvalues.npy, and result.json (what --json prints) into DIR."},
    {.name = "save-kernel",
     .kind = KIND_FLAG,
     .field = FIELD(save_kernel),
     .help = "With --save: kernel.npy as well, N x N, 8 N^2 bytes."},
    {.name = "save-blocks",
     .kind = KIND_FLAG,
     .field = FIELD(save_blocks),
     .help = "With --save: the blocks K_0 to K_{L-1} as well, each as block0.npy, ..., N x N."},
    {.name = "precision",
     .kind = KIND_CHOICE,
     .field = FIELD(common.precision),
     .argument = "NAME",
     .fallback = "auto",
     .choice = mode_name,
     .help =
         "Of the factor. mixed: in single, corrected by products in double, to the same digits: "
         "half the time of the factor, often of K too, and where memory asks for it 2 N^2 bytes. "
         "What it cannot do is done in double, and said. auto: mixed from N = 2000 on, where it is "
         "faster, and where double does not fit."},
};

/* Of its own so many stand behind --overwrite. */
enum { OWN = sizeof own / sizeof own[0], BEHIND = 3 };

const cli_command spectrum_command = {
    .name = "spectrum",
    .summary = "smallest and largest eigenvalue of the NTK, with residuals",
    .about = "Builds the empirical neural tangent kernel K of a network with random weights, or "
             "with those of --load, on a data set, and finds its smallest and largest eigenvalue, "
             "each with its true "
             "residual, beside the bounds of Theorem 3.1. K is N x N and takes 4 N^2 bytes; it is "
             "never formed through the Jacobian. Under mpirun (-n 4, say) all processes compute it "
             "together, each with its share of the rows, in a build with MPI.",
    .example = "ntkit spectrum --samples 2000 --dim 500 --widths 500,500",
    .ranks = RANKS_ALL,
    .options = (const option_part[]){SHARED(DATA, SCALE),
                                     SHARED(BIAS, PARAMETERIZATION),
                                     {own, OWN - BEHIND},
                                     SHARED(OVERWRITE, OVERWRITE),
                                     {own + OWN - BEHIND, BEHIND},
                                     SHARED(THREADS, MEMORY),
                                     SHARED(REPORT, HELP),
                                     {NULL, 0}},
    .size = sizeof(spectrum_settings),
    .run = command_spectrum,
};
