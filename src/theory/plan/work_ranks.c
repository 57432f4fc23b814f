/* What several ranks do: each the work on its own rows, and what they tell each other. P ranks,
 * rows dealt in chunks (base/ranks/share.h); of b bytes that lie spread each receives b (P - 1) /
 * P, of numbers that all of them sum twice that (rings; docs/distributed.md has the formulas).
 *
 *     rows of F, B for K    8 (N sum F's columns + m sum B's), while K is made
 *     panels of the factor  4 m^2 (single: 2 m^2), while columns are updated; 2 messages a panel
 *     a solve               40 m bytes a vector: there 8, back 16, collected 16
 *     a product with K      16 m bytes a vector
 *     J (C (J^T v))         16 G + 8 m
 *     an epoch              16 P, in float 8 P
 */
#include "theory/plan/work.h"

#include "kernel/kernel.h"
#include "net/network.h"

#include <math.h>

enum { SLAB = 1920 }; /* rows of K whose features are handed on at once (kernel/ranks) */

void ntk_pass(ntk_work_list *list, ntk_passing passing) {
  if (list->count > 0)
    list->work[list->count - 1].passing = passing;
}

/* Squared norms of the rows of each F and B. */
void ntk_pass_norms(const ntk_network_spec *spec, double m, ntk_work_list *list) {
  ntk_pass(list, (ntk_passing){.waited = 16.0 * (double)spec->depth * m, .messages = 2.0});
}

void ntk_pass_rows(double N, double samples_columns, double m, double rows_columns, double matrices,
                   ntk_work_list *list) {
  ntk_pass(list, (ntk_passing){.hidden = 8.0 * (N * samples_columns + m * rows_columns),
                               .messages = matrices * ceil(fmax(N, m) / SLAB)});
}

void ntk_pass_factor(double m, bool single, ntk_work_list *list) {
  const double panels = ceil(m / (single ? 48.0 : 24.0)); /* of which each has two parts */
  ntk_pass(
      list,
      (ntk_passing){.hidden = (single ? 2.0 : 4.0) * m * m, .messages = 2.0 * panels, .each = 1.0});
}

void ntk_pass_solves(double m, double times, double vectors, ntk_work_list *list) {
  ntk_pass(list, (ntk_passing){
                     .waited = 40.0 * m * times * vectors, .messages = times, .each = 2.0 * times});
}

void ntk_pass_products(double m, double times, double vectors, ntk_work_list *list) {
  ntk_pass(list, (ntk_passing){.waited = 16.0 * m * times * vectors, .messages = times});
}

void ntk_pass_sums(double numbers, double bytes, double collected, double times, double messages,
                   ntk_work_list *list) {
  ntk_pass(list, (ntk_passing){.waited = times * (2.0 * bytes * numbers + 8.0 * collected),
                               .messages = times * messages});
}

double ntk_work_inner(const ntk_network_spec *spec, ntk_outputs outputs) {
  double inner = 0.0;
  for (size_t l = 1; l <= spec->depth; l++)
    inner += (double)ntk_spec_rows(spec, l) * (double)ntk_back_width(spec, outputs, l);
  return inner;
}

void ntk_work_add(ntk_work *to, const ntk_work *work, double times) {
  ntk_passing *p = &to->passing;
  to->flops += times * work->flops;
  to->bytes += times * work->bytes;
  to->entries += times * work->entries;
  to->whole += times * work->whole;
  p->hidden += times * work->passing.hidden;
  p->waited += times * work->passing.waited;
  p->vectors += times * work->passing.vectors;
  p->messages += times * work->passing.messages;
  p->each += times * work->passing.each;
}

/* The part of the busiest rank: of all rows, and half a chunk more, which the others wait for. */
static double part_of(const ntk_share *share) {
  const double P = (double)share->ranks, chunks = (double)ntk_share_chunks(share);
  return fmin(1.0, fmax(1.0 / chunks, (1.0 + 0.5 * P / chunks) / P));
}

ntk_work ntk_work_of_rank(const ntk_work *work, const ntk_share *share) {
  ntk_work own = *work;
  if (share->ranks == 1) {
    own.passing = (ntk_passing){0};
    return own;
  }
  const double part = part_of(share), others = 1.0 - 1.0 / (double)share->ranks;
  own.flops = work->whole + part * (work->flops - work->whole);
  own.bytes *= part;
  own.entries *= part;
  own.passing.hidden *= others;
  own.passing.waited *= others;
  own.passing.messages += own.passing.each * (double)ntk_share_chunks(share);
  own.passing.each = 0.0;
  return own;
}
