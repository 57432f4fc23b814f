/* Reading files of numbers beside what it must cost: a matrix of the size of MNIST (60,000 x 784),
 * as IDX packed by gzip, .safetensors and .npz, each read by ntk_array_load into fresh memory and,
 * in turn with it, by the plain loop that it is measured against, also into fresh memory: gz zlib's
 * inflation of the same bytes, and a first write of the doubles safetensors  read(2) of the file's
 * bytes: F64; of F32 and a first write of the doubles npz          the same Prints medians of
 * `repeats` pairs in seconds, wall and processor, and their ratio. usage: ntkit_bench_formats
 * [DIRECTORY [REPEATS [ROWS]]] */
#include "ntkit/data.h"
#include "ntkit/io.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { COLS = 784, MOST = 101, PIECE = 1 << 20 };
static size_t rows = 60000;
static char path[4096];
static unsigned char piece[PIECE];

static double now(clockid_t clock) {
  struct timespec t;
  (void)clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void stop(const char *why) {
  fprintf(stderr, "ntkit_bench_formats: %s: %s\n", path, why);
  exit(1);
}

/* A blot of ink in the middle of each picture, a fifth of it, as digits have. */
static unsigned char pixel(size_t i, size_t j) {
  const size_t x = j % 28, y = j / 28, from = 4 + (i * 7 + y * 3) % 9, word = i * COLS + j;
  if (y < 4 || y > 23 || x < from || x > from + 7)
    return 0;
  return (unsigned char)(x > from && x < from + 5 ? 253 - word * 2654435761U % 3
                                                  : word * 2654435761U >> 7 & 255);
}

static void put_number(FILE *file, uint64_t value, int bytes) {
  for (int b = 0; b < bytes; b++)
    fputc((int)(value >> 8 * b & 255), file);
}

static void write_idx(void) {
  const unsigned char header[] = {0,
                                  0,
                                  8,
                                  2,
                                  (unsigned char)(rows >> 24),
                                  (unsigned char)(rows >> 16),
                                  (unsigned char)(rows >> 8),
                                  (unsigned char)rows,
                                  0,
                                  0,
                                  COLS >> 8,
                                  COLS & 255};
  gzFile file = gzopen(path, "wb6");
  if (file == NULL || gzwrite(file, header, sizeof header) == 0)
    stop("cannot be written");
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < COLS; j++)
      piece[j] = pixel(i, j);
    if (gzwrite(file, piece, COLS) != COLS)
      stop("cannot be written");
  }
  if (gzclose(file) != Z_OK)
    stop("cannot be written");
}

/* The numbers; their CRC. */
static uint32_t write_numbers(FILE *file, size_t size) {
  uLong sum = crc32(0, NULL, 0);
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < COLS; j++) {
      const double value = (double)pixel(i, j) / 255.0;
      const float single = (float)value;
      memcpy(piece + j * size, size == 8 ? (const void *)&value : (const void *)&single, size);
    }
    sum = crc32(sum, piece, (uInt)(COLS * size));
    if (fwrite(piece, size, COLS, file) != COLS)
      stop("cannot be written");
  }
  return (uint32_t)sum;
}

static void write_safetensors(size_t size) {
  char object[256];
  FILE *file = fopen(path, "wb");
  if (file == NULL)
    stop("cannot be written");
  const int length =
      snprintf(object, sizeof object,
               "{\"X\":{\"dtype\":\"F%zu\",\"shape\":[%zu,%d],\"data_offsets\":[0,%zu]}}", 8 * size,
               rows, COLS, rows * COLS * size);
  put_number(file, (uint64_t)length, 8);
  fputs(object, file);
  (void)write_numbers(file, size);
  if (fclose(file) != 0)
    stop("cannot be written");
}

/* One stored member, whose sizes and sum stand in the list behind it. */
static void write_npz(size_t size) {
  char header[129];
  FILE *file = fopen(path, "wb");
  if (file == NULL)
    stop("cannot be written");
  snprintf(header, sizeof header,
           "{'descr': '<f%zu', 'fortran_order': False, 'shape': (%zu, %d), }", size, rows, COLS);
  const size_t text = strlen(header), bytes = 10 + text + rows * COLS * size;
  fwrite("PK\3\4\24\0\0\0\0\0\0\0\0\0", 1, 14, file);
  put_number(file, 0, 12);
  put_number(file, 5, 4);
  fwrite("X.npy\x93NUMPY\1", 1, 12, file);
  put_number(file, 0, 1);
  put_number(file, text, 2);
  fputs(header, file);
  uLong sum = crc32(0, (const Bytef *)"\x93NUMPY\1\0", 8);
  const unsigned char length[2] = {(unsigned char)text, 0};
  sum = crc32(crc32(sum, length, 2), (const Bytef *)header, (uInt)text);
  sum = crc32_combine(sum, write_numbers(file, size), (z_off_t)(rows * COLS * size));
  fwrite("PK\1\2\24\0\24\0\0\0\0\0\0\0\0\0", 1, 16, file);
  put_number(file, sum, 4);
  put_number(file, bytes, 4);
  put_number(file, bytes, 4);
  put_number(file, 5, 4);
  put_number(file, 0, 14);
  fputs("X.npy", file);
  fwrite("PK\5\6\0\0\0\0\1\0\1\0", 1, 12, file);
  put_number(file, 51, 4);
  put_number(file, 35 + bytes, 4);
  put_number(file, 0, 2);
  if (fclose(file) != 0)
    stop("cannot be written");
}

/* ---- The two ways ---- */

static void touch(double *values) {
  for (size_t k = 0; k < rows * COLS; k++)
    values[k] = 1.0;
}

static void inflate_plainly(double *values) {
  gzFile file = gzopen(path, "rb");
  if (file == NULL || gzbuffer(file, 1 << 17) != 0)
    stop("cannot be read");
  while (gzread(file, piece, PIECE) > 0)
    continue;
  gzclose(file);
  touch(values);
}

static void copy_plainly(void *bytes) {
  const int file = open(path, O_RDONLY);
  size_t done = 0;
  for (ssize_t got = 1; got > 0; done += (size_t)got)
    if ((got = read(file, (char *)bytes + done, PIECE)) < 0)
      stop("cannot be read");
  (void)close(file);
}

static void copy_and_touch(double *values) {
  unsigned char *bytes = malloc(rows * COLS * sizeof(float) + PIECE);
  if (bytes == NULL)
    stop("no memory");
  copy_plainly(bytes);
  free(bytes);
  touch(values);
}

static void copy_whole(double *values) {
  copy_plainly(values);
}

static void read_it(double *values) {
  if (ntk_array_load(path, 0, rows, values) != NTK_OK)
    stop(ntk_error_message());
}

static int by_value(const void *a, const void *b) {
  return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double *values, size_t count) {
  qsort(values, count, sizeof *values, by_value);
  return values[count / 2];
}

static void compare(const char *what, void (*plain)(double *), size_t repeats) {
  static double wall[2][MOST], work[2][MOST], ratio[2][MOST];
  void (*const ways[])(double *) = {plain, read_it};
  for (size_t k = 0; k < repeats; k++) {
    for (size_t way = 0; way < 2; way++) {
      double *values = malloc(rows * COLS * sizeof *values + PIECE);
      if (values == NULL)
        stop("no memory");
      const double a = now(CLOCK_MONOTONIC), b = now(CLOCK_PROCESS_CPUTIME_ID);
      ways[way](values);
      wall[way][k] = now(CLOCK_MONOTONIC) - a;
      work[way][k] = now(CLOCK_PROCESS_CPUTIME_ID) - b;
      free(values);
    }
    ratio[0][k] = wall[1][k] / wall[0][k];
    ratio[1][k] = work[1][k] / work[0][k];
  }
  printf("%-16s plain %.3f s (%.3f)  ntkit %.3f s (%.3f)  ratio %.2f (%.2f)\n", what,
         median(wall[0], repeats), median(work[0], repeats), median(wall[1], repeats),
         median(work[1], repeats), median(ratio[0], repeats), median(ratio[1], repeats));
  fflush(stdout);
  (void)unlink(path);
}

int main(int argc, char **argv) {
  const char *directory = argc > 1 ? argv[1] : "/tmp";
  const size_t repeats = argc > 2 ? (size_t)atoi(argv[2]) : 7;
  if (argc > 3)
    rows = (size_t)atoi(argv[3]);
  if (repeats == 0 || repeats > MOST || rows == 0)
    stop("accepted: 1 to 101 repeats, some rows");
  ntk_io_formats();
  printf("%zu x %d, medians of %zu pairs, processor time in brackets\n", rows, COLS, repeats);
  snprintf(path, sizeof path, "%s/ntkit-bench.gz", directory);
  write_idx();
  compare("IDX.gz", inflate_plainly, repeats);
  snprintf(path, sizeof path, "%s/ntkit-bench.data", directory);
  for (size_t size = 8; size >= 4; size /= 2) {
    write_safetensors(size);
    compare(size == 8 ? "safetensors F64" : "safetensors F32",
            size == 8 ? copy_whole : copy_and_touch, repeats);
    write_npz(size);
    compare(size == 8 ? "npz float64" : "npz float32", size == 8 ? copy_whole : copy_and_touch,
            repeats);
  }
  return 0;
}
