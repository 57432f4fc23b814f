/* Databases of studies changed behind ntkit's back. Include after <cmocka.h>. */
#ifndef NTK_TESTS_STUDY_DATABASE_H
#define NTK_TESTS_STUDY_DATABASE_H

#include "file_bytes.h"
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

static inline void copy_file(const char *from, const char *to) {
  size_t count = 0;
  unsigned char *bytes = read_bytes(from, &count);
  write_bytes(to, bytes, count);
  free(bytes);
}

#endif
