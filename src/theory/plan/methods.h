/* The methods that a question is done by: a table, which a new one is a row of. */
#ifndef NTK_PLAN_METHODS_H
#define NTK_PLAN_METHODS_H

#include "kernel/ends/ends.h"
#include "theory/plan/work.h"

/* What is asked, checked. */
typedef struct ntk_plan_asked {
  ntk_context *context;
  const ntk_network_spec *spec;
  const ntk_plan_options *options;
  ntk_outputs outputs; /* of the question's K */
  size_t parameters;
  size_t most;             /* N that the question has an answer for, whatever the memory */
  size_t memory;           /* of the machine */
  ntk_train_options train; /* of that question, resolved */
} ntk_plan_asked;

typedef struct ntk_plan_row {
  const char *question, *name;
  void (*work)(const ntk_plan_asked *a, size_t N, ntk_work_list *list);
  ntk_status (*memory)(const ntk_plan_asked *a, size_t N, size_t *bytes);
  bool (*serves)(const ntk_plan_asked *a, size_t N); /* what is asked */
} ntk_plan_row;

enum { NTK_PLAN_ROWS = 7 };
extern const ntk_plan_row ntk_plan_rows[NTK_PLAN_ROWS];

/* Of a spectrum's factor, as ntk_spectrum chooses it in the memory that the context has. */
ntk_status ntk_plan_way(const ntk_plan_asked *a, size_t N, const ntk_spectrum_options *options,
                        ntk_way *way);

/* Whether there are samples for the batch, and for the clients; else NTK_ERR_ARGUMENT. */
ntk_status ntk_plan_check_samples(const ntk_train_options *options, size_t N);

#endif
