#include "study/store/stored.h"

#include "base/hash.h"

#include <math.h>
#include <string.h>

static uint64_t add_text(uint64_t hash, const char *text) {
  const size_t length = strlen(text);
  return ntk_hash_words(ntk_hash_word(hash, length), text, length);
}

/* As SQLite gives it back: -0 as 0, NaN as NULL. */
static uint64_t add_number(uint64_t hash, double number) {
  uint64_t word = 0;
  number = isnan(number) ? NAN : number + 0.0;
  memcpy(&word, &number, sizeof word);
  return ntk_hash_word(hash, word);
}

sqlite3_int64 ntk_sum_study(const ntk_stored_study *study) {
  uint64_t hash = NTK_HASH_START;
  hash = add_text(hash, study->name);
  hash = add_text(hash, study->spec);
  hash = add_text(hash, study->variables);
  hash = ntk_hash_word(hash, study->points);
  hash = ntk_hash_word(hash, study->trials);
  hash = add_number(hash, study->flops);
  hash = add_text(hash, study->created);
  return (sqlite3_int64)ntk_hash_word(hash, study->rows);
}

sqlite3_int64 ntk_sum_build(sqlite3_int64 id, const ntk_environment *b) {
  const char *const text[] = {b->version,   b->commit, b->compiler, b->blas,
                              b->blas_core, b->simd,   b->backend,  b->cpu};
  uint64_t hash = ntk_hash_word(NTK_HASH_START, (uint64_t)id);
  for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
    hash = add_text(hash, text[i] != NULL ? text[i] : "");
  return (sqlite3_int64)hash;
}

sqlite3_int64 ntk_sum_point(const ntk_stored_point *point) {
  uint64_t hash = ntk_hash_word(NTK_HASH_START, point->id);
  hash = add_text(hash, point->variables);
  hash = add_number(hash, point->flops);
  hash = ntk_hash_word(hash, (uint64_t)point->bytes);
  hash = add_number(hash, point->lower_scale);
  return (sqlite3_int64)add_number(hash, point->upper_scale);
}

static uint64_t add_values(uint64_t hash, const ntk_stored_trial *trial) {
  const ntk_outcome *outcome = &trial->outcome;
  hash = ntk_hash_word(hash, outcome->count);
  for (size_t i = 0; i < outcome->count; i++) {
    hash = add_text(hash, outcome->value[i].quantity);
    hash = add_number(hash, outcome->value[i].value);
    hash = add_text(hash, ntk_value_verdict_name(outcome->value[i].verdict));
  }
  return hash;
}

sqlite3_int64 ntk_sum_trial(const ntk_stored_trial *trial) {
  const ntk_outcome *outcome = &trial->outcome;
  uint64_t hash = ntk_hash_word(NTK_HASH_START, trial->point);
  hash = ntk_hash_word(hash, trial->trial);
  hash = ntk_hash_word(hash, trial->seed);
  hash = ntk_hash_word(hash, outcome->status == NTK_OK);
  hash = add_text(hash, outcome->error);
  hash = add_number(hash, outcome->seconds);
  hash = ntk_hash_word(hash, (uint64_t)trial->attempts);
  hash = ntk_hash_word(hash, (uint64_t)trial->environment);
  hash = add_text(hash, trial->finished);
  return (sqlite3_int64)add_values(hash, trial);
}

uint64_t ntk_sum_values(const ntk_stored_trial *trial) {
  return add_values(NTK_HASH_START, trial);
}
