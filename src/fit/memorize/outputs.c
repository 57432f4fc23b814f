/* ntk_memorize: what is asked is checked, and networks of several outputs are made of parts. With
 * the units of the last hidden layer shared out, m of n_{L-1} = 2 m n_L to each half of an output,
 *
 *     W_{L-1} = [W + t_1 D_1, W + t_2 D_2, ..., W - t_1 D_1, W - t_2 D_2, ...],
 *
 * and W_L = [a, -a] / (2 t_c) in column c where the units are its own, 0 elsewhere, output c is the
 * network of one output for the labels of column c. All parts have one base network: one kernel
 * block, N x N, and its factor are there for all, where the block of all outputs at once has n_L^2
 * times the entries, and fits no more samples: N n_L <= n_{L-2} m n_L either way. */
#include "fit/memorize/memorize.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"

#include <math.h>
#include <string.h>

enum { CORRECTIONS = 30 };
static const double EPS = 1e-10;

ntk_status ntk_memorize_part(ntk_context *context, const ntk_network_spec *spec,
                             ntk_network_spec *part) {
  const size_t L = spec->depth;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, L, sizeof(size_t), "network", &pointer));
  size_t *width = memcpy(pointer, spec->width, L * sizeof(size_t));
  width[L - 1] /= ntk_spec_width(spec, L);
  *part = *spec;
  part->width = width;
  part->outputs = 1;
  part->parameterization = NULL; /* weights that fit are no matter of the blocks' scales */
  part->scale = NULL;
  return NTK_OK;
}

/* Column c of Y (N x n), n of them for each of count, into vector count n + c of Z. */
static void split_labels(const double *Y, size_t N, size_t n, size_t count, double *Z) {
  for (size_t k = 0; k < count; k++)
    for (size_t c = 0; c < n; c++)
      for (size_t i = 0; i < N; i++)
        Z[(k * n + c) * N + i] = Y[(k * N + i) * n + c];
}

/* The layers below are those of the parts; the last two are 0 for now. */
static ntk_status make_whole(ntk_context *context, const ntk_network_spec *spec,
                             const ntk_network *part, ntk_network **whole) {
  const size_t L = spec->depth;
  size_t parameters = 0;
  void *pointer = NULL;
  NTK_TRY(ntk_architecture_check(spec, &parameters));
  NTK_TRY(ntk_alloc(context, parameters, sizeof(double), "the weights", &pointer));
  const double *zeros = memset(pointer, 0, parameters * sizeof(double));
  const double **W = NULL;
  ntk_status status = ntk_alloc(context, 2 * L, sizeof *W, "the weights", &pointer);
  if (status == NTK_OK) {
    W = pointer;
    for (size_t l = 1; l <= L; l++) {
      W[l - 1] = l + 1 < L ? part->W[l] : zeros;
      W[L + l - 1] = !ntk_spec_bias(spec, l) ? NULL : l + 1 < L ? part->b[l] : zeros;
    }
    status = ntk_network_from_weights(context, spec, W, W + L, whole);
  }
  ntk_free(context, W);
  ntk_free(context, (void *)zeros);
  return status;
}

/* The parts' units into the whole, halves beside halves. */
static void place(const ntk_network *const *part, ntk_network *whole) {
  const size_t L = whole->depth, n = whole->width[L], all = whole->width[L - 1];
  const size_t own = all / n, m = own / 2;
  for (size_t c = 0; c < n; c++)
    for (size_t j = 0; j < own; j++) {
      const size_t unit = j < m ? c * m + j : all / 2 + c * m + (j - m);
      for (size_t i = 0; i < ntk_network_rows(whole, L - 1); i++)
        whole->W[L - 1][i * all + unit] = part[c]->W[L - 1][i * own + j];
      whole->W[L][unit * n + c] = part[c]->W[L][j];
    }
}

/* What is the same for all parts, and the sums and the worst of what is each one's. */
static void combine(const ntk_memorize_result *part, size_t n, ntk_memorize_result *whole) {
  const ntk_memorize_seconds *first = &part[0].seconds;
  *whole = part[0];
  for (size_t c = 1; c < n; c++) {
    const ntk_memorize_result *r = &part[c];
    if (whole->reached && !r->reached)
      memcpy(whole->reason, r->reason, sizeof whole->reason); /* the first is told */
    whole->reached = whole->reached && r->reached;
    whole->max_error = r->max_error > whole->max_error ? r->max_error : whole->max_error;
    whole->rounding = r->rounding > whole->rounding ? r->rounding : whole->rounding;
    whole->margin = fmin(whole->margin, r->margin); /* all NaN, or none */
    whole->separation = fmin(whole->separation, r->separation);
    whole->separation_bound = fmin(whole->separation_bound, r->separation_bound);
    whole->support += r->support;
    whole->steps += r->steps;
    whole->t = fmin(whole->t, r->t);
    whole->corrections += r->corrections;
    whole->seconds.solve += r->seconds.solve;
    whole->seconds.evaluate += r->seconds.evaluate;
    whole->seconds.total += r->seconds.total - first->kernel - first->factor - first->condition;
  }
}

/* Both errors again, of the weights as they are now: ||F_L - Y||_F / ||Y||_F; of labels that are
 * all 0 that of the difference. */
static ntk_status measure(const ntk_network *whole, const ntk_dataset *data, const double *Y,
                          ntk_memorize_result *result) {
  const size_t count = data->N * whole->width[whole->depth];
  double *F = NULL, most = 0.0, error = 0.0, size = 0.0;
  NTK_TRY(ntk_alloc_doubles(whole->context, count, "outputs", &F));
  const ntk_status status = ntk_network_output(whole, data, F);
  result->max_error = 0.0;
  for (size_t i = 0; i < count; i++)
    most = fmax(most, fabs(Y[i]));
  const double unit = most > 0.0 ? most : 1.0;
  for (size_t i = 0; i < count && status == NTK_OK; i++) {
    const double off = fabs(F[i] - Y[i]);
    result->max_error = isnan(off) ? INFINITY : fmax(result->max_error, off);
    error += off / unit * (off / unit);
    size += Y[i] / unit * (Y[i] / unit);
  }
  result->relative_error = isnan(error) ? INFINITY : sqrt(error / (most > 0.0 ? size : 1.0));
  ntk_free(whole->context, F);
  return status;
}

/* Of one label set: n parts into *whole. */
static ntk_status join(ntk_context *context, const ntk_network_spec *spec, const ntk_dataset *data,
                       const double *Y, ntk_network *const *part, const ntk_memorize_result *found,
                       ntk_network **whole, ntk_memorize_result *result) {
  ntk_network *made = NULL;
  NTK_TRY(make_whole(context, spec, part[0], &made));
  place((const ntk_network *const *)part, made);
  combine(found, ntk_spec_width(spec, spec->depth), result);
  const ntk_status status = measure(made, data, Y, result);
  if (status == NTK_OK)
    *whole = made;
  else
    ntk_network_destroy(made);
  return status;
}

typedef struct parts {
  double *Z; /* count n label vectors */
  ntk_network **network;
  ntk_memorize_result *result;
} parts;

static ntk_status make_room(ntk_context *context, size_t N, size_t vectors, parts *p) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, vectors, sizeof(ntk_network *), "networks", &pointer));
  p->network = memset(pointer, 0, vectors * sizeof(ntk_network *));
  NTK_TRY(ntk_alloc(context, vectors, sizeof *p->result, "results", &pointer));
  p->result = pointer;
  size_t entries = 0;
  NTK_TRY(ntk_size_multiply(N, vectors, "labels", &entries));
  return ntk_alloc_doubles(context, entries, "labels", &p->Z);
}

typedef struct asked {
  ntk_context *context;
  const ntk_network_spec *spec;
  const ntk_dataset *data;
  const double *Y; /* count x N x n_L */
  size_t count;
} asked;

/* results, made: count of each, made all NULL. */
static ntk_status fit_parts(const asked *of, const ntk_memorize_options *options, parts *p,
                            ntk_network **made, ntk_memorize_result *results) {
  const size_t N = of->data->N, n = ntk_spec_width(of->spec, of->spec->depth);
  ntk_memorize_options each = *options;
  ntk_network_spec part;
  each.eps = options->absolute ? options->eps / sqrt((double)n) : options->eps;
  split_labels(of->Y, N, n, of->count, p->Z);
  NTK_TRY(ntk_labels_check(p->Z, N, of->count * n));
  NTK_TRY(ntk_memorize_part(of->context, of->spec, &part));
  ntk_status status = ntk_memorize_vectors(of->context, &part, of->data, p->Z, of->count * n, &each,
                                           p->network, p->result);
  for (size_t k = 0; k < of->count && status == NTK_OK; k++)
    status = join(of->context, of->spec, of->data, of->Y + k * N * n, p->network + k * n,
                  p->result + k * n, &made[k], &results[k]);
  ntk_free(of->context, (void *)part.width);
  return status;
}

static ntk_status fit_outputs(const asked *of, const ntk_memorize_options *options,
                              ntk_network **networks, ntk_memorize_result *results) {
  const size_t n = ntk_spec_width(of->spec, of->spec->depth);
  parts p = {0}, whole = {0};
  size_t vectors = 0;
  NTK_TRY(ntk_size_multiply(of->count, n, "label vectors", &vectors));
  ntk_status status = make_room(of->context, of->data->N, vectors, &p);
  if (status == NTK_OK)
    status = make_room(of->context, 1, of->count, &whole);
  if (status == NTK_OK)
    status = fit_parts(of, options, &p, whole.network, whole.result);
  for (size_t k = 0; k < of->count && status == NTK_OK; k++) {
    networks[k] = whole.network[k];
    results[k] = whole.result[k];
  }
  for (size_t k = 0; k < of->count && status != NTK_OK && whole.network != NULL; k++)
    ntk_network_destroy(whole.network[k]);
  for (size_t k = 0; k < vectors && p.network != NULL; k++)
    ntk_network_destroy(p.network[k]);
  void *const held[] = {p.Z, p.result, p.network, whole.Z, whole.result, whole.network};
  for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
    ntk_free(of->context, held[i]);
  return status;
}

/* ---- What is asked --------------------------------------------------------------------------- */

/* Of the network whose layers are taken. */
static ntk_status check_below(const ntk_network_spec *spec, const ntk_network *below) {
  bool same = below->depth == spec->depth;
  for (size_t l = 0; same && l < spec->depth; l++)
    same = below->width[l] == spec->width[l] &&
           (l == 0 || below->bias[l - 1] == ntk_spec_bias(spec, l));
  if (same)
    return NTK_OK;
  return ntk_fail(NTK_ERR_SHAPE, "the network whose layers are to stay has other widths or biases; "
                                 "accepted: those of the network wanted");
}

static ntk_status check_spec(const ntk_network_spec *spec, const ntk_dataset *data,
                             const ntk_network *below) {
  size_t parameters = 0;
  NTK_TRY(ntk_memorize_check(spec, &parameters));
  if (below != NULL)
    NTK_TRY(check_below(spec, below));
  return ntk_dim_check(data, spec->width[0]);
}

/* A margin's labels are 1 and -1, all `count` of Y. */
static ntk_status check_margin(const ntk_memorize_options *o, const double *Y, size_t count) {
  ntk_mode mode;
  if (o->margin == 0.0)
    return NTK_OK;
  if (!(o->margin >= 1e-100 && o->margin <= 1e100)) /* whose squares are doubles, too */
    return ntk_fail_about(
        ntk_fail(NTK_ERR_ARGUMENT, "the margin is %g; accepted: from 1e-100 to 1e+100", o->margin),
        (ntk_error){.option = "margin"});
  NTK_TRY(ntk_mode_find(o->precision, &mode));
  if (o->iterative || mode == NTK_MODE_MIXED)
    return ntk_fail(NTK_ERR_ARGUMENT, "a margin is found with factors in double; accepted: the "
                                      "precision auto or double, and no iterative solves");
  for (size_t i = 0; i < count; i++)
    if (fabs(Y[i]) != 1.0)
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "label %zu (from 1) is %g; a margin takes 1 and -1, or classes", i + 1, Y[i]);
  return NTK_OK;
}

ntk_status ntk_memorize(ntk_context *context, const ntk_network_spec *spec, const ntk_dataset *data,
                        const double *Y, size_t count, const ntk_memorize_options *options,
                        ntk_network **networks, ntk_memorize_result *results) {
  ntk_memorize_options o = options != NULL ? *options : (ntk_memorize_options){0};
  o.eps = o.eps != 0.0 ? o.eps : EPS;
  o.corrections = o.corrections > 0 ? o.corrections : CORRECTIONS;
  if (!(o.eps > 0.0) || isinf(o.eps))
    return ntk_fail(NTK_ERR_ARGUMENT, "eps is %g; accepted: above 0", o.eps);
  if (count == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "no label vector; accepted: 1 and up");
  NTK_TRY(check_spec(spec, data, o.below));
  const size_t n = ntk_spec_width(spec, spec->depth);
  const bool several = n > 1;
  NTK_TRY(check_margin(&o, Y, data->N * n * count)); /* which are there */
  if (!several)
    NTK_TRY(ntk_labels_check(Y, data->N, count));
  const ntk_status status =
      several ? fit_outputs(&(asked){context, spec, data, Y, count}, &o, networks, results)
              : ntk_memorize_vectors(context, spec, data, Y, count, &o, networks, results);
  return ntk_ranks_agree(context, status, ntk_ranks_what("memorizing", data->N, count, 0));
}
