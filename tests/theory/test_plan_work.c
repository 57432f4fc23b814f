/* The model of cost.
 * Property: flops are those of plain loops, counted; seconds those of rates, by hand. */
#include "conditioning.h"

#include "theory/plan/work.h"

static double flops_of(const ntk_work_list *list, ntk_work_kind kind) {
  double flops = 0.0;
  for (size_t i = 0; i < list->count; i++)
    flops += list->work[i].kind == kind ? list->work[i].flops : 0.0;
  return flops;
}

/* Additions and multiplications of (1), of B_l = (B_{l+1} W_{l+1}^T) o phi' below B_{L-1}, of one
 * triangle of each Gram matrix, and of Cholesky's three loops. */
static void test_flops_of_plain_loops(void **state) {
  (void)state;
  enum { N = 300, L = 4 };
  const size_t width[L + 1] = {17, 25, 31, 13, 1};
  const ntk_network_spec spec = {.depth = L, .width = width};
  double forward = 0.0, kernel = 0.0, last = 0.0, factor = 0.0;
  for (size_t i = 0; i < N; i++) {
    for (size_t l = 1; l <= L; l++)
      for (size_t j = 0; j < width[l]; j++)
        forward += 2.0 * (double)width[l - 1];
    for (size_t l = 1; l + 1 < L; l++)
      for (size_t j = 0; j < width[l]; j++)
        forward += 2.0 * (double)width[l + 1];
    for (size_t j = 0; j <= i; j++) {
      for (size_t k = 0; k < L; k++)
        kernel += 2.0 * (double)(width[k] + (k + 1 < L ? width[k + 1] : 0));
      last += 2.0 * (double)width[L - 1];
      for (size_t k = 0; k < j; k++)
        factor += 2.0;
    }
  }
  ntk_work_list list;
  ntk_work_spectrum(&spec, N, NULL, &list);
  assert_near(flops_of(&list, NTK_WORK_FORWARD), forward, 0.5, "forward and backward");
  assert_near(flops_of(&list, NTK_WORK_KERNEL), kernel, 1.5 / N * kernel, "Gram matrices");
  assert_near(flops_of(&list, NTK_WORK_FACTOR), factor, 1.5 / N * factor, "factorisation");
  ntk_work_spectrum(&spec, N, &(ntk_spectrum_options){.per_block = true}, &list);
  /* All blocks but the last, whose rank is at most 13. */
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 2.0 * kernel - last, 3.0 / N * kernel, "blocks");
  assert_near(flops_of(&list, NTK_WORK_FACTOR), 4.0 * factor, 6.0 / N * factor, "and factors");
  /* An epoch: forward, the gradient of as many products, and back through all but W_1. */
  double epoch = 0.0;
  for (size_t i = 0; i < N; i++)
    for (size_t l = 1; l <= L; l++)
      epoch += 2.0 * (double)(width[l - 1] * width[l]) * (l == 1 ? 2.0 : 3.0);
  ntk_work_train(&spec, N, &(ntk_train_options){.epochs = 3}, false, &list);
  assert_near(flops_of(&list, NTK_WORK_STEP), 3.0 * epoch, 0.5, "epochs");
}

/* Every block of a deep network counts: of 40 all but the last, whose rank is at most 20, and K. */
static void test_flops_of_deep_blocks(void **state) {
  (void)state;
  enum { N = 300, L = 40, WIDTH = 20 };
  size_t width[L + 1];
  for (size_t l = 0; l <= L; l++)
    width[l] = l < L ? WIDTH : 1;
  const ntk_network_spec spec = {.depth = L, .width = width};
  const double cube = (double)N * N * N, last = (double)N * N * WIDTH;
  ntk_work_list list;
  ntk_work_spectrum(&spec, N, NULL, &list);
  const double kernel = flops_of(&list, NTK_WORK_KERNEL);
  ntk_work_spectrum(&spec, N, &(ntk_spectrum_options){.per_block = true, .certify = true}, &list);
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 2.0 * kernel - last, 1.0, "Gram matrices");
  assert_near(flops_of(&list, NTK_WORK_FACTOR), (L + 1) * cube / 3.0, 1.0, "factors");
}

/* A proof for the exact kernel: 5.5 times the products of both ways, W_1's of one, and of each unit
 * what its phi takes; and features once more, where K had their place. */
static void test_flops_of_proof(void **state) {
  (void)state;
  const size_t width[] = {40, 30, 20}, N = 100;
  ntk_network_spec spec = {.depth = 3, .width = width, .activation = "relu,gelu"};
  const ntk_spectrum_options certify = {.certify = true};
  ntk_work_list list;
  ntk_work_spectrum(&spec, N, NULL, &list);
  const double once = flops_of(&list, NTK_WORK_FORWARD);
  ntk_work_spectrum(&spec, N, &certify, &list);
  const double products = 2.0 * 100.0 * (40 * 30 + 2 * 30 * 20),
               units = 100.0 * (30 * 2500.0 + 20 * 11000.0);
  assert_near(flops_of(&list, NTK_WORK_FORWARD), 2.0 * once + 5.5 * products + units, 1.0, "proof");
  /* Of six layers norms of weights by their powers besides: 2 m^2 (n + n' + m). */
  const size_t deep[] = {40, 30, 20, 20, 20, 20};
  const ntk_network_spec six = {.depth = 6, .width = deep, .activation = "relu"};
  ntk_work_spectrum(&six, N, NULL, &list);
  const double plain = flops_of(&list, NTK_WORK_FORWARD);
  ntk_work_spectrum(&six, N, &certify, &list);
  const double more = 5.5 * 200.0 * (40 * 30 + 2 * (30 * 20 + 3 * 20 * 20)) +
                      100.0 * (30 + 4 * 20) * 2500.0 + 800.0 * (70 + 3 * 60);
  assert_near(flops_of(&list, NTK_WORK_FORWARD), 2.0 * plain + more, 1.0, "of six layers");
  spec.outputs = 2; /* both go back */
  ntk_work_spectrum(&spec, N, NULL, &list);
  const double two = flops_of(&list, NTK_WORK_FORWARD);
  ntk_work_spectrum(&spec, N, &certify, &list);
  assert_near(flops_of(&list, NTK_WORK_FORWARD),
              2.0 * two + 5.5 * (products + 2.0 * 100.0 * 30 * 20) + units, 1.0, "of two outputs");
}

/* Beside resolve K and its factor are of double-double, of no more than 4096 rows. */
static void test_flops_of_enclosure(void **state) {
  (void)state;
  const size_t width[] = {40, 30, 20}, N = 100;
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "relu,gelu"};
  const ntk_spectrum_options resolve = {.resolve = true}, both = {.resolve = true, .certify = true};
  ntk_work_list list;
  ntk_work_spectrum(&spec, N, &resolve, &list);
  const double without = flops_of(&list, NTK_WORK_FORWARD);
  ntk_work_spectrum(&spec, N, &both, &list);
  const double proof = 5.5 * 200.0 * (40 * 30 + 2 * 30 * 20) + 100.0 * (30 * 2500.0 + 20 * 11000.0);
  const double exact = 40.0 * 1e4 * ((40 + 30 + 20 + 30 + 20 + 1) / 2.0 + 100.0 / 6.0);
  assert_near(flops_of(&list, NTK_WORK_FORWARD) - without, proof + exact, 1.0, "enclosure");
  ntk_work_spectrum(&spec, 4097, &resolve, &list);
  const double many = flops_of(&list, NTK_WORK_FORWARD);
  ntk_work_spectrum(&spec, 4097, &both, &list);
  assert_near(flops_of(&list, NTK_WORK_FORWARD), many, 1.0, "none");
}

/* Of several outputs B has n_L times the columns in their mean; K n_L times the rows of all. */
static void test_flops_of_outputs(void **state) {
  (void)state;
  const size_t width[] = {4, 6, 5}, N = 20;
  const ntk_network_spec spec = {.depth = 3, .width = width, .outputs = 2};
  ntk_work_list list;
  ntk_work_spectrum(&spec, N, NULL, &list);
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 400.0 * (4 + 6 + 5 + 2 * 6 + 5), 0.5, "trace");
  ntk_work_spectrum(&spec, N, &(ntk_spectrum_options){.outputs = NTK_OUTPUTS_ALL}, &list);
  assert_near(flops_of(&list, NTK_WORK_FACTOR), 64e3 / 3.0, 0.5, "all");
}

/* Beyond P samples K is singular, and is made only where all its eigenvalues are asked for. */
static void test_flops_of_singular_kernels(void **state) {
  (void)state;
  const size_t width[] = {4, 6, 5}; /* P = 24 + 30 + 5 */
  const ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_work_list list;
  ntk_work_spectrum(&spec, 59, NULL, &list);
  assert_true(flops_of(&list, NTK_WORK_FACTOR) > 0.0);
  ntk_work_spectrum(&spec, 60, NULL, &list);
  assert_near(flops_of(&list, NTK_WORK_FACTOR), 0.0, 0.0, "no factor");
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 0.0, 0.0, "no kernel");
  assert_near(flops_of(&list, NTK_WORK_PASSES), 6.0 * 4.0 * 60 * 59, 0.5, "products");
  ntk_work_spectrum(&spec, 60, &(ntk_spectrum_options){.full = true}, &list);
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 3600.0 * (4 + 6 + 6 + 5 + 5), 0.5, "a kernel");
}

/* The density's products and solves are as many as are made; a singular K has to be there. */
static void test_flops_of_densities(void **state) {
  (void)state;
  const size_t width[] = {4, 6, 5};
  const ntk_spectrum_options density = {.density = true, .probes = 5, .steps = 7};
  ntk_work_list plain, list;
  for (size_t N = 40; N <= 80; N += 40) {
    problem p;
    ntk_spectrum_result r;
    problem_open(&p, N, 3, width, "sigmoid", NULL);
    assert_ok(ntk_spectrum(p.context, p.network, p.data, &density, &r));
    const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "sigmoid"};
    ntk_work_spectrum(&spec, N, NULL, &plain);
    ntk_work_spectrum(&spec, N, &density, &list);
    const double each = 2.0 * (double)(N * N);
    const ntk_work_kind made[] = {NTK_WORK_PRODUCT, NTK_WORK_CACHED};
    const int counts[] = {r.density.products, r.density.solves};
    for (size_t k = 0; k < 2; k++)
      assert_near(flops_of(&list, made[k]) - flops_of(&plain, made[k]), each * counts[k], 0.5,
                  "of the density");
    assert_true(counts[0] == 35 && counts[1] == (N == 40 ? 35 : 0));
    assert_true(flops_of(&list, NTK_WORK_KERNEL) > 0.0);
    ntk_spectrum_clear(&r);
    problem_close(&p);
  }
}

/* With rates that are whole numbers seconds can be worked out by hand. */
static void test_seconds(void **state) {
  (void)state;
  const ntk_machine machine = {.peak = 6.0,
                               .peak_single = 24.0,
                               .bandwidth = 10.0,
                               .launch = 1.0,
                               .threads = 3,
                               .factor = {4.0, 0.5},
                               .solve = {2.0, 0.0}};
  const ntk_work bound = {.kind = NTK_WORK_FACTOR, .flops = 8.0, .entries = 6.0},
                 streamed = {.kind = NTK_WORK_FACTOR, .flops = 8.0, .bytes = 70.0, .entries = 6.0},
                 solves = {.kind = NTK_WORK_SOLVE, .flops = 1e9, .bytes = 6.0},
                 single = {.kind = NTK_WORK_FACTOR, .flops = 8.0, .entries = 6.0, .single = true},
                 unknown = {.kind = NTK_WORK_STEP, .flops = 1.0},
                 serial = {.kind = NTK_WORK_FACTOR, .flops = 8.0, .entries = 6.0, .serial = true};
  assert_near(ntk_work_seconds(&machine, &bound), 8.0 / 4.0 + 6.0 * 0.5 + 1.0, 1e-12, "by flops");
  assert_near(ntk_work_seconds(&machine, &single), 0.25 * (8.0 / 4.0 + 6.0 * 0.5) + 1.0, 1e-12,
              "in single");
  assert_near(ntk_work_seconds(&machine, &serial), 3.0 * (8.0 / 4.0 + 6.0 * 0.5) + 1.0, 1e-12,
              "by one thread");
  assert_near(ntk_work_seconds(&machine, &streamed), 7.0 + 1.0, 1e-12, "by the memory");
  assert_near(ntk_work_seconds(&machine, &solves), 6.0 / 2.0 + 1.0, 1e-12, "by bytes alone");
  assert_true(isnan(ntk_work_seconds(&machine, &unknown)));
}

/* K that is not made in double is summed in single. */
static void test_kernel_in_single(void **state) {
  (void)state;
  const size_t width[] = {20, 60, 120};
  const ntk_network_spec spec = {.depth = 3, .width = width};
  const ntk_spectrum_options options = {.precision = "mixed"};
  for (int kept = 0; kept < 2; kept++) {
    ntk_work_list list;
    ntk_work_mixed(&spec, 600, &options, kept == 1, &list);
    int kernels = 0;
    for (size_t i = 0; i < list.count; i++) {
      const bool kernel = list.work[i].kind == NTK_WORK_KERNEL;
      assert_true(list.work[i].single == (kernel && kept == 0));
      kernels += kernel;
    }
    assert_int_equal(kernels, 1);
  }
}

/* Tracked epochs are spectra, and the linear model a product with K_0 an epoch; lm's steps a kernel
 * and a factor each; adam asks nothing of K. */
static void test_flops_of_trainings(void **state) {
  (void)state;
  enum { N = 50, TIMES = 20 };
  const size_t width[] = {6, 9, 8};
  const ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_work_list one, list, mixed;
  ntk_work_spectrum(&spec, N, NULL, &one);
  const double kernel = flops_of(&one, NTK_WORK_KERNEL), factor = flops_of(&one, NTK_WORK_FACTOR),
               products = flops_of(&one, NTK_WORK_PRODUCT);
  /* Epochs 0, 5, 10, 15, 20: at most one more is counted. */
  ntk_work_train(&spec, N, &(ntk_train_options){.epochs = TIMES, .track = 5}, false, &list);
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 5.5 * kernel, 0.5 * kernel, "tracked kernels");
  assert_near(flops_of(&list, NTK_WORK_FACTOR), 5.5 * factor, 0.5 * factor, "and factors");
  assert_near(flops_of(&list, NTK_WORK_PRODUCT), TIMES * 2.0 * N * N + 5.5 * products,
              0.5 * products, "the linear model");
  ntk_work_train(&spec, N, &(ntk_train_options){.epochs = TIMES, .track = 5}, true, &mixed);
  assert_near(flops_of(&mixed, NTK_WORK_SINGLE), flops_of(&list, NTK_WORK_FACTOR), 0.5, "single");
  assert_near(flops_of(&mixed, NTK_WORK_FACTOR), 0.0, 0.0, "no factor in double");
  ntk_work_train(&spec, N, &(ntk_train_options){.epochs = TIMES, .optimizer = "lm"}, false, &list);
  assert_near(flops_of(&list, NTK_WORK_FACTOR), TIMES * factor, 0.5, "a factor each");
  assert_near(flops_of(&list, NTK_WORK_KERNEL), TIMES * kernel, 0.5, "a kernel each");
  assert_near(flops_of(&list, NTK_WORK_STEP), 0.0, 0.0, "no other steps");
  const ntk_train_options adam = {.epochs = TIMES, .optimizer = "adam"};
  ntk_work_train(&spec, N, &adam, false, &list);
  assert_int_equal(list.count, 1);
  assert_false(ntk_work_train_factors(&spec, N, &adam));
}

/* E local steps a round are E epochs, and the loss of all after them; C clients read and write
 * theta; the operator of a round is that of blocks. */
static void test_flops_of_rounds(void **state) {
  (void)state;
  enum { N = 48, TIMES = 20 };
  const size_t width[] = {6, 9, 8};
  const ntk_network_spec spec = {.depth = 3, .width = width};
  const double layers = 6 * 9 + 9 * 8 + 8;
  ntk_work_list plain, list, tracked, batches;
  ntk_work_train(&spec, N, &(ntk_train_options){.epochs = TIMES}, false, &plain);
  ntk_train_options o = {.epochs = TIMES, .clients = 4, .local_steps = 5};
  ntk_work_train(&spec, N, &o, false, &list);
  const double epoch = flops_of(&plain, NTK_WORK_STEP) / TIMES, forward = 2.0 * N * layers;
  assert_near(flops_of(&list, NTK_WORK_STEP), TIMES * (5.0 * epoch + forward), 0.5, "rounds");
  const double cube = (double)N * N * N;
  assert_near(flops_of(&list, NTK_WORK_FACTOR) - flops_of(&plain, NTK_WORK_FACTOR),
              cube * (9.0 / 16.0 + 1.0 + 2.0 / 3.0), 1.0, "operator");
  o.track = 5;
  ntk_work_train(&spec, N, &o, false, &tracked);
  double bytes = 0.0;
  for (size_t i = 0; i < tracked.count; i++)
    bytes += tracked.work[i].serial && strcmp(tracked.work[i].phase, "tracking") == 0
                 ? tracked.work[i].bytes
                 : 0.0;
  assert_near(bytes, TIMES * 8.0 * N * N / 4.0, 0.5, "D once a round");
  ntk_work_train(&spec, 3000, &o, false, &list); /* which has none */
  for (size_t i = 0; i < list.count; i++)
    assert_false(list.work[i].serial);
  ntk_work_train(&spec, N, &(ntk_train_options){.epochs = TIMES, .batch = 6}, false, &batches);
  assert_near(flops_of(&batches, NTK_WORK_STEP), TIMES * (epoch + forward), 0.5, "batches");
}

/* Solves with the leading blocks are as large as these; each has a product with K. */
static void test_flops_of_prefixes(void **state) {
  (void)state;
  const size_t width[] = {10, 30, 40}, prefix[] = {100, 300}; /* P = 1540 */
  const ntk_network_spec spec = {.depth = 3, .width = width};
  const ntk_spectrum_options options = {.prefixes = prefix, .prefix_count = 2};
  ntk_work_list plain, list;
  ntk_work_spectrum(&spec, 1000, NULL, &plain);
  ntk_work_spectrum(&spec, 1000, &options, &list);
  const double solves = flops_of(&plain, NTK_WORK_CACHED) / 1e6; /* each of 2 N^2 */
  assert_near(flops_of(&list, NTK_WORK_CACHED) - flops_of(&plain, NTK_WORK_CACHED),
              solves * (1e4 + 9e4), 1.0, "solves");
  assert_near(flops_of(&list, NTK_WORK_PRODUCT) - flops_of(&plain, NTK_WORK_PRODUCT), 2 * 2e6, 1.0,
              "products");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_flops_of_plain_loops), cmocka_unit_test(test_flops_of_deep_blocks),
      cmocka_unit_test(test_flops_of_proof),       cmocka_unit_test(test_flops_of_enclosure),
      cmocka_unit_test(test_flops_of_outputs),     cmocka_unit_test(test_flops_of_singular_kernels),
      cmocka_unit_test(test_flops_of_densities),   cmocka_unit_test(test_seconds),
      cmocka_unit_test(test_kernel_in_single),     cmocka_unit_test(test_flops_of_trainings),
      cmocka_unit_test(test_flops_of_prefixes),    cmocka_unit_test(test_flops_of_rounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
