/* Federated training: rounds of local gradient descent and averaging. */
#ifndef NTK_FIT_CLIENTS_H
#define NTK_FIT_CLIENTS_H

#include "fit/federated/split.h"
#include "kernel/descent.h"

typedef struct ntk_clients {
  ntk_split *split; /* its own */
  size_t local_steps, P;
  bool mean;     /* a client's loss is the mean over its samples, not their half-sum */
  double *theta; /* P: where the round began */
  double *mean_change, *change; /* P: of the clients so far; of one */
} ntk_clients;

/* Takes split over, on success. */
ntk_status ntk_clients_create(ntk_split *split, size_t local_steps, size_t P, bool mean,
                              ntk_clients **rounds);
void ntk_clients_destroy(ntk_clients *rounds);
double ntk_clients_bytes(double N, double clients, double P);

/* By what a client's gradient is J_c^T r_c times. */
double ntk_clients_scale(const ntk_clients *rounds, size_t client);

/* A round, in descent's theta: every client makes its steps from there, and theta becomes their
 * mean. *drift = sqrt(mean over clients of ||theta_c - mean||^2). On failure theta is as it was. */
ntk_status ntk_clients_make(ntk_clients *rounds, ntk_descent *descent, double lr, double *drift);

#endif
