/* The CPU backend's training step: memory, threads and the order of things; the arithmetic is in
 * step_real_lanes.c and update_real_lanes.c.
 *
 * Threads take chunks of rows, each with a gradient of its own; these are added up in their order.
 * The chunks depend on N and the widths alone. */
#include "kernel/cpu/cpu.h"

#include "base/memory.h"
#include "kernel/cpu/step.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static ntk_step *step_of(const ntk_descent *descent) {
  return descent->state;
}

/* A pass over the parameters: slices of so many reals go to threads, when there are enough. */
enum { SLICE = 1 << 14, PARALLEL_FROM = 1 << 17, ZEROED = 1 << 24 };

/* ---- Memory ---------------------------------------------------------------------------------- */

static size_t workspaces(const ntk_step *step, int threads) {
  return (size_t)threads < step->chunks ? (size_t)threads : step->chunks;
}

/* count reals, all 0. */
static ntk_status allocate_slot(const ntk_descent *descent, size_t count, void **array) {
  const size_t size = step_of(descent)->code->size, bytes = count * size;
  NTK_TRY(ntk_alloc(descent->context, count, size, "training", array));
  for (size_t at = 0; at < bytes; at += ZEROED) { /* pages that come into being: may take long */
    NTK_TRY(ntk_progress_poll(descent->context, "training", 0.0));
    memset((unsigned char *)*array + at, 0, bytes - at < ZEROED ? bytes - at : ZEROED);
  }
  return NTK_OK;
}

static ntk_status allocate_all(ntk_descent *descent) {
  ntk_step *step = step_of(descent);
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(descent->context, step->chunks, sizeof(double), "training", &pointer));
  step->sums = pointer;
  NTK_TRY(allocate_slot(descent, step->data, &step->X));
  NTK_TRY(allocate_slot(descent, step->rows * step->outputs, &step->Y));
  NTK_TRY(allocate_slot(descent, step->parameters, &step->theta));
  NTK_TRY(allocate_slot(descent, step->parameters, &step->m));
  NTK_TRY(allocate_slot(descent, step->parameters, &step->v));
  NTK_TRY(allocate_slot(descent, step->chunks * step->parameters, &step->gradient));
  NTK_TRY(allocate_slot(descent, step->packed_count, &step->packed));
  return allocate_slot(descent, workspaces(step, descent->context->threads) * step->workspace_count,
                       &step->workspace);
}

double cpu_descent_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         const ntk_share *share, ntk_precision precision) {
  ntk_step step = {0};
  if (ntk_step_plan(spec, ntk_share_most(share), ntk_step_best(precision), &step) != NTK_OK)
    return INFINITY;
  const bool rates = spec->scale != NULL || spec->parameterization != NULL;
  const double reals = (double)step.data + (double)step.rows * (double)step.outputs +
                       (double)(3 + rates + step.chunks) * (double)step.parameters +
                       (double)step.packed_count +
                       (double)workspaces(&step, context->threads) * (double)step.workspace_count;
  return (double)step.code->size * reals + (double)sizeof(double) * (double)step.chunks +
         (double)sizeof(ntk_step_layer) * (double)(spec->depth + 1) + (double)sizeof step;
}

void cpu_descent_destroy(ntk_descent *descent) {
  ntk_step *step = step_of(descent);
  if (step == NULL)
    return;
  void *const arrays[] = {step->layer,  step->sums,      step->X,   step->Y,
                          step->theta,  step->m,         step->v,   step->gradient,
                          step->packed, step->workspace, step->rate};
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
    ntk_free(descent->context, arrays[i]);
  ntk_free(descent->context, step);
  descent->state = NULL;
}

/* ---- Numbers in and out ---------------------------------------------------------------------- */

static void set(const ntk_step *step, void *array, size_t i, double value) {
  if (step->code->size == sizeof(float))
    ((float *)array)[i] = (float)value;
  else
    ((double *)array)[i] = value;
}

static double get(const ntk_step *step, const void *array, size_t i) {
  return step->code->size == sizeof(float) ? (double)((const float *)array)[i]
                                           : ((const double *)array)[i];
}

static void *slot_array(const ntk_step *step, int slot) {
  void *const arrays[] = {[NTK_SLOT_THETA] = step->theta,
                          [NTK_SLOT_GRADIENT] = step->gradient,
                          [NTK_SLOT_M] = step->m,
                          [NTK_SLOT_V] = step->v};
  return arrays[slot];
}

/* Where entry (i, j) of [W_l; b_l] is in arrays like theta. */
static size_t place_of(const ntk_step *step, size_t l, size_t i, size_t j) {
  const ntk_step_layer *layer = &step->layer[l];
  return l == step->L ? ntk_step_entry(step->code, layer, j, i)
                      : ntk_step_entry(step->code, layer, i, j);
}

static size_t rows_of(const ntk_step *step, size_t l) {
  return l == step->L ? step->layer[l].n : step->layer[l].rows;
}

void cpu_descent_read(const ntk_descent *descent, int slot, double *values) {
  const ntk_step *step = step_of(descent);
  const void *array = slot_array(step, slot);
  for (size_t l = 1; l <= step->L; l++)
    for (size_t i = 0; i < rows_of(step, l); i++)
      for (size_t j = 0; j < step->layer[l].units; j++)
        *values++ = get(step, array, place_of(step, l, i, j));
}

void cpu_descent_write(ntk_descent *descent, int slot, const double *values) {
  ntk_step *step = step_of(descent);
  void *array = slot_array(step, slot);
  for (size_t l = 1; l <= step->L; l++)
    for (size_t i = 0; i < rows_of(step, l); i++)
      for (size_t j = 0; j < step->layer[l].units; j++)
        set(step, array, place_of(step, l, i, j), *values++);
  step->stale = true;
}

/* The scales of the blocks, where they are not all 1. */
static ntk_status set_rates(ntk_descent *descent) {
  const ntk_network *network = descent->network;
  ntk_step *step = step_of(descent);
  bool same = true;
  for (size_t l = 1; l <= step->L; l++)
    same = same && network->scale[2 * l - 2] == 1.0 &&
           (!step->layer[l].bias || network->scale[2 * l - 1] == 1.0);
  if (same)
    return NTK_OK;
  NTK_TRY(allocate_slot(descent, step->parameters, &step->rate));
  for (size_t l = 1; l <= step->L; l++)
    for (size_t i = 0; i < rows_of(step, l); i++)
      for (size_t j = 0; j < step->layer[l].units; j++)
        set(step, step->rate, place_of(step, l, i, j),
            network->scale[2 * l - 2 + (i == network->width[l - 1])]);
  return NTK_OK;
}

static ntk_status set_data(const ntk_descent *descent) {
  const ntk_step *step = step_of(descent);
  const ntk_step_layer *input = &step->layer[0];
  const size_t d = input->units, n_L = step->outputs;
  for (size_t i = 0; i < step->N; i++) {
    NTK_TRY(ntk_progress_poll(descent->context, "training", 0.0));
    for (size_t j = 0; j < d; j++)
      set(step, step->X, i * input->ld + j, descent->X[i * d + j]);
    if (step->layer[1].bias)
      set(step, step->X, i * input->ld + d, 1.0);
    for (size_t c = 0; c < n_L; c++)
      set(step, step->Y, i * n_L + c, descent->Y[i * n_L + c]);
  }
  return NTK_OK;
}

ntk_status ntk_step_create(ntk_descent *descent, const ntk_step_code *code) {
  const ntk_network *network = descent->network;
  const ntk_network_spec spec = ntk_spec_of(network);
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(descent->context, 1, sizeof(ntk_step), "training", &pointer));
  ntk_step *step = pointer;
  *step = (ntk_step){.activation = network->activation};
  descent->state = step;
  NTK_TRY(
      ntk_alloc(descent->context, network->depth + 1, sizeof *step->layer, "training", &pointer));
  step->layer = pointer;
  NTK_TRY(ntk_step_plan(&spec, descent->N, code, step));
  NTK_TRY(allocate_all(descent));
  NTK_TRY(set_rates(descent));
  NTK_TRY(set_data(descent));
  cpu_descent_write(descent, NTK_SLOT_THETA, network->theta);
  return NTK_OK;
}

ntk_status cpu_descent_create(ntk_descent *descent) {
  return ntk_step_create(descent, ntk_step_best(descent->precision));
}

/* ---- An epoch -------------------------------------------------------------------------------- */

static void *at(const ntk_step *step, void *array, size_t i) {
  return (unsigned char *)array + i * step->code->size;
}

/* A pass over samples. */
typedef struct pass {
  const ntk_step *step;
  const ntk_batch *batch;
  size_t chunks;
  bool one_sided;
} pass;

/* Rows from `from` up to `to`, of the chunk's workspace and gradient. */
static ntk_step_block block_of(const pass *p, size_t chunk, size_t from, size_t to) {
  const ntk_step *step = p->step;
  const size_t left = p->batch->count - from, rows = to - from;
  const bool some = p->batch->row != NULL;
  return (ntk_step_block){
      .row = some ? p->batch->row + from : NULL,
      .first = some ? 0 : from,
      .rows = rows,
      .count = left < rows ? left : rows,
      .scale = p->batch->scale,
      .one_sided = p->one_sided,
      .gradient = p->batch->loss ? NULL : at(step, step->gradient, chunk * step->parameters)};
}

/* Rows of a chunk, block by block; blocks of the same length, within NTK_STEP_ROWS. */
static void run_chunk(const pass *p, size_t chunk, void *workspace, ntk_watch *watch) {
  const ntk_step *step = p->step;
  const size_t all = (p->batch->count + NTK_STEP_ROWS - 1) / NTK_STEP_ROWS;
  const size_t first = chunk * all / p->chunks, end = (chunk + 1) * all / p->chunks;
  const size_t most = step->block / NTK_STEP_ROWS, blocks = (end - first + most - 1) / most;
  double sum = 0.0;
  for (size_t b = 0; b < blocks && ntk_watch_on(watch, (double)first / (double)all); b++) {
    const size_t from = first + b * (end - first) / blocks;
    const size_t to = first + (b + 1) * (end - first) / blocks;
    ntk_step_block block = block_of(p, chunk, from * NTK_STEP_ROWS, to * NTK_STEP_ROWS);
    block.begin = b == 0;
    block.workspace = workspace;
    step->code->block(step, &block);
    sum += block.sum;
  }
  step->sums[chunk] = sum;
}

static ntk_status run_chunks(ntk_descent *descent, const pass *p, double *sum) {
  ntk_step *step = step_of(descent);
  if (step->stale)
    step->code->pack(step);
  step->stale = false;
  ntk_watch watch = {.context = descent->context, .phase = "training"};
  const double flops =
      (p->batch->loss ? 2.0 : 6.0) * (double)p->batch->count * (double)step->parameters;
  const int threads = (int)workspaces(step, ntk_team_for(descent->context, flops));
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (size_t chunk = 0; chunk < p->chunks; chunk++)
    run_chunk(p, chunk,
              at(step, step->workspace, (size_t)omp_get_thread_num() * step->workspace_count),
              &watch);
  *sum = 0.0;
  for (size_t chunk = 0; chunk < p->chunks; chunk++)
    *sum += step->sums[chunk];
  return watch.status;
}

ntk_status cpu_descent_gradient(ntk_descent *descent, const ntk_batch *batch, double *sum) {
  const ntk_step *step = step_of(descent);
  const pass p = {.step = step,
                  .batch = batch,
                  .chunks = ntk_step_chunks(step, batch->count),
                  .one_sided = descent->one_sided};
  NTK_TRY(run_chunks(descent, &p, sum));
  if (p.chunks == 1 || batch->loss)
    return NTK_OK;
  const int threads = step->parameters < PARALLEL_FROM ? 1 : ntk_team(descent->context);
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (size_t first = 0; first < step->parameters; first += SLICE)
    step->code->reduce(step, p.chunks, first,
                       step->parameters - first < SLICE ? step->parameters - first : SLICE);
  return NTK_OK;
}

void cpu_descent_sums(const ntk_descent *descent, void **gradient, size_t *count) {
  const ntk_step *step = step_of(descent);
  *gradient = step->gradient;
  *count = step->parameters;
}

void cpu_descent_update(ntk_descent *descent, const ntk_update *update) {
  ntk_step *step = step_of(descent);
  const int threads = step->parameters < PARALLEL_FROM ? 1 : ntk_team(descent->context);
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (size_t first = 0; first < step->parameters; first += SLICE)
    step->code->update(step, update, first,
                       step->parameters - first < SLICE ? step->parameters - first : SLICE);
  step->stale = true;
}
