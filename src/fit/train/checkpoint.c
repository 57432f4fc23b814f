/* A checkpoint is a sequence of 64-bit words in the machine's order, which the magic shows:
 *
 *   magic, identity (NTK_IDENTITIES), counts (N, P, epoch, tracked, slots, linear), seconds,
 * tracking, mu, step size, momentum; losses (epoch + 1), and with clients drifts; theta and moments
 * (P each); r and m of the linear model (N n_L each); tracked points (stored_point), and the
 * weights of each, where they are kept (P); the hash of all before it
 *
 * identity: hashes of what must be the same for a run to be resumed, part by part, so that the
 * refusal can say which part is another. That of the data is a sum over samples, which any number
 * of ranks finds. Rank 0 alone has the file: it writes, and it reads and hands on what it read. */
#include "fit/train/checkpoint.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/writer.h"
#include "data/dataset.h"
#include "fit/train/lm.h"
#include "fit/train/track.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const uint64_t MAGIC = UINT64_C(0x33305452504b544e); /* "NTKPRT03" where bytes go upwards */

typedef struct header {
  uint64_t magic, identity[NTK_IDENTITIES];
  uint64_t N, P, epoch, tracked, slots, linear;
  double seconds, tracking, damping, lr, momentum;
} header;

/* A tracked point in the file, whatever ntk_track_point becomes. */
typedef struct stored_point {
  uint64_t epoch;
  double loss, bound, prediction, lambda_min, lambda_max, jacobian_change, distance;
} stored_point;

_Static_assert(sizeof(header) == (12 + NTK_IDENTITIES) * sizeof(uint64_t), "no gaps");
_Static_assert(sizeof(stored_point) == 8 * sizeof(uint64_t), "no gaps");

static stored_point to_file(const ntk_track_point *p) {
  return (stored_point){.epoch = p->epoch,
                        .loss = p->loss,
                        .bound = p->bound,
                        .prediction = p->prediction,
                        .lambda_min = p->lambda_min,
                        .lambda_max = p->lambda_max,
                        .jacobian_change = p->jacobian_change,
                        .distance = p->distance};
}

static ntk_track_point from_file(const stored_point *p) {
  return (ntk_track_point){.epoch = (size_t)p->epoch,
                           .loss = p->loss,
                           .bound = p->bound,
                           .prediction = p->prediction,
                           .lambda_min = p->lambda_min,
                           .lambda_max = p->lambda_max,
                           .jacobian_change = p->jacobian_change,
                           .distance = p->distance};
}

enum { MOST_SLOTS = 3 };
static const ntk_slot slots[MOST_SLOTS] = {NTK_SLOT_THETA, NTK_SLOT_M, NTK_SLOT_V};

/* ---- Writing --------------------------------------------------------------------------------- */

typedef struct hashed_writer {
  ntk_writer out;
  uint64_t hash;
} hashed_writer;

static ntk_status put(hashed_writer *w, const void *bytes, size_t count) {
  w->hash = ntk_hash_words(w->hash, bytes, count);
  return ntk_writer_append(&w->out, bytes, count);
}

static ntk_status put_slots(const ntk_training *t, double *scratch, hashed_writer *w) {
  for (size_t s = 0; s < MOST_SLOTS && s < ntk_optimizer_slots(t->optimizer); s++) {
    if (t->descent != NULL)
      ntk_descent_read(t->descent, slots[s], scratch);
    else
      memcpy(scratch, t->network->theta, t->P * sizeof(double));
    NTK_TRY(put(w, scratch, t->P * sizeof(double)));
  }
  return NTK_OK;
}

static ntk_status put_all(const ntk_training *t, double *scratch, hashed_writer *w) {
  const ntk_tracker *k = t->tracker;
  header h = {.magic = MAGIC,
              .N = t->N,
              .P = t->P,
              .epoch = t->epoch,
              .tracked = k->count,
              .slots = ntk_optimizer_slots(t->optimizer),
              .linear = k->r != NULL,
              .seconds = t->before + ntk_clock() - t->start,
              .tracking = t->tracking,
              .damping = t->lm != NULL ? t->lm->damping : 0.0,
              .lr = t->lr,
              .momentum = t->momentum};
  ntk_training_identify(t, h.identity);
  NTK_TRY(put(w, &h, sizeof h));
  NTK_TRY(put(w, t->loss, (t->epoch + 1) * sizeof(double)));
  if (t->drift != NULL)
    NTK_TRY(put(w, t->drift, (t->epoch + 1) * sizeof(double)));
  NTK_TRY(put_slots(t, scratch, w));
  if (k->r != NULL)
    NTK_TRY(put(w, k->r, 2 * t->R * sizeof(double)));
  for (size_t i = 0; i < k->count; i++) {
    const stored_point point = to_file(&k->point[i]);
    NTK_TRY(put(w, &point, sizeof point));
  }
  for (size_t i = 0; i < k->count && t->options.track_weights; i++)
    NTK_TRY(put(w, k->point[i].theta, t->P * sizeof(double)));
  const uint64_t hash = w->hash;
  return ntk_writer_append(&w->out, &hash, sizeof hash);
}

static bool has_file(const ntk_training *t) {
  return ntk_rank(t->context) == 0;
}

/* A checkpoint that cannot be used is the option's fault, unless there is no memory for it;
 * said before ranks agree, who take it from the one that has the file. */
static ntk_status of_checkpoint(ntk_status status) {
  return status == NTK_ERR_MEMORY ? status
                                  : ntk_fail_about(status, (ntk_error){.option = "checkpoint"});
}

ntk_status ntk_checkpoint_begin(ntk_training *t) {
  ntk_writer out;
  const size_t bytes = ntk_optimizer_slots(t->optimizer) * t->P * sizeof(double);
  const ntk_status status =
      has_file(t) ? ntk_writer_open(&out, t->options.checkpoint, bytes) : NTK_OK;
  if (has_file(t) && status == NTK_OK)
    ntk_writer_abort(&out);
  NTK_TRY(ntk_training_agree_first(t, of_checkpoint(status), "checkpoint"));
  t->data_hash = ntk_training_hash_data(t);
  return NTK_OK;
}

ntk_status ntk_checkpoint_save(ntk_training *t) {
  double *scratch = NULL;
  hashed_writer w = {.hash = NTK_HASH_START};
  if (!has_file(t))
    return NTK_OK;
  NTK_TRY(ntk_alloc_doubles(t->context, t->P, "checkpoint", &scratch));
  ntk_status status = ntk_writer_open(&w.out, t->options.checkpoint, 0);
  if (status == NTK_OK) {
    status = put_all(t, scratch, &w);
    if (status == NTK_OK)
      status = ntk_writer_commit(&w.out);
    else
      ntk_writer_abort(&w.out);
  }
  ntk_free(t->context, scratch);
  return of_checkpoint(status);
}

/* ---- Reading --------------------------------------------------------------------------------- */

typedef struct reader {
  FILE *file;
  const char *path;
  uint64_t hash;
} reader;

static ntk_status get(reader *in, void *bytes, size_t count) {
  if (fread(bytes, 1, count, in->file) != count)
    return ntk_fail(NTK_ERR_FORMAT, "%s: ends early: no whole checkpoint", in->path);
  in->hash = ntk_hash_words(in->hash, bytes, count);
  return NTK_OK;
}

/* Of a number a round: losses, and drifts. */
static size_t lists_of(const ntk_training *t) {
  return t->drift != NULL ? 2 : 1;
}

/* Of a tracked point and its weights. */
static size_t point_bytes(const ntk_training *t) {
  return sizeof(stored_point) + (t->options.track_weights ? t->P * sizeof(double) : 0);
}

static ntk_status check_header(const ntk_training *t, const reader *in, const header *h) {
  if (h->magic != MAGIC)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: is no checkpoint of this version of ntkit; accepted: one, or a new name",
                    in->path);
  uint64_t identity[NTK_IDENTITIES];
  ntk_training_identify(t, identity);
  for (size_t i = 0; i < NTK_IDENTITIES; i++)
    if (identity[i] != h->identity[i])
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "%s: is the checkpoint of a run with %s; accepted: the same, or a new "
                      "name",
                      in->path, ntk_identity_part(i));
  /* Nothing that the file says is believed before it has been compared with the file's size. */
  struct stat about;
  const size_t bytes = sizeof *h + sizeof(uint64_t);
  if (h->N != t->N || h->P != t->P || h->slots != ntk_optimizer_slots(t->optimizer) ||
      h->linear != (t->tracker->r != NULL) || fstat(fileno(in->file), &about) != 0 ||
      h->epoch >= (uint64_t)about.st_size || h->tracked > h->epoch + 1 ||
      (uint64_t)about.st_size !=
          bytes + 8 * (lists_of(t) * (h->epoch + 1) + h->slots * h->P + 2 * h->linear * t->R) +
              h->tracked * point_bytes(t))
    return ntk_fail(NTK_ERR_FORMAT, "%s: its size is not what it says: no whole checkpoint",
                    in->path);
  return NTK_OK;
}

/* All arrays: [losses][slots][r, m][points]. */
static size_t array_bytes(const ntk_training *t, const header *h) {
  const size_t words =
      (size_t)(lists_of(t) * (h->epoch + 1) + h->slots * h->P + 2 * h->linear * t->R);
  return words * sizeof(double) + (size_t)h->tracked * point_bytes(t);
}

/* Those of a file whose header has been checked, into fresh memory. */
static ntk_status get_arrays(const ntk_training *t, reader *in, const header *h, double **arrays) {
  const size_t bytes = array_bytes(t, h);
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(t->context, bytes, 1, "checkpoint", &pointer));
  ntk_status status = get(in, pointer, bytes);
  uint64_t hash = 0;
  const uint64_t wanted = in->hash;
  if (status == NTK_OK)
    status = get(in, &hash, sizeof hash);
  if (status == NTK_OK && hash != wanted)
    status = ntk_fail(NTK_ERR_FORMAT, "%s: is damaged: its check sum is another", in->path);
  if (status == NTK_OK)
    *arrays = pointer;
  else
    ntk_free(t->context, pointer);
  return status;
}

/* The tracked points, and then the weights of each. */
static ntk_status take_points(ntk_training *t, size_t count, const double *arrays) {
  ntk_tracker *k = t->tracker;
  void *pointer = NULL;
  const double *theta = arrays + count * (sizeof(stored_point) / sizeof *arrays);
  NTK_TRY(ntk_alloc(t->context, count, sizeof *k->point, "tracking", &pointer));
  ntk_track_points_free(t->context, k->point, k->count);
  k->point = pointer;
  k->count = 0;
  k->capacity = count;
  for (; k->count < count; k->count++) {
    stored_point stored;
    memcpy(&stored, arrays + k->count * (sizeof stored / sizeof *arrays), sizeof stored);
    ntk_track_point point = from_file(&stored);
    if (t->options.track_weights) {
      NTK_TRY(ntk_alloc_doubles(t->context, t->P, "tracked weights", &point.theta));
      memcpy(point.theta, theta + k->count * t->P, t->P * sizeof(double));
      point.parameters = t->P;
    }
    k->point[k->count] = point;
  }
  return NTK_OK;
}

static ntk_status take_over(ntk_training *t, const header *h, const double *arrays) {
  ntk_tracker *k = t->tracker;
  NTK_TRY(ntk_training_room(t, (size_t)h->epoch + 1));
  memcpy(t->loss, arrays, (size_t)(h->epoch + 1) * sizeof(double));
  arrays += h->epoch + 1;
  if (t->drift != NULL) {
    memcpy(t->drift, arrays, (size_t)(h->epoch + 1) * sizeof(double));
    arrays += h->epoch + 1;
  }
  for (size_t s = 0; s < MOST_SLOTS && s < h->slots; s++, arrays += t->P) {
    if (t->descent != NULL)
      ntk_descent_write(t->descent, slots[s], arrays);
    else
      ntk_network_set(t->network, arrays);
  }
  if (h->linear != 0) {
    memcpy(k->r, arrays, 2 * t->R * sizeof(double));
    arrays += 2 * t->R;
  }
  if (h->tracked > 0)
    NTK_TRY(take_points(t, (size_t)h->tracked, arrays));
  if (t->lm != NULL)
    NTK_TRY(ntk_lm_restart(t->lm, h->damping));
  t->epoch = t->resumed = (size_t)h->epoch;
  t->lr = h->lr;
  t->momentum = h->momentum;
  t->before = h->seconds;
  t->tracking = h->tracking;
  return NTK_OK;
}

/* h->magic stays 0 where there is no file. */
static ntk_status get_file(const ntk_training *t, header *h, double **arrays) {
  reader in = {.path = t->options.checkpoint, .hash = NTK_HASH_START};
  in.file = fopen(in.path, "rb");
  if (in.file == NULL)
    return errno == ENOENT ? NTK_OK : ntk_fail(NTK_ERR_FILE, "%s: %s", in.path, strerror(errno));
  ntk_status status = get(&in, h, sizeof *h);
  if (status == NTK_OK)
    status = check_header(t, &in, h);
  if (status == NTK_OK)
    status = get_arrays(t, &in, h, arrays);
  fclose(in.file);
  return status;
}

/* What rank 0 has read to all. */
static ntk_status hand_on(const ntk_training *t, header *h, double **arrays) {
  void *pointer = NULL;
  ntk_ranks_hand(t->context, 0, sizeof *h, h);
  if (h->magic == 0)
    return NTK_OK;
  const size_t bytes = array_bytes(t, h);
  ntk_status status = NTK_OK;
  if (!has_file(t)) {
    status = ntk_alloc(t->context, bytes, 1, "checkpoint", &pointer);
    *arrays = status == NTK_OK ? pointer : NULL;
  }
  NTK_TRY(ntk_training_agree(t, status, "room for the checkpoint"));
  ntk_ranks_hand(t->context, 0, bytes, *arrays);
  return NTK_OK;
}

ntk_status ntk_checkpoint_restore(ntk_training *t) {
  header h = {.magic = 0};
  double *arrays = NULL;
  ntk_status status = has_file(t) ? get_file(t, &h, &arrays) : NTK_OK;
  status = ntk_training_agree_first(t, of_checkpoint(status), "reading the checkpoint");
  if (status == NTK_OK)
    status = hand_on(t, &h, &arrays);
  if (status == NTK_OK && arrays != NULL) /* there is one */
    status = take_over(t, &h, arrays);
  ntk_free(t->context, arrays);
  return status;
}
