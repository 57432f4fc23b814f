/* The machine that a plan is for. */
#include "theory/plan/machine.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "theory/plan/work.h"

#include <math.h>

/* Of another machine: numbers with which seconds are still numbers. */
ntk_status ntk_plan_machine_check(const ntk_plan_options *o, int ranks) {
  static const double MOST = 1e30;
  enum { MOST_RANKS = 1 << 20 };
  const double rate[] = {o->peak, o->bandwidth, o->network};
  static const char *const name[] = {"peak", "bandwidth", "network"};
  static const char *const otherwise[] = {"this machine's", "this machine's", "1e10"};
  if (o->cores < 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "cores is %d; accepted: 1 and up, or 0: this machine's",
                    o->cores);
  if (o->ranks < 0 || o->ranks > MOST_RANKS)
    return ntk_fail(NTK_ERR_ARGUMENT, "ranks is %d; accepted: 1 to %d, or 0: 1", o->ranks,
                    MOST_RANKS);
  for (size_t i = 0; i < 3; i++)
    if (!(rate[i] == 0.0 || (rate[i] >= 1.0 && rate[i] <= MOST)))
      return ntk_fail(NTK_ERR_ARGUMENT, "%s is %g a second; accepted: from 1 to 1e30, or 0: %s",
                      name[i], rate[i], otherwise[i]);
  if (o->network > 0.0 && ranks == 1)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "network is what several ranks have between them; accepted: with ranks from 2 "
                    "on");
  return NTK_OK;
}

/* Between ranks, where nothing else is said: bytes a second, and seconds from one to another. */
static const double NETWORK = 1e10, STEP = 5e-6;

/* This machine, or what it would be with other cores and memory: our kernels' shares of peak and
 * bandwidth are then this one's. */
ntk_status ntk_plan_machine(ntk_context *context, const ntk_plan_options *o, int ranks,
                            ntk_machine *m) {
  const ntk_status status = ntk_calibrate(context, o->calibration, m);
  if (status != NTK_OK && o->calibration == NTK_CALIBRATE_KEPT)
    *m = (ntk_machine){.threads = context->threads, .memory = ntk_memory_available(context)};
  else
    NTK_TRY(status);
  const double cores = o->cores > 0 ? (double)o->cores / m->threads : 1.0;
  const double faster = o->peak > 0.0 && m->peak > 0.0 ? o->peak / m->peak : cores;
  const double wider = o->bandwidth > 0.0 && m->peak > 0.0 ? o->bandwidth / m->bandwidth : 1.0;
  for (int k = 0; k < NTK_WORK_KINDS; k++) {
    ntk_rate *r = ntk_work_rate(m, (ntk_work_kind)k);
    const double scale = ntk_work_by_bytes((ntk_work_kind)k) ? wider : faster;
    *r = (ntk_rate){r->rate * scale, r->overhead / scale};
  }
  m->peak *= faster;
  m->peak_single *= faster;
  m->bandwidth *= wider;
  m->bandwidth_cache *= faster;
  m->threads = o->cores > 0 ? o->cores : m->threads;
  if (ntk_ranks_memory(context) < (double)m->memory)
    m->memory = (size_t)ntk_ranks_memory(context);
  m->memory = o->memory > 0 ? o->memory : m->memory;
  if (ranks > 1) /* a message reaches all in as many steps as P has binary digits */
    m->network = (ntk_rate){.rate = o->network > 0.0 ? o->network : NETWORK,
                            .overhead = STEP * ceil(log2(ranks))};
  return NTK_OK;
}
