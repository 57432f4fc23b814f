/* The kernel's identities on moderate sizes.
 * Property: K is the sum (8) written as plain loops, at sizes on both sides of every tile;
 * symmetric, positive semidefinite, of rank at most min(N, P), equivariant, interlacing; and one
 * step of gradient descent moves F by -eta K (F - Y) + O(eta^2). */
#include "base/simd.h"
#include "kernel/cpu/gram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support.h"

enum { DEPTH = 5 };
static ntk_context *one, *two, *three; /* with as many threads */

static int setup(void **state) {
  (void)state;
  one = make_context(1);
  two = make_context(2);
  three = make_context(3);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(one) + ntk_memory_in_use(two) + ntk_memory_in_use(three), 0);
  ntk_context_destroy(one);
  ntk_context_destroy(two);
  ntk_context_destroy(three);
  return 0;
}

/* ---- Plain loops ----------------------------------------------------------------------------- */

typedef struct plain {
  size_t N, L, width[DEPTH + 1];
  double *F[DEPTH + 1], *B[DEPTH + 1]; /* F_0..F_L, B_1..B_L, each N x n_l */
} plain;

static double phi(const char *name, double g) {
  if (strcmp(name, "tanh") == 0)
    return tanh(g);
  if (strcmp(name, "sigmoid") == 0)
    return 1.0 / (1.0 + exp(-g));
  return strcmp(name, "relu") == 0 ? fmax(g, 0.0) : g; /* else identity */
}

static double dphi(const char *name, double g) {
  if (strcmp(name, "tanh") == 0)
    return 1.0 / (cosh(g) * cosh(g));
  if (strcmp(name, "sigmoid") == 0)
    return 1.0 / (exp(g) + 2.0 + exp(-g));
  return strcmp(name, "relu") == 0 ? (double)(g > 0.0) : 1.0;
}

/* F_l by (1), then B_l by (9): B_L = 1, (B_k)_i = Sigma_k(x_i) W_{k+1} (B_{k+1})_i. */
static plain plain_features(const ntk_network *network, const char *activation, size_t N,
                            const double *X) {
  plain p = {.N = N, .L = ntk_network_depth(network)};
  for (size_t l = 0; l <= p.L; l++) {
    p.width[l] = ntk_network_width(network, l);
    p.F[l] = make_array(N * p.width[l]);
    p.B[l] = make_array(N * p.width[l]); /* phi'(G_l) first */
  }
  memcpy(p.F[0], X, N * p.width[0] * sizeof *X);
  for (size_t i = 0; i < N; i++) {
    for (size_t l = 1; l <= p.L; l++)
      for (size_t j = 0; j < p.width[l]; j++) {
        double g = 0.0;
        for (size_t a = 0; a < p.width[l - 1]; a++)
          g += p.F[l - 1][i * p.width[l - 1] + a] *
               ntk_network_weights(network, l)[a * p.width[l] + j];
        p.F[l][i * p.width[l] + j] = l < p.L ? phi(activation, g) : g;
        p.B[l][i * p.width[l] + j] = l < p.L ? dphi(activation, g) : 1.0;
      }
    for (size_t k = p.L - 1; k >= 1; k--)
      for (size_t a = 0; a < p.width[k]; a++) {
        double sum = 0.0;
        for (size_t j = 0; j < p.width[k + 1]; j++)
          sum += ntk_network_weights(network, k + 1)[a * p.width[k + 1] + j] *
                 p.B[k + 1][i * p.width[k + 1] + j];
        p.B[k][i * p.width[k] + a] *= sum;
      }
  }
  return p;
}

static void plain_free(plain *p) {
  for (size_t l = 0; l <= p->L; l++) {
    free(p->F[l]);
    free(p->B[l]);
  }
}

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

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

/* Two computations of an entry differ by at most this times sqrt(K_ii K'_jj). Each of the 2 L
 * products of vectors with n terms errs by n u, each activation by at most 8 u, in both factors of
 * both computations: 4 * 2 L (n + 8) u; and an error made in one layer grows, relative to the
 * vector it is in, by M |F_{l-1}| / |F_l| a layer, which for these widths and laws is below 4 in
 * all. */
static double tolerance(size_t L, const size_t *width) {
  size_t n = 0;
  for (size_t l = 0; l < L; l++)
    n = width[l] > n ? width[l] : n;
  return 4.0 * 4.0 * 2.0 * (double)L * ((double)n + 8.0) * U;
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

/* ---- Tiles ----------------------------------------------------------------------------------- */

typedef void tile_fn(const ntk_tile *tile, const ntk_gram_factor *F, const ntk_gram_factor *B,
                     bool add, double *workspace);
tile_fn ntk_gram_tile_base;
#ifdef __x86_64__
tile_fn ntk_gram_tile_avx2, ntk_gram_tile_avx512;
#endif

/* One tile at one level: F F^T o B B^T, added or not, up to n + m + 2 roundings in the norms;
 * nothing else is written, neither outside, nor across the diagonal, nor beyond the workspace. */
static void check_tile(tile_fn *fn, ntk_tile t, const double *F, size_t n, const double *B,
                       size_t m, bool add) {
  enum { LD_EXTRA = 3 };
  const double kept = 0.625, guard = -9.0;
  t.ld = t.rows + LD_EXTRA;
  t.out = make_array(t.ld * t.columns);
  for (size_t e = 0; e < t.ld * t.columns; e++)
    t.out[e] = kept;
  const size_t size = ntk_gram_workspace(t.columns, n + m);
  double *workspace = aligned_alloc(64, (size + 8) / 8 * 8 * sizeof *workspace);
  assert_non_null(workspace);
  workspace[(size + 8) / 8 * 8 - 1] = guard; /* at or after the end */
  const ntk_gram_factor f = {n, F, F}, b = {m, B, B};
  fn(&t, &f, m > 0 ? &b : NULL, add, workspace);
  for (size_t j = 0; j < t.columns; j++)
    for (size_t i = 0; i < t.ld; i++) {
      const size_t r = t.row0 + i, c = t.column0 + j;
      const double actual = t.out[i + j * t.ld];
      if (i >= t.rows || (t.shape == NTK_TILE_LOWER && r < c) ||
          (t.shape == NTK_TILE_UPPER && r > c)) {
        assert_true(actual == kept);
        continue;
      }
      double value = dot(F + r * n, F + c * n, n), bound = (double)(n + m + 2) * U;
      bound *= sqrt(dot(F + r * n, F + r * n, n) * dot(F + c * n, F + c * n, n));
      if (m > 0) {
        value *= dot(B + r * m, B + c * m, m);
        bound *= sqrt(dot(B + r * m, B + r * m, m) * dot(B + c * m, B + c * m, m));
      }
      value += add ? kept : 0.0; /* both sides err: 2 bounds */
      assert_near(actual, value, 2.0 * (bound + U * (fabs(value) + kept)), "tile");
    }
  assert_true(workspace[(size + 8) / 8 * 8 - 1] == guard);
  free(workspace);
  free(t.out);
}

/* Tiles of every shape and level, with sides around micro-tiles (24 x 8, 12 x 4, 6 x 4), widths
 * around multiples of the lanes (2, 4, 8), on and off the diagonal. */
static void test_tiles(void **state) {
  (void)state;
  tile_fn *levels[3] = {ntk_gram_tile_base};
  size_t count = 1;
#ifdef __x86_64__
  if (ntk_simd_best() >= NTK_SIMD_AVX2)
    levels[count++] = ntk_gram_tile_avx2;
  if (ntk_simd_best() >= NTK_SIMD_AVX512)
    levels[count++] = ntk_gram_tile_avx512;
#endif
  enum { SAMPLES = 80 };
  const size_t sides[] = {1, 3, 4, 5, 6, 7, 8, 9, 12, 13, 23, 24, 25, 49};
  const size_t widths[][2] = {{1, 1}, {15, 16}, {17, 0}, {33, 2}, {16, 31}};
  double *F = make_normal(1, SAMPLES * 40), *B = make_normal(2, SAMPLES * 40);
  for (size_t l = 0; l < count; l++)
    for (size_t r = 0; r < COUNT(sides); r++)
      for (size_t c = 0; c < COUNT(sides); c++)
        for (size_t shape = 0; shape < 3; shape++) {
          const size_t w = (r + 2 * c + shape) % COUNT(widths), offset = 5 * ((r + c) % 6);
          const ntk_tile tile = {.row0 = offset,
                                 .rows = sides[r],
                                 .column0 = 30 - offset,
                                 .columns = sides[c],
                                 .shape = (ntk_tile_shape)shape};
          check_tile(levels[l], tile, F, widths[w][0], B, widths[w][1], (r + c / 2) % 2 == 0);
        }
  free(F);
  free(B);
}

/* ---- A network on N gaussian samples --------------------------------------------------------- */

static const struct {
  const char *activation;
  size_t L, width[DEPTH];
} nets[] = {{"tanh", 3, {6, 4, 5}},
            {"sigmoid", 2, {9, 7}},
            {"relu", 4, {5, 5, 5, 5}},
            {"tanh", 3, {40, 33, 17}}};

typedef struct setting {
  ntk_network *network;
  ntk_dataset *data;
  ntk_features *features;
  const double *X;
} setting;

static setting make_setting(ntk_context *context, size_t net, size_t N, uint64_t seed) {
  setting s;
  s.network =
      make_network(context, nets[net].L, nets[net].width, nets[net].activation, "paper", seed);
  assert_ok(ntk_dataset_generate(context, "gaussian", N, nets[net].width[0], seed + 50, &s.data));
  s.features = make_features(s.network, s.data);
  s.X = ntk_dataset_values(s.data);
  return s;
}

static void drop_setting(setting *s) {
  ntk_features_destroy(s->features);
  ntk_dataset_destroy(s->data);
  ntk_network_destroy(s->network);
}

/* K = (8) entry by entry, exactly symmetric, diagonal >= 0, F_L as well; a block or two of it too,
 * in turn; K = its own cross kernel. Sizes on both sides of the rows taken at a time (128), of the
 * tiles' sides (128 x 256 below N = 2048, 240 x 1024 from there) and of halves of the samples. */
static void test_definition(void **state) {
  (void)state;
  const size_t sizes[] = {1, 2, 3, 127, 128, 129, 255, 256, 257, 513, 700, 2047, 2049};
  for (size_t s = 0; s < COUNT(sizes); s++) {
    const size_t N = sizes[s], net = s % COUNT(nets), L = nets[net].L;
    setting a = make_setting(two, net, N, s);
    plain p = plain_features(a.network, nets[net].activation, N, a.X);
    double *K = kernel_array(a.features, N, NULL), *F_L = make_array(N);
    check(&p, &p, NULL, K);
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
      assert_ok(ntk_kernel_cross(a.features, a.features, NULL, part));
      check(&p, &p, NULL, part);
      free(part);
    }
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

/* The network with W_l += c G_l for W, G laid end to end, or with W_L scaled. */
static ntk_network *moved_network(const ntk_network *from, const char *activation, double last,
                                  double c, double *const *G) {
  const size_t L = ntk_network_depth(from);
  size_t width[DEPTH];
  double *W[DEPTH];
  for (size_t l = 1; l <= L; l++) {
    width[l - 1] = ntk_network_width(from, l - 1);
    const size_t entries = width[l - 1] * ntk_network_width(from, l);
    W[l - 1] = make_array(entries);
    for (size_t e = 0; e < entries; e++)
      W[l - 1][e] = (l == L ? last : 1.0) * ntk_network_weights(from, l)[e] +
                    (G != NULL ? c * G[l - 1][e] : 0.0);
  }
  const ntk_network_spec spec = {.depth = L, .width = width, .activation = activation};
  ntk_network *network = NULL;
  assert_ok(ntk_network_from_weights(one, &spec, (const double *const *)W, &network));
  for (size_t l = 0; l < L; l++)
    free(W[l]);
  return network;
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

/* K, the cross kernel and F_L have the same bits for 1, 2 and 3 threads. */
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

/* ---- Spectra, by an eigenvalue solver of the test's own ---------------------------------------
 */

/* Eigenvalues of A (n x n, destroyed) by cyclic Jacobi rotations, ascending in values. */
static void eigenvalues(size_t n, double *A, double *values) {
  for (int sweep = 0; sweep < 30; sweep++)
    for (size_t p = 0; p < n; p++)
      for (size_t q = p + 1; q < n; q++) {
        if (A[p * n + q] == 0.0)
          continue;
        const double theta = (A[q * n + q] - A[p * n + p]) / (2.0 * A[p * n + q]);
        const double t = copysign(1.0, theta) / (fabs(theta) + hypot(theta, 1.0));
        const double c = 1.0 / hypot(t, 1.0), s = t * c;
        for (size_t i = 0; i < n; i++) {
          const double x = A[i * n + p], y = A[i * n + q];
          A[i * n + p] = c * x - s * y;
          A[i * n + q] = s * x + c * y;
        }
        for (size_t i = 0; i < n; i++) {
          const double x = A[p * n + i], y = A[q * n + i];
          A[p * n + i] = c * x - s * y;
          A[q * n + i] = s * x + c * y;
        }
        A[p * n + q] = A[q * n + p] = 0.0;
      }
  for (size_t i = 0; i < n; i++) {
    size_t at = i;
    for (; at > 0 && values[at - 1] > A[i * n + i]; at--)
      values[at] = values[at - 1];
    values[at] = A[i * n + i];
  }
}

enum { MOST = 30 };

/* Eigenvalues of K of the chosen blocks for the first N samples of X. Returns how far rounding may
 * move one: entries move by t sqrt(K_ii K_jj), a matrix of norm at most t tr K; Jacobi's rotations
 * err by less (30 sweeps of n rotations a row, 4 u each, on what is left of ||K||). */
static double spectrum_of(const ntk_network *network, size_t N, const double *X, const bool *blocks,
                          double *values) {
  size_t width[DEPTH];
  for (size_t l = 0; l < ntk_network_depth(network); l++)
    width[l] = ntk_network_width(network, l);
  ntk_dataset *data = make_data(one, X, N, width[0]);
  ntk_features *features = make_features(network, data);
  double *K = kernel_array(features, N, NULL), trace = 0.0;
  for (size_t i = 0; i < N; i++)
    trace += K[i * N + i];
  free(K);
  K = kernel_array(features, N, blocks);
  eigenvalues(N, K, values);
  free(K);
  ntk_features_destroy(features);
  ntk_dataset_destroy(data);
  return 2.0 * tolerance(ntk_network_depth(network), width) * trace;
}

/* K is positive semidefinite of rank min(N, P), generically (tanh: f has no continuous symmetry);
 * at most P - sum n_l for relu, where each hidden neuron can be scaled against the next layer; at
 * most d for identity, where f is linear in x. */
static void test_rank(void **state) {
  (void)state;
  const struct {
    const char *activation;
    size_t L, width[DEPTH], rank;
    bool attained;
  } cases[] = {{"tanh", 2, {2, 2}, 6, true},     {"tanh", 2, {3, 1}, 4, true},
               {"tanh", 3, {2, 1, 2}, 6, false}, {"relu", 2, {2, 3}, 6, false},
               {"relu", 3, {3, 2, 2}, 8, false}, {"identity", 3, {4, 3, 3}, 4, true},
               {"tanh", 3, {4, 4, 4}, 36, true}};
  double *X = make_normal(12, MOST * DEPTH), values[MOST];
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_network *network =
        make_network(one, cases[k].L, cases[k].width, cases[k].activation, "paper", k);
    const size_t rank = cases[k].rank < MOST ? cases[k].rank : MOST;
    const double noise = spectrum_of(network, MOST, X, NULL, values);
    for (size_t i = 0; i < MOST; i++)
      assert_true(values[i] >= -noise);
    for (size_t i = 0; i < MOST - rank; i++)
      assert_near(values[i], 0.0, noise, cases[k].activation);
    assert_true(!cases[k].attained || values[MOST - rank] > noise);
    ntk_network_destroy(network);
  }
  free(X);
}

/* Adding a sample never raises lambda_min and never lowers lambda_max. */
static void test_interlacing(void **state) {
  (void)state;
  for (size_t net = 0; net < COUNT(nets); net++) {
    setting a = make_setting(one, net, MOST, 6);
    double smallest = INFINITY, largest = 0.0, values[MOST];
    for (size_t N = 1; N <= MOST; N++) {
      const double noise = spectrum_of(a.network, N, a.X, NULL, values);
      assert_true(values[0] <= smallest + noise && values[N - 1] >= largest - noise);
      smallest = values[0];
      largest = values[N - 1];
    }
    drop_setting(&a);
  }
}

/* sum_k lambda_min(K_k) <= lambda_min(K) <= min_i K_ii (Weyl; (16)). */
static void test_block_bounds(void **state) {
  (void)state;
  for (size_t net = 0; net < COUNT(nets); net++)
    for (size_t N = 2; N <= MOST; N += 4) {
      setting a = make_setting(one, net, N, 7);
      double values[MOST], sum = 0.0, *K = kernel_array(a.features, N, NULL);
      for (size_t k = 0; k < nets[net].L; k++) {
        bool blocks[DEPTH] = {false};
        blocks[k] = true;
        spectrum_of(a.network, N, a.X, blocks, values);
        sum += values[0];
      }
      const double noise = spectrum_of(a.network, N, a.X, NULL, values);
      assert_true(sum <= values[0] + (double)(nets[net].L + 1) * noise);
      for (size_t i = 0; i < N; i++)
        assert_true(values[0] <= K[i * N + i] + noise);
      free(K);
      drop_setting(&a);
    }
}

/* One step of gradient descent on |F - Y|^2 / 2 at rate eta, gradient J^T (F - Y) from plain loops:
 * e(eta) = F_1 - Y - (I - eta K)(F_0 - Y) = a eta^2 + O(eta^3), so that halving eta quarters |e|,
 * up to O(eta lambda_max), here 2^-7 times constants of order 1: 5 % allowed. A wrong K leaves a
 * term linear in eta: a ratio of 2. */
static void test_gradient_step(void **state) {
  (void)state;
  enum { N = 20 };
  double *Y = make_normal(31, N), r[N], error[2] = {0};
  for (size_t net = 0; net < COUNT(nets); net++) {
    setting a = make_setting(one, net, N, 8);
    const size_t L = nets[net].L;
    plain p = plain_features(a.network, nets[net].activation, N, a.X);
    double *K = kernel_array(a.features, N, NULL), *G[DEPTH], before[N], after[N], trace = 0.0;
    assert_ok(ntk_features_output(a.features, before));
    for (size_t i = 0; i < N; i++) {
      r[i] = before[i] - Y[i];
      trace += K[i * N + i];
    }
    for (size_t k = 0; k < L; k++) { /* dW_{k+1} = sum_i r_i F_k(x_i) B_{k+1}(x_i)^T */
      const size_t in = p.width[k], out = p.width[k + 1];
      G[k] = make_array(in * out);
      for (size_t i = 0; i < N; i++)
        for (size_t e = 0; e < in * out; e++)
          G[k][e] += r[i] * p.F[k][i * in + e / out] * p.B[k + 1][i * out + e % out];
    }
    for (int half = 0; half < 2; half++) {
      const double eta = ldexp(1.0 / trace, -7 - half);
      ntk_network *moved = moved_network(a.network, nets[net].activation, 1.0, -eta, G);
      ntk_features *features = make_features(moved, a.data);
      assert_ok(ntk_features_output(features, after));
      error[half] = 0.0;
      for (size_t i = 0; i < N; i++)
        error[half] += pow(after[i] - before[i] + eta * dot(K + i * N, r, N), 2.0);
      ntk_features_destroy(features);
      ntk_network_destroy(moved);
    }
    assert_near(sqrt(error[0] / error[1]), 4.0, 0.2, nets[net].activation);
    for (size_t k = 0; k < L; k++)
      free(G[k]);
    free(K);
    plain_free(&p);
    drop_setting(&a);
  }
  free(Y);
}

/* ---- Objects --------------------------------------------------------------------------------- */

/* ntk_kernel_from_array reads the lower triangle and ntk_kernel_values gives both back, bit for
 * bit. */
static void test_from_array(void **state) {
  (void)state;
  for (size_t N = 1; N <= 33; N++) {
    double *A = make_normal(N, N * N), *B = make_array(N * N);
    for (size_t i = 0; i < N; i++)
      for (size_t j = i + 1; j < N; j++)
        A[i * N + j] = NAN;
    ntk_kernel *kernel = NULL;
    assert_ok(ntk_kernel_from_array(one, A, N, &kernel));
    assert_ok(ntk_kernel_values(kernel, B));
    for (size_t i = 0; i < N * N; i++)
      assert_true(B[i] == (i / N >= i % N ? A[i] : A[i % N * N + i / N]));
    ntk_kernel_destroy(kernel);
    free(A);
    free(B);
  }
}

static bool refuse_to_go_on(const char *phase, double fraction, void *user) {
  (void)phase;
  (void)user;
  return fraction < 0.0;
}

/* What is refused: no block; other widths or depth; data of another d; order 0; values and a second
 * factorisation once factorised; a solve before; an indefinite matrix. A cancelled build leaves
 * nothing (one thread: with more, the caller's own, which alone asks, may get no tile). */
static void test_refusals(void **state) {
  (void)state;
  setting a = make_setting(one, 0, 3, 1), b = make_setting(one, 1, 3, 1);
  const size_t thinner[] = {6, 4, 4};
  /* n_1 = 4, n_2 = 1 in both, but that is the output of one and a hidden layer of the other */
  ntk_network *shallow = make_network(one, 2, (size_t[]){6, 4}, "tanh", "paper", 1);
  ntk_network *deep = make_network(one, 3, (size_t[]){6, 4, 1}, "tanh", "paper", 1);
  ntk_features *shallow_features = make_features(shallow, a.data);
  ntk_features *deep_features = make_features(deep, a.data);
  ntk_network *thin = make_network(one, 3, thinner, "tanh", "paper", 1);
  ntk_features *c = make_features(thin, a.data), *none = NULL;
  ntk_kernel *kernel = NULL;
  const bool blocks[DEPTH] = {false};
  double A[9] = {0}, x[2] = {10.0, 9.0};
  const char *no_block = "no block of the kernel is chosen; there are 3, 0 to 2";
  assert_refused(ntk_kernel_create(a.features, blocks, &kernel), NTK_ERR_ARGUMENT, no_block);
  assert_refused(ntk_kernel_cross(a.features, a.features, blocks, A), NTK_ERR_ARGUMENT, no_block);
  assert_refused(ntk_kernel_apply(a.features, blocks, x, 1, A), NTK_ERR_ARGUMENT, no_block);
  assert_refused(ntk_kernel_cross(a.features, b.features, NULL, A), NTK_ERR_SHAPE, "same depth");
  assert_refused(ntk_kernel_cross(a.features, c, NULL, A), NTK_ERR_SHAPE, "widths");
  assert_refused(ntk_kernel_cross(shallow_features, deep_features, NULL, A), NTK_ERR_SHAPE,
                 "depth");
  assert_refused(ntk_features_create(a.network, b.data, &none), NTK_ERR_SHAPE, "d = 9");
  assert_refused(ntk_kernel_from_array(one, A, 0, &kernel), NTK_ERR_ARGUMENT, "order 0");
  assert_true(kernel == NULL && none == NULL && A[0] == 0.0);

  ntk_context *cancelled = NULL;
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = 1, .progress = refuse_to_go_on},
                               &cancelled));
  setting big = make_setting(cancelled, 0, 300, 1);
  const size_t held = ntk_memory_in_use(cancelled);
  assert_refused(ntk_kernel_create(big.features, NULL, &kernel), NTK_ERR_CANCELLED, "kernel");
  assert_true(kernel == NULL && ntk_memory_in_use(cancelled) == held);
  drop_setting(&big);
  ntk_context_destroy(cancelled);

  assert_ok(ntk_kernel_from_array(one, (double[]){4, 0, 2, 3}, 2, &kernel));
  assert_refused(ntk_kernel_solve(kernel, x, 1), NTK_ERR_ARGUMENT, "not been factorised");
  assert_ok(ntk_kernel_factor(kernel, 0.0));
  assert_refused(ntk_kernel_values(kernel, A), NTK_ERR_ARGUMENT, "replaced by its factor");
  assert_refused(ntk_kernel_factor(kernel, 0.0), NTK_ERR_ARGUMENT, "replaced by its factor");
  assert_ok(
      ntk_kernel_solve(kernel, x, 1));   /* 4 x + 2 y = 10, 2 x + 3 y = 9: exactly x = 3/2, y = 2 */
  assert_near(x[0], 1.5, 32.0 * U, "x"); /* condition number below 4; 8 operations */
  assert_near(x[1], 2.0, 32.0 * U, "y");
  ntk_kernel_destroy(kernel);
  assert_ok(ntk_kernel_from_array(one, (double[]){1, 0, 2, 1}, 2, &kernel));
  assert_refused(ntk_kernel_factor(kernel, 0.0), NTK_ERR_NUMERIC, "");
  assert_refused(ntk_kernel_values(kernel, A), NTK_ERR_ARGUMENT, "given up by a factorisation");
  assert_refused(ntk_kernel_solve(kernel, x, 1), NTK_ERR_ARGUMENT, "given up by a factorisation");
  ntk_kernel_destroy(kernel);
  ntk_features_destroy(shallow_features);
  ntk_features_destroy(deep_features);
  ntk_network_destroy(shallow);
  ntk_network_destroy(deep);
  ntk_features_destroy(c);
  ntk_network_destroy(thin);
  drop_setting(&a);
  drop_setting(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tiles),         cmocka_unit_test(test_definition),
      cmocka_unit_test(test_cross),         cmocka_unit_test(test_apply),
      cmocka_unit_test(test_permutation),   cmocka_unit_test(test_scaling),
      cmocka_unit_test(test_threads),       cmocka_unit_test(test_rank),
      cmocka_unit_test(test_interlacing),   cmocka_unit_test(test_block_bounds),
      cmocka_unit_test(test_gradient_step), cmocka_unit_test(test_from_array),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
