/* Arrays in files of every format that the reader knows.
 * Property: what is refused is refused in one line; what is read has the shape that was told
 * before, finite numbers, and the same ones however the rows are asked for. The first byte says how
 * the file is asked for, the rest is the file. */
#include "fuzz.h"

#include "data/reader.h"
#include "ntkit/data.h"
#include "ntkit/io.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 1 << 14 };

static ntk_reader_wish wish_of(uint8_t how) {
  static const int accepted[] = {0, 1, 2, NTK_READER_ANY};
  static const char *const column[] = {NULL, "1", "-1", "label"};
  return (ntk_reader_wish){.context = fuzz_context(),
                           .accepted = accepted[how & 3],
                           .for_labels = (how & 4) != 0,
                           .label_column = column[how >> 3 & 3]};
}

/* The same rows, one after the other, the last one first. */
static void check_rows(const ntk_reader *reader, const double *whole, double *row) {
  for (size_t i = reader->rows; i-- > 0;) {
    FUZZ_CHECK(ntk_reader_rows(reader, i, 1, row) == NTK_OK);
    FUZZ_CHECK(memcmp(row, whole + i * reader->cols, reader->cols * sizeof *row) == 0);
  }
}

static void use(const ntk_reader *reader) {
  size_t total = 1;
  for (int k = 0; k < reader->rank; k++)
    total *= reader->shape[k]; /* no more than what size_t holds: the reader has looked */
  FUZZ_CHECK(reader->rank <= NTK_READER_RANK && reader->type != NULL);
  if (reader->labels.count == 0 && reader->rank > 0)
    FUZZ_CHECK(reader->rows * reader->cols == total);
  if (reader->rows == 0 || reader->cols == 0 || reader->cols > NUMBERS ||
      reader->rows > NUMBERS / reader->cols)
    return;
  double *whole = malloc(2 * reader->rows * reader->cols * sizeof *whole);
  FUZZ_CHECK(whole != NULL);
  const ntk_status status = ntk_reader_rows(reader, 0, reader->rows, whole);
  if (status == NTK_OK) {
    fuzz_finite(whole, reader->rows * reader->cols);
    if (reader->rows <= 64)
      check_rows(reader, whole, whole + reader->rows * reader->cols);
  } else {
    fuzz_refused(status);
  }
  fuzz_refused(ntk_reader_rows(reader, reader->rows, 1, whole));
  free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  static const char *const key[] = {"", ":X", ":W1", ":0"};
  char path[512];
  ntk_reader reader;
  if (count == 0)
    return -1;
  ntk_io_formats();
  const ntk_reader_wish wish = wish_of(bytes[0]);
  strcpy(path, fuzz_file("input", bytes + 1, count - 1));
  strcat(path, key[bytes[0] >> 5 & 3]);
  const ntk_status status = ntk_reader_open_wish(path, &wish, &reader);
  if (status != NTK_OK) {
    fuzz_refused(status);
    return fuzz_end();
  }
  use(&reader);
  ntk_reader_close(&reader);
  return fuzz_end();
}
