/* What a file is that no format here recognises, told by how it begins, and the command that makes
 * a .npy of it. */
#include "base/text.h"
#include "base/writer.h"
#include "data/reader.h"

#include <string.h>

#define IO " (libntkit_io reads it, once the program has called ntk_io_formats)"
#define IO_HDF5 " (libntkit_io reads it, where it was built with HDF5's headers: ntk_io_formats)"
#define PICKLE "Python alone, for numpy.save,"

enum { COMMAND = NTK_PATH_CAPACITY + 512 };

/* begin: how such files begin, `skip` bytes in. expression: Python that gives the array of FILE,
 * numpy being n, with the module that it needs; NULL: a command, module, that unpacks it. io: what
 * reads it beside libntkit. */
static const struct format {
  const char *begin;
  size_t length, skip;
  const char *name, *module, *expression;
  const char *io;
} formats[] = {
    {"PK\x03\x04", 4, 0, "a zip archive (.npz, or of torch.save)", "", "n.load(FILE)['NAME']", IO},
    {"\x89HDF\r\n\x1a\n", 8, 0, "HDF5", ", h5py", "h5py.File(FILE)['NAME'][:]", IO_HDF5},
    {"MATLAB 7.3", 10, 0, "a MATLAB file, which is HDF5", ", h5py", "h5py.File(FILE)['NAME'][:].T",
     NULL},
    {"MATLAB ", 7, 0, "a MATLAB file", ", scipy.io as s", "s.loadmat(FILE)['NAME']", NULL},
    {"PAR1", 4, 0, "Parquet", ", pandas as p", "p.read_parquet(FILE).to_numpy('f8')", NULL},
    {"ARROW1", 6, 0, "Arrow", ", pandas as p", "p.read_feather(FILE).to_numpy('f8')", NULL},
    {"{\"", 2, 8, "safetensors", ", safetensors.numpy as s", "s.load_file(FILE)['NAME']", IO},
    {"\x80\x02", 2, 0, "a pickle (of Python, or of torch.save before 1.6)", PICKLE, NULL, NULL},
    {"\x80\x03", 2, 0, "a pickle of Python", PICKLE, NULL, NULL},
    {"\x80\x04", 2, 0, "a pickle of Python", PICKLE, NULL, NULL},
    {"\x80\x05", 2, 0, "a pickle of Python", PICKLE, NULL, NULL},
    {"\x1f\x8b", 2, 0, "compressed by gzip", "gunzip", NULL, IO},
    {"\x28\xb5\x2f\xfd", 4, 0, "compressed by Zstandard", "unzstd", NULL, NULL},
    {"\xfd\x37zXZ", 5, 0, "compressed by xz", "unxz", NULL, NULL},
    {"BZh", 3, 0, "compressed by bzip2", "bunzip2", NULL, NULL},
};

/* expression with the path, in quotes, for FILE; a path that would need more than quotes stays for
 * the user to put in. */
static void put_path(const char *expression, const char *path, size_t size, char *text) {
  const bool plain = strpbrk(path, "'\"\\$`!\n") == NULL;
  const char *gap = strstr(expression, "FILE");
  if (!plain || gap == NULL)
    (void)ntk_format(text, size, "%s", expression);
  else
    (void)ntk_format(text, size, "%.*s'%s'%s", (int)(gap - expression), expression, path, gap + 4);
}

static ntk_status refuse(const char *path, const struct format *is) {
  char array[COMMAND], to[COMMAND];
  const char *missing = is->io != NULL ? is->io : "";
  if (is->expression == NULL)
    return ntk_fail(NTK_ERR_FORMAT, "%s: is %s%s; %s unpacks it", path, is->name, missing,
                    is->module);
  put_path(is->expression, path, sizeof array, array);
  put_path("FILE", path, sizeof to, to);
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: is %s%s; accepted: .npy, as made by python3 -c \"import numpy as n%s; "
                  "n.save(%s, %s)\", which adds .npy to the name",
                  path, is->name, missing, is->module, to, array);
}

static ntk_status refuse_packed(const char *path, const char *name) {
  return ntk_fail(
      NTK_ERR_FORMAT,
      "%s: what is packed in it is %s; accepted there: .npy, IDX, libsvm, or rows of numbers as "
      "text; gunzip unpacks it",
      path, name);
}

static ntk_status open_foreign(ntk_reader *reader, const unsigned char *bytes) {
  char accepted[NTK_ACCEPTED];
  ntk_reader_accepted(accepted);
  const char *path = reader->path;
  const size_t size = reader->file_size, count = size < NTK_READER_START ? size : NTK_READER_START;
  if (count == 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: is empty; accepted: %s", path, accepted);
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
    if (count >= formats[i].skip + formats[i].length &&
        memcmp(bytes + formats[i].skip, formats[i].begin, formats[i].length) == 0)
      return reader->source == NULL ? refuse(path, &formats[i])
                                    : refuse_packed(path, formats[i].name);
  size_t record = 0, rest = 0;
  if (ntk_cifar_is_torn(reader, &record, &rest))
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: begins as CIFAR-%s does, and %zu bytes are left after the last whole "
                    "sample of %zu; accepted: whole samples",
                    path, record == 3073 ? "10" : "100", rest, record);
  return ntk_fail(NTK_ERR_FORMAT, "%s: is of no format known here; accepted: %s", path, accepted);
}

const ntk_reader_format ntk_format_foreign = {.open = open_foreign};
