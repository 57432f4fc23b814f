/* CIFAR-10 and CIFAR-100 in their binary version: records of one label (CIFAR-10) or two, coarse
 * and fine (CIFAR-100), a byte each, and the 3072 bytes of an image. Nothing says so in the file:
 * it is one when its size is that of whole records and every label of them is in range. Of two
 * labels the fine one counts, or the one that label_column names. */
#include "data/reader.h"

#include <string.h>

enum { IMAGE = 3072, COARSE = 20, FINE = 100, CLASSES = 10 };

/* Whether every whole record has labels in range, of that many labels. */
static bool in_range(const ntk_reader *reader, size_t labels) {
  const size_t record = IMAGE + labels;
  for (size_t i = 0; i < reader->file_size / record; i++) {
    unsigned char byte[2] = {0, 0};
    size_t found = 0;
    if (ntk_reader_at(reader, (off_t)(i * record), byte, labels, &found) != NTK_OK ||
        found < labels || byte[0] >= (labels == 1 ? CLASSES : COARSE) || byte[1] >= FINE)
      return false;
  }
  return true;
}

/* The labels in front of each image: 1, 2; 0: these are no such records. */
static size_t count_labels(const ntk_reader *reader) {
  for (size_t labels = 1; labels <= 2 && !reader->bounded; labels++)
    if (reader->file_size % (IMAGE + labels) == 0 && in_range(reader, labels))
      return labels;
  return 0;
}

static bool recognise(const unsigned char *start, size_t count) {
  return count == NTK_READER_START && start[0] < COARSE;
}

static bool fits(const ntk_reader *reader, const unsigned char *start) {
  return !ntk_idx_is_whole(start, NTK_READER_START, reader->file_size) && count_labels(reader) > 0;
}

bool ntk_cifar_is_torn(const ntk_reader *reader, size_t *record, size_t *rest) {
  enum { ENOUGH = 10 }; /* records in range, not to be so by chance */
  for (size_t labels = 1; labels <= 2 && !reader->bounded; labels++) {
    *record = IMAGE + labels;
    *rest = reader->file_size % *record;
    if (reader->file_size / *record >= ENOUGH && in_range(reader, labels))
      return true;
  }
  return false;
}

/* Which of the labels of a record is asked for, from 0. */
static ntk_status choose(const ntk_reader *reader, size_t labels, size_t *chosen) {
  const char *name = reader->label_column;
  *chosen = labels - 1;
  if (name == NULL || (labels == 2 && strcmp(name, "fine") == 0))
    return NTK_OK;
  *chosen = 0;
  if (labels == 2 && strcmp(name, "coarse") == 0)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT, "%s: has no labels '%s'; accepted: %s", reader->path, name,
                  labels == 2 ? "coarse or fine, of CIFAR-100" : "no name, for CIFAR-10 has one");
}

static ntk_status collect(ntk_reader *reader, size_t labels, size_t chosen) {
  for (size_t i = 0; i < reader->file_size / (IMAGE + labels); i++) {
    unsigned char byte = 0;
    size_t found = 0;
    NTK_TRY(ntk_reader_at(reader, (off_t)(i * (IMAGE + labels) + chosen), &byte, 1, &found));
    NTK_TRY(ntk_label_list_number(&reader->labels, reader->path, byte));
  }
  return NTK_OK;
}

static ntk_status open_cifar(ntk_reader *reader, const unsigned char *start) {
  (void)start;
  const size_t labels = count_labels(reader);
  size_t chosen = 0;
  char text[64];
  if (labels == 0) /* it changed since it was recognised */
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: it changes meanwhile", reader->path);
  NTK_TRY(choose(reader, labels, &chosen));
  const size_t rows = reader->file_size / (IMAGE + labels);
  reader->type = "uint8";
  reader->labelled = true;
  reader->plain.data = (off_t)labels;
  if (reader->for_labels) {
    NTK_TRY(collect(reader, labels, chosen));
    snprintf(text, sizeof text, "(%zu,)", rows);
    return ntk_reader_set_shape(reader, 1, &rows, text);
  }
  snprintf(text, sizeof text, "(%zu, %d)", rows, IMAGE);
  return ntk_reader_set_shape(reader, 2, (const size_t[]){rows, IMAGE}, text);
}

static ntk_status read_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  const size_t labels = (size_t)reader->plain.data;
  for (size_t i = 0; i < count; i++) {
    NTK_TRY(ntk_reader_poll(reader, (double)i / (double)count));
    unsigned char image[IMAGE];
    size_t found = 0;
    const off_t at = (off_t)((first + i) * (IMAGE + labels) + labels);
    NTK_TRY(ntk_reader_at(reader, at, image, IMAGE, &found));
    if (found < IMAGE)
      return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: it became shorter meanwhile",
                      reader->path);
    for (size_t j = 0; j < IMAGE; j++)
      out[i * IMAGE + j] = image[j];
  }
  return NTK_OK;
}

const ntk_reader_format ntk_format_cifar = {
    .name = "cifar", .recognise = recognise, .fits = fits, .open = open_cifar, .rows = read_rows};
