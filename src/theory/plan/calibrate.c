/* ntk_calibrate: what is kept, or else measured, judged and kept. */
#include "theory/plan/calibrate.h"

#include "base/memory.h"
#include "base/text.h"
#include "kernel/backend.h"

/* What is computed here is told of as the caller's calibration. */
static bool relay(const char *phase, double fraction, void *user) {
  (void)phase;
  (void)fraction;
  return ntk_progress_report(user, "calibration", 0.5) == NTK_OK;
}

/* In a context of its own: neither its phases nor its memory are the caller's, and of several ranks
 * the others may be doing something else. */
static ntk_status measure(ntk_context *context, ntk_machine *machine, ntk_measured *found) {
  const ntk_context_options options = {
      .threads = context->threads,
      .memory_limit = context->memory_limit > 0 ? ntk_memory_available(context) : 0,
      .progress = relay,
      .progress_user = context};
  ntk_context *own = NULL;
  NTK_TRY(ntk_context_create_on(ntk_backend_alone(context), &options, &own));
  const ntk_status status = ntk_machine_measure(own, machine, found);
  ntk_context_destroy(own);
  return status;
}

static void tell(ntk_machine *machine, const char *how) {
  (void)ntk_format(machine->note, sizeof machine->note, "%s: %s", how, ntk_error_message());
}

ntk_status ntk_calibrate(ntk_context *context, ntk_calibration how, ntk_machine *machine) {
  ntk_machine made = {.threads = context->threads};
  ntk_measured found = {.load = {.threads = context->threads}};
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
    NTK_TRY(measure(context, &made, &found));
    const bool impossible = ntk_rates_judge(&found, &made, sizeof made.note, made.note);
    if (!ntk_load_busy(&found.load, sizeof made.note, made.note) && !impossible) {
      made.kept = ntk_machine_write(context, &made) == NTK_OK;
      if (!made.kept)
        tell(&made, "the calibration is not kept");
    }
  }
  made.memory = ntk_memory_available(context);
  *machine = made;
  return NTK_OK;
}
