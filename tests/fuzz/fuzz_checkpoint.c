/* Checkpoints of a training of 9 parameters on 3 samples.
 * Property: one that is refused leaves the weights as they were, and says why in one line; one that
 * is taken goes on to an end that is told. The first byte says which training, and whether what
 * guards the file is made right after the change, identity and sum, so that what comes behind is
 * reached; the rest is the file. */
#include "fuzz.h"

#include "base/hash.h"
#include "ntkit/fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  N = 3,
  P = 9,
  EPOCHS = 5,
  OPTIMIZERS = 4,
  WAYS = 8,
  WORD = 8,
  HEADER = 19 * WORD,
  GUARD = 10 * WORD
};

/* A way: an optimizer, and, 4 more, the weights of tracked epochs kept. */
static const char *const optimizers[OPTIMIZERS] = {"gd", "nesterov", "adam", "lm"};

static ntk_train_options options_of(size_t way, const char *path) {
  return (ntk_train_options){.optimizer = optimizers[way % OPTIMIZERS],
                             .lr = way % OPTIMIZERS == 3 ? 0.0 : 0.01,
                             .epochs = EPOCHS,
                             .track = 2,
                             .track_weights = way >= OPTIMIZERS,
                             .checkpoint = path,
                             .checkpoint_every = 1e9};
}

static ntk_network *new_network(void) {
  static const size_t width[] = {2, 3};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "tanh", .seed = 1};
  ntk_network *network = NULL;
  FUZZ_CHECK(ntk_network_create(fuzz_context(), &spec, &network) == NTK_OK);
  FUZZ_CHECK(ntk_network_parameters(network) == P);
  return network;
}

static ntk_status train(ntk_network *network, size_t way, const char *path,
                        ntk_train_result *result) {
  static const double X[N * 2] = {0.5, -1.0, 2.0, 0.25, -0.75, 1.5}, Y[N] = {1.0, -1.0, 0.5};
  const ntk_train_options options = options_of(way, path);
  ntk_dataset *data = NULL;
  FUZZ_CHECK(ntk_dataset_from_array(fuzz_context(), X, N, 2, &data) == NTK_OK);
  const ntk_status status = ntk_train(fuzz_context(), network, data, Y, &options, result);
  ntk_dataset_destroy(data);
  return status;
}

/* The first bytes of the checkpoint that this training itself writes, and goes on from: magic,
 * identity, N, P. */
static const uint8_t *guard_of(size_t way) {
  static uint8_t kept[WAYS][GUARD];
  static bool known[WAYS];
  if (known[way])
    return kept[way];
  char path[512];
  strcpy(path, fuzz_file("own", NULL, 0));
  FUZZ_CHECK(unlink(path) == 0);
  for (int again = 0; again < 2; again++) {
    ntk_train_result result;
    ntk_network *network = new_network();
    FUZZ_CHECK(train(network, way, path, &result) == NTK_OK);
    FUZZ_CHECK(result.resumed == (again == 1 ? EPOCHS : 0));
    ntk_train_clear(&result);
    ntk_network_destroy(network);
  }
  FILE *file = fopen(path, "rb");
  FUZZ_CHECK(file != NULL && fread(kept[way], 1, GUARD, file) == GUARD);
  fclose(file);
  known[way] = true;
  return kept[way];
}

static uint64_t sum_of(const uint8_t *file, size_t count) {
  return ntk_hash_words(NTK_HASH_START, file, count - WORD);
}

static void make_right(uint8_t *file, size_t count, size_t way, uint8_t how) {
  if (count < HEADER + WORD)
    return;
  if ((how & 8) == 0)
    memcpy(file, guard_of(way), GUARD);
  const uint64_t sum = sum_of(file, count);
  if ((how & 16) == 0)
    memcpy(file + count - WORD, &sum, sizeof sum);
}

static bool is_right(const uint8_t *file, size_t count, size_t way) {
  const uint64_t sum = count < HEADER + WORD ? 0 : sum_of(file, count);
  return count >= HEADER + WORD && memcmp(file, guard_of(way), GUARD) == 0 &&
         memcmp(file + count - WORD, &sum, sizeof sum) == 0;
}

static void check(const ntk_train_result *r) {
  FUZZ_CHECK(r->resumed <= r->epochs && r->loss != NULL);
  FUZZ_CHECK(r->tracked <= r->epochs + 1);
  FUZZ_CHECK(r->epochs <= EPOCHS || r->epochs == r->resumed);
  FUZZ_CHECK(ntk_train_stop_name(r->stopped) != NULL && r->reason[0] != '\0');
  for (size_t i = 0; i < r->tracked; i++)
    FUZZ_CHECK((r->track[i].theta != NULL) == (r->track[i].parameters == P));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  if (count == 0)
    return -1;
  const size_t way = bytes[0] % WAYS;
  uint8_t *own = malloc(count);
  FUZZ_CHECK(own != NULL);
  memcpy(own, bytes + 1, count - 1);
  make_right(own, count - 1, way, bytes[0]);
  const bool right = is_right(own, count - 1, way);
  ntk_train_result result;
  ntk_network *network = new_network();
  double before[P];
  memcpy(before, ntk_network_weights(network, 1), sizeof before);
  const ntk_status status = train(network, way, fuzz_file("run", own, count - 1), &result);
  if (status == NTK_OK) {
    FUZZ_CHECK(right);
    check(&result);
    ntk_train_clear(&result);
  } else {
    fuzz_refused(status);
    FUZZ_CHECK(memcmp(before, ntk_network_weights(network, 1), sizeof before) == 0);
  }
  ntk_network_destroy(network);
  free(own);
  return fuzz_end();
}
