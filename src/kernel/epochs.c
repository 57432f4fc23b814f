#include "kernel/epochs.h"

#include "ntkit/data.h"

#include <string.h>

static const char LOG[] = "log", ACCEPTED[] = "100 (every so many epochs), 0,1,3,10 or log";

static bool is_log(const ntk_train_options *o) {
  return o->track_epochs != NULL && strcmp(o->track_epochs, LOG) == 0;
}

/* The number that stands first in text, and where the next one does; NULL: there is none. */
static const char *read_epoch(const char *text, const char **why, uint64_t *epoch) {
  const size_t length = strcspn(text, ",");
  *why = ntk_text_whole(text, length, 0, SIZE_MAX / 2, epoch);
  return text[length] == ',' ? text + length + 1 : NULL;
}

static ntk_status refuse(const char *text, const char *item, const char *why) {
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "'%.80s': '%.*s' %s; expected a whole number of epochs from 1, "
                  "like %s",
                  text, (int)(strcspn(item, ",") % 40), item, why, ACCEPTED);
}

ntk_status ntk_epochs_check(ntk_train_options *options) {
  const char *text = options->track_epochs, *why = NULL, *item = text;
  uint64_t epoch = 0, before = 0;
  if (text == NULL || is_log(options))
    return NTK_OK;
  if (strchr(text, ',') == NULL) { /* every so many */
    (void)read_epoch(text, &why, &epoch);
    if (why != NULL || epoch == 0)
      return refuse(text, text, why != NULL ? why : "is 0");
    options->track = (size_t)epoch;
    options->track_epochs = NULL;
    return NTK_OK;
  }
  while (item != NULL) {
    const char *next = read_epoch(item, &why, &epoch);
    if (why == NULL && item != text && epoch <= before)
      why = "is not after the one before";
    if (why != NULL)
      return refuse(text, item, why);
    before = epoch;
    item = next;
  }
  return NTK_OK;
}

bool ntk_epochs_tracked(const ntk_train_options *options) {
  return options->track > 0 || options->track_epochs != NULL;
}

/* 0, 1, 2, 5, 10, 20, 50, ... */
static size_t next_log(size_t from) {
  size_t decade = 1;
  if (from == 0)
    return 0;
  while (from / decade >= 10)
    decade *= 10;
  const size_t steps[] = {1, 2, 5};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
    if (from <= steps[i] * decade)
      return steps[i] * decade;
  return decade <= SIZE_MAX / 100 ? 10 * decade : SIZE_MAX;
}

static size_t next_listed(const char *text, size_t from) {
  const char *why = NULL;
  uint64_t epoch = 0;
  while (text != NULL) {
    text = read_epoch(text, &why, &epoch);
    if (epoch >= from)
      return (size_t)epoch;
  }
  return SIZE_MAX;
}

size_t ntk_epochs_next(const ntk_train_options *options, size_t from) {
  size_t next = SIZE_MAX;
  if (from == 0 && ntk_epochs_tracked(options))
    return 0;
  if (options->track > 0 && from <= SIZE_MAX - options->track)
    next = (from + options->track - 1) / options->track * options->track;
  const size_t listed = is_log(options)                 ? next_log(from)
                        : options->track_epochs != NULL ? next_listed(options->track_epochs, from)
                                                        : SIZE_MAX;
  return listed < next ? listed : next;
}

double ntk_epochs_count(const ntk_train_options *options, double epochs) {
  if (!ntk_epochs_tracked(options))
    return 0.0;
  double count = options->track > 0 ? epochs / (double)options->track + 2.0 : 2.0;
  const ntk_train_options listed = {.track_epochs = options->track_epochs};
  for (size_t e = 0; listed.track_epochs != NULL; e++) {
    e = ntk_epochs_next(&listed, e);
    if ((double)e > epochs)
      break;
    count += 1.0;
  }
  return count;
}
