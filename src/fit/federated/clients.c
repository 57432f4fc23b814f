/* A round of federated averaging: from theta each client c makes E steps theta_c -= eta s_c J_c^T
 * r_c on its own samples (s_c = 1 of the half-sum, 2 / n_c of the mean), and theta becomes sum_c
 * p_c theta_c, p_c = 1 / C or n_c / N. Mean and spread are found client by client (Welford; West
 * 1979 of weights), of what theta has changed by: with one client the spread is 0. Weights are p_c
 * C there, 1 of clients of one size: to the same bits either way. 6 E N P flops. */
#include "fit/federated/clients.h"

#include "base/memory.h"
#include "base/names.h"

#include "ntkit/fit.h"

#include <math.h>
#include <string.h>

static const ntk_name_info infos[] = {
    {"equal", "every client counts 1 / C, whatever its samples"},
    {"size", "a client of n samples counts n / N, as in McMahan et al. (2017)"},
};
enum { KINDS = sizeof infos / sizeof infos[0] };

const ntk_name_info *ntk_client_weights_list(size_t *count) {
  *count = KINDS;
  return infos;
}

ntk_status ntk_client_weights_find(const char *name, bool *by_size) {
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("weights of clients", name, infos, KINDS, &row));
  *by_size = row == 1;
  return NTK_OK;
}

static ntk_status allocate(ntk_clients *r) {
  ntk_context *context = r->split->context;
  NTK_TRY(ntk_alloc_doubles(context, r->P, "clients", &r->theta));
  NTK_TRY(ntk_alloc_doubles(context, r->P, "clients", &r->mean_change));
  return ntk_alloc_doubles(context, r->P, "clients", &r->change);
}

ntk_status ntk_clients_create(ntk_split *split, const ntk_clients_request *request,
                              ntk_clients **rounds) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(split->context, 1, sizeof(ntk_clients), "clients", &pointer));
  ntk_clients *r = pointer;
  *r = (ntk_clients){.split = split,
                     .local_steps = request->local_steps,
                     .P = request->P,
                     .mean = request->mean,
                     .by_size = request->by_size};
  const ntk_status status = allocate(r);
  if (status == NTK_OK) {
    *rounds = r;
    return NTK_OK;
  }
  ntk_free(split->context, r->theta);
  ntk_free(split->context, r->mean_change);
  ntk_free(split->context, r);
  return status;
}

void ntk_clients_destroy(ntk_clients *r) {
  if (r == NULL)
    return;
  ntk_context *context = r->split->context;
  ntk_free(context, r->theta);
  ntk_free(context, r->mean_change);
  ntk_free(context, r->change);
  ntk_split_destroy(r->split);
  ntk_free(context, r);
}

double ntk_clients_bytes(double N, double clients, double P) {
  return (double)sizeof(ntk_clients) + ntk_split_bytes(N, clients) + 24.0 * P;
}

double ntk_clients_scale(const ntk_clients *r, size_t client) {
  return r->mean ? 2.0 / (double)ntk_split_count(r->split, client) : 1.0;
}

double ntk_clients_weight(const ntk_clients *r, size_t client) {
  const ntk_split *split = r->split;
  const double n = (double)ntk_split_count(split, client);
  return r->by_size ? n * (double)split->clients / (double)split->N : 1.0;
}

static ntk_status local_steps(const ntk_clients *r, size_t client, ntk_descent *descent,
                              double lr) {
  const ntk_batch own = {.row = r->split->order + r->split->first[client],
                         .count = ntk_split_count(r->split, client),
                         .scale = ntk_clients_scale(r, client)};
  double sum = 0.0;
  ntk_descent_write(descent, NTK_SLOT_THETA, r->theta);
  for (size_t e = 1; e <= r->local_steps; e++) {
    const ntk_update update = {.rule = NTK_RULE_GD, .lr = lr, .step = e};
    NTK_TRY(ntk_descent_batch(descent, &own, &sum));
    ntk_descent_update(descent, &update);
  }
  ntk_descent_read(descent, NTK_SLOT_THETA, r->change);
  return NTK_OK;
}

/* The client's change into the mean; parts: all weights so far over its own. What that adds to the
 * squares, over its weight. */
static double add(ntk_clients *r, double parts) {
  double squares = 0.0;
  for (size_t p = 0; p < r->P; p++) {
    const double change = r->change[p] - r->theta[p], off = change - r->mean_change[p];
    r->mean_change[p] += off / parts;
    squares += off * (change - r->mean_change[p]);
  }
  return squares;
}

ntk_status ntk_clients_make(ntk_clients *r, ntk_descent *descent, double lr, double *drift) {
  const size_t clients = r->split->clients;
  double squares = 0.0, all = 0.0;
  ntk_status status = NTK_OK;
  ntk_descent_read(descent, NTK_SLOT_THETA, r->theta);
  memset(r->mean_change, 0, r->P * sizeof *r->mean_change);
  for (size_t c = 0; c < clients && status == NTK_OK; c++) {
    const double weight = ntk_clients_weight(r, c);
    all += weight;
    status = local_steps(r, c, descent, lr);
    if (status == NTK_OK)
      squares += weight * add(r, all / weight);
  }
  for (size_t p = 0; p < r->P; p++)
    r->change[p] = r->theta[p] + r->mean_change[p];
  ntk_descent_write(descent, NTK_SLOT_THETA, status == NTK_OK ? r->change : r->theta);
  *drift = sqrt(squares / (double)clients);
  return status;
}
