/* Study files, with settings that replace theirs.
 * Property: what is refused is refused in one line; a study that is accepted has points, and is the
 * same study again when it is written as YAML and read. Up to the first 0 the bytes are the file,
 * and so is each text after it a setting, "key=value". */
#include "fuzz.h"

#include "study/spec/grid.h"
#include "study/spec/study.h"
#include "study/spec/yaml.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 4096, CHANGES = 4, POINTS = 200 };

/* How many points the grid has: those of a large one take minutes. 0: there is no grid. */
static size_t points_of(const char *text, const char *const *change, size_t changes) {
  ntk_settings settings;
  ntk_grid grid;
  size_t points = 0;
  if (ntk_settings_parse(text, strlen(text), "study.yaml", &settings) != NTK_OK)
    return 0;
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < changes && status == NTK_OK; i++)
    status = ntk_settings_override(&settings, change[i]);
  if (status == NTK_OK)
    status = ntk_grid_make(&settings, &grid);
  if (status == NTK_OK) {
    points = grid.points;
    ntk_grid_clear(&grid);
  } else {
    fuzz_refused(status);
  }
  ntk_settings_clear(&settings);
  return points;
}

static void check_same(const ntk_study *a, const ntk_study *b) {
  FUZZ_CHECK(a->settings.count == b->settings.count);
  FUZZ_CHECK(a->grid.points == b->grid.points && a->trials == b->trials && a->seed == b->seed);
  for (size_t i = 0; i < a->settings.count; i++) {
    const ntk_setting *s = &a->settings.setting[i];
    const ntk_setting *other = ntk_settings_find(&b->settings, s->key);
    FUZZ_CHECK(other != NULL && other->count == s->count);
    for (size_t k = 0; k < s->count; k++)
      FUZZ_CHECK(strcmp(s->value[k], other->value[k]) == 0);
  }
  for (size_t i = 0; i < a->grid.points; i++)
    FUZZ_CHECK(ntk_study_seed(a, i, 0) == ntk_study_seed(b, i, 0));
}

static void use(const ntk_study *study) {
  ntk_study *again = NULL;
  char place[400];
  FUZZ_CHECK(study->grid.points >= 1 && study->trials >= 1 && study->quantities >= 1);
  for (size_t i = 0; i < study->grid.points; i++) {
    ntk_point point;
    FUZZ_CHECK(ntk_study_point(study, i, &point) == NTK_OK);
    FUZZ_CHECK(point.depth >= 2);
    ntk_study_point_text(study, i, sizeof place, place);
    FUZZ_CHECK(strlen(place) < sizeof place);
  }
  char *text = ntk_settings_text(&study->settings);
  FUZZ_CHECK(text != NULL);
  FUZZ_CHECK(ntk_study_parse(text, "again.yaml", NULL, 0, &again) == NTK_OK);
  check_same(study, again);
  ntk_study_destroy(again);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  static char text[LONGEST + 1];
  const char *change[CHANGES];
  size_t changes = 0;
  ntk_study *study = NULL;
  if (count > LONGEST)
    return -1;
  memcpy(text, bytes, count);
  text[count] = '\0';
  for (const char *at = text + strlen(text) + 1; at < text + count && changes < CHANGES;
       at += strlen(at) + 1)
    change[changes++] = at;
  if (points_of(text, change, changes) > POINTS)
    return -1;
  const ntk_status status = ntk_study_parse(text, "study.yaml", change, changes, &study);
  if (status == NTK_OK) {
    use(study);
    ntk_study_destroy(study);
  } else {
    fuzz_refused(status);
  }
  return 0;
}
