/* Folders that --save of `ntkit memorize` and others wrote.
 * Property: a folder is refused in one line, or its networks can be applied: outputs for each
 * class, finite or refused; its certificate is at least its largest error. The first byte says with
 * what it is read; then come its files: a byte for the name, two for the size, the bytes. */
#include "fuzz.h"

#include "ntkit/data.h"
#include "ntkit/io.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES = 16, WIDEST = 64, MOST_CLASSES = 64 };

static const char *const names[NAMES] = {
    "result.json",   "W1.npy",        "W2.npy",        "W3.npy",
    "b1.npy",        "b2.npy",        "b3.npy",        "X.npy",
    "Y.npy",         "scaling.npy",   "class0/W1.npy", "class0/W2.npy",
    "class0/W3.npy", "class1/W1.npy", "class1/W2.npy", "class1/W3.npy",
};

static const char *path_of(const char *name) {
  static char path[2][512];
  static size_t next;
  char *own = path[next++ % 2];
  strcpy(own, fuzz_folder());
  strcat(strcat(own, "/"), name);
  return own;
}

/* Exactly these files. */
static void write_folder(const uint8_t *bytes, size_t count) {
  static bool there[NAMES];
  for (size_t k = 0; k < NAMES; k++)
    if (there[k])
      FUZZ_CHECK(unlink(path_of(names[k])) == 0);
  (void)rmdir(path_of("class0"));
  (void)rmdir(path_of("class1"));
  memset(there, 0, sizeof there);
  while (count >= 3) {
    const size_t k = bytes[0] % NAMES, said = bytes[1] + (size_t)256 * bytes[2];
    const size_t size = said < count - 3 ? said : count - 3;
    if (strchr(names[k], '/') != NULL)
      (void)mkdir(path_of(k < 13 ? "class0" : "class1"), 0700);
    (void)fuzz_file(names[k], bytes + 3, size);
    there[k] = true;
    bytes += 3 + size;
    count -= 3 + size;
  }
}

static void apply(const ntk_model *model, const ntk_dataset *rows, const char *scaling) {
  ntk_dataset *scaled = NULL;
  ntk_model_scaling done;
  const size_t N = ntk_dataset_samples(rows), L = ntk_network_depth(model->networks[0]);
  const size_t outputs = ntk_network_width(model->networks[0], L);
  ntk_status status = ntk_model_scale(model, rows, scaling, &scaled, &done);
  if (status != NTK_OK || outputs > WIDEST || model->count > MOST_CLASSES) {
    ntk_dataset_destroy(scaled);
    return;
  }
  double *F = malloc((model->count * outputs + 1) * N * sizeof *F);
  FUZZ_CHECK(F != NULL);
  double *chosen = F + model->count * outputs * N;
  status = ntk_model_predict(model, scaled != NULL ? scaled : rows, F,
                             model->class_count > 0 ? chosen : NULL);
  if (status == NTK_OK)
    fuzz_finite(F, (model->count * outputs + (model->class_count > 0)) * N);
  else
    fuzz_refused(status);
  free(F);
  ntk_dataset_destroy(scaled);
}

static void use(const ntk_model *model, const char *scaling) {
  ntk_dataset *rows = NULL;
  const size_t d = ntk_network_width(model->networks[0], 0);
  FUZZ_CHECK(model->count >= 1 && model->activation != NULL);
  for (size_t c = 0; c < model->count; c++)
    FUZZ_CHECK(model->networks[c] != NULL && ntk_network_width(model->networks[c], 0) == d);
  for (size_t c = 1; c < model->class_count; c++)
    FUZZ_CHECK(model->classes[c - 1] < model->classes[c]);
  if (d <= WIDEST && ntk_dataset_generate(fuzz_context(), "gaussian", 3, d, 1, &rows) == NTK_OK)
    apply(model, rows, scaling);
  ntk_dataset_destroy(rows);
  rows = NULL;
  if (ntk_dataset_load(fuzz_context(), path_of("X.npy"), 0, d, NTK_SCALE_NONE, &rows) == NTK_OK)
    apply(model, rows, scaling);
  ntk_dataset_destroy(rows);
}

static void certify(const ntk_model *model) {
  ntk_fit_error error[MOST_CLASSES];
  const bool classes = model->class_count > 0 && model->encoding == NULL;
  if (model->count > MOST_CLASSES)
    return;
  const ntk_status status =
      ntk_saved_certify(fuzz_context(), fuzz_folder(), model->activation, model->count,
                        classes ? model->classes : NULL, NULL, error);
  if (status != NTK_OK) {
    fuzz_refused(status);
    return;
  }
  for (size_t c = 0; c < model->count; c++)
    FUZZ_CHECK(error[c].bound >= error[c].largest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  static const char *const activation[] = {NULL, "tanh", "relu", NULL};
  static const char *const scaling[] = {NULL, "none", "center", "standardize"};
  ntk_model model;
  if (count == 0)
    return -1;
  ntk_io_formats();
  write_folder(bytes + 1, count - 1);
  (void)ntk_saved_has(fuzz_folder(), path_of("X.npy"));
  const ntk_status status =
      ntk_model_load(fuzz_context(), fuzz_folder(), activation[bytes[0] & 3], NULL, &model);
  if (status != NTK_OK) {
    fuzz_refused(status);
    return fuzz_end();
  }
  use(&model, scaling[bytes[0] >> 2 & 3]);
  certify(&model);
  ntk_model_clear(&model);
  return fuzz_end();
}
