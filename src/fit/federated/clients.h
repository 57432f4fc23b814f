/* Federated training: rounds of local gradient descent and averaging. */
#ifndef NTK_FIT_CLIENTS_H
#define NTK_FIT_CLIENTS_H

#include "fit/federated/split.h"
#include "kernel/descent.h"

typedef struct ntk_clients {
  ntk_split *split; /* its own */
  size_t local_steps, P;
  bool mean;     /* a client's loss is the mean over its samples, not their half-sum */
  bool by_size;  /* it counts by its samples, not as much as any other */
  double *theta; /* P: where the round began */
  double *mean_change, *change; /* P: of the clients so far; of one */
} ntk_clients;

/* Whether clients of this name in ntk_client_weights_list count by their samples. */
NTK_SIBLING ntk_status ntk_client_weights_find(const char *name, bool *by_size);

typedef struct ntk_clients_request {
  size_t local_steps, P;
  bool mean, by_size;
} ntk_clients_request;

/* Takes split over, on success. */
ntk_status ntk_clients_create(ntk_split *split, const ntk_clients_request *request,
                              ntk_clients **rounds);
void ntk_clients_destroy(ntk_clients *rounds);
double ntk_clients_bytes(double N, double clients, double P);

/* By what a client's gradient is J_c^T r_c times. */
double ntk_clients_scale(const ntk_clients *rounds, size_t client);

/* What it counts in the mean: p_c C, p_c its share. */
double ntk_clients_weight(const ntk_clients *rounds, size_t client);

/* A round, in descent's theta: every client makes its steps from there, and theta becomes their
 * mean. *drift = sqrt(sum_c p_c ||theta_c - mean||^2). On failure theta is as it was. */
ntk_status ntk_clients_make(ntk_clients *rounds, ntk_descent *descent, double lr, double *drift);

#endif
