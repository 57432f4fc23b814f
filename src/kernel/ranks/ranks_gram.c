/* K where its rows are dealt: every rank makes its own panels, from its own rows of F_k and B_{k+1}
 * and the columns' rows, which their ranks hand to all, slab by slab, the next one while one is
 * worked on. Nobody has more than two slabs of the others' features. Each rank receives
 * 8 N (P - 1) / P bytes for each column that F_0, .., F_{L-1}, B_1, .., B_{L-1} have.
 *
 * An entry is one sum over a width in the same order, whatever its tile: K has the bits of one
 * process's. */
#include "kernel/ranks/ranks.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/tiles.h"

enum {
  SLAB = 1920,   /* rows of K of a slab, at most: */
  UNIT = 48,     /* of a multiple of so many samples, */
  COLUMNS = 240, /* and of a tile in it. */
  ROWS = 2016,   /* ... rows, which columns are packed for, once; */
  SHORT = 480    /* where threads are to share them */
};

/* Samples first .. first + count - 1 of those that a rank has. */
typedef struct slab {
  int from;
  size_t first, count;
} slab;

/* A slab's features: the arrays behind another's, or these ones here. */
typedef struct landing {
  cpu_features arrays;
  ntk_features features;
  ntk_handing *handings; /* one for each of F_0, .., F_{L-1}, B_1, .., B_{L-1} */
} landing;

typedef struct work {
  const ntk_features *features;
  ntk_features own;
  size_t samples;    /* of a slab, at most */
  void **panels;     /* K's that are here, */
  ntk_packed K;      /* and these alone */
  double **pointers; /* of both landings: to their arrays, ... */
  double *room;      /* ... which lie here */
  ntk_handing *handings;
  landing at[2];
  cpu_tiles list;
} work;

/* Of a slab where a sample has `per` rows of K and no rank more than `most` samples: the first one
 * is waited for, so some a rank. */
static size_t slab_samples(size_t per, size_t most) {
  const size_t quarter = most / 4, rows = SLAB / per;
  const size_t samples = (quarter < rows ? quarter : rows) / UNIT * UNIT;
  return samples > 0 ? samples : UNIT;
}

static bool next_slab(const work *w, slab *s) {
  const ntk_share *share = &w->features->share;
  s->first += s->count;
  s->count = 0;
  for (; s->from < share->ranks; s->from++, s->first = 0) {
    const size_t left = ntk_share_count(share, s->from) - s->first;
    s->count = left < w->samples ? left : w->samples;
    if (left > 0)
      return true;
  }
  return false;
}

/* ---- Handing on ------------------------------------------------------------------------------ */

/* Numbers of a sample in F_l, or in B_l. */
static size_t width_of(const ntk_features *features, bool b, size_t l) {
  return b ? ranks_per(features) * cpu_back_width(features, l) : features->network->width[l];
}

/* Array a of 2 L - 1 in the order of their handings: its first number for sample `first` on. */
static double *array_of(const ntk_features *features, const cpu_features *of, size_t a,
                        size_t first, size_t *width) {
  const size_t L = features->network->depth;
  const bool b = a >= L;
  const size_t l = b ? a - L + 1 : a;
  *width = width_of(features, b, l);
  return (b ? of->B[l] : of->F[l]) + first * *width;
}

static ntk_status begin(work *w, const slab *s, landing *to) {
  const bool here = s->from == w->features->share.rank;
  ntk_status status = NTK_OK;
  for (size_t a = 0; a + 1 < 2 * w->features->network->depth && status == NTK_OK; a++) {
    size_t width = 0;
    double *x = here ? array_of(w->features, w->own.state, a, s->first, &width)
                     : array_of(w->features, &to->arrays, a, 0, &width);
    status = ntk_ranks_hand_begin(w->features->context, s->from, s->count * width * sizeof *x, x,
                                  &to->handings[a]);
  }
  to->features.N = s->count;
  to->features.rows = s->count * ranks_per(w->features);
  return status;
}

static void end(work *w, landing *of) {
  for (size_t a = 0; a + 1 < 2 * w->features->network->depth; a++)
    ntk_ranks_hand_end(w->features->context, &of->handings[a]);
}

/* Between two tiles: what is on its way moves on. */
static void test(void *user) {
  work *w = user;
  for (size_t i = 0; i < 2; i++)
    for (size_t a = 0; a + 1 < 2 * w->features->network->depth; a++)
      (void)ntk_ranks_hand_test(w->features->context, &w->at[i].handings[a]);
}

/* ---- Tiles ----------------------------------------------------------------------------------- */

/* Rows of K and columns of a slab that are consecutive in it: `column` among those that the
 * features have, `place` in K. */
typedef struct strip {
  size_t column, place, columns, row0;
  bool lower; /* row0 is the same row as column */
} strip;

static void append_strip(work *w, const strip *s) {
  const size_t side = w->features->context->threads > 1 ? SHORT : ROWS;
  for (size_t i = s->row0; i < w->own.rows; i += side) {
    const size_t left = w->own.rows - i;
    w->list.tiles[w->list.count++] = (ntk_tile){.row0 = i,
                                                .rows = left < side ? left : side,
                                                .column0 = s->column,
                                                .columns = s->columns,
                                                .lower = s->lower && i < s->column + s->columns,
                                                .packed = &w->K,
                                                .ahead = s->place - s->column};
  }
}

/* Tiles of own rows by a slab's columns, none of them right of the diagonal: of the own slab, whose
 * columns are own rows, a triangle; else the own rows after each column's chunk. */
static void list_tiles(work *w, const slab *s) {
  const ntk_share rows = ranks_rows(w->features);
  const bool here = s->from == rows.rank;
  const size_t per = ranks_per(w->features);
  const size_t begin = s->first * per, finish = (s->first + s->count) * per;
  w->list.count = 0;
  for (ntk_run run = {0}; ntk_share_next(&rows, s->from, &run);) {
    const size_t stop = run.here + run.count < finish ? run.here + run.count : finish;
    for (size_t at = run.here > begin ? run.here : begin; at < stop; at += COLUMNS) {
      strip t = {.column = here ? at : at - begin,
                 .place = run.row + (at - run.here),
                 .columns = stop - at < COLUMNS ? stop - at : COLUMNS,
                 .lower = here};
      const ntk_share before = ntk_share_leading(rows, t.place);
      t.row0 = ntk_share_count(&before, rows.rank);
      append_strip(w, &t);
    }
  }
}

/* Strips of a slab begin where a run, or COLUMNS of one, do. */
static size_t most_tiles(const work *w) {
  const size_t strips =
      w->samples * ranks_per(w->features) / COLUMNS + w->samples / w->features->share.unit + 3;
  return strips * (w->own.rows / SHORT + 1);
}

static ntk_status fill(work *w, const slab *s, const landing *at) {
  list_tiles(w, s);
  if (w->list.count == 0)
    return NTK_OK;
  const bool here = s->from == w->features->share.rank;
  return cpu_tiles_run(&w->list, &w->own, here ? &w->own : &at->features, "kernel");
}

/* ---- All of it ------------------------------------------------------------------------------- */

/* Numbers of a sample in all arrays that are handed on. */
static size_t numbers_of(const ntk_features *features) {
  size_t sum = 0;
  for (size_t l = 0; l < features->network->depth; l++)
    sum += width_of(features, false, l) + (l > 0 ? width_of(features, true, l) : 0);
  return sum;
}

/* Where the arrays of a landing lie; B_L, of all outputs, is the same for every slab. */
static void lay_out(work *w, size_t i, double **pointers, double *room, double *identity) {
  landing *to = &w->at[i];
  const size_t L = w->features->network->depth;
  to->arrays.F = pointers;
  to->arrays.B = pointers + L + 1;
  for (size_t l = 0; l <= L; l++)
    to->arrays.F[l] = to->arrays.B[l] = NULL;
  for (size_t a = 0; a + 1 < 2 * L; a++) {
    const bool b = a >= L;
    const size_t l = b ? a - L + 1 : a;
    *(b ? &to->arrays.B[l] : &to->arrays.F[l]) = room;
    room += w->samples * width_of(w->features, b, l);
  }
  to->arrays.B[L] = identity;
  to->features = *w->features;
  to->features.state = &to->arrays;
}

static ntk_status allocate(work *w, const ntk_packed *K) {
  ntk_context *context = w->features->context;
  const size_t L = w->features->network->depth, C = ranks_per(w->features);
  const size_t numbers = w->samples * numbers_of(w->features), P = ntk_panel_rows(K->precision);
  const size_t square = C > 1 ? w->samples * C * C : 0;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, most_tiles(w), sizeof(ntk_tile), "the kernel's tiles", &pointer));
  w->list.tiles = pointer;
  NTK_TRY(ntk_alloc(context, w->own.rows / P + 1, sizeof(void *), "the kernel's tiles", &pointer));
  w->panels = pointer;
  NTK_TRY(ntk_alloc(context, 4 * L, sizeof *w->handings, "features of other ranks", &pointer));
  w->handings = pointer;
  NTK_TRY(ntk_alloc(context, 4 * (L + 1), sizeof(double *), "features of other ranks", &pointer));
  w->pointers = pointer;
  NTK_TRY(ntk_alloc_doubles(context, 2 * numbers + square, "features of other ranks", &w->room));
  const ntk_share rows = ranks_rows(w->features);
  double *identity = C > 1 ? w->room + 2 * numbers : NULL;
  for (size_t e = 0; e < square; e++)
    identity[e] = e % C == e / C % C ? 1.0 : 0.0;
  for (size_t p = 0; p * P < w->own.rows; p++)
    w->panels[p] = ntk_panel_at(K, ntk_share_row(&rows, p * P) / P);
  w->K = *K;
  w->K.panel = w->panels;
  for (size_t i = 0; i < 2; i++) {
    lay_out(w, i, w->pointers + 2 * i * (L + 1), w->room + i * numbers, identity);
    w->at[i].handings = w->handings + 2 * i * L;
    for (size_t a = 0; a < 2 * L; a++)
      w->at[i].handings[a] = (ntk_handing){0};
  }
  return NTK_OK;
}

static void release(work *w) {
  ntk_context *context = w->features->context;
  ntk_free(context, w->list.tiles);
  ntk_free(context, w->panels);
  ntk_free(context, w->handings);
  ntk_free(context, w->pointers);
  ntk_free(context, w->room);
}

static size_t slabs_of(const work *w) {
  size_t count = 0;
  for (slab s = {0}; next_slab(w, &s);)
    count++;
  return count;
}

/* Slab after slab; what fails on one rank is told after each, when nothing is on its way, for that
 * could not be waited for then. */
static ntk_status run(work *w) {
  const uint64_t what = ntk_ranks_what("slab", w->features->N, w->features->rows, 0);
  const size_t slabs = slabs_of(w);
  slab now = {0};
  bool more = next_slab(w, &now);
  ntk_status status = begin(w, &now, &w->at[0]);
  end(w, &w->at[0]);
  for (size_t i = 0; more && status == NTK_OK; i++) {
    landing *after = &w->at[(i + 1) % 2];
    slab next = now;
    more = next_slab(w, &next);
    if (more)
      status = begin(w, &next, after);
    w->list.before = (double)i / (double)slabs;
    w->list.after = 1.0 - (double)(i + 1) / (double)slabs;
    if (status == NTK_OK)
      status = fill(w, &now, &w->at[i % 2]);
    if (more)
      end(w, after);
    status = ntk_ranks_agree(w->features->context, status, what);
    now = next;
  }
  return status;
}

ntk_status ranks_kernel_build(const ntk_features *features, const bool *blocks,
                              ntk_kernel *kernel) {
  if (!ranks_dealt(features))
    return ranks_parent()->kernel_build(features, blocks, kernel);
  const ntk_share rows = ranks_rows(features);
  work w = {.features = features,
            .own = ranks_own(features),
            .samples = slab_samples(ranks_per(features), ntk_share_most(&features->share)),
            .list = {.blocks = blocks,
                     .sums = kernel->form.sums,
                     .scale = kernel->form.scale,
                     .between = test,
                     .user = &w}};
  ntk_status status = cpu_kernel_allocate(kernel, &rows);
  if (status == NTK_OK)
    status = allocate(&w, kernel->state);
  status = ntk_ranks_agree(features->context, status,
                           ntk_ranks_what("kernel", features->N, features->rows, 0));
  if (status == NTK_OK)
    status = run(&w);
  release(&w);
  return status;
}

double ranks_gram_bytes(const ntk_context *context, const ntk_network_spec *spec,
                        ntk_outputs outputs, const ntk_share *share) {
  const size_t C = outputs == NTK_OUTPUTS_ALL ? ntk_spec_width(spec, spec->depth) : 1;
  double numbers = C > 1 ? 0.5 * (double)C * (double)C : 0.0;
  for (size_t l = 0; l < spec->depth; l++)
    numbers += (double)spec->width[l] +
               (l > 0 ? (double)C * (double)ntk_back_width(spec, outputs, l) : 0.0);
  const double slabs = 2.0 * (double)slab_samples(C, ntk_share_most(share)) * numbers;
  return (double)sizeof(double) * slabs + cpu_gram_bytes(context, spec, outputs, ROWS * 2);
}
