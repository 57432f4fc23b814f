/* A database of schema 1 becomes one of schema 2: what it holds is looked at as far as it can be,
 * and from then on its check sums stand beside it. */
#include "study/store/store.h"

#include <stdlib.h>

static const char *const updates[] = {
    "UPDATE environment SET sum = ?1 WHERE id = ?2",
    "UPDATE points SET sum = ?1 WHERE id = ?2",
    "UPDATE trials SET sum = ?1 WHERE point = ?2 AND trial = ?3",
};
enum { BUILD, POINT, TRIAL, TABLES };

/* The sum of one row. */
typedef struct seal {
  int table;
  sqlite3_int64 key[2], sum;
} seal;

typedef struct seals {
  size_t count, room, trials;
  seal *list;
} seals;

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the study's check sums");
}

static ntk_status add(seals *s, seal made) {
  if (s->count == s->room) {
    const size_t room = 2 * s->room + 256;
    seal *larger = realloc(s->list, room * sizeof *larger);
    if (larger == NULL)
      return no_memory();
    s->list = larger;
    s->room = room;
  }
  s->list[s->count++] = made;
  return NTK_OK;
}

static ntk_status see_build(void *user, sqlite3_int64 id, const ntk_environment *build) {
  return add(user, (seal){BUILD, {id, 0}, ntk_sum_build(id, build)});
}

static ntk_status see_point(void *user, const ntk_stored_point *point) {
  return add(user, (seal){POINT, {(sqlite3_int64)point->id, 0}, ntk_sum_point(point)});
}

static ntk_status see_trial(void *user, const ntk_stored_point *point,
                            const ntk_stored_trial *trial) {
  seals *s = user;
  s->trials++;
  return add(
      s,
      (seal){TRIAL, {(sqlite3_int64)point->id, (sqlite3_int64)trial->trial}, ntk_sum_trial(trial)});
}

static ntk_status write(const ntk_store *store, const seals *s) {
  sqlite3_stmt *update[TABLES] = {NULL};
  ntk_status status = NTK_OK;
  for (int t = 0; t < TABLES && status == NTK_OK; t++)
    status = ntk_store_prepare(store, updates[t], &update[t]);
  for (size_t i = 0; i < s->count && status == NTK_OK; i++) {
    const seal *made = &s->list[i];
    int code = sqlite3_bind_int64(update[made->table], 1, made->sum);
    code |= sqlite3_bind_int64(update[made->table], 2, made->key[0]);
    if (made->table == TRIAL)
      code |= sqlite3_bind_int64(update[made->table], 3, made->key[1]);
    status = code == SQLITE_OK ? ntk_store_step(store, update[made->table]) : no_memory();
  }
  for (int t = 0; t < TABLES; t++)
    (void)sqlite3_finalize(update[t]);
  return status;
}

ntk_status ntk_store_upgrade(ntk_store *store) {
  seals s = {0};
  const ntk_store_visitor visitor = {
      .user = &s, .build = see_build, .point = see_point, .trial = see_trial};
  ntk_status status = ntk_store_walk(store, &visitor);
  if (status == NTK_OK)
    status = ntk_store_add_sums(store);
  if (status == NTK_OK)
    status = write(store, &s);
  if (status == NTK_OK)
    status = ntk_store_change_study(store, &(ntk_study_change){.rows = s.trials});
  free(s.list);
  return status;
}
