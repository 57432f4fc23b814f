/* Saving into a folder.
 * Property: a command replaces what it wrote before, all of it, and nothing else; what stops before
 * the end leaves the folder as it was; what is of the folder is known by its list and its names. */
#include "ntkit/data.h"

#include "io_support.h"

static ntk_saving *open_as(const char *command, bool overwrite) {
  const ntk_saving_options options = {.command = command, .overwrite = overwrite};
  ntk_saving *saving = NULL;
  assert_ok(ntk_saving_open(at("run"), &options, &saving));
  return saving;
}

/* Saves these names, NULL-terminated, as the command. */
static void save(const char *command, bool overwrite, const char *const *names) {
  ntk_saving *saving = open_as(command, overwrite);
  char result[512];
  size_t used =
      (size_t)snprintf(result, sizeof result, "{\"command\": \"%s\", \"saved\": [", command);
  for (; *names != NULL; names++) {
    assert_ok(ntk_saving_claim(saving, *names));
    assert_ok(ntk_saving_array(saving, *names, (double[]){1}, 1, 0));
  }
  const char *name;
  for (size_t i = 0; (name = ntk_saving_file(saving, i)) != NULL; i++)
    used += (size_t)snprintf(result + used, sizeof result - used, "%s\"run/%s\"", i > 0 ? ", " : "",
                             name);
  snprintf(result + used, sizeof result - used, "]}");
  assert_ok(ntk_saving_finish(saving, result));
  ntk_saving_close(saving);
}

static bool there(const char *name) {
  return access(at(name), F_OK) == 0;
}

static void test_replaced(void **state) {
  (void)state;
  save("a", false, (const char *[]){"X.npy", "Y.npy", NULL});
  put("run/other.npy", 1, 0, (double[]){5});
  ntk_saving *saving = open_as("a", false);
  assert_ok(ntk_saving_claim(saving, "Y.npy"));
  assert_refused(ntk_saving_claim(saving, "other.npy"), NTK_ERR_FILE,
                 "no result.json says that 'ntkit a' wrote it");
  assert_ok(ntk_saving_array(saving, "X.npy", (double[]){2}, 1, 0));
  assert_string_equal(ntk_saving_file(saving, 0), "X.npy");
  assert_string_equal(ntk_saving_file(saving, 1), "result.json");
  assert_null(ntk_saving_file(saving, 2));
  assert_ok(
      ntk_saving_finish(saving, "{\"command\": \"a\", \"saved\": [\"X.npy\", \"result.json\"]}"));
  assert_string_equal(ntk_saving_removed(saving, 0), at("run/Y.npy"));
  assert_null(ntk_saving_removed(saving, 1));
  ntk_saving_close(saving);
  assert_true(there("run/X.npy") && there("run/other.npy") && !there("run/Y.npy"));
  assert_false(there("run/.ntkit.saving"));
  double value = 0;
  assert_ok(ntk_array_load(at("run/X.npy"), 0, 1, &value));
  assert_true(value == 2);
}

static void test_others(void **state) {
  (void)state;
  ntk_saving *saving = NULL, *second = NULL;
  const ntk_saving_options b = {.command = "b"};
  save("a", false, (const char *[]){"X.npy", NULL});
  assert_refused(ntk_saving_open(at("run"), &b, &saving), NTK_ERR_FILE,
                 "the folder is of 'ntkit a'");
  saving = open_as("b", true);
  assert_refused(ntk_saving_open(at("run"), &b, &second), NTK_ERR_FILE,
                 "another run is saving into");
  ntk_saving_close(saving);
  const ntk_saving_options reads = {
      .command = "a", .labels = at("run/../run/L.npy"), .overwrite = true};
  put("run/L.npy", 1, 0, (double[]){5});
  put("run/W3.npy", 1, 0, (double[]){5});
  assert_ok(ntk_saving_open(at("run"), &reads, &saving));
  assert_refused(ntk_saving_claim(saving, "L.npy"), NTK_ERR_ARGUMENT, "would overwrite the labels");
  assert_refused(ntk_saving_claim_network(saving, "", 2), NTK_ERR_FILE, "read as a matrix");
  assert_ok(ntk_saving_claim_network(saving, "", 3));
  ntk_saving_close(saving);
}

static void test_stopped(void **state) {
  (void)state;
  save("a", false, (const char *[]){"X.npy", NULL});
  ntk_saving *saving = open_as("a", false);
  assert_ok(ntk_saving_array(saving, "X.npy", (double[]){9}, 1, 0));
  ntk_saving_close(saving);
  double value = 0;
  assert_ok(ntk_array_load(at("run/X.npy"), 0, 1, &value));
  assert_true(value == 1 && !there("run/.ntkit.saving"));
  const ntk_saving_options options = {.command = "a"};
  assert_ok(ntk_saving_open(at("new"), &options, &saving));
  assert_true(there("new"));
  ntk_saving_close(saving);
  assert_false(there("new")); /* it was made for this */
}

static void test_has(void **state) {
  (void)state;
  save("a", false, (const char *[]){"listed.npy", NULL});
  put_network("run/class4/", 1);
  static const char *const own[] = {"run/listed.npy", "run/result.json", "run/class4/W2.npy",
                                    "run/W9.npy", "run/class4/W7.npy"};
  static const char *const not [] = {"run/free.npy", "W9.npy", "run/class5/W1.npy", "run/W.npy",
                                     "run/X.npy"};
  for (size_t i = 0; i < COUNT(own); i++)
    if (!ntk_saved_has(at("run"), at(own[i])) || ntk_saved_has(at("run"), at(not [i])))
      fail_msg("%s or %s", own[i], not [i]);
}

static int empty(void **state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s/*", top);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_replaced, empty),
      cmocka_unit_test_setup(test_others, empty),
      cmocka_unit_test_setup(test_stopped, empty),
      cmocka_unit_test_setup(test_has, empty),
  };
  return cmocka_run_group_tests(tests, io_setup, io_teardown);
}
