/* The kernel's identities on moderate sizes.
 * Property: K is the sum (8) written as plain loops, at sizes on both sides of every tile;
 * symmetric, positive semidefinite, of rank at most min(N, P), equivariant, interlacing; and one
 * step of gradient descent moves F by -eta K (F - Y) + O(eta^2). */
#include "plain_kernel.h"

/* (8) for one entry: sum_k <F_k(x_i), F'_k(x'_j)> <B_{k+1}(x_i), B'_{k+1}(x'_j)>. */
static double plain_entry(const plain *p, size_t i, const plain *q, size_t j, const bool *blocks) {
  double sum = 0.0;
  for (size_t k = 0; k < p->L; k++)
    if (blocks == NULL || blocks[k]) {
      const size_t n = p->width[k], m = p->width[k + 1];
      sum += dot(p->F[k] + i * n, q->F[k] + j * n, n) *
             dot(p->B[k + 1] + i * m, q->B[k + 1] + j * m, m);
    }
  return sum;
}

/* A (p.N x q.N) against plain loops; scale: sqrt of the whole kernel's diagonals. */
static void check(const plain *p, const plain *q, const bool *blocks, const double *A) {
  const double t = tolerance(p->L, p->width);
  double *root = make_array(q->N);
  for (size_t j = 0; j < q->N; j++)
    root[j] = sqrt(plain_entry(q, j, q, j, NULL));
  for (size_t i = 0; i < p->N; i++) {
    const double size = sqrt(plain_entry(p, i, p, i, NULL));
    for (size_t j = 0; j < q->N; j++)
      assert_near(A[i * q->N + j], plain_entry(p, i, q, j, blocks), t * size * root[j], "entry");
  }
  free(root);
}

/* K = (8) entry by entry, exactly symmetric, diagonal >= 0, F_L as well; a block or two of it too,
 * in turn; the cross kernel of features and themselves has the bits of both. Sizes on both sides of
 * the rows taken at a time (128), of the tiles' sides (128 x 256 below N = 2048, 240 x 1024 from
 * there) and of halves of the samples. */
static void test_definition(void **state) {
  (void)state;
  const size_t sizes[] = {1, 2, 3, 127, 128, 129, 255, 256, 257, 513, 700, 2047, 2049};
  for (size_t s = 0; s < COUNT(sizes); s++) {
    const size_t N = sizes[s], net = s % COUNT(nets), L = nets[net].L;
    setting a = make_setting(two, net, N, s);
    plain p = plain_features(a.network, nets[net].activation, N, a.X);
    double *K = kernel_array(a.features, N, NULL), *F_L = make_array(N), *A = make_array(N * N);
    check(&p, &p, NULL, K);
    assert_ok(ntk_kernel_cross(a.features, a.features, NULL, A));
    assert_memory_equal(A, K, N * N * sizeof *A);
    for (size_t i = 0; i < N; i++) {
      assert_true(K[i * N + i] >= 0.0);
      for (size_t j = 0; j < i; j++)
        assert_true(K[i * N + j] == K[j * N + i]);
    }
    assert_ok(ntk_features_output(a.features, F_L));
    for (size_t i = 0; i < N; i++) /* |W_L| |F_{L-1}|, a part of K_ii below the root */
      assert_near(F_L[i], p.F[L][i],
                  tolerance(L, p.width) * sqrt(K[i * N + i]) *
                      sqrt(dot(ntk_network_weights(a.network, L), ntk_network_weights(a.network, L),
                               p.width[L - 1])),
                  "F_L");
    if (N < 2000) {
      bool blocks[DEPTH] = {false};
      blocks[s % L] = blocks[(s / 2 + 1) % L] = true;
      double *part = kernel_array(a.features, N, blocks);
      check(&p, &p, blocks, part);
      assert_ok(ntk_kernel_cross(a.features, a.features, blocks, A));
      assert_memory_equal(A, part, N * N * sizeof *A);
      free(part);
    }
    free(A);
    free(K);
    free(F_L);
    plain_free(&p);
    drop_setting(&a);
  }
}

/* The cross kernel, by rows of the first and columns of the second, over tiles and their edges. */
static void test_cross(void **state) {
  (void)state;
  const size_t sizes[][2] = {{1, 1}, {1, 300}, {300, 1}, {129, 257}, {520, 90}, {2049, 2100}};
  for (size_t s = 0; s < COUNT(sizes); s++) {
    const size_t net = s % COUNT(nets), N = sizes[s][0], M = sizes[s][1];
    setting a = make_setting(two, net, N, s), b = make_setting(two, net, M, s + 20);
    plain p = plain_features(a.network, nets[net].activation, N, a.X);
    plain q = plain_features(b.network, nets[net].activation, M, b.X);
    double *A = make_array(N * M);
    assert_ok(ntk_kernel_cross(a.features, b.features, NULL, A));
    check(&p, &q, NULL, A);
    free(A);
    plain_free(&p);
    plain_free(&q);
    drop_setting(&a);
    drop_setting(&b);
  }
}

/* U = K V for N on both sides of the 512 rows taken at a time; each of the sums over samples adds N
 * u of sum_j sqrt(K_ii K_jj) |v_j|. */
static void test_apply(void **state) {
  (void)state;
  enum { M = 3 };
  const size_t sizes[] = {1, 511, 512, 513, 1025};
  for (size_t s = 0; s < COUNT(sizes); s++) {
    const size_t net = s % COUNT(nets), N = sizes[s];
    setting a = make_setting(two, net, N, s);
    double *K = kernel_array(a.features, N, NULL), *V = make_normal(9, M * N),
           *KV = make_array(M * N);
    const double t = tolerance(nets[net].L, nets[net].width) + 2.0 * (double)N * U;
    assert_ok(ntk_kernel_apply(a.features, NULL, V, M, KV));
    for (size_t m = 0; m < M; m++)
      for (size_t i = 0; i < N; i++) {
        double size = 0.0;
        for (size_t j = 0; j < N; j++)
          size += sqrt(K[i * N + i] * K[j * N + j]) * fabs(V[m * N + j]);
        assert_near(KV[m * N + i], dot(K + i * N, V + m * N, N), t * size, "K v");
      }
    free(K);
    free(V);
    free(KV);
    drop_setting(&a);
  }
}

/* Permuting samples permutes K. */
static void test_permutation(void **state) {
  (void)state;
  enum { N = 300, STRIDE = 77 }; /* i -> STRIDE i mod N: coprime */
  for (size_t net = 0; net < COUNT(nets); net++) {
    const size_t d = nets[net].width[0];
    setting a = make_setting(two, net, N, net);
    double *X = make_array(N * d), *K = kernel_array(a.features, N, NULL);
    for (size_t i = 0; i < N; i++)
      memcpy(X + i * d, a.X + i * STRIDE % N * d, d * sizeof *X);
    ntk_dataset *data = make_data(two, X, N, d);
    ntk_features *features = make_features(a.network, data);
    double *permuted = kernel_array(features, N, NULL);
    for (size_t i = 0; i < N; i++)
      for (size_t j = 0; j < N; j++) {
        const size_t pi = i * STRIDE % N, pj = j * STRIDE % N;
        assert_near(permuted[i * N + j], K[pi * N + pj],
                    tolerance(nets[net].L, nets[net].width) * sqrt(K[pi * N + pi] * K[pj * N + pj]),
                    "permuted");
      }
    ntk_features_destroy(features);
    ntk_dataset_destroy(data);
    free(X);
    free(K);
    free(permuted);
    drop_setting(&a);
  }
}

/* Scaling W_L by c scales K_0..K_{L-2} by c^2 and leaves K_{L-1}: exactly, for c = -4. */
static void test_scaling(void **state) {
  (void)state;
  enum { N = 150 };
  for (size_t net = 0; net < COUNT(nets); net++) {
    setting a = make_setting(one, net, N, 5);
    ntk_network *scaled = moved_network(a.network, nets[net].activation, -4.0, 0.0, NULL);
    ntk_features *features = make_features(scaled, a.data);
    for (size_t k = 0; k < nets[net].L; k++) {
      bool blocks[DEPTH] = {false};
      blocks[k] = true;
      double *K = kernel_array(a.features, N, blocks), *S = kernel_array(features, N, blocks);
      for (size_t e = 0; e < N * N; e++)
        assert_true(S[e] == (k + 1 < nets[net].L ? 16.0 : 1.0) * K[e]);
      free(K);
      free(S);
    }
    ntk_features_destroy(features);
    ntk_network_destroy(scaled);
    drop_setting(&a);
  }
}

/* K, cross kernels and F_L have the same bits for 1, 2 and 3 threads. */
static void test_threads(void **state) {
  (void)state;
  ntk_context *contexts[] = {one, two, three};
  const size_t sizes[] = {5, 259, 700, 2050};
  for (size_t s = 0; s < COUNT(sizes); s++) {
    const size_t N = sizes[s];
    double *K[3], *A[3], *F_L[3];
    for (size_t c = 0; c < 3; c++) {
      setting a = make_setting(contexts[c], s % COUNT(nets), N, 3);
      setting b = make_setting(contexts[c], s % COUNT(nets), 130, 4);
      K[c] = kernel_array(a.features, N, NULL);
      A[c] = make_array(N * 130);
      F_L[c] = make_array(N);
      double *whole = make_array(N * N);
      assert_ok(ntk_kernel_cross(a.features, a.features, NULL, whole));
      assert_memory_equal(whole, K[0], N * N * sizeof(double));
      free(whole);
      assert_ok(ntk_kernel_cross(a.features, b.features, NULL, A[c]));
      assert_ok(ntk_features_output(a.features, F_L[c]));
      drop_setting(&a);
      drop_setting(&b);
      assert_memory_equal(K[0], K[c], N * N * sizeof(double));
      assert_memory_equal(A[0], A[c], N * 130 * sizeof(double));
      assert_memory_equal(F_L[0], F_L[c], N * sizeof(double));
    }
    for (size_t c = 0; c < 3; c++) {
      free(K[c]);
      free(A[c]);
      free(F_L[c]);
    }
  }
}

/* The kernel goes straight into the caller's memory: the context holds the workspace of two tiles,
 * 160 columns wide, and nothing that grows with N^2. */
static void test_no_copy(void **state) {
  (void)state;
  enum { N = 1500 };
  ntk_context *context = make_context(2);
  setting a = make_setting(context, 3, N, 1);
  double *A = make_array((size_t)N * N);
  const size_t held = ntk_memory_in_use(context);
  assert_ok(ntk_kernel_cross(a.features, a.features, NULL, A));
  assert_int_equal(ntk_memory_in_use(context), held);
  assert_true(ntk_memory_peak(context) - held < 400000); /* K: 18,000,000 and half of it packed */
  free(A);
  drop_setting(&a);
  ntk_context_destroy(context);
}

/* A backend that is not there is refused before anything is made, by a line with those that are. */
static void test_unknown_backend(void **state) {
  (void)state;
  ntk_context *context = NULL;
  assert_int_equal(ntk_context_create(&(ntk_context_options){.backend = "gpu"}, &context),
                   NTK_ERR_ARGUMENT);
  assert_null(context);
  assert_non_null(strstr(ntk_error_message(), "'gpu'"));
  assert_non_null(strstr(ntk_error_message(), "known: cpu"));
  assert_ok(ntk_context_create(&(ntk_context_options){.backend = "cpu"}, &context));
  assert_string_equal(ntk_context_environment(context).backend, "cpu");
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unknown_backend), cmocka_unit_test(test_definition),
      cmocka_unit_test(test_cross),           cmocka_unit_test(test_apply),
      cmocka_unit_test(test_permutation),     cmocka_unit_test(test_scaling),
      cmocka_unit_test(test_threads),         cmocka_unit_test(test_no_copy),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
