/* Databases of studies changed behind ntkit's back. Include after <cmocka.h>. */
#ifndef NTK_TESTS_STUDY_DATABASE_H
#define NTK_TESTS_STUDY_DATABASE_H

#include "support.h"

#include <sqlite3.h>

static inline void execute(const char *path, const char *sql) {
  sqlite3 *db = NULL;
  char *why = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
    fail_msg("%s: %s", sql, why);
  sqlite3_close(db);
}

/* Schema 1, as ntkit wrote it before there were check sums. */
static inline void make_old(const char *path) {
  execute(path, "ALTER TABLE studies DROP COLUMN sum; ALTER TABLE studies DROP COLUMN written;"
                "ALTER TABLE environment DROP COLUMN sum; ALTER TABLE points DROP COLUMN sum;"
                "ALTER TABLE trials DROP COLUMN sum; PRAGMA user_version = 1");
}

/* The whole file, to be freed. */
static inline unsigned char *read_bytes(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  *count = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(*count + 1);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, *count, file), *count);
  fclose(file);
  return bytes;
}

static inline void write_bytes(const char *path, const unsigned char *bytes, size_t count) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
}

static inline void copy_file(const char *from, const char *to) {
  size_t count = 0;
  unsigned char *bytes = read_bytes(from, &count);
  write_bytes(to, bytes, count);
  free(bytes);
}

#endif
