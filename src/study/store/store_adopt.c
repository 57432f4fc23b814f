/* A study comes to a database: into an empty one whole, into one that holds it, or a part of it,
 * with what is new. The ids of points are those of their coming: a grid may grow in its middle. */
#include "study/spec/join.h"
#include "study/spec/locate.h"
#include "study/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the study's points");
}

typedef struct adoption {
  const ntk_store *store;
  const ntk_study *study;
  ntk_study_marks *marks;
  ntk_grid_index index; /* of its grid */
  ntk_join join;        /* of the stored study and this one */
  ntk_study *joined;
  size_t points; /* that are there */
  size_t at;     /* the point of the study that the walk is at; SIZE_MAX: none */
} adoption;

/* ---- What is there --------------------------------------------------------------------------- */

static ntk_status see_study(void *user, const ntk_stored_study *there) {
  adoption *a = user;
  const char *path = a->store->path;
  a->points = there->points;
  const ntk_status status =
      ntk_study_join(there->study, path, a->study, "the one asked for", &a->join);
  if (status == NTK_ERR_ARGUMENT) {
    char why[500];
    snprintf(why, sizeof why, "%s", ntk_error_message());
    return ntk_fail(status, "%s holds another study: %s; use another database", path, why);
  }
  NTK_TRY(status);
  char *before = ntk_settings_text(&there->study->settings);
  char *after = ntk_settings_text(&a->join.settings);
  ntk_status made = before != NULL && after != NULL ? NTK_OK : no_memory();
  if (made == NTK_OK) {
    a->marks->changed = strcmp(before, after) != 0;
    made = ntk_study_outline(after, path, &a->joined);
  }
  free(before);
  free(after);
  return made;
}

static ntk_status see_point(void *user, const ntk_stored_point *point) {
  adoption *a = user;
  NTK_TRY(ntk_grid_locate(&a->index, &a->joined->grid, point->value, point->text, &a->at));
  if (a->at != SIZE_MAX)
    a->marks->id[a->at] = point->id;
  return NTK_OK;
}

static ntk_status see_trial(void *user, const ntk_stored_point *point,
                            const ntk_stored_trial *trial) {
  const adoption *a = user;
  const ntk_study *study = a->study;
  (void)point;
  if (a->at == SIZE_MAX || trial->trial >= study->trials)
    return NTK_OK;
  const size_t at = a->at * study->trials + trial->trial;
  bool failed = false;
  a->marks->lacks[at] =
      ntk_outcome_lacks(&trial->outcome, study->quantity, study->quantities, &failed);
  a->marks->states[at] = failed                     ? NTK_TRIAL_FAILED
                         : a->marks->lacks[at] != 0 ? NTK_TRIAL_PARTIAL
                                                    : NTK_TRIAL_DONE;
  return NTK_OK;
}

/* ---- What is new ----------------------------------------------------------------------------- */

/* Points that are not there; where there are other quantities, also what the others cost now. */
static ntk_status write_points(adoption *a, const ntk_point_cost *costs) {
  const ntk_grid *names = a->joined != NULL ? &a->joined->grid : &a->study->grid;
  for (size_t i = 0; i < a->study->grid.points; i++) {
    size_t *id = &a->marks->id[i];
    if (*id != SIZE_MAX && !a->join.quantities)
      continue;
    if (*id == SIZE_MAX)
      *id = a->points++;
    NTK_TRY(ntk_store_write_point(a->store, a->study, i, &costs[i], names, *id));
  }
  return NTK_OK;
}

static ntk_status write_study(const adoption *a) {
  char created[NTK_STORED_TIME];
  const ntk_study *study = a->study;
  char *spec = ntk_settings_text(&study->settings), *names = ntk_store_names(&study->grid);
  const ntk_stored_study row = {.name = study->name,
                                .spec = spec,
                                .variables = names,
                                .points = study->grid.points,
                                .trials = study->trials,
                                .created = created};
  ntk_store_time(created);
  ntk_status status =
      spec != NULL && names != NULL ? ntk_store_put_study(a->store, &row) : no_memory();
  if (status == NTK_OK) /* flops */
    status = ntk_store_change_study(
        a->store, &(ntk_study_change){.spec = spec, .points = row.points, .trials = row.trials});
  free(spec);
  free(names);
  return status;
}

static ntk_status grow(adoption *a, ntk_store *store, const ntk_point_cost *costs) {
  const size_t before = a->points;
  NTK_TRY(write_points(a, costs));
  a->marks->changed |= a->points > before;
  if (!a->marks->changed)
    return NTK_OK;
  if (a->join.quantities || a->join.values || a->points > before)
    NTK_TRY(ntk_store_mark_grown(store));
  char *spec = ntk_settings_text(&a->join.settings);
  const ntk_study_change change = {.spec = spec, .points = a->points, .trials = a->joined->trials};
  const ntk_status status = spec != NULL ? ntk_store_change_study(store, &change) : no_memory();
  free(spec);
  return status;
}

static ntk_status has_study(const ntk_store *store, bool *begun) {
  sqlite3_stmt *select;
  NTK_TRY(ntk_store_prepare(store, "SELECT 1 FROM studies", &select));
  const int code = sqlite3_step(select);
  *begun = code == SQLITE_ROW;
  const ntk_status status = *begun || code == SQLITE_DONE ? NTK_OK : ntk_store_error(store, code);
  (void)sqlite3_finalize(select);
  return status;
}

static ntk_status adopt(adoption *a, ntk_store *store, const ntk_point_cost *costs,
                        const ntk_store_visitor *also) {
  const ntk_store_visitor visitor = {
      .user = a, .study = see_study, .point = see_point, .trial = see_trial, .next = also};
  bool begun = false;
  NTK_TRY(has_study(store, &begun));
  if (store->schema == 1)
    NTK_TRY(begun ? ntk_store_upgrade(store) : ntk_store_add_sums(store));
  if (!begun) {
    a->marks->changed = true;
    NTK_TRY(write_points(a, costs));
    return write_study(a);
  }
  NTK_TRY(ntk_grid_index_make(&a->study->grid, &a->index));
  NTK_TRY(ntk_store_walk(store, &visitor));
  return grow(a, store, costs);
}

ntk_status ntk_store_adopt(ntk_store *store, const ntk_study *study, const ntk_point_cost *costs,
                           ntk_study_marks *marks, const ntk_store_visitor *also) {
  const size_t points = study->grid.points, all = points * study->trials;
  adoption a = {.store = store, .study = study, .marks = marks};
  for (size_t i = 0; i < points; i++)
    marks->id[i] = SIZE_MAX;
  for (size_t i = 0; i < all; i++) {
    marks->states[i] = NTK_TRIAL_MISSING;
    marks->lacks[i] = UINT32_MAX >> (32 - study->quantities);
  }
  const ntk_status status = adopt(&a, store, costs, also);
  ntk_grid_index_clear(&a.index);
  ntk_settings_clear(&a.join.settings);
  ntk_study_destroy(a.joined);
  return status;
}
