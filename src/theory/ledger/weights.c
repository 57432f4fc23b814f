/* Spread of the norms (i) to (v) over weights: the network's law is drawn again REDRAWS times, one
 * piece of samples goes through each, and what a row's value does from one to the next is its
 * spread. Expectations are means over that piece. The network itself is not among them. */
#include "theory/ledger/ledger.h"

#include "base/memory.h"
#include "base/random.h"
#include "data/dataset.h"

#include <math.h>
#include <string.h>

enum { REDRAWS = 8 };

/* What one draw gives layer l, and b at l = L. */
typedef struct draw {
  double norm, square, centred, centred_square;
} draw;

/* values: N x n, overwritten; mean: scratch, n. */
static draw measure(size_t N, size_t n, double *values, double *mean) {
  draw d = {0};
  memset(mean, 0, n * sizeof *mean);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < n; j++)
      mean[j] += values[i * n + j] / (double)N;
  for (size_t i = 0; i < N; i++) {
    double square = 0.0, centred = 0.0;
    for (size_t j = 0; j < n; j++) {
      const double x = values[i * n + j];
      square += x * x;
      centred += (x - mean[j]) * (x - mean[j]);
    }
    d.norm += sqrt(square) / (double)N;
    d.square += square / (double)N;
    d.centred += sqrt(centred) / (double)N;
    d.centred_square += centred / (double)N;
  }
  return d;
}

/* One draw into draws, L + 1 entries. */
static ntk_status redraw(const ntk_verification *v, uint64_t seed, double *work, draw *draws) {
  const size_t L = v->L, most = v->population->samples;
  ntk_network_spec spec = *v->options.spec;
  ntk_network *network = NULL;
  ntk_dataset *piece = NULL;
  ntk_features *features = NULL;
  spec.seed = seed;
  spec.outputs = 1; /* of several one is measured, and all are of one law */
  NTK_TRY(ntk_network_create(v->context, &spec, &network));
  ntk_status status = ntk_source_features(v->context, network, &v->source, 0,
                                          most < NTK_POPULATION_PIECE ? most : NTK_POPULATION_PIECE,
                                          &piece, &features);
  for (size_t l = 1; l <= L && status == NTK_OK; l++) {
    const bool b = l == L;
    const size_t layer = b ? L - 1 : l, n = network->width[layer];
    ntk_features_values(features, b, layer, work + n);
    draws[l] = measure(features->N, n, work + n, work);
  }
  ntk_features_destroy(features);
  ntk_dataset_destroy(piece);
  ntk_network_destroy(network);
  return status;
}

static double deviation(const draw *draws, size_t L, size_t l, size_t field) {
  double values[REDRAWS], mean = 0.0, squares = 0.0;
  for (size_t r = 0; r < REDRAWS; r++) {
    memcpy(&values[r], (const char *)&draws[r * (L + 1) + l] + field, sizeof values[r]);
    mean += values[r] / REDRAWS;
  }
  for (size_t r = 0; r < REDRAWS; r++)
    squares += (values[r] - mean) * (values[r] - mean);
  return sqrt(squares / (REDRAWS - 1));
}

/* The spread of a norm's row: its key is that of the table. */
static void fill_row(ntk_ledger_row *row, const draw *draws, size_t L) {
  static const struct {
    const char *suffix;
    size_t field;
  } rows[] = {
      {"norm", offsetof(draw, norm)},
      {"mean", offsetof(draw, norm)},
      {"square", offsetof(draw, square)},
      {"centred", offsetof(draw, centred)},
      {"centred_mean", offsetof(draw, centred)},
      {"centred_square", offsetof(draw, centred_square)},
  };
  const char *suffix = strchr(row->key, '_');
  size_t l = strcmp(row->key, "b_centred") == 0 ? L : 0;
  for (const char *c = row->key + 1; row->key[0] == 'f' && *c >= '0' && *c <= '9'; c++)
    l = 10 * l + (size_t)(*c - '0');
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] && l > 0 && suffix != NULL; i++)
    if (strcmp(suffix + 1, rows[i].suffix) == 0)
      row->spread = deviation(draws, L, l, rows[i].field);
}

ntk_status ntk_verify_weights(ntk_verification *v) {
  const size_t L = v->L;
  const ntk_network_spec spec = ntk_spec_of(v->network);
  const size_t widest = ntk_widest(&spec, 1);
  void *pointer = NULL;
  double *work;
  NTK_TRY(ntk_alloc_doubles(v->context, (NTK_POPULATION_PIECE + 1) * widest, "spread", &work));
  ntk_status status = ntk_alloc(v->context, REDRAWS * (L + 1), sizeof(draw), "spread", &pointer);
  draw *draws = pointer;
  for (size_t r = 0; r < REDRAWS && status == NTK_OK; r++) {
    uint64_t words[4];
    ntk_random_words((ntk_random){v->options.seed, NTK_STREAM_PROBES, NTK_PROBE_WEIGHTS}, r, 0,
                     words);
    status = ntk_progress_report(v->context, "spread over weights", (double)r / REDRAWS);
    if (status == NTK_OK)
      status = redraw(v, words[0], work, draws + r * (L + 1));
  }
  for (size_t i = 0; i < v->ledger->rows && status == NTK_OK; i++)
    fill_row(&v->ledger->row[i], draws, L);
  ntk_free(v->context, pointer);
  ntk_free(v->context, work);
  return status;
}
