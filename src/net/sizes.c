/* Block by block of samples, up and down as in forward.c, each array over a power of two near its
 * largest number, which is carried apart: f 2^s with |f| < 2. What phi makes of numbers that double
 * precision does not hold its power law says. */
#include "net/sizes.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

enum {
  BLOCK = 32,  /* rows */
  NEAR = -120, /* below, tanh(g) is g to 2^-240, and gelu(g) g / 2 to 2^-120; and put to here */
  FAR = 120,   /* from here on gelu(g) is g or 0, */
  PUT = 180,   /* of which the largest are put to here; none is smaller by 2^-SPREAD */
  SPREAD = 60,
  FULL = 1000 /* larger exponents do not go into a phi */
};

double ntk_times_power(double x, double e) {
  return scalbn(x, (int)fmax(-4000.0, fmin(4000.0, e)));
}

/* Whether phi' is one number from -2^110 down and one from 2^110 up, of which one is not 0. */
static bool steady(const ntk_activation *phi) {
  const double g[] = {-0x1p110, -0x1p180, 0x1p110, 0x1p180};
  double f[4], slope[4];
  ntk_activation_eval(phi, 4, g, f, slope);
  return slope[0] == slope[1] && slope[2] == slope[3] && (slope[0] != 0.0 || slope[2] != 0.0);
}

ntk_power ntk_power_of(const ntk_activation *phi, double most, double least, double below) {
  const double degree = phi->symmetry.degree;
  double by = 0.0;
  if (most == -INFINITY && phi->vanishes)
    by = below;
  else if (degree > 0.0)
    by = most;
  else if (phi->vanishes && most < NEAR)
    by = most - (NEAR - 8);
  else if (least > FAR && most - least < SPREAD && steady(phi))
    by = most - PUT;
  return (ntk_power){by, degree > 0.0 ? degree * by : by};
}

/* The exponent of the largest of n numbers; -INFINITY where all are 0, INFINITY or NaN where one is
 * that. */
static double exponent_of(size_t n, const double *x) {
  double largest = 0.0;
  for (size_t i = 0; i < n && !isnan(largest); i++)
    largest = isnan(x[i]) ? x[i] : fmax(largest, fabs(x[i]));
  return isfinite(largest) && largest > 0.0 ? (double)ilogb(largest) : log(largest);
}

/* ---- Room ------------------------------------------------------------------------------------ */

enum { ARRAYS = 4 };

ntk_status ntk_sizes_create(const ntk_network *network, ntk_sizes *sizes) {
  const size_t L = network->depth, each = L + 1;
  double *numbers = NULL;
  *sizes = (ntk_sizes){0};
  NTK_TRY(ntk_alloc_doubles(network->context, ARRAYS * each, "sizes of the layers", &numbers));
  for (size_t i = 0; i < ARRAYS * each; i++)
    numbers[i] = -INFINITY;
  *sizes = (ntk_sizes){numbers, numbers + each, numbers + 2 * each, numbers + 3 * each, 0.0};
  const double last = exponent_of(network->width[L - 1] * network->width[L], network->W[L]);
  sizes->last = isfinite(last) ? last : 0.0;
  for (size_t l = 0; l <= L; l++)
    sizes->least[l] = INFINITY;
  sizes->b[L] = 0.0;
  return NTK_OK;
}

void ntk_sizes_destroy(const ntk_network *network, ntk_sizes *sizes) {
  ntk_free(network->context, sizes->g);
  *sizes = (ntk_sizes){0};
}

/* Numbers of one sample: phi' of all layers, and the widest twice. */
static double sample_numbers(const ntk_network_spec *spec) {
  return ntk_shape_of(spec).columns + 2.0 * (double)ntk_widest(spec, 0);
}

double ntk_sizes_bytes(const ntk_network_spec *spec) {
  return 8.0 * (BLOCK * sample_numbers(spec) + (ARRAYS + 1.0) * ((double)spec->depth + 1.0));
}

/* ---- A block --------------------------------------------------------------------------------- */

typedef struct block {
  const ntk_network *network;
  const ntk_sizes *sizes;
  size_t rows;
  double *slope;       /* of layer 1, then of layer 2, ...: rows x n_l, phi' over 2^shift[l] */
  double *shift;       /* L + 1 */
  double *here, *next; /* rows x the widest */
} block;

static void add_most(double *of, double exponent) {
  *of = fmax(*of, exponent);
}

/* exponent_of the smallest but 0; `zeros`: of 0 too. */
static double least_exponent(size_t n, const double *x, bool zeros) {
  double smallest = INFINITY;
  for (size_t i = 0; i < n; i++)
    if (zeros || x[i] != 0.0)
      smallest = fmin(smallest, fabs(x[i]));
  return smallest == 0.0 ? -INFINITY : isfinite(smallest) ? (double)ilogb(smallest) : INFINITY;
}

/* Whether phi keeps another number than 0 of large numbers below 0: -1 of elu. */
static bool saturates(const ntk_activation *phi) {
  const double g[] = {-0x1p110, -0x1p180};
  double f[2], slope[2];
  ntk_activation_eval(phi, 2, g, f, slope);
  return f[0] == f[1] && f[0] != 0.0;
}

/* A row without a number above 0, of which such a phi leaves nothing that is large: no power law
 * holds then. */
static bool falls(const block *b, size_t n) {
  for (size_t t = 0; t < b->rows; t++) {
    bool above = false, below = false;
    for (size_t j = 0; j < n; j++) {
      above |= b->next[t * n + j] > 0.0;
      below |= b->next[t * n + j] < 0.0;
    }
    if (below && !above)
      return true;
  }
  return false;
}

static void multiply(size_t n, double exponent, double *x) {
  for (size_t i = 0; i < n && exponent != 0.0; i++)
    x[i] = ntk_times_power(x[i], exponent);
}

/* x (n) over 2^e, and e, its largest number's; nothing where all are 0. */
static double normalise(size_t n, double *x) {
  const double e = exponent_of(n, x);
  if (!isfinite(e))
    return 0.0;
  multiply(n, -e, x);
  return e;
}

/* G_l over 2^(what is returned) into b->next, of f 2^s in b->here. */
static double pre_activations(const block *b, size_t l, double s) {
  const ntk_network *network = b->network;
  const size_t in = network->width[l - 1], out = network->width[l], numbers = b->rows * out;
  ntk_dgemm('N', 'N', out, b->rows, in, 1.0, network->W[l], out, b->here, in, 0.0, b->next, out);
  if (network->b[l] == NULL)
    return s + normalise(numbers, b->next);
  const double bias = exponent_of(out, network->b[l]), product = s + exponent_of(numbers, b->next);
  const double larger = fmax(bias, product);
  if (!isfinite(larger))
    return s;
  for (size_t i = 0; i < numbers; i++)
    b->next[i] =
        ntk_times_power(b->next[i], s - larger) + ntk_times_power(network->b[l][i % out], -larger);
  return larger + normalise(numbers, b->next);
}

static ntk_status too_large(const ntk_network *network, size_t l) {
  return ntk_fail(NTK_ERR_NOT_FINITE,
                  "what goes into layer %zu overflows, and %s of it is not a power of two times "
                  "%s of less; accepted: smaller weights or data",
                  l, network->activation[l].text, network->activation[l].text);
}

/* F_l from F_{l-1} = f 2^s in b->here, to the same; *s: its exponent. */
static ntk_status go_up(block *b, size_t l, double *slope, double *s) {
  const ntk_activation *phi = &b->network->activation[l];
  const size_t numbers = b->rows * b->network->width[l];
  const double scale = pre_activations(b, l, *s);
  const double most = scale + exponent_of(numbers, b->next);
  const bool bounded = saturates(phi) && falls(b, b->network->width[l]);
  const double least =
      bounded ? -INFINITY : scale + least_exponent(numbers, b->next, !phi->vanishes);
  const ntk_power power = ntk_power_of(phi, most, least, *s);
  if (!(most - power.g <= FULL))
    return too_large(b->network, l);
  multiply(numbers, scale - power.g, b->next);
  ntk_activation_eval(phi, numbers, b->next, b->here, slope);
  b->shift[l] = power.f - power.g;
  *s = power.f + normalise(numbers, b->here);
  add_most(&b->sizes->g[l], most);
  b->sizes->least[l] = fmin(b->sizes->least[l], least);
  add_most(&b->sizes->f[l], *s + exponent_of(numbers, b->here));
  return NTK_OK;
}

/* B_k from what phi' of the layer is multiplied by, in b->next over 2^s, to b->here; its exponent.
 */
static double times_slopes(const block *b, size_t k, const double *slope, double s) {
  const size_t numbers = b->rows * b->network->width[k];
  s += normalise(numbers, b->next);
  for (size_t i = 0; i < numbers; i++)
    b->here[i] = b->next[i] * slope[i];
  s += b->shift[k] + normalise(numbers, b->here);
  add_most(&b->sizes->b[k], s + exponent_of(numbers, b->here));
  return s;
}

/* B of output c. end: where the last layer's phi' begin. */
static void go_down(const block *b, size_t c, const double *end) {
  const ntk_network *network = b->network;
  const size_t L = network->depth, *n = network->width, C = n[L];
  for (size_t i = 0; i < b->rows; i++)
    for (size_t j = 0; j < n[L - 1]; j++)
      b->next[i * n[L - 1] + j] = network->W[L][j * C + c];
  double s = times_slopes(b, L - 1, end, 0.0);
  for (size_t k = L - 2; k >= 1; k--) {
    end -= b->rows * n[k];
    ntk_dgemm('T', 'N', n[k], b->rows, n[k + 1], 1.0, network->W[k + 1], n[k + 1], b->here,
              n[k + 1], 0.0, b->next, n[k]);
    s = times_slopes(b, k, end, s);
  }
}

static ntk_status add_block(block *b, const double *X) {
  const size_t L = b->network->depth, *n = b->network->width;
  memcpy(b->here, X, b->rows * n[0] * sizeof *X);
  double s = normalise(b->rows * n[0], b->here), *slope = b->slope;
  add_most(&b->sizes->f[0], s + exponent_of(b->rows * n[0], b->here));
  for (size_t l = 1; l < L; l++) {
    NTK_TRY(go_up(b, l, slope, &s));
    slope += l + 1 < L ? b->rows * n[l] : 0;
  }
  for (size_t c = 0; c < n[L]; c++)
    go_down(b, c, slope);
  return NTK_OK;
}

ntk_status ntk_sizes_add(const ntk_network *network, size_t N, const double *X, ntk_sizes *sizes) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t L = network->depth, widest = ntk_widest(&spec, 0);
  const double count = BLOCK * sample_numbers(&spec);
  double *numbers = NULL;
  if (!(count < 0x1p58))
    return ntk_fail(NTK_ERR_LIMIT, "the layers of %d samples exceed the address space", BLOCK);
  NTK_TRY(
      ntk_alloc_doubles(network->context, (size_t)count + L + 1, "sizes of the layers", &numbers));
  block b = {.network = network, .sizes = sizes, .here = numbers};
  b.next = b.here + BLOCK * widest;
  b.slope = b.next + BLOCK * widest;
  b.shift = numbers + (size_t)count;
  ntk_watch watch = {.context = network->context, .phase = "sizes"};
  ntk_status status = NTK_OK;
  const int previous = ntk_blas_enter(1); /* the same for any number of threads */
  for (size_t first = 0; first < N && status == NTK_OK; first += BLOCK) {
    b.rows = N - first < BLOCK ? N - first : BLOCK;
    status = ntk_watch_on(&watch, (double)first / (double)N)
                 ? add_block(&b, X + first * network->width[0])
                 : watch.status;
  }
  ntk_blas_leave(previous);
  ntk_free(network->context, numbers);
  return status;
}
