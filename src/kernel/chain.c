/* A context's backend: the chosen one's operations with those of its parents where it leaves them
 * out, and what each of them keeps in the context. */
#include "kernel/backend.h"

#include "base/ranks/ranks.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 4 };

struct ntk_backend_chain {
  ntk_backend table;
  size_t levels;
  struct {
    const ntk_backend *of;
    void *state;
  } level[MOST_LEVELS]; /* the chosen one first */
};

/* Operations are pointers to functions, of one size, from the first to the end of the struct. */
typedef void (*operation)(void);
enum {
  FIRST = offsetof(ntk_backend, bytes),
  OPERATIONS = (sizeof(ntk_backend) - FIRST) / sizeof(operation)
};
_Static_assert((sizeof(ntk_backend) - FIRST) % sizeof(operation) == 0, "operations alone follow");

/* Gives *table what it lacks and `from` has. Returns how many it lacks still. */
static size_t fill(ntk_backend *table, const ntk_backend *from) {
  operation own[OPERATIONS], other[OPERATIONS];
  size_t lacking = 0;
  memcpy(own, (char *)table + FIRST, sizeof own);
  memcpy(other, (const char *)from + FIRST, sizeof other);
  for (size_t i = 0; i < OPERATIONS; i++) {
    own[i] = own[i] != NULL ? own[i] : other[i];
    lacking += own[i] == NULL;
  }
  memcpy((char *)table + FIRST, own, sizeof own);
  return lacking;
}

static ntk_status link_levels(struct ntk_backend_chain *chain, const ntk_backend *backend) {
  size_t lacking = OPERATIONS;
  chain->table = *backend;
  chain->table.parent = backend;
  for (const ntk_backend *b = backend; b != NULL; b = b->parent) {
    if (chain->levels == MOST_LEVELS)
      return ntk_fail(NTK_ERR_LIMIT, "backend '%s' has more than %d parents", backend->name,
                      MOST_LEVELS - 1);
    chain->level[chain->levels++].of = b;
    lacking = fill(&chain->table, b);
  }
  if (lacking == 0)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "backend '%s': neither it nor a parent has %zu of %d operations", backend->name,
                  lacking, (int)OPERATIONS);
}

ntk_status ntk_backend_enter(ntk_context *context, const ntk_backend *backend) {
  struct ntk_backend_chain *chain = calloc(1, sizeof *chain);
  if (chain == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "the context's backend could not be allocated");
  context->chain = chain;
  context->backend = &chain->table;
  ntk_status status = link_levels(chain, backend);
  for (size_t i = chain->levels; i-- > 0 && status == NTK_OK;) /* parents first */
    if (chain->level[i].of->own.create != NULL)
      status = chain->level[i].of->own.create(context, &chain->level[i].state);
  return status;
}

void ntk_backend_leave(ntk_context *context) {
  struct ntk_backend_chain *chain = context->chain;
  for (size_t i = 0; chain != NULL && i < chain->levels; i++)
    if (chain->level[i].state != NULL)
      chain->level[i].of->own.destroy(context, chain->level[i].state);
  free(chain);
  context->chain = NULL;
}

ntk_status ntk_backend_suppose(ntk_context *context, int ranks, ntk_supposed *before) {
  struct ntk_backend_chain *chain = calloc(1, sizeof *chain);
  *before = (ntk_supposed){context->backend, context->chain, context->ranks};
  if (chain == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "the backend of a forecast could not be allocated");
  context->chain = chain;
  context->backend = &chain->table;
  context->ranks = NULL;
  NTK_TRY(link_levels(chain, &ntk_backend_mpi));
  return ntk_ranks_suppose(context, ranks);
}

void ntk_backend_resume(ntk_context *context, const ntk_supposed *before) {
  if (context->chain != before->chain) {
    ntk_ranks_leave(context);
    free(context->chain);
  }
  context->backend = before->backend;
  context->chain = before->chain;
  context->ranks = before->ranks;
}

const ntk_backend *ntk_backend_alone(const ntk_context *context) {
  const ntk_backend *chosen = context->chain->level[0].of;
  return chosen == &ntk_backend_mpi ? chosen->parent : chosen;
}

void *ntk_backend_state(const ntk_context *context, const ntk_backend *backend) {
  const struct ntk_backend_chain *chain = context->chain;
  for (size_t i = 0; i < chain->levels; i++)
    if (chain->level[i].of == backend)
      return chain->level[i].state;
  return NULL;
}

double ntk_backend_bytes(const ntk_context *context) {
  const struct ntk_backend_chain *chain = context->chain;
  double bytes = 0.0;
  for (size_t i = 0; i < chain->levels; i++)
    if (chain->level[i].state != NULL && chain->level[i].of->own.bytes != NULL)
      bytes += chain->level[i].of->own.bytes(context, chain->level[i].state);
  return bytes;
}
