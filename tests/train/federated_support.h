/* What tests of federated training share: a network, and whose the samples of a problem are. */
#ifndef FEDERATED_SUPPORT_H
#define FEDERATED_SUPPORT_H

#include "fit/federated/split.h"
#include "one_context.h"
#include "train_support.h"

static const size_t width[] = {5, 9, 8};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 5};

/* The split that these options ask for; the caller destroys it. */
static ntk_split *split_of(const fit_problem *p, const ntk_train_options *o) {
  ntk_split *split = NULL;
  const ntk_split_request request = {.N = p->N,
                                     .clients = o->clients,
                                     .outputs = 1,
                                     .kind = o->split != NULL ? o->split : "iid",
                                     .given = o->client,
                                     .Y = p->Y,
                                     .seed = o->seed};
  assert_ok(ntk_split_create(one, &request, &split));
  return split;
}

#endif
