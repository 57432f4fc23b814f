/* Samples whose outputs are one number times s whatever the weights (F_L(c x) = s F_L(x) by the
 * network's symmetry, and 0 at x = 0 where F_L(0) = 0) are fitted no better than by least squares
 * of that number a alone: the minimum over a of sum_k (y_k - s_k a)^2, of two (y_2 - s y_1)^2 /
 * (1 + s^2). What s cannot be told of in double precision is left out, which makes it smaller. */
#include "fit/train/floor.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/parallel_rows.h"
#include "kernel/ends/deficiency.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* N each: the row of which a row is a multiple, and by what; NaN: the row is 0, and so is F_L. */
typedef struct groups {
  ntk_symmetry symmetry;
  size_t *first;
  double *factor;
  double *a, *weight; /* of the group, at its first row: a so far, and its sum of s^2 */
} groups;

/* The sample that is furthest from what another's label, or x = 0, makes of its own. */
typedef struct worst {
  size_t sample;
  double square;
} worst;

double ntk_training_floor_bytes(size_t N) {
  return (double)N * (double)(sizeof(size_t) + 3 * sizeof(double)) + ntk_parallel_rows_bytes(N);
}

static void mark_zeros(const ntk_held *held, double *factor) {
  for (size_t i = 0; i < ntk_held_count(held); i++) {
    size_t j = 0;
    while (j < held->d && held->X[i * held->d + j] == 0.0)
      j++;
    if (j == held->d)
      factor[ntk_share_row(&held->share, i)] = NAN;
  }
}

static ntk_status find_groups(const ntk_training *t, groups *g) {
  const ntk_held held = ntk_dataset_held(t->data);
  g->symmetry = ntk_network_symmetry(t->network);
  NTK_TRY(ntk_row_multiples(t->context, &held, ntk_multiples_of(g->symmetry), g->first, g->factor));
  if (!ntk_network_vanishes(t->network, t->L))
    return NTK_OK;
  mark_zeros(&held, g->factor);
  return held.share.ranks > 1 ? ntk_ranks_collect(t->context, &held.share, 1, g->factor) : NTK_OK;
}

/* y - s a, less what rounding of s may make of it: c is rounded, and so is its power. */
static double off_by(const groups *g, double s, double y, double a) {
  const double off = fabs(y - s * a);
  const double slack =
      fabs(s) == 1.0 ? 0.0 : 4.0 * DBL_EPSILON * fmax(1.0, g->symmetry.degree) * fabs(s * a);
  return off > slack ? copysign(off - slack, y - s * a) : 0.0;
}

/* Of output c, whose labels are n apart at Y. */
static double left_of(const ntk_training *t, const double *Y, size_t n, groups *g, worst *most) {
  double sum = 0.0;
  for (size_t k = 0; k < t->N; k++) {
    const size_t i = g->first[k];
    const double y = Y[k * n], s = ntk_symmetry_factor(g->symmetry, g->factor[k]), size = s * s;
    double alone = y * y; /* as if there were no others */
    if (isnan(g->factor[k])) {
      sum += alone;
    } else if (i == k) {
      g->a[k] = y;
      g->weight[k] = 1.0;
      alone = 0.0;
    } else if (size >= DBL_MIN && size <= DBL_MAX) {
      const double off = off_by(g, s, y, g->a[i]), weight = g->weight[i] + size;
      const double first = off_by(g, s, y, Y[i * n]);
      sum += off * off * (g->weight[i] / weight);
      g->a[i] += s * off / weight;
      g->weight[i] = weight;
      alone = first * first / (1.0 + size);
    } else {
      alone = 0.0;
    }
    if (alone > most->square)
      *most = (worst){k, alone};
  }
  return sum;
}

static void tell(ntk_training *t, const groups *g, size_t k) {
  const size_t size = sizeof t->floor_reason;
  if (isnan(g->factor[k]))
    (void)ntk_format(t->floor_reason, size,
                     "row %zu of the data (from 1) is 0, where F_L = 0, and its label is not",
                     k + 1);
  else if (g->factor[k] == 1.0)
    (void)ntk_format(t->floor_reason, size, "equal samples have different labels");
  else
    (void)ntk_format(t->floor_reason, size,
                     "row %zu of the data (from 1) is %.6g times row %zu, %s, and their labels "
                     "are not so",
                     k + 1, g->factor[k], g->first[k] + 1,
                     ntk_symmetry_law(g->symmetry, g->factor[k]));
}

static ntk_status make_groups(const ntk_training *t, groups *g) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(t->context, t->N, sizeof(size_t), "rows that are one", &pointer));
  ntk_status status = ntk_alloc_doubles(t->context, 3 * t->N, "rows that are one", &g->factor);
  g->first = pointer;
  if (status == NTK_OK)
    status = find_groups(t, g);
  g->a = g->factor + t->N;
  g->weight = g->a + t->N;
  return status;
}

static void free_groups(const ntk_training *t, const groups *g) {
  ntk_free(t->context, g->factor);
  ntk_free(t->context, g->first);
}

/* One of sample k's labels is on the other side than what another's, or x = 0, makes of it. */
static bool is_contrary(const ntk_training *t, const groups *g, size_t k) {
  const size_t n = t->network->width[t->L], i = g->first[k];
  const double s = ntk_symmetry_factor(g->symmetry, g->factor[k]);
  bool contrary = isnan(g->factor[k]);
  for (size_t c = 0; c < n && i < k && s != 0.0; c++)
    contrary = contrary || (s > 0.0) != (t->Y[k * n + c] == t->Y[i * n + c]);
  return contrary;
}

ntk_status ntk_training_check_sides(ntk_training *t) {
  groups g = {0};
  size_t k = 0;
  ntk_status status = make_groups(t, &g);
  while (status == NTK_OK && k < t->N && !is_contrary(t, &g, k))
    k++;
  if (status == NTK_OK && k < t->N) {
    const size_t i = g.first[k];
    tell(t, &g, k);
    if (g.factor[k] == 1.0)
      ntk_fail_message("samples %zu and %zu (from 1) are equal and have different labels: no "
                       "weights fit both",
                       i + 1, k + 1);
    else
      ntk_fail_message("%s: no weights give the margin", t->floor_reason);
    status = ntk_fail_about(NTK_ERR_ARGUMENT, (ntk_error){.sample = {i, k}});
  }
  free_groups(t, &g);
  return status;
}

ntk_status ntk_training_find_floor(ntk_training *t) {
  groups g = {0};
  worst most = {0};
  ntk_status status = make_groups(t, &g);
  for (size_t c = 0; c < t->network->width[t->L] && status == NTK_OK; c++)
    t->answer.floor +=
        ntk_training_loss(t, left_of(t, t->Y + c, t->network->width[t->L], &g, &most));
  if (status == NTK_OK && most.square > 0.0)
    tell(t, &g, most.sample);
  free_groups(t, &g);
  return status;
}
