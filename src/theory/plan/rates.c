/* From measured seconds to rates, and whether the machine was busy.
 *
 * The model of a kernel is seconds = units / rate + entries x overhead, so that two sizes tell
 * both. But the part of the entries is a difference of two measurements: taken as it comes, a tenth
 * of noise in one of them makes a rate above the peak of the units, or one far below what was seen.
 * So the split is taken from the two sizes as far as the bounds of a rate allow, and the seconds of
 * the large size, which is nearest to what is planned, are kept. */
#include "theory/plan/calibrate.h"

#include "base/text.h"

#include <math.h>

/* How far a peak, and a rate from it, may be off where nothing disturbs. */
static const double DRIFT = 1.12;
#define GUESSES "seconds are guesses: this machine is busy: "

bool ntk_load_busy(const ntk_load *load, size_t size, char *note) {
  static const double BUSY = 0.9;
  const double share = load->processor / (load->wall * load->threads);
  const double drift = fmax(load->first / load->last, load->last / load->first);
  if (share < BUSY) {
    (void)ntk_format(note, size,
                     GUESSES "the %d thread%s of the calibration had a processor for %.0f %% of "
                             "the time; rates are what was left, and are not kept",
                     load->threads, load->threads == 1 ? "" : "s", 100.0 * share);
    return true;
  }
  if (drift > DRIFT || !isfinite(drift)) {
    (void)ntk_format(note, size,
                     GUESSES "its peak was %.1f GFLOP/s and then %.1f; rates are what was left, "
                             "and are not kept",
                     1e-9 * load->first, 1e-9 * load->last);
    return true;
  }
  return false;
}

ntk_rate ntk_rate_of(ntk_sample small, ntk_sample large, double peak) {
  const double det = small.units * large.entries - large.units * small.entries;
  const double split = (small.seconds * large.entries - large.seconds * small.entries) / det;
  const double of_large = large.seconds / large.units, of_small = small.seconds / small.units;
  if (!(of_large < of_small)) /* the large one is no slower: it was disturbed */
    return (ntk_rate){1.0 / of_small, 0.0};
  const double per_unit = fmin(fmax(1.0 / peak, split), of_large);
  return (ntk_rate){1.0 / per_unit, (large.seconds - per_unit * large.units) / large.entries};
}

static double seen(const ntk_measured *found, int kind) {
  const ntk_sample *const small = &found->small[kind], *const large = &found->large[kind];
  return fmax(small->units / small->seconds, large->units / large->seconds);
}

bool ntk_rates_judge(const ntk_measured *found, ntk_machine *m, size_t size, char *note) {
  double highest[2] = {m->peak, m->peak_single}; /* seen */
  for (int k = 0; k < NTK_WORK_KINDS; k++)
    if (!ntk_work_by_bytes((ntk_work_kind)k))
      highest[k == NTK_WORK_SINGLE] = fmax(highest[k == NTK_WORK_SINGLE], seen(found, k));
  const double most = fmax(highest[0] / m->peak, highest[1] / m->peak_single);
  m->peak = highest[0];
  m->peak_single = highest[1];
  const bool slow = m->peak_single < m->peak; /* though its lanes are twice as many */
  if (slow) {
    (void)ntk_format(note, size,
                     GUESSES "its peak in float, %.1f GFLOP/s, was below that in double, %.1f; it "
                             "is taken to be twice that, and rates are not kept",
                     1e-9 * m->peak_single, 1e-9 * m->peak);
    m->peak_single = 2.0 * m->peak;
  }
  for (int k = 0; k < NTK_WORK_KINDS; k++) {
    ntk_rate *r = ntk_work_rate(m, (ntk_work_kind)k);
    if (!ntk_work_by_bytes((ntk_work_kind)k)) /* bytes may come from a cache */
      *r = ntk_rate_of(found->small[k], found->large[k],
                       k == NTK_WORK_SINGLE ? m->peak_single : m->peak);
    else
      r->rate = fmin(r->rate, k == NTK_WORK_CACHED ? m->bandwidth_cache : m->bandwidth);
  }
  if (most > DRIFT)
    (void)ntk_format(note, size,
                     GUESSES "a kernel seemed %.3g times as fast as its peak; the peak is taken to "
                             "be that, and rates are not kept",
                     most);
  return slow || most > DRIFT;
}
