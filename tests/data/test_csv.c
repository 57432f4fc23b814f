/* Numbers as text: CSV and its kin.
 * Property: shape and numbers are those that stand there, whatever stands between and around them;
 * any rows are found, in files of many windows too; each number is the nearest double; what is no
 * number is refused by line and column, and never taken for a heading. */
#include "ntkit/data.h"

#include "data/text/decimal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support.h"

#include "npy_file.h"

static void write_text(const char *text) {
  write_bytes(text, strlen(text));
}

/* Each holds 1 2 3 / 4 5 6. */
static void test_forms(void **state) {
  (void)state;
  static const char *const texts[] = {
      "1,2,3\n4,5,6\n",
      "1,2,3\r\n4,5,6\r\n",
      "1;2;3\n4;5;6",
      "1\t2\t3\n4\t5\t6\n",
      "  1   2   3\n4\t5 6  \n\n",
      "a,b,c\n1,2,3\n4,5,6\n",
      "\"a,x\",\"b;\",c\n\"1\",\"2\",\"3\"\n4,5,6\n",
      "\xef\xbb\xbf"
      "a,b,c\n1,2,3\n4,5,6\n",
      "\"#\",b,c\n1,2,3\n4,5,6\n",
      "# made by savetxt\n1.000e+00 2e0 +3.\n\n#\n4 .5e1 600e-2\n",
      "label,0,1\n1,2,3\n4,5,6\n",
      ",0,1,2\n 0 ,1,2,3\n7,4,5,6\n",
      ";a;0;c\r\n0;1;2;3\r\n7;4;5;6\r\n",
      "\n \n1 , 2 ,3 \n 4, 5 , 6\n",
      "\"\",\"a\",\"b\",\"c\"\n\"1\",1,2,3\n\"2\",4,5,6\n", /* R's write.csv */
      "\"\" \"a\" \"b\" \"c\"\n\"1\" 1 2 3\n\"2\" 4 5 6\n",
      "\"\",\"0\",\"1\",\"2\"\r\n\"0\",\"1\",\"2\",\"3\"\r\n\"1\",\"4\",\"5\",\"6\"\r\n",
      ",a,b,c\n187,1,2,3\n26,4,5,6\n", /* pandas's rows of a part of a table */
      ",a,0,c\n2024-01-05,1,2,3\n2024-01-08,4,5,6\n",
      "\"\";\"a\";\"b\";\"c\"\n\"row, one\";1,0;2;3\n\"row two\";4;5;6\n",
      "\"a b\" \"b, c\" d\n1 2 3\n4 5 6\n",
      "infected,nanometer,age\n1,2,3\n4,5,6\n",
      "1;2,0;3,0\n4;5;6,0e0\n", /* R's write.csv2, German Excel */
      "a\tb\tc\n1,0\t2,00\t0,3e1\n\"4,0\"\t5\t6\n",
      "1.0\t2\t3\n # 1,2 or 3,4\n4\t5\t6.0\n#1,2", /* no comma of a number */
  };
  for (size_t k = 0; k < COUNT(texts); k++) {
    ntk_array_info info;
    double x[6] = {0};
    write_text(texts[k]);
    assert_ok(ntk_array_shape(path, &info));
    assert_string_equal(info.format, "text");
    assert_true(info.rank == 2 && info.rows == 2 && info.cols == 3);
    assert_ok(ntk_array_load(path, 0, 2, x));
    for (size_t i = 0; i < 6; i++)
      assert_true(x[i] == (double)i + 1.0);
  }
  ntk_array_info info;
  write_text("y\n5\n6\n7\n"); /* labels */
  assert_ok(ntk_array_shape(path, &info));
  assert_true(info.rank == 1 && info.rows == 3);
}

/* A remark longer than what is looked at at a time: no comma in it is one of a number. */
static void test_long_remark(void **state) {
  (void)state;
  enum { LENGTH = 300000 };
  char *text = malloc(LENGTH + 32);
  double x[4];
  assert_non_null(text);
  strcpy(text, "1.5\t2\n#");
  for (size_t k = strlen(text); k < LENGTH; k++)
    text[k] = "1,2 "[k % 4];
  strcpy(text + LENGTH, "\n3\t4.5\n");
  write_text(text);
  free(text);
  assert_ok(ntk_array_load(path, 0, 2, x));
  assert_true(x[0] == 1.5 && x[1] == 2.0 && x[2] == 3.0 && x[3] == 4.5);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
    ntk_status status;
  } cases[] = {
      {"1,2\n3\n", "line 2 has 1 columns, those before it 2", NTK_ERR_FORMAT},
      {"1,2\n\n3,4,5\n", "line 3 has at least 3 columns", NTK_ERR_FORMAT},
      {"1,2\n3,x\n", "line 2, column 2: 'x' is no number", NTK_ERR_FORMAT},
      {"1,2\n3;4\n", "line 2, column 1: '3;4' is no number", NTK_ERR_FORMAT},
      {"1,2\n3\n4\n", "line 2 has 1 columns, those before it 2", NTK_ERR_FORMAT},
      {"1,2\n3,4x\n", "line 2, column 2: '4x' is no number", NTK_ERR_FORMAT},
      {"1,2\n3,\n", "line 2, column 2: '' is no number", NTK_ERR_FORMAT},
      {"1,,2\n3,4,5\n", "line 1, column 2: '' is no number", NTK_ERR_FORMAT},
      {",1,2\n3,4,5\n", "line 1, column 1: '' is no number", NTK_ERR_FORMAT},
      {"NA,1\n3,4\n", "line 1, column 1: 'NA' is no number", NTK_ERR_FORMAT},
      {".,1\n3,4\n", "line 1, column 1: '.' is no number", NTK_ERR_FORMAT},
      {"1,2\n#DIV/0!,4\n5,6\n", "line 2, column 1: '#DIV/0!' is no number", NTK_ERR_FORMAT},
      {"#N/A,2\n5,6\n", "line 1, column 1: '#N/A' is no number", NTK_ERR_FORMAT},
      {",1,2\n0,3,4\n0,5,6\n", "line 1, column 1: '' is no number", NTK_ERR_FORMAT},
      {"5.1,setosa\n4,x\n", "line 1, column 2: 'setosa' is no number", NTK_ERR_FORMAT},
      {"1;2,5\n3.5;4\n", "line 2, column 1: '3.5' has a point, and other", NTK_ERR_FORMAT},
      {"1;2,500.5\n3;4\n", "line 1, column 2: '2,500.5' has a point, and", NTK_ERR_FORMAT},
      {"1;2,5,3\n3;4\n", "line 1, column 2: '2,5,3' is no number", NTK_ERR_FORMAT},
      {"1,2,3\n1,\"2\n3\",4\n", "line 2, column 2: '\"2' is no number", NTK_ERR_FORMAT},
      {"\xe2\x88\x92"
       "1,2\n3,4\n",
       "line 1, column 1", NTK_ERR_FORMAT}, /* U+2212 */
      {"1\n#N/A\n", "line 2, column 1: '#N/A' is no number", NTK_ERR_FORMAT},
      {"#DIV/0!\n1\n", "line 1, column 1: '#DIV/0!' is no number", NTK_ERR_FORMAT},
      {"\"\",2\n3,4\n", "line 1, column 1: '\"\"' is no number", NTK_ERR_FORMAT},
      {",1.0\n0,2\n", "line 1, column 1: '' is no number", NTK_ERR_FORMAT},
      {"$1.5\n1\n", "line 1, column 1: '$1.5' is no number", NTK_ERR_FORMAT},
      {"1,nan\n2,3\n", "holds nan in line 1, column 2", NTK_ERR_NOT_FINITE},
      {"1,2,3\n4,inf,5\n", "holds inf in line 2, column 2", NTK_ERR_NOT_FINITE},
      {"1,2\n2,-Infinity\n", "holds -inf in line 2, column 2", NTK_ERR_NOT_FINITE},
      {"1,2\n2,1e999\n", "holds inf in line 2, column 2", NTK_ERR_NOT_FINITE},
  };
  double x[8];
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_array_info info;
    write_text(cases[k].text);
    assert_ok(ntk_array_shape(path, &info));
    assert_refused(ntk_array_load(path, 0, info.rows, x), cases[k].status, cases[k].says);
  }
  ntk_array_info info;
  static const char *const damaged[] = {"l.5,2.5\n3,4\n", "  x 3 4\n5 6 7\n", "\"a\",\"3\"\n1,2\n",
                                        "\xef\xbc\x8d"
                                        "1,2\n3,4\n"}; /* U+FF0D, a minus */
  for (size_t k = 0; k < COUNT(damaged); k++) {        /* else a row would be lost */
    write_text(damaged[k]);
    assert_refused(ntk_array_shape(path, &info), NTK_ERR_FORMAT, "and goes on with numbers");
  }
  write_text("1,\"2\n3\",4\n");
  assert_refused(ntk_array_shape(path, &info), NTK_ERR_FORMAT, "line 1: a quote is opened and not");
  write_text("only,names\n");
  assert_refused(ntk_array_shape(path, &info), NTK_ERR_SHAPE, "(0, 2) and holds nothing");
  static const char *const numbered[] = {"0,1,2\n.5,.25,1.5\n", "0;1;2\r\n1;2;3\r\n"};
  for (size_t k = 0; k < COUNT(numbered); k++) {
    write_text(numbered[k]);
    assert_refused(ntk_array_shape(path, &info), NTK_ERR_FORMAT, "line 1 is 0 to 2, which may be");
  }
  static const char *const unnamed[] = {",a,b\n1.5,2,3\n", ";a;b\n1,5;2;3\n", ",0,1\n5,2,3\n",
                                        ",a,b\nNA,2,3\n"}; /* no names of rows */
  for (size_t k = 0; k < COUNT(unnamed); k++) {
    write_text(unnamed[k]);
    assert_ok(ntk_array_shape(path, &info));
    assert_refused(ntk_array_load(path, 0, 1, x), NTK_ERR_FORMAT, "line 1, column 1: '' is no");
  }
  write_text("1 2\r3 4\r");
  assert_refused(ntk_array_shape(path, &info), NTK_ERR_FORMAT, "is of no format known here");
  write_text("# no row\n\n");
  assert_refused(ntk_array_shape(path, &info), NTK_ERR_FORMAT, "without a row of numbers");
  write_text("{\"a\": [1, 2]}\n");
  assert_refused(ntk_array_shape(path, &info), NTK_ERR_FORMAT, "is of no format known here");
}

/* x_ij = i + j / 8, lines of different lengths: more than the 128 places that are kept, and than a
 * window holds. */
static void test_many_rows(void **state) {
  (void)state;
  enum { ROWS = 3001, COLS = 17 };
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  for (size_t i = 0; i < ROWS; i++) {
    for (size_t j = 0; j < COLS; j++)
      fprintf(file, "%s%*s%.*f", j > 0 ? "," : "", (int)(i % 7), "", 3 + (int)(i % 11),
              (double)i + (double)j / 8.0);
    fputs(i % 5 == 0 ? "\n\n" : "\n", file);
  }
  assert_int_equal(fclose(file), 0);
  double *x = make_array((size_t)ROWS * COLS);
  static const size_t parts[][2] = {{0, ROWS}, {ROWS - 1, 1}, {127, 3},
                                    {128, 1},  {1500, 700},   {5, 0}};
  for (size_t p = 0; p < COUNT(parts); p++) {
    assert_ok(ntk_array_load(path, parts[p][0], parts[p][1], x));
    for (size_t i = 0; i < parts[p][1]; i++)
      for (size_t j = 0; j < COLS; j++)
        assert_true(x[i * COLS + j] == (double)(parts[p][0] + i) + (double)j / 8.0);
  }
  assert_refused(ntk_array_load(path, ROWS, 1, x), NTK_ERR_SHAPE, "the file has 3001");
  free(x);
}

/* One line longer than a window, a number longer than a number can be, and blanks without end. */
static void test_long_lines(void **state) {
  (void)state;
  enum { COLS = 40000 };
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  for (size_t i = 0; i < 2; i++)
    for (size_t j = 0; j < COLS; j++)
      fprintf(file, "%zu%s", i + j, j + 1 < COLS ? " " : "\n");
  assert_int_equal(fclose(file), 0);
  ntk_array_info info;
  double *x = make_array(2 * COLS);
  assert_ok(ntk_array_shape(path, &info));
  assert_true(info.rows == 2 && info.cols == COLS);
  assert_ok(ntk_array_load(path, 0, 2, x));
  for (size_t j = 0; j < COLS; j++)
    assert_true(x[j] == (double)j && x[COLS + j] == (double)j + 1.0);
  free(x);
  for (int ones = 32500; ones < 32780; ones += 70) { /* the window's end is within the blanks */
    file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < ones; i++)
      fputs("1\n", file);
    fprintf(file, "%600s\n", "9");
    assert_int_equal(fclose(file), 0);
    assert_ok(ntk_array_shape(path, &info));
    assert_int_equal(info.rows, ones + 1);
  }
  double y[4];
  file = fopen(path, "wb");
  assert_non_null(file);
  fprintf(file, "#%600s\n1 2\r3 4\n", "");
  assert_int_equal(fclose(file), 0);
  assert_refused(ntk_array_load(path, 0, 1, y), NTK_ERR_FORMAT,
                 "line 2, column 2: '2' is followed by a carriage return alone");
  file = fopen(path, "wb");
  assert_non_null(file);
  fprintf(file, "1,%0600d\n2,3\n", 7);
  assert_int_equal(fclose(file), 0);
  assert_refused(ntk_array_load(path, 0, 2, y), NTK_ERR_FORMAT,
                 "line 1, column 2: '0000000000000000000000000000000' goes on for more");
}

static const char *read_decimal(const char *text, double *value) {
  return ntk_decimal_read(text, text + strlen(text), '.', value);
}

/* Against the C library: halves between two doubles, the ends of the range, many digits. */
static void test_nearest(void **state) {
  (void)state;
  static const char *const texts[] = {
      "9007199254740993",
      "9007199254740992.5",
      "9007199254740993.00000000000000000001",
      "18446744073709551615e-19",
      "1.7976931348623157e308",
      "1.7976931348623159e308",
      "4.9e-324",
      "2.4703282292062327e-324",
      "2.2250738585072011e-308",
      "2.2250738585072012e-308",
      "2.2250738585072014e-308",
      "2.4703282292062328e-324",
      "5e-324",
      "1.5e-323",
      "1e-400",
      "-1e-5000",
      "1.797693134862315807e308",
      "1.797693134862315808e308",
      "-1e400",
      "1e99999999999",
      "1e309",
      "9e330",
      "12345678901234567890e300",
      "4503599627370497.5",
      "4503599627370496.5e0",
      "9007199254740993e-340",
      "9007199254740992.99999999999999999999999999999999999999999",
      "9007199254740993.00000000000000000000000000000000000000001",
      "7.2057594037927933e16",
      "3.5844466002796428e+298",
      "0.000000000000000000000000000000000000000000000000000000000000000001e66",
      "0.1",
      "2251799813685248.25",
      "1125899906842624.125",
      "562949953421312.0625",
      "281474976710656.03125",
      "2251799813685249.75e0",
      "4503599627370497500e-3",
      "4611686018427388416.0", /* a middle of 19 digits, and what lies above it */
      "4611686018427388416.1",
      "46116860184273884160",
      "46116860184273884161",
      "9007199254740991.4999999999999999999",
      "1e23",
      "8.5e22",
      "-0",
      "0e999",
      "123456789012345678901234567890",
      "0.000000000000000000000000000012345678901234567890",
      "1e-27",
      "3e27",
      "5.e-1",
      ".25",
      "1e",
      "1e+",
      "12.5.6",
      "+7",
      "1E5",
  };
  for (size_t k = 0; k < COUNT(texts); k++) {
    char *end = NULL;
    const double expected = strtod(texts[k], &end);
    double value = 99.0;
    assert_ptr_equal(read_decimal(texts[k], &value), end);
    assert_memory_equal(&value, &expected, sizeof value);
  }
  uint64_t bits = 88172645463325252u;
  for (int k = 0; k < 200000; k++) {
    bits ^= bits << 13; /* Marsaglia's xorshift */
    bits ^= bits >> 7;
    bits ^= bits << 17;
    char text[64];
    double any;
    memcpy(&any, &bits, sizeof any);
    if (k % 3 == 0)
      snprintf(text, sizeof text, "%.17g", isfinite(any) ? any : 0.0);
    else if (k % 3 == 1)
      snprintf(text, sizeof text, "%llue%d", (unsigned long long)(bits >> k % 60),
               (int)(bits % 691) - 365);
    else /* halfway between two doubles, or next to it */
      snprintf(text, sizeof text, "%llu.%d", (unsigned long long)(bits >> 10), k % 2 == 0 ? 5 : 0);
    const double expected = strtod(text, NULL);
    double value = 0.0;
    assert_non_null(read_decimal(text, &value));
    if (memcmp(&value, &expected, sizeof value) != 0)
      fail_msg("%s: %.17g, not %.17g", text, value, expected);
  }
  double value = 0.0;
  assert_null(read_decimal("", &value));
  assert_null(read_decimal("-", &value));
  assert_null(read_decimal(".", &value));
  assert_null(read_decimal("e5", &value));
  assert_null(read_decimal("in", &value));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms),       cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_long_remark), cmocka_unit_test(test_many_rows),
      cmocka_unit_test(test_long_lines),  cmocka_unit_test(test_nearest),
  };
  return cmocka_run_group_tests(tests, npy_setup, npy_teardown);
}
