/* `ntkit data inspect` of any file: rows, labels and what is said of them.
 * Property: a refusal is one line and leaves nothing; what is measured agrees with itself: least <=
 * most, rows that are alike stand in the file, classes have the samples. The first byte says what
 * is asked, the rest is the file. */
#include "fuzz.h"

#include "ntkit/data.h"
#include "ntkit/io.h"

#include <string.h>

enum { NUMBERS = 1 << 17 };

static void check_pair(const ntk_data_pair *pair, size_t rows) {
  FUZZ_CHECK(pair->found <= pair->searched);
  if (pair->found > 0)
    FUZZ_CHECK(pair->first < pair->second && pair->second < rows);
}

static void check(const ntk_inspect_result *r) {
  size_t samples = 0;
  FUZZ_CHECK(r->samples >= 1 && r->samples <= r->file_rows && r->dim >= 1);
  FUZZ_CHECK(r->least <= r->most && r->zeros >= 0.0 && r->zeros <= 1.0);
  FUZZ_CHECK(!(r->smallest <= 0.0) && r->constant_columns <= r->dim);
  check_pair(&r->equal, r->file_rows);
  check_pair(&r->multiples, r->file_rows);
  check_pair(&r->nearest, r->file_rows);
  for (size_t c = 0; c < r->classes; c++) {
    samples += r->class_count[c].count;
    FUZZ_CHECK(c == 0 || r->class_count[c - 1].value < r->class_count[c].value);
    FUZZ_CHECK(memchr(r->class_count[c].name, '\0', sizeof r->class_count[c].name) != NULL);
  }
  FUZZ_CHECK(r->classes == 0 || samples == r->samples);
  for (size_t k = 0; k < r->remarks; k++)
    FUZZ_CHECK(r->remark[k].text[0] != '\0' &&
               memchr(r->remark[k].text, '\0', sizeof r->remark[k].text) != NULL);
}

/* A line of libsvm may have a column of any number: what is so wide takes seconds. */
static bool is_wide(const char *path) {
  ntk_array_info info;
  return ntk_array_shape(path, &info) == NTK_OK && info.cols > NUMBERS / info.rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  static const char *const column[] = {NULL, "1", "-1", "label"};
  static const ntk_scaling scaling[] = {NTK_SCALE_NONE, NTK_SCALE_CENTER, NTK_SCALE_SPHERE,
                                        NTK_SCALE_STANDARDIZE};
  ntk_inspect_result result;
  if (count == 0)
    return -1;
  ntk_io_formats();
  const uint8_t how = bytes[0];
  const char *path = fuzz_file("input", bytes + 1, count - 1);
  if (is_wide(path))
    return -1;
  const ntk_inspect_options options = {.rows = {.label_column = column[how >> 3 & 3],
                                                .skip = (how & 4) != 0,
                                                .subsample = (how & 128) != 0 ? 2 : 0,
                                                .seed = how},
                                       .labels = (how & 64) != 0 ? path : NULL,
                                       .scaling = scaling[how & 3]};
  const ntk_status status = ntk_data_inspect(fuzz_context(), path, &options, &result);
  if (status == NTK_OK)
    check(&result);
  else
    fuzz_refused(status);
  ntk_inspect_clear(&result);
  return fuzz_end();
}
