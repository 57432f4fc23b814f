/* What a file is that no format here recognises, told by how it begins, and the command that makes
 * a .npy of it.
 */
#include "base/text.h"
#include "base/writer.h"
#include "data/reader.h"

#include <string.h>

enum { COMMAND = NTK_PATH_CAPACITY + 512 };

/* begin: how such files begin, `skip` bytes in. expression: Python that gives the array of FILE,
 * numpy being n, with the module that it needs. */
static const struct format {
  const char *begin;
  size_t length, skip;
  const char *name, *module, *expression;
} formats[] = {
    {"PK\x03\x04", 4, 0, "a zip archive (.npz, or of torch.save)", "", "n.load(FILE)['NAME']"},
    {"\x89HDF\r\n\x1a\n", 8, 0, "HDF5", ", h5py", "h5py.File(FILE)['NAME'][:]"},
    {"MATLAB ", 7, 0, "a MATLAB file", ", scipy.io as s", "s.loadmat(FILE)['NAME']"},
    {"PAR1", 4, 0, "Parquet", ", pandas as p", "p.read_parquet(FILE).to_numpy('f8')"},
    {"ARROW1", 6, 0, "Arrow", ", pandas as p", "p.read_feather(FILE).to_numpy('f8')"},
    {"{\"", 2, 8, "safetensors", ", safetensors.numpy as s", "s.load_file(FILE)['NAME']"},
};

/* IDX: two zeros, the type, the number of extents, these as 4 bytes each, big-endian first. */
static bool idx_expression(const unsigned char *c, size_t count, size_t size, char *text) {
  static const char *const types[] = {
      [0x08] = "u1", [0x09] = "i1", [0x0b] = ">i2", [0x0c] = ">i4", [0x0d] = ">f4", [0x0e] = ">f8"};
  if (count < 8 || c[0] != 0 || c[1] != 0 || c[2] >= sizeof types / sizeof types[0] ||
      types[c[2]] == NULL || c[3] == 0)
    return false;
  const uint32_t rows =
      (uint32_t)c[4] << 24 | (uint32_t)c[5] << 16 | (uint32_t)c[6] << 8 | (uint32_t)c[7];
  (void)ntk_format(text, size, "n.fromfile(FILE, '%s', offset=%d).reshape(%u, -1)", types[c[2]],
                   4 + 4 * c[3], (unsigned)rows);
  return true;
}

/* Whether a line, whose end may be cut off where it is the last one, is of numbers alone, as nan is
 * to NumPy too; else it is a heading. marks: what may stand between them. */
static bool is_row(const char *line, bool cut, const char *marks) {
  for (const char *word = line + strspn(line, marks); *word != '\0';) {
    const size_t length = strcspn(word, marks);
    char *end = NULL;
    (void)ntk_read_real(word, &end);
    if (end != word + length && !(cut && word[length] == '\0'))
      return false;
    word += length + strspn(word + length, marks);
  }
  return true;
}

/* Numbers as text, one row a line: between commas, semicolons, tabs or blanks; a first line that is
 * no row of numbers is a heading. Excel begins it with a byte order mark. */
static bool text_expression(const unsigned char *c, size_t count, size_t size, char *text) {
  static const char order_mark[] = "\xef\xbb\xbf";
  char line[NTK_READER_START + 1], mark[2] = "", delimiter[32] = "";
  const bool marked = count >= 3 && memcmp(c, order_mark, 3) == 0;
  const size_t begin = marked ? 3 : 0;
  size_t length = 0;
  for (size_t i = begin; i < count; i++)
    if (c[i] < ' ' && c[i] != '\t' && c[i] != '\r' && c[i] != '\n')
      return false;
  for (; begin + length < count && c[begin + length] != '\n'; length++)
    line[length] = (char)c[begin + length];
  line[length] = '\0';
  if (length == 0 || c[begin] >= 0x80)
    return false;
  const char *found = strpbrk(line, ",;\t");
  if (found != NULL) {
    mark[0] = *found;
    (void)ntk_format(delimiter, sizeof delimiter, ", delimiter='%s'",
                     mark[0] == '\t' ? "\\t" : mark);
  }
  const bool indexed = mark[0] != '\0' && line[0] == mark[0]; /* as pandas heads its row numbers */
  const bool row = !indexed && is_row(line, begin + length == count, " \t\r,;");
  (void)ntk_format(text, size, "n.loadtxt(FILE%s%s%s)%s", delimiter, row ? "" : ", skiprows=1",
                   marked ? ", encoding='utf-8-sig'" : "", indexed ? "[:, 1:]" : "");
  return true;
}

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

static ntk_status refuse(const char *path, const char *name, const char *module,
                         const char *expression) {
  char array[COMMAND], to[COMMAND];
  put_path(expression, path, sizeof array, array);
  put_path("FILE", path, sizeof to, to);
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: is %s; accepted: .npy, as made by python3 -c \"import numpy as n%s; "
                  "n.save(%s, %s)\", which adds .npy to the name",
                  path, name, module, to, array);
}

static ntk_status open_foreign(ntk_reader *reader, const unsigned char *bytes) {
  const char *path = reader->path;
  const size_t size = reader->file_size, count = size < NTK_READER_START ? size : NTK_READER_START;
  char expression[128];
  if (count == 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: is empty; accepted: .npy", path);
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
    if (count >= formats[i].skip + formats[i].length &&
        memcmp(bytes + formats[i].skip, formats[i].begin, formats[i].length) == 0)
      return refuse(path, formats[i].name, formats[i].module, formats[i].expression);
  if (count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
    return ntk_fail(NTK_ERR_FORMAT, "%s: is compressed by gzip; accepted: .npy; gunzip unpacks it",
                    path);
  if (idx_expression(bytes, count, sizeof expression, expression))
    return refuse(path, "IDX", "", expression);
  if (text_expression(bytes, count, sizeof expression, expression))
    return refuse(path, "text", "", expression);
  return ntk_fail(NTK_ERR_FORMAT, "%s: does not begin as a .npy file does; accepted: .npy", path);
}

const ntk_reader_format ntk_format_foreign = {.open = open_foreign, .close = ntk_plain_close};
