/* Options of a training: names to what they mean, defaults, and what is refused. */
#include "fit/train/batch.h"

#include "data/dataset.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_EPOCHS = 10000, DEFAULT_STEPS = 100 };
static const double CHECKPOINT_EVERY = 30.0; /* seconds */
static const char EQUAL[] = "equal";         /* of ntk_client_weights_list */

/* What the fastest step is known of. */
static ntk_status check_best(const ntk_training *t) {
  const ntk_train_options *o = &t->options;
  if (!t->optimizer->linear || (o->batch > 0 && t->optimizer->has_momentum) || o->clients > 0)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "no step size is known to be the best for %s%s; accepted: a "
                    "number, or auto",
                    o->clients > 0 ? "clients" : o->optimizer, o->batch > 0 ? " in batches" : "");
  if (o->momentum > 0.0)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "best is a step size and a momentum, and one is given; accepted with a "
                    "momentum: a number, or auto");
  return NTK_OK;
}

static ntk_status check_clients(const ntk_training *t, const char **member) {
  const ntk_train_options *o = &t->options;
  size_t row = 0;
  bool by_size = false;
  *member = o->local_steps > 0          ? "local_steps"
            : o->client_weights != NULL ? "client_weights"
                                        : "split";
  if (o->clients == 0 &&
      (o->local_steps > 0 || o->client_weights != NULL || o->split != NULL || o->client != NULL))
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "this is of federated training; accepted with clients above 0");
  if (o->clients == 0)
    return NTK_OK;
  *member = "split";
  NTK_TRY(ntk_split_find(o->split != NULL ? o->split : "iid", &row));
  *member = "client_weights";
  NTK_TRY(ntk_client_weights_find(o->client_weights != NULL ? o->client_weights : EQUAL, &by_size));
  *member = "clients";
  if (!t->optimizer->theorem || o->batch > 0)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "clients make steps of gradient descent on all their samples; "
                    "accepted: the optimizer gd, batch 0");
  return NTK_OK;
}

/* What does not go together; *member: the option at fault. */
static ntk_status check_numbers(const ntk_training *t, const char **member) {
  const ntk_train_options *o = &t->options;
  *member = "lr";
  if (!(o->lr >= 0.0) || isinf(o->lr))
    return ntk_fail(NTK_ERR_ARGUMENT, "the step size is %g; accepted: above 0, or a rule", o->lr);
  if (t->optimizer->second_order && (o->lr > 0.0 || t->rule != NTK_LR_AUTO))
    return ntk_fail(NTK_ERR_ARGUMENT, "lm takes no step size: its damping adapts by itself");
  if (t->rule == NTK_LR_BEST && o->lr == 0.0)
    NTK_TRY(check_best(t));
  *member = "momentum";
  if (!(o->momentum >= 0.0 && o->momentum < 1.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "the momentum is %g; accepted: above 0, below 1",
                    o->momentum);
  if (o->momentum > 0.0 && !t->optimizer->has_momentum)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s has no momentum; accepted with: momentum, nesterov",
                    o->optimizer);
  *member = "target";
  if (!(o->target >= 0.0) || isinf(o->target))
    return ntk_fail(NTK_ERR_ARGUMENT, "the target is %g; accepted: above 0, or 0 for none",
                    o->target);
  *member = "batch";
  if (o->batch > 0 && t->optimizer->second_order)
    return ntk_fail(NTK_ERR_ARGUMENT, "lm takes all samples at once; accepted with a batch: gd, "
                                      "momentum, nesterov, adam");
  NTK_TRY(check_clients(t, member));
  *member = o->seconds >= 0.0 ? "checkpoint_every" : "seconds";
  if (!(o->seconds >= 0.0) || !(o->checkpoint_every >= 0.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "a time is negative; accepted: seconds above 0, or 0");
  *member = "precision";
  if (t->precision != NTK_PRECISION_DOUBLE && t->optimizer->second_order)
    return ntk_fail(NTK_ERR_ARGUMENT, "lm solves systems in double precision alone");
  *member = NULL;
  return NTK_OK;
}

/* Inequalities have a loss of their own: (20), the linear model and K along the way are of squares.
 */
static ntk_status check_margin(const ntk_training *t) {
  const ntk_train_options *o = &t->options;
  const double most =
      t->precision == NTK_PRECISION_DOUBLE ? 1e150 : 1e15; /* of which squares are */
  if (o->margin != 0.0 && !(o->margin >= 1.0 / most && o->margin <= most))
    return ntk_fail(NTK_ERR_ARGUMENT, "the margin is %g; accepted: from %g to %g, or 0 for none",
                    o->margin, 1.0 / most, most);
  const bool rule = t->rule != NTK_LR_AUTO && o->lr == 0.0;
  const char *with = t->optimizer->second_order ? "lm"
                     : o->question              ? "the question"
                     : ntk_epochs_tracked(o)    ? "tracking"
                     : o->clients > 0           ? "federated training"
                     : rule                     ? "the rule for the step size"
                                                : NULL;
  if (o->margin == 0.0 || with == NULL)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "a margin's loss is not the sum of squares that %s is about; accepted: a margin "
                  "without it",
                  with);
}

/* Of a margin 1 and -1. */
static ntk_status check_labels(const ntk_training *t) {
  NTK_TRY(ntk_targets_check(t->Y, t->N, t->network->width[t->L]));
  for (size_t i = 0; i < t->R && t->options.margin > 0.0; i++)
    if (fabs(t->Y[i]) != 1.0)
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "label %zu (from 1) is %g; a margin takes 1 and -1, or classes", i + 1,
                      t->Y[i]);
  return NTK_OK;
}

size_t ntk_training_epochs(const ntk_train_options *options, bool second_order) {
  const size_t usual = second_order ? DEFAULT_STEPS : DEFAULT_EPOCHS;
  return options->epochs > 0 || options->question ? options->epochs : usual;
}

/* Names to what they mean, and what stands for not giving an option. */
static ntk_status resolve(ntk_training *t, const char **member) {
  ntk_train_options *o = &t->options;
  o->optimizer = o->optimizer != NULL ? o->optimizer : "gd";
  o->loss = o->loss != NULL ? o->loss : "half-sum";
  o->lr_rule = o->lr_rule != NULL ? o->lr_rule : "auto";
  o->precision = o->precision != NULL ? o->precision : "double";
  o->checkpoint_every = o->checkpoint_every != 0.0 ? o->checkpoint_every : CHECKPOINT_EVERY;
  *member = "optimizer";
  NTK_TRY(ntk_optimizer_find(o->optimizer, &t->optimizer));
  o->epochs = ntk_training_epochs(o, t->optimizer->second_order);
  *member = "loss";
  NTK_TRY(ntk_loss_find(o->loss, &t->mean));
  *member = "lr";
  NTK_TRY(ntk_lr_find(o->lr_rule, &t->rule));
  *member = "track";
  NTK_TRY(ntk_epochs_check(o));
  *member = "track_weights";
  if (o->track_weights && !ntk_epochs_tracked(o))
    return ntk_fail(NTK_ERR_ARGUMENT, "weights are to be kept of tracked epochs, and none is "
                                      "tracked; accepted with epochs to track");
  *member = "track_each";
  if (o->track_each != NULL && !ntk_epochs_tracked(o))
    return ntk_fail(NTK_ERR_ARGUMENT, "tracked epochs are to be told of, and none is tracked; "
                                      "accepted with epochs to track");
  *member = "precision";
  NTK_TRY(ntk_precision_find(o->precision, &t->precision));
  *member = "kernel_precision";
  NTK_TRY(ntk_mode_find(o->kernel_precision, &t->mode));
  *member = "margin";
  NTK_TRY(check_margin(t));
  return check_numbers(t, member);
}

ntk_status ntk_train_options_check(const ntk_train_options *options, const char **member) {
  ntk_training t = {0};
  if (options != NULL)
    t.options = *options;
  return resolve(&t, member);
}

ntk_status ntk_training_resolve(ntk_training *t) {
  const char *member = NULL;
  NTK_TRY(resolve(t, &member));
  NTK_TRY(ntk_batch_check(&t->options, t->N));
  if (t->options.clients > 0 && t->options.local_steps == 0)
    t->options.local_steps = 1;
  if (t->options.split == NULL)
    t->options.split = "iid";
  if (t->options.client_weights == NULL)
    t->options.client_weights = EQUAL;
  ntk_training_choose(t);
  t->kernel_reason = "";
  t->scale = t->mean ? 2.0 / (double)t->N : 1.0;
  return check_labels(t);
}
