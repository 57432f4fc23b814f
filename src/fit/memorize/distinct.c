/* Which samples get an equation. Of equal ones the first: others with another label cannot be
 * fitted by any function, and are refused. Of x_k = c x_i with F_L(c x) = c F_L(x) (c = -1 for an
 * odd phi, c > 0 for relu) that of i, where the labels of all such samples follow: x_k is then
 * fitted as x_i is, where both in one system would make it singular. Cost: two sorts of the rows.
 */
#include "fit/memorize/memorize.h"

#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "kernel/ends/deficiency.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double ROUNDED = 2.0 * DBL_EPSILON; /* c y, of a c that is rounded itself */

typedef struct labels {
  const double *Y; /* count x N */
  size_t N, count;
} labels;

static ntk_status refuse_labels(size_t i, size_t k, double a, double b) {
  char first[32], second[32];
  (void)ntk_format(first, sizeof first, "%g", a);
  (void)ntk_format(second, sizeof second, "%g", b);
  if (strcmp(first, second) == 0) { /* as they differ, show where */
    (void)ntk_format(first, sizeof first, "%.17g", a);
    (void)ntk_format(second, sizeof second, "%.17g", b);
  }
  ntk_fail_message("samples %zu and %zu (from 1) are equal and have the labels %s and %s: no "
                   "weights fit both",
                   i + 1, k + 1, first, second);
  return ntk_fail_about(NTK_ERR_ARGUMENT, (ntk_error){.sample = {i, k}});
}

static ntk_status check_consistent(const labels *l, const size_t *first) {
  for (size_t i = 0; i < l->N; i++)
    for (size_t v = 0; v < l->count; v++) {
      const double *y = l->Y + v * l->N;
      if (y[i] != y[first[i]])
        return refuse_labels(first[i], i, y[first[i]], y[i]);
    }
  return NTK_OK;
}

static bool labels_follow(const labels *l, size_t i, size_t k, double c) {
  bool follow = true;
  for (size_t v = 0; v < l->count && follow; v++) {
    const double *y = l->Y + v * l->N;
    follow = fabs(y[k] - c * y[i]) <= ROUNDED * fabs(y[k]);
  }
  return follow;
}

/* What is known of the rows: all N entries. */
typedef struct relation {
  size_t *first, *parent; /* of equal rows; of multiples */
  double *factor;
} relation;

/* Of multiples of which one has labels that do not follow, all keep their equations, whose least
 * squares are as near as any weights come: the first one's parent is N. */
static void mark_broken(const labels *l, relation *r) {
  for (size_t k = 0; k < l->N; k++) {
    const size_t parent = r->parent[k];
    if (parent < k && !labels_follow(l, parent, k, r->factor[k]))
      r->parent[parent] = l->N;
  }
}

/* first[k], factor[k]: the sample whose equation k follows, itself where it has its own, and what
 * its label is multiplied by. *different: samples that are not equal. */
static void join(const labels *l, relation *r, size_t *different) {
  *different = 0;
  for (size_t k = 0; k < l->N; k++) {
    const size_t equal = r->first[k], parent = r->parent[k];
    const double c = r->factor[k];
    *different += equal == k;
    r->factor[k] = 1.0;
    if (equal < k) {
      r->first[k] = r->first[equal];
      r->factor[k] = r->factor[equal];
    } else if (parent < k && r->parent[parent] == parent) {
      r->first[k] = parent;
      r->factor[k] = c;
    }
  }
}

static ntk_status relate(ntk_context *context, ntk_symmetry symmetry, const ntk_dataset *data,
                         const labels *l, relation *r, size_t *different) {
  const ntk_held held = ntk_dataset_held(data);
  NTK_TRY(ntk_row_multiples(context, &held, NTK_MULTIPLES_EQUAL, r->first, r->factor));
  NTK_TRY(check_consistent(l, r->first));
  NTK_TRY(ntk_row_multiples(context, &held, ntk_multiples_of(symmetry), r->parent, r->factor));
  for (size_t k = 0; k < l->N; k++)
    r->factor[k] = ntk_symmetry_factor(symmetry, r->factor[k]);
  mark_broken(l, r);
  join(l, r, different);
  return NTK_OK;
}

/* The samples with an equation into d->row, and how many. Others follow one with c^2 of its squared
 * error. squares: N, scratch. */
static ntk_status take(ntk_context *context, const relation *r, size_t N, double *squares,
                       ntk_distinct *d, size_t *count) {
  void *pointer = NULL;
  double most = 1.0;
  NTK_TRY(ntk_alloc(context, N, sizeof(size_t), "samples", &pointer));
  d->row = pointer;
  memset(squares, 0, N * sizeof *squares);
  *count = 0;
  for (size_t i = 0; i < N; i++) {
    if (r->first[i] == i)
      d->row[(*count)++] = i;
    squares[r->first[i]] += r->factor[i] * r->factor[i];
    most = fmax(most, squares[r->first[i]]);
  }
  d->share = 1.0 / sqrt(most);
  return NTK_OK;
}

ntk_status ntk_distinct_copy(ntk_context *context, const ntk_dataset *data, size_t count,
                             ntk_distinct *d) {
  NTK_TRY(ntk_dataset_take(context, data, d->row, count, &d->own));
  d->data = d->own;
  return NTK_OK;
}

void ntk_distinct_release(ntk_context *context, ntk_distinct *d) {
  ntk_dataset_destroy(d->own);
  ntk_free(context, d->row);
  *d = (ntk_distinct){0};
}

ntk_status ntk_distinct_find(ntk_context *context, const ntk_network_spec *spec,
                             const ntk_dataset *data, const double *Y, size_t count,
                             ntk_distinct *d) {
  const size_t N = data->N;
  const labels l = {Y, N, count};
  ntk_symmetry symmetry;
  bool linear = false;
  void *pointer = NULL;
  relation r = {0};
  *d = (ntk_distinct){.data = data, .share = 1.0};
  NTK_TRY(ntk_spec_laws(spec, &symmetry, &linear));
  NTK_TRY(ntk_alloc(context, 2 * N, sizeof(size_t), "equal rows", &pointer));
  r.first = pointer;
  r.parent = r.first + N;
  ntk_status status = ntk_alloc_doubles(context, 2 * N, "equal rows", &r.factor);
  if (status == NTK_OK)
    status = relate(context, symmetry, data, &l, &r, &d->different);
  size_t own = N;
  if (status == NTK_OK)
    status = take(context, &r, N, r.factor + N, d, &own);
  if (status == NTK_OK && own < N)
    status = ntk_distinct_copy(context, data, own, d);
  if (status == NTK_OK && own == N) {
    ntk_free(context, d->row);
    d->row = NULL;
  }
  ntk_free(context, r.factor);
  ntk_free(context, r.first);
  return status;
}
