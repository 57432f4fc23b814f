/* ntk_calibrate: what is kept, or else measured, judged and kept. */
#include "theory/plan/calibrate.h"

#include "base/memory.h"
#include "base/text.h"
#include "kernel/backend.h"
#include "theory/plan/work.h"

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

bool ntk_rates_cap(ntk_machine *m, size_t size, char *note) {
  const bool slow = m->peak_single < m->peak; /* though its lanes are twice as many */
  double most = 1.0;
  if (slow) {
    (void)ntk_format(note, size,
                     GUESSES "its peak in float, %.1f GFLOP/s, was below that in double, %.1f; it "
                             "is taken to be twice that, and rates are not kept",
                     1e-9 * m->peak_single, 1e-9 * m->peak);
    m->peak_single = 2.0 * m->peak;
  }
  for (int k = 0; k < NTK_WORK_KINDS; k++) {
    const bool bytes = ntk_work_by_bytes((ntk_work_kind)k);
    const double peak = k == NTK_WORK_SINGLE   ? m->peak_single
                        : k == NTK_WORK_CACHED ? m->bandwidth_cache
                        : bytes                ? m->bandwidth
                                               : m->peak;
    ntk_rate *r = ntk_work_rate(m, (ntk_work_kind)k);
    most = bytes ? most : fmax(most, r->rate / peak); /* bytes may come from a cache */
    r->rate = fmin(r->rate, peak);
  }
  if (most > DRIFT)
    (void)ntk_format(note, size,
                     GUESSES "a kernel seemed %.3g times as fast as its peak; rates are at most "
                             "that, and are not kept",
                     most);
  return slow || most > DRIFT;
}

/* What is computed here is told of as the caller's calibration. */
static bool relay(const char *phase, double fraction, void *user) {
  (void)phase;
  (void)fraction;
  return ntk_progress_report(user, "calibration", 0.5) == NTK_OK;
}

/* In a context of its own: neither its phases nor its memory are the caller's. */
static ntk_status measure(ntk_context *context, ntk_machine *machine, ntk_load *load) {
  const ntk_context_options options = {
      .threads = context->threads,
      .memory_limit = context->memory_limit > 0 ? ntk_memory_available(context) : 0,
      .progress = relay,
      .progress_user = context};
  ntk_context *own = NULL;
  NTK_TRY(ntk_context_create_on(context->backend, &options, &own));
  const ntk_status status = ntk_machine_measure(own, machine, load);
  ntk_context_destroy(own);
  return status;
}

static void tell(ntk_machine *machine, const char *how) {
  (void)ntk_format(machine->note, sizeof machine->note, "%s: %s", how, ntk_error_message());
}

ntk_status ntk_calibrate(ntk_context *context, ntk_calibration how, ntk_machine *machine) {
  ntk_machine made = {.threads = context->threads};
  ntk_load load = {.threads = context->threads};
  ntk_status read = NTK_ERR_FILE;
  if (how != NTK_CALIBRATE_ANEW)
    read = ntk_machine_read(context, &made);
  if (read == NTK_OK) {
    made.kept = true;
  } else if (how == NTK_CALIBRATE_KEPT) {
    return NTK_ERR_FILE;
  } else {
    if (read == NTK_ERR_FORMAT)
      tell(&made, "the calibration that was kept is made anew");
    NTK_TRY(measure(context, &made, &load));
    const bool impossible = ntk_rates_cap(&made, sizeof made.note, made.note);
    if (!ntk_load_busy(&load, sizeof made.note, made.note) && !impossible) {
      made.kept = ntk_machine_write(context, &made) == NTK_OK;
      if (!made.kept)
        tell(&made, "the calibration is not kept");
    }
  }
  made.memory = ntk_memory_available(context);
  *machine = made;
  return NTK_OK;
}
