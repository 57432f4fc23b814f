/* Which samples are whose: N samples dealt to clients. */
#ifndef NTK_FIT_SPLIT_H
#define NTK_FIT_SPLIT_H

#include "base/context.h"

#include <stddef.h>
#include <stdint.h>

typedef struct ntk_split {
  ntk_context *context; /* borrowed */
  size_t N, clients;
  size_t smallest, largest; /* samples of a client; smallest > 0 */
  size_t *first;            /* clients + 1: where a client's samples begin in order */
  size_t *order;            /* N: samples, a client's together and ascending */
  size_t *of;               /* N: whose */
} ntk_split;

typedef struct ntk_split_request {
  size_t N, clients, outputs;
  const char *kind;    /* a name of ntk_split_list */
  const double *given; /* N: the client of each sample, from 0; NULL: by kind */
  const double *Y;     /* N x outputs */
  uint64_t seed;
} ntk_split_request;

NTK_SIBLING ntk_status ntk_split_find(const char *name, size_t *row);
/* NTK_ERR_ARGUMENT for more clients than samples. */
NTK_SIBLING ntk_status ntk_split_check(size_t clients, size_t N);
/* NTK_ERR_ARGUMENT where a client would have no samples, or given has another number. */
ntk_status ntk_split_create(ntk_context *context, const ntk_split_request *request,
                            ntk_split **split);
void ntk_split_destroy(ntk_split *split);
static inline size_t ntk_split_count(const ntk_split *split, size_t client) {
  return split->first[client + 1] - split->first[client];
}
double ntk_split_bytes(double N, double clients);

#endif
