/* Labels Y: drawn, of a teacher, or from a file. */
#include "ntkit/data.h"
#include "ntkit/fit.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/random.h"
#include "data/dataset.h"
#include "data/reader.h"
#include "data/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of randomness, one for each kind, so that they are independent. */
enum { ROW_GAUSSIAN = 0, ROW_SIGN = 1, ROW_TEACHER = 2 };

typedef ntk_status labels_fn(ntk_context *context, const ntk_network_spec *spec,
                             const ntk_dataset *data, uint64_t seed, double *Y);

static size_t outputs_of(const ntk_network_spec *spec) {
  return spec != NULL && spec->outputs > 0 ? spec->outputs : 1;
}

typedef void draw_fn(ntk_random source, uint64_t row, size_t n, double *out);

/* Each output's labels are a vector of its own, sub = output, so that one output's do not depend on
 * how many there are. */
static ntk_status draw(ntk_context *context, size_t outputs, const ntk_dataset *data, uint64_t seed,
                       uint64_t row, draw_fn *law, double *Y) {
  const size_t N = data->N;
  double *one = NULL;
  if (outputs == 1) {
    law((ntk_random){seed, NTK_STREAM_LABELS, 0}, row, N, Y);
    return NTK_OK;
  }
  NTK_TRY(ntk_alloc_doubles(context, N, "labels", &one));
  for (size_t c = 0; c < outputs; c++) {
    law((ntk_random){seed, NTK_STREAM_LABELS, c}, row, N, one);
    for (size_t i = 0; i < N; i++)
      Y[i * outputs + c] = one[i];
  }
  ntk_free(context, one);
  return NTK_OK;
}

static ntk_status gaussian(ntk_context *context, const ntk_network_spec *spec,
                           const ntk_dataset *data, uint64_t seed, double *Y) {
  return draw(context, outputs_of(spec), data, seed, ROW_GAUSSIAN, ntk_random_normal, Y);
}

static ntk_status sign(ntk_context *context, const ntk_network_spec *spec, const ntk_dataset *data,
                       uint64_t seed, double *Y) {
  const size_t outputs = outputs_of(spec);
  NTK_TRY(draw(context, outputs, data, seed, ROW_SIGN, ntk_random_uniform, Y));
  for (size_t k = 0; k < data->N * outputs; k++)
    Y[k] = Y[k] < 0.5 ? -1.0 : 1.0;
  return NTK_OK;
}

/* Divides N numbers by their root mean square. */
static ntk_status normalise(size_t N, double *Y) {
  double largest = 0.0, sum = 0.0;
  for (size_t i = 0; i < N; i++)
    largest = fmax(largest, fabs(Y[i]));
  if (!(largest > 0.0) || !isfinite(largest))
    return ntk_fail(NTK_ERR_NUMERIC, "the teacher's outputs are %s: it cannot make labels",
                    largest > 0.0 ? "not finite" : "all 0");
  for (size_t i = 0; i < N; i++)
    sum += Y[i] / largest * (Y[i] / largest);
  const double root = largest * sqrt(sum / (double)N);
  for (size_t i = 0; i < N; i++)
    Y[i] /= root;
  return NTK_OK;
}

/* The teacher's weights follow the paper's law, whatever the pupil's: (18) would make them all 0.
 */
static ntk_status teacher(ntk_context *context, const ntk_network_spec *spec,
                          const ntk_dataset *data, uint64_t seed, double *Y) {
  if (spec == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "labels of a teacher need the network that they are for");
  uint64_t words[4];
  ntk_random_words((ntk_random){seed, NTK_STREAM_LABELS, 0}, ROW_TEACHER, 0, words);
  const ntk_network_spec own = {.depth = spec->depth,
                                .width = spec->width,
                                .activation = spec->activation,
                                .init = "paper",
                                .seed = words[0],
                                .outputs = spec->outputs,
                                .bias = spec->bias,
                                .bias_deviation = spec->bias_deviation};
  size_t count = 0;
  NTK_TRY(ntk_size_multiply(data->N, outputs_of(spec), "labels", &count));
  ntk_network *network = NULL;
  double *F_L = NULL; /* Y is not touched by a failure */
  NTK_TRY(ntk_network_create(context, &own, &network));
  ntk_status status = ntk_alloc_doubles(context, count, "labels", &F_L);
  if (status == NTK_OK)
    status = ntk_network_output(network, data, F_L);
  if (status == NTK_OK)
    status = normalise(count, F_L);
  if (status == NTK_OK)
    memcpy(Y, F_L, count * sizeof *Y);
  ntk_free(context, F_L);
  ntk_network_destroy(network);
  return status;
}

static const ntk_name_info infos[] = {
    {"gaussian", "independent N(0, 1)"},
    {"sign", "independent, -1 or 1 with equal chances"},
    {"teacher", "outputs of another network of the same architecture, mean square 1"},
};
enum { KINDS = sizeof infos / sizeof infos[0] };
static labels_fn *const kinds[KINDS] = {gaussian, sign, teacher};

const ntk_name_info *ntk_labels_list(size_t *count) {
  *count = KINDS;
  return infos;
}

ntk_status ntk_labels_generate(ntk_context *context, const char *kind, const ntk_network_spec *spec,
                               const ntk_dataset *data, uint64_t seed, double *Y) {
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("labels", kind, infos, KINDS, &row));
  return kinds[row](context, spec, data, seed, Y);
}

/* "1000", or "1000 x 10". */
static const char *shape_of(size_t rows, size_t cols, size_t size, char *text) {
  if (cols == 1)
    snprintf(text, size, "%zu", rows);
  else
    snprintf(text, size, "%zu x %zu", rows, cols);
  return text;
}

/* A label for each row of the data's file, or, where the data are the first of them, for each of
 * these. */
static ntk_status check_length(const ntk_reader *file, const ntk_dataset *data, size_t outputs) {
  const bool first = ntk_rows_are_first(&data->rows);
  if (file->cols == outputs && (file->rows == data->file_rows || (first && file->rows == data->N)))
    return NTK_OK;
  char here[48], own[48], all[48], also[128] = "";
  const char *accepted = shape_of(data->N, outputs, sizeof own, own);
  shape_of(data->file_rows, outputs, sizeof all, all);
  if (!first)
    snprintf(also, sizeof also, " labels: one for each row of the data's file");
  else if (data->file_rows > data->N)
    snprintf(also, sizeof also, "%s, or %s: one for each row of the data's file",
             file->cols != 1 ? " labels" : "", all);
  else if (file->cols != 1 || outputs != 1)
    snprintf(also, sizeof also, " labels");
  return ntk_fail(NTK_ERR_SHAPE, "%s: holds %s %s; accepted: %s%s", file->path,
                  shape_of(file->rows, file->cols, sizeof here, here),
                  file->cols == 1 ? "labels" : "numbers", first ? accepted : all, also);
}

/* A first word that comes once may be a heading, or the class of one sample. Where the others are
 * one less than the rows of the data's file both fit, and each label could be that of the row
 * before. */
static ntk_status check_heading(const ntk_reader *file, const ntk_dataset *data) {
  if (!file->lines.guessed || file->rows + 1 != data->file_rows)
    return NTK_OK;
  return ntk_fail(NTK_ERR_SHAPE,
                  "%s: the first word may be a heading above %zu labels, or the first of %zu; "
                  "accepted: its name as the label column if it is one, else the number 1",
                  file->path, file->rows, data->file_rows);
}

static ntk_status read_labels(const ntk_reader *file, const ntk_dataset *data, double *Y) {
  if (file->rows != data->file_rows)
    return ntk_reader_rows(file, 0, data->N, Y);
  ntk_row_list list;
  NTK_TRY(ntk_row_list_make(data->context, &data->rows, file->rows, file->path, &list));
  const ntk_status status = ntk_row_list_read(&list, NULL, file, Y);
  ntk_row_list_clear(&list);
  return status;
}

/* The names that an open file's words have, from it on those of its caller. */
static void take_names(ntk_reader *file, ntk_class_names *names) {
  *names = (ntk_class_names){file->labels.classes, file->labels.name};
  file->labels.classes = 0;
  file->labels.name = NULL;
}

/* outputs numbers a sample, of all samples, on every rank; names: NULL, where words are no labels.
 */
static ntk_status load(ntk_context *context, const ntk_reader_wish *wish, const char *path,
                       const ntk_dataset *data, size_t outputs, double *Y, ntk_class_names *names) {
  ntk_reader file = {0};
  double *read = NULL; /* Y is not touched by a failure */
  ntk_status opened = ntk_reader_open_wish(path, wish, &file);
  if (opened == NTK_ERR_SHAPE)
    opened = ntk_fail(NTK_ERR_SHAPE, "%s: holds no vector of numbers; accepted: %zu labels", path,
                      data->N);
  ntk_status status = ntk_reader_agree(context, opened, &file);
  if (opened != NTK_OK)
    return status;
  if (status == NTK_OK)
    status = check_length(&file, data, outputs);
  if (status == NTK_OK)
    status = check_heading(&file, data);
  if (status == NTK_OK && names == NULL && file.labels.classes > 0)
    status = ntk_fail(NTK_ERR_FORMAT, "%s: the labels are words, as '%s'; accepted: numbers", path,
                      file.labels.name[0]);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(data->context, data->N * outputs, "labels", &read);
  if (status == NTK_OK)
    status = read_labels(&file, data, read);
  if (status == NTK_OK)
    file.seen = ntk_hash_bytes(file.seen, read, data->N * outputs * sizeof *read);
  status = ntk_reader_agree(context, status, &file);
  if (status == NTK_OK && read != NULL) {
    memcpy(Y, read, data->N * outputs * sizeof *Y);
    if (names != NULL)
      take_names(&file, names);
  }
  ntk_free(data->context, read);
  ntk_reader_close(&file);
  return status;
}

ntk_status ntk_labels_load_outputs(ntk_context *context, const char *path, const ntk_dataset *data,
                                   size_t outputs, double *Y) {
  const ntk_reader_wish wish = {.for_labels = outputs == 1}; /* a column is as good as a vector */
  return load(context, &wish, path, data, outputs, Y, NULL);
}

ntk_status ntk_labels_load(ntk_context *context, const char *path, const ntk_dataset *data,
                           double *Y) {
  return ntk_labels_load_outputs(context, path, data, 1, Y);
}

ntk_status ntk_labels_load_classes(ntk_context *context, const char *path, const char *label_column,
                                   const ntk_dataset *data, double *Y, ntk_class_names *names) {
  const ntk_reader_wish wish = {.label_column = label_column, .for_labels = true};
  return load(context, &wish, path, data, 1, Y, names);
}

void ntk_class_names_clear(ntk_class_names *names) {
  for (size_t k = 0; k < names->count; k++)
    free(names->name[k]);
  free(names->name);
  *names = (ntk_class_names){0};
}

bool ntk_labels_in_file(const char *labels) {
  return !NTK_NAME_KNOWN(labels, infos, KINDS);
}
