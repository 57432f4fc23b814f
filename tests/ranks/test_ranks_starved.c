/* Memory that one rank does not get, at each allocation of a computation that ranks share.
 * Property: all ranks end with that rank's words, wherever it was, and none waits for it. */
#include "kernel/subset.h"

#include "ranks_support.h"

static int starved;      /* the rank */
static size_t countdown; /* calls until it gets none; 0: it does */
static bool hit;
static size_t lost; /* computations */

static bool fails(void) {
  if (countdown == 0 || rank != starved || --countdown > 0)
    return false;
  hit = true;
  return true;
}

#include "starved_memory.h"

int __real_close(int descriptor);
int __wrap_close(int descriptor);
int __wrap_close(int descriptor) {
  return __real_close(descriptor);
}

enum { N = 150, D = 4 };

typedef struct job {
  ntk_dataset data;
  ntk_network *network;
  ntk_features *features;
  ntk_kernel *K;
  ntk_implicit implicit;
  ntk_subset near;
  double v[N], u[N], f2[2 * N], b2[2 * N];
} job;

static ntk_status operators(job *j) {
  NTK_TRY(ntk_implicit_create(j->network, &j->data, NTK_OUTPUTS_TRACE, 30, &j->implicit));
  const ntk_operator A = ntk_implicit_operator(&j->implicit);
  NTK_TRY(A.apply(A.user, j->v, 1, j->u));
  NTK_TRY(ntk_implicit_norms(&j->implicit, j->f2, j->b2));
  NTK_TRY(ntk_subset_create(&j->implicit, 5, j->f2, &j->near));
  return ntk_subset_solve(&j->near, j->u, 1);
}

static ntk_status compute(job *j) {
  NTK_TRY(ntk_features_create(j->network, &j->data, &j->features));
  NTK_TRY(ntk_features_norms(j->features, j->f2, j->b2));
  NTK_TRY(ntk_features_output(j->features, j->u));
  NTK_TRY(ntk_network_output(j->network, &j->data, j->u));
  NTK_TRY(ntk_kernel_apply(j->features, NULL, j->v, 1, j->u));
  NTK_TRY(ntk_kernel_create(j->features, NULL, &j->K));
  NTK_TRY(ntk_kernel_full(j->K, j->u));
  NTK_TRY(ntk_kernel_multiply(j->K, j->v, 1, j->u));
  NTK_TRY(ntk_kernel_factor(j->K, -1.0));
  NTK_TRY(ntk_kernel_solve(j->K, j->u, 1));
  return operators(j);
}

/* The calls-th allocation fails, on that rank; false: there are not so many. Without some (of what
 * hides a message behind work) it goes on. */
static bool starve(size_t calls, int on) {
  ntk_context *context = make_ranks_context();
  const size_t width[] = {D, 6};
  const ntk_share share = ntk_ranks_share(context, N);
  const size_t own = ntk_share_count(&share, rank);
  double *X = make_normal((uint64_t)rank, own * D + 1), *v = make_normal(2, N);
  static job j;
  j = (job){.network = make_network(context, 2, width, "tanh", "paper", 3)};
  j.data = (ntk_dataset){.context = context, .N = N, .d = D, .share = share, .X = X};
  memcpy(j.v, v, sizeof j.v);
  hit = false;
  starved = on;
  countdown = calls;
  ntk_status status = compute(&j);
  countdown = 0;
  status = ntk_ranks_agree(context, status, ntk_ranks_what("end", 0, 0, 0));
  if (status != NTK_OK)
    assert_refused(status, NTK_ERR_MEMORY, ranks > 1 ? "rank " : "");
  ntk_subset_destroy(&j.near);
  ntk_implicit_destroy(&j.implicit);
  ntk_kernel_destroy(j.K);
  ntk_features_destroy(j.features);
  ntk_network_destroy(j.network);
  free(X);
  free(v);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  ntk_ranks_hand(all, on, sizeof hit, &hit);
  lost += hit && status != NTK_OK;
  return hit;
}

static void test_starved(void **state) {
  (void)state;
  for (int on = 0; on<ranks; on += ranks> 1 ? ranks - 1 : 1) {
    size_t calls = 1;
    lost = 0;
    while (starve(calls, on))
      calls += ranks > 2 ? 3 : 1;
    assert_true(lost > (ranks > 2 ? 20 : 60));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_starved),
  };
  return cmocka_run_group_tests(tests, open_both, close_both);
}
