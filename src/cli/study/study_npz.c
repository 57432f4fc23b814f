/* A study's table as .npz: a zip archive with one .npy array for each column, as numpy.savez makes
 * it. Numbers are f8, trial and seed i8, texts U<longest> (UCS-4, padded by zeros).
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include "cli/shell/file.h"
#include "cli/shell/report.h"
#include "cli/shell/zip.h"
#include "cli/study/study_columns.h"
#include "cli/study/study_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { START = 10, HEADER = 128 };

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static const char ORDER = '<';
#else
static const char ORDER = '>';
#endif

/* A column, and how many bytes an entry of it has. */
typedef struct column {
  const export_column *is;
  size_t width;
} column;

/* Decodes one character of UTF-8, at least one byte of it; U+FFFD for what is none. */
static uint32_t next_character(const char **text) {
  const unsigned char *at = (const unsigned char *)*text;
  const size_t length = *at < 0x80       ? 1
                        : *at >> 5 == 6  ? 2
                        : *at >> 4 == 14 ? 3
                        : *at >> 3 == 30 ? 4
                                         : 0;
  static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  *text += 1;
  uint32_t character = *at & mask[length];
  for (size_t i = 1; i < length; i++) {
    if (at[i] >> 6 != 2)
      return 0xfffd;
    character = character << 6 | (at[i] & 0x3f);
  }
  if (length == 0 || character < least[length] || character > 0x10ffff ||
      (character >= 0xd800 && character < 0xe000))
    return 0xfffd;
  *text += length - 1;
  return character;
}

static size_t characters(const char *text) {
  size_t count = 0;
  for (; *text != '\0'; count++)
    (void)next_character(&text);
  return count;
}

static size_t width_of(const ntk_study_table *table, const export_column *c) {
  size_t longest = 1; /* NumPy's own least */
  for (size_t i = 0; c->type == 'U' && i < table->rows; i++) {
    const size_t length = characters(export_cell_of(table, &table->row[i], c).text);
    longest = length > longest ? length : longest;
  }
  return c->type == 'U' ? 4 * longest : 8;
}

static void put_header(const column *c, size_t rows, char *header) {
  /* Magic, version 1.0, and how many bytes follow. */
  static const unsigned char start[START] = {0x93,           'N', 'U', 'M', 'P', 'Y', 1, 0,
                                             HEADER - START, 0};
  char text[HEADER - START];
  const size_t items = c->is->type == 'U' ? c->width / 4 : c->width;
  const int length =
      snprintf(text, sizeof text, "{'descr': '%c%c%zu', 'fortran_order': False, 'shape': (%zu,), }",
               ORDER, c->is->type, items, rows);
  memset(header, ' ', HEADER);
  memcpy(header, start, START);
  memcpy(header + START, text, (size_t)length);
  header[HEADER - 1] = '\n';
}

static void put_entry(const ntk_study_table *table, const ntk_study_row *row, const column *c,
                      char *entry) {
  const ntk_field_value cell = export_cell_of(table, row, c->is);
  const int64_t whole = (int64_t)cell.whole;
  if (c->is->type == 'f')
    memcpy(entry, &cell.real, sizeof cell.real);
  else if (c->is->type == 'i')
    memcpy(entry, &whole, sizeof whole);
  else
    for (const char *text = cell.text; *text != '\0'; entry += 4) {
      const uint32_t character = next_character(&text);
      memcpy(entry, &character, sizeof character);
    }
}

/* The .npy file of a column; NULL for want of memory. */
static char *make_array(const ntk_study_table *table, const column *c, size_t *size) {
  if (c->width > (SIZE_MAX - HEADER) / table->rows)
    return NULL;
  *size = HEADER + c->width * table->rows;
  char *array = calloc(*size, 1);
  if (array == NULL)
    return NULL;
  put_header(c, table->rows, array);
  for (size_t i = 0; i < table->rows; i++)
    put_entry(table, &table->row[i], c, array + HEADER + i * c->width);
  return array;
}

static exit_status add_column(const ntk_study_table *table, const export_column *is,
                              zip_writer *zip) {
  const column c = {is, width_of(table, is)};
  char name[ZIP_NAME];
  if ((size_t)snprintf(name, sizeof name, "%s.npy", is->name) >= sizeof name)
    return report_error(EXIT_INPUT, "--npz: the variable '%.40s...' has too long a name", is->name);
  size_t size = 0;
  char *array = make_array(table, &c, &size);
  if (array == NULL)
    return report_error(EXIT_INPUT, "--npz: no memory for %zu rows of '%s'", table->rows, is->name);
  const bool fits = zip_add(zip, name, array, size);
  free(array);
  return fits ? EXIT_DONE
              : report_error(EXIT_INPUT,
                             "--npz: %zu rows are more than the 4.29 GB of an .npz; "
                             "accepted: --csv, or fewer by --where",
                             table->rows);
}

exit_status study_write_npz(const ntk_study_table *table, const char *path) {
  export_column *columns = NULL;
  const size_t count = export_columns(table, &columns);
  zip_entry *entries = calloc(count + 1, sizeof *entries);
  cli_file file;
  exit_status status = EXIT_FAILED;
  if (columns == NULL || entries == NULL)
    (void)report_error(EXIT_FAILED, "--npz: no memory for the columns");
  else
    status = file_create(path, "output", &file);
  if (status == EXIT_DONE) {
    zip_writer zip = {.out = file.stream, .entry = entries};
    for (size_t c = 0; c < count && status == EXIT_DONE; c++)
      status = add_column(table, &columns[c], &zip);
    zip_end(&zip);
    status = file_close(&file, "output", status);
  }
  free(columns);
  free(entries);
  return status;
}
