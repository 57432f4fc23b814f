#include "spectrum/fall.h"

#include <math.h>

/* Fewer tell nothing, and cost little. */
enum { FEWEST = 400 };

void ntk_fall_see(ntk_fall *f, size_t aim, size_t products, double ratio) {
  const double seen = log(ratio);
  if (f->now == 0 || aim != f->aim)
    *f = (ntk_fall){.aim = aim, .before = products - 1};
  products -= f->before;
  f->least = f->now == 0 || seen < f->least ? seen : f->least;
  f->now = products;
  if (f->marks == NTK_FALL_MARKS ||
      (f->marks > 0 && products <= f->at[f->marks - 1] + f->at[f->marks - 1] / 16))
    return;
  f->at[f->marks] = products;
  f->log[f->marks++] = f->least;
}

/* A product's share of the fall since the last mark at or before `from`; 0: there is none. */
static double rate_since(const ntk_fall *f, double from) {
  for (size_t k = f->marks; k-- > 0;)
    if ((double)f->at[k] <= from && f->at[k] < f->now)
      return (f->log[k] - f->least) / (double)(f->now - f->at[k]);
  return 0.0;
}

/* ... since the half and since three quarters of the way, the faster. */
static double recent(const ntk_fall *f) {
  return fmax(rate_since(f, 0.5 * (double)f->now), rate_since(f, 0.75 * (double)f->now));
}

static double left_at(const ntk_fall *f, double rate) {
  if (f->now > 0 && !(f->least > 0.0))
    return 0.0;
  return rate > 0.0 ? f->least / rate : INFINITY;
}

double ntk_fall_left(const ntk_fall *f) {
  return left_at(f, recent(f));
}

bool ntk_fall_hopeless(const ntk_fall *f, size_t most) {
  const double now = (double)f->now, all = fmax(0.0, (double)most - (double)f->before);
  const double rate = fmax(recent(f), rate_since(f, 0.25 * now));
  if (f->now < FEWEST)
    return now >= all;
  return 8.0 * now >= all && now + left_at(f, rate) > 2.0 * all * (all / now);
}
