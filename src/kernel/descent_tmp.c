#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/descent.h"
#include "kernel/kernel.h"
#include <math.h>
#include <string.h>
typedef struct st {
  ntk_network *net;
  const ntk_dataset *data;
  double *g, *m, *v, *r;
} st;
ntk_status ntk_descent_create(const ntk_network *network, const ntk_dataset *data, const double *Y,
                              bool single, double scale, ntk_descent **descent) {
  void *p;
  NTK_TRY(ntk_alloc(network->context, 1, sizeof(ntk_descent), "x", &p));
  ntk_descent *d = p;
  *d = (ntk_descent){.context = network->context,
                     .network = network,
                     .X = data->X,
                     .Y = Y,
                     .N = data->N,
                     .single = single,
                     .scale = scale};
  NTK_TRY(ntk_alloc(network->context, 1, sizeof(st), "x", &p));
  st *s = p;
  d->state = s;
  s->data = data;
  ntk_network_spec spec = {.depth = network->depth,
                           .width = network->width,
                           .activation = network->activation.info.name};
  NTK_TRY(ntk_network_from_weights(network->context, &spec, (const double *const *)network->W + 1,
                                   &s->net));
  NTK_TRY(ntk_alloc_doubles(d->context, 3 * network->parameters + d->N, "x", &s->g));
  s->m = s->g + network->parameters;
  s->v = s->m + network->parameters;
  s->r = s->v + network->parameters;
  memset(s->g, 0, 3 * network->parameters * 8);
  *descent = d;
  return NTK_OK;
}
void ntk_descent_destroy(ntk_descent *d) {
  if (!d)
    return;
  st *s = d->state;
  ntk_network_destroy(s->net);
  ntk_free(d->context, s->g);
  ntk_free(d->context, s);
  ntk_free(d->context, d);
}
void ntk_descent_gradient(ntk_descent *d, double *sum) {
  st *s = d->state;
  ntk_features *f;
  if (ntk_features_create(s->net, s->data, &f))
    return;
  ntk_features_output(f, s->r);
  *sum = 0;
  for (size_t i = 0; i < d->N; i++) {
    s->r[i] -= d->Y[i];
    *sum += s->r[i] * s->r[i];
    s->r[i] *= d->scale;
  }
  if (ntk_jacobian_adjoint(f, s->r, s->g))
    return;
  ntk_features_destroy(f);
}
void ntk_descent_evaluate(ntk_descent *d, double *sum) {
  ntk_descent_gradient(d, sum);
}
void ntk_descent_update(ntk_descent *d, const ntk_update *u) {
  st *s = d->state;
  size_t P = s->net->parameters;
  double *th = s->net->theta;
  for (size_t i = 0; i < P; i++) {
    double g = s->g[i];
    switch (u->rule) {
    case NTK_RULE_GD:
      th[i] -= u->lr * g;
      break;
    case NTK_RULE_MOMENTUM:
      s->m[i] = u->beta1 * s->m[i] + g;
      th[i] -= u->lr * s->m[i];
      break;
    case NTK_RULE_NESTEROV:
      s->m[i] = u->beta1 * s->m[i] + g;
      th[i] -= u->lr * (g + u->beta1 * s->m[i]);
      break;
    case NTK_RULE_ADAM:
      s->m[i] = u->beta1 * s->m[i] + (1 - u->beta1) * g;
      s->v[i] = u->beta2 * s->v[i] + (1 - u->beta2) * g * g;
      th[i] -= u->lr / (1 - pow(u->beta1, (double)u->step)) * s->m[i] /
               (sqrt(s->v[i] / (1 - pow(u->beta2, (double)u->step))) + u->epsilon);
    }
  }
}
static double *slot(const ntk_descent *d, ntk_slot k) {
  st *s = d->state;
  return k == NTK_SLOT_THETA      ? s->net->theta
         : k == NTK_SLOT_GRADIENT ? s->g
         : k == NTK_SLOT_FIRST    ? s->m
                                  : s->v;
}
void ntk_descent_read(const ntk_descent *d, ntk_slot k, double *v) {
  memcpy(v, slot(d, k), d->network->parameters * 8);
}
void ntk_descent_write(ntk_descent *d, ntk_slot k, const double *v) {
  memcpy(slot(d, k), v, d->network->parameters * 8);
}
double ntk_descent_bytes(size_t depth, const size_t *width, size_t N, bool single, int threads) {
  (void)depth;
  (void)width;
  (void)N;
  (void)single;
  (void)threads;
  return 1e6;
}
