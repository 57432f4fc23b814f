#include "theory/plan/work.h"

#include "kernel/ends/extremes.h"
#include "kernel/ends/mixed.h"
#include "kernel/resolve/resolve.h"
#include "net/network.h"
#include "spectrum/davidson.h"
#include "spectrum/eigen.h"
#include "theory/spectrum/job.h"

#include <math.h>

/* What the eigensolvers take, which depends on the spectrum: of all kernels of docs/performance.md
 * between half and one and a half times this. Products for the largest eigenvalue, with the one for
 * its residual; solves for the smallest, of one vector or of blocks. */
static const double PRODUCTS = NTK_WORK_PRODUCTS, SOLVES = 50.0, BLOCK_SOLVES = 30.0;
/* Rows whose factor a cache holds, more or less. */
enum { CACHED = 3000 };
void ntk_put(ntk_work_list *list, const char *phase, ntk_work_kind kind, double flops, double bytes,
             double entries) {
  if (list->count < NTK_WORK_PHASES)
    list->work[list->count++] = (ntk_work){
        .phase = phase, .kind = kind, .flops = flops, .bytes = bytes, .entries = entries};
}

/* sum_l n_{l-1} n_l, all of it and of the layers above the first. */
double ntk_work_layers(const ntk_network_spec *spec, size_t first) {
  double sum = 0.0;
  for (size_t l = first; l <= spec->depth; l++)
    sum += (double)spec->width[l - 1] * (double)ntk_spec_width(spec, l);
  return sum;
}

/* F_l forward; B_l backward from B_{L-1}, which is W_L o phi' and no product. The bytes they take.
 */
double ntk_put_features(const ntk_network_spec *spec, ntk_outputs outputs, size_t N,
                        ntk_work_list *list) {
  const double n = (double)N;
  double flops = 2.0 * n * ntk_work_layers(spec, 1), numbers = 0.0;
  for (size_t l = 1; l < spec->depth; l++) {
    const double copies = (double)ntk_copies(spec, outputs, l);
    numbers += n * (double)spec->width[l] * (1.0 + copies);
    if (l + 1 < spec->depth)
      flops += 2.0 * n * copies * (double)spec->width[l] * (double)spec->width[l + 1];
  }
  ntk_put(list, "features", NTK_WORK_FORWARD, flops,
          8.0 * (n * (double)spec->width[0] + 2.0 * numbers), numbers);
  ntk_pass_norms(spec, (double)ntk_kernel_rows(spec, outputs, N), list);
  return 8.0 * numbers;
}

/* Blocks first to last of K, m x m: a Gram matrix of F_k, and one of B_{k+1} unless it is 1. */
static void put_blocks(const ntk_network_spec *spec, ntk_outputs outputs, double m, size_t first,
                       size_t last, const char *phase, ntk_work_list *list) {
  double columns = 0.0, factors = 0.0, of_samples = 0.0, of_rows = 0.0, handed = 0.0;
  for (size_t k = first; k <= last; k++) {
    const double back = (double)ntk_back_width(spec, outputs, k + 1);
    columns += (double)spec->width[k];
    factors += 1.0;
    of_samples += (double)spec->width[k];
    of_rows += k + 1 < spec->depth ? back : 0.0; /* the last B is known to all */
    handed += k + 1 < spec->depth ? 2.0 : 1.0;
    const bool ones = k + 1 == spec->depth &&
                      (outputs == NTK_OUTPUTS_TRACE || ntk_spec_width(spec, spec->depth) == 1);
    columns += ones ? 0.0 : back;
    factors += ones ? 0.0 : 1.0;
  }
  ntk_put(list, phase, NTK_WORK_KERNEL, m * m * columns, 4.0 * m * m + 8.0 * m * columns,
          0.5 * m * m * factors);
  ntk_pass_rows(m / (double)ntk_kernel_rows(spec, outputs, 1), of_samples, m, of_rows, handed,
                list);
}

void ntk_put_kernel(const ntk_network_spec *spec, ntk_outputs outputs, double m, const char *phase,
                    ntk_work_list *list) {
  put_blocks(spec, outputs, m, 0, spec->depth - 1, phase, list);
}

void ntk_put_factor(double m, bool single, const char *phase, ntk_work_list *list) {
  ntk_put(list, phase, single ? NTK_WORK_SINGLE : NTK_WORK_FACTOR, m * m * m / 3.0,
          (single ? 4.0 : 8.0) * m * m, 0.5 * m * m);
  ntk_pass_factor(m, single, list);
}

/* Each pass over the factor, or K, is one over 4 m^2 bytes; a solve is two. */
void ntk_put_solves(double m, double times, double vectors, const char *phase,
                    ntk_work_list *list) {
  ntk_put(list, phase, m < CACHED ? NTK_WORK_CACHED : NTK_WORK_SOLVE, times * 2.0 * m * m * vectors,
          times * 8.0 * m * m, 0.0);
  ntk_pass_solves(m, times, vectors, list);
}

void ntk_put_products(double m, double times, const char *phase, ntk_work_list *list) {
  ntk_put(list, phase, NTK_WORK_PRODUCT, times * 2.0 * m * m, times * 4.0 * m * m, 0.0);
  ntk_pass_products(m, times, 1.0, list);
}

/* J (C (J^T v)). */
void ntk_put_passes(const ntk_network_spec *spec, ntk_outputs outputs, size_t N, double times,
                    const char *phase, ntk_work_list *list) {
  ntk_put(list, phase, NTK_WORK_PASSES, times * 4.0 * (double)N * ntk_work_layers(spec, 1), 0.0,
          0.0);
  ntk_pass_sums(ntk_work_inner(spec, outputs), 8.0, (double)ntk_kernel_rows(spec, outputs, N),
                times, 2.0, list);
}

static size_t order_of(double m) {
  return m < 0x1p63 ? (size_t)m : 0;
}

/* A step reads the basis that such an eigensolver holds, half full on average, four times. */
static void put_vectors(double held, double steps, ntk_work_list *list) {
  list->work[list->count - 1].passing.vectors = 2.0 * held * steps;
}

static void put_smallest(double m, ntk_work_list *list) {
  const double vectors = m < 0x1p63 ? (double)ntk_eigen_block((size_t)m) : 1.0;
  const double steps = vectors > 1.0 ? BLOCK_SOLVES : SOLVES;
  ntk_put_solves(m, steps, vectors, "smallest eigenvalue", list);
  put_vectors((double)ntk_eigen_bytes(order_of(m)), steps, list);
}

/* LAPACK's reduction to three diagonals: half of it is products with what is left of the matrix,
 * from memory, and the other half as fast as a factorisation. Over ranks each of m columns is
 * handed to all, and a product summed. */
static void put_full(double m, ntk_work_list *list) {
  ntk_put(list, "whole spectrum", NTK_WORK_FACTOR, 2.0 / 3.0 * m * m * m, 0.0, 0.0);
  ntk_put(list, "whole spectrum", NTK_WORK_FACTOR, 0.0, 4.0 / 3.0 * m * m * m, 0.0);
  ntk_pass(list, (ntk_passing){.waited = 12.0 * m * m, .messages = 2.0 * m});
}

/* So many vectors a step, of which four read K, or the factor, together. */
static void put_density(const ntk_spectrum_options *o, double m, bool solves, ntk_work_list *list) {
  size_t probes, steps;
  if (!o->density)
    return;
  ntk_job_density_numbers(o, m < 0x1p63 ? (size_t)m : SIZE_MAX, &probes, &steps);
  const double times = fmin((double)steps, m), reads = times * ceil((double)probes / 4.0);
  if (solves)
    ntk_put_solves(m, reads, (double)probes / ceil((double)probes / 4.0), "density by solves",
                   list);
  else {
    ntk_put(list, "density by products", NTK_WORK_PRODUCT, times * 2.0 * m * m * (double)probes,
            reads * 4.0 * m * m, 0.0);
    ntk_pass_products(m, times, (double)probes, list);
  }
}

/* By the first rows of the factor that there is; of so many samples those that are given. */
static void put_prefixes(const ntk_spectrum_options *o, size_t N, double m, bool keeps,
                         const ntk_network_spec *spec, ntk_work_list *list) {
  const double one = m / (double)N; /* rows of a sample */
  double squares = 0.0, rows = 0.0;
  for (size_t p = 0; p < o->prefix_count; p++) {
    squares += pow(one * (double)o->prefixes[p], 2.0);
    rows += one * (double)o->prefixes[p];
  }
  if (o->prefix_count == 0)
    return;
  ntk_put_solves(sqrt(squares), SOLVES, 1.0, "smallest eigenvalue", list);
  ntk_pass_solves(rows, SOLVES, 1.0, list);
  if (keeps)
    ntk_put_products(m, (double)o->prefix_count, "smallest eigenvalue", list);
  else
    ntk_put_passes(spec, o->outputs, N, (double)o->prefix_count, "smallest eigenvalue", list);
}

/* Each block of its own, but those known to be singular; of a deep network, for which the list has
 * no room, the last one stands for those after it, too. */
static void put_every_block(const ntk_network_spec *spec, ntk_outputs outputs, double m,
                            ntk_work_list *list) {
  enum { OTHERS = 16 };
  for (size_t l = 1; l <= spec->depth; l++) {
    if (m > (double)ntk_spec_rows(spec, l) * (double)ntk_back_width(spec, outputs, l))
      continue;
    ntk_work_list block = {0};
    put_blocks(spec, outputs, m, l - 1, l - 1, "kernel", &block);
    ntk_put_factor(m, false, "factorisation", &block);
    put_smallest(m, &block);
    if (list->count + OTHERS < NTK_WORK_PHASES)
      list->count += block.count;
    ntk_work *to = list->work + list->count - block.count;
    for (size_t k = 0; k < block.count; k++) {
      ntk_work_add(&block.work[k], &to[k], 1.0);
      to[k] = block.work[k];
    }
  }
}

/* K is not made, unless it is asked for as such. */
static void put_singular(const ntk_network_spec *spec, size_t N, double m,
                         const ntk_spectrum_options *o, ntk_work_list *list) {
  if (o->full || o->density)
    ntk_put_kernel(spec, o->outputs, m, "kernel", list);
  if (o->full)
    put_full(m, list);
  put_density(o, m, false, list);
  ntk_put_passes(spec, o->outputs, N, PRODUCTS, "largest eigenvalue", list);
}

/* Columns of J solved with a factor, and K' summed of them; the next factor, and its product with
 * the one before. */
ntk_work ntk_work_round(const ntk_network_spec *spec, ntk_outputs outputs, size_t N) {
  const double m = (double)ntk_kernel_rows(spec, outputs, N);
  return (ntk_work){.phase = "resolving",
                    .kind = NTK_WORK_FACTOR,
                    .flops = 2.0 * m * m * ntk_resolve_columns(spec, outputs) + m * m * m,
                    .bytes = 24.0 * m * m,
                    .entries = 1.5 * m * m};
}

/* K and a factor first, then one round, which usually suffices. */
static void put_resolve(const ntk_network_spec *spec, size_t N, double m,
                        const ntk_spectrum_options *o, ntk_work_list *list) {
  ntk_work_list again = {0};
  (void)ntk_put_features(spec, o->outputs, N, &again);
  ntk_put_kernel(spec, o->outputs, m, "resolving", &again);
  for (size_t i = 0; i < again.count; i++)
    ntk_put(list, again.work[i].phase, again.work[i].kind, again.work[i].flops, again.work[i].bytes,
            again.work[i].entries);
  const ntk_work one = ntk_work_round(spec, o->outputs, N);
  ntk_put(list, one.phase, one.kind, one.flops, one.bytes, one.entries);
  put_smallest(m, list);
}

bool ntk_work_singular(const ntk_network_spec *spec, ntk_outputs outputs, size_t N) {
  ntk_symmetry symmetry;
  bool linear = false;
  (void)ntk_spec_laws(spec, &symmetry, &linear);
  return ntk_known_singular(spec, outputs, linear, N);
}

void ntk_work_spectrum(const ntk_network_spec *spec, size_t N, const ntk_spectrum_options *options,
                       ntk_work_list *list) {
  static const ntk_spectrum_options defaults;
  const ntk_spectrum_options *o = options != NULL ? options : &defaults;
  const double m = (double)ntk_kernel_rows(spec, o->outputs, N);
  *list = (ntk_work_list){0};
  const double features = ntk_put_features(spec, o->outputs, N, list);
  const bool keeps = ntk_keeps_kernel(4.0 * m * m, features);
  if (ntk_work_singular(spec, o->outputs, N)) {
    put_singular(spec, N, m, o, list);
    return;
  }
  if (o->per_block)
    put_every_block(spec, o->outputs, m, list);
  ntk_put_kernel(spec, o->outputs, m, "kernel", list);
  if (o->full)
    put_full(m, list);
  put_density(o, m, false, list);
  if (keeps && !o->resolve)
    ntk_put(list, "copying the kernel", NTK_WORK_PRODUCT, 0.0, 8.0 * m * m, 0.0);
  ntk_put_products(m, PRODUCTS, "largest eigenvalue", list);
  if (o->resolve) {
    put_resolve(spec, N, m, o, list);
    if (o->certify)
      ntk_put_enclosure(spec, o->outputs, N, m, list);
    return;
  }
  ntk_put_factor(m, false, "factorisation", list);
  put_smallest(m, list);
  if (!keeps) /* the residual then is a product with the features */
    ntk_put_passes(spec, o->outputs, N, 1.0, "products with the Jacobian", list);
  put_density(o, m, true, list);
  put_prefixes(o, N, m, keeps, spec, list);
  if (o->certify) {
    if (!keeps)
      ntk_put_kernel(spec, o->outputs, m, "proof for stored K", list);
    ntk_put_factor(m, false, "proof for stored K", list);
    ntk_put_proof(spec, o->outputs, N, keeps, list);
  }
}

/* K in single takes half the bytes; its eigenvalues are corrected by products in double. */
void ntk_work_mixed(const ntk_network_spec *spec, size_t N, const ntk_spectrum_options *options,
                    bool kept, ntk_work_list *list) {
  static const double LOOSE = 0.7, SEARCH = 3.0, INNER = 8.0;
  const double m = (double)ntk_kernel_rows(spec, options->outputs, N), half = 2.0 * m * m;
  const double vectors = m < 0x1p63 ? (double)ntk_eigen_block((size_t)m) : 1.0;
  const double blocks = LOOSE * (vectors > 1.0 ? BLOCK_SOLVES : SOLVES);
  const double inner = SEARCH * INNER;
  *list = (ntk_work_list){0};
  (void)ntk_put_features(spec, options->outputs, N, list);
  ntk_put_kernel(spec, options->outputs, m, "kernel", list);
  list->work[list->count - 1].single = !kept;
  if (kept)
    ntk_put(list, "copying the kernel", NTK_WORK_PRODUCT, 0.0, 3.0 * half, 0.0);
  ntk_put(list, "largest eigenvalue", NTK_WORK_PRODUCT, PRODUCTS * half,
          PRODUCTS * (kept ? 2.0 : 1.0) * half, 0.0);
  ntk_pass_products(m, PRODUCTS, 1.0, list);
  if (!kept)
    ntk_put_passes(spec, options->outputs, N, 1.0, "largest eigenvalue", list);
  ntk_put_factor(m, true, "factorisation", list);
  ntk_put(list, "smallest eigenvalue", NTK_WORK_SOLVE, (blocks * vectors + inner) * half,
          (blocks + inner) * 2.0 * half, 0.0);
  ntk_pass_solves(m, blocks + inner, (blocks * vectors + inner) / (blocks + inner), list);
  put_vectors(ntk_mixed_bytes(order_of(m)), blocks + inner, list);
  if (kept)
    ntk_put_products(m, SEARCH, "smallest eigenvalue", list);
  else
    ntk_put_passes(spec, options->outputs, N, SEARCH, "smallest eigenvalue", list);
}

/* How many products the search takes depends on the spectrum: about so many in those of
 * docs/decisions.md, the more the nearer (4) is to 1, and thousands of nearly equal rows; they grow
 * as the root of what a gap at the end of a spectrum is a part of it, which falls as N^(-2/3). What
 * is near K^{-1} has the columns of K of some samples, half of them made twice (kernel/subset.c).
 */
void ntk_work_operator(const ntk_network_spec *spec, size_t N, const ntk_spectrum_options *options,
                       ntk_work_list *list) {
  const ntk_lanczos_options one = {.block = 1, .count = 1};
  const size_t L = spec->depth;
  const double last =
      L < 2 ? 1.0 : (double)ntk_spec_width(spec, L - 2) * (double)ntk_spec_width(spec, L - 1);
  const double search = (40.0 + 700.0 * fmin(1.0, (double)N / last)) * cbrt((double)N / 3000.0);
  const double m = (double)ntk_kernel_rows(spec, options->outputs, N), per = m / (double)N;
  const double columns = 2.0 * ntk_shape_of(spec).columns;
  const double s = fmax(1.0, fmin(0.25 * (double)N, columns / per)) * per;
  ntk_work_list kernel = {0};
  *list = (ntk_work_list){0};
  (void)ntk_put_features(spec, options->outputs, N, list);
  ntk_put_kernel(spec, options->outputs, m, "preconditioner", &kernel);
  const ntk_work *all = &kernel.work[0]; /* of one triangle; these are whole columns */
  ntk_put(list, "preconditioner", NTK_WORK_KERNEL, 3.0 * s / m * all->flops, 24.0 * m * s,
          3.0 * s / m * all->entries);
  ntk_pass_rows(1.5 * s / per, (double)spec->width[0], 0.0, 0.0, 1.0, list); /* their X, to all */
  ntk_put(list, "preconditioner", NTK_WORK_FACTOR, 4.5 * m * s * s + 11.0 * s * s * s, 0.0, 0.0);
  list->work[list->count - 1].whole = 11.0 * s * s * s;
  ntk_pass_sums(s * s, 8.0, 2.0 * m, 1.0, 3.0, list);
  ntk_put_passes(spec, options->outputs, N, PRODUCTS, "largest eigenvalue", list);
  ntk_put_passes(spec, options->outputs, N, search, "smallest eigenvalue", list);
  put_vectors((double)ntk_davidson_bytes(order_of(m), &one), search, list);
  ntk_put(list, "smallest eigenvalue", NTK_WORK_SOLVE, search * 4.0 * m * s, search * 16.0 * m * s,
          0.0);
  ntk_pass_sums(s, 8.0, m, search, 2.0, list);
}

double ntk_work_flops(const ntk_work_list *list) {
  double flops = 0.0;
  for (size_t i = 0; i < list->count; i++)
    flops += list->work[i].flops;
  return flops;
}

ntk_rate *ntk_work_rate(ntk_machine *machine, ntk_work_kind kind) {
  ntk_rate *const rates[NTK_WORK_KINDS] = {
      [NTK_WORK_FORWARD] = &machine->forward,      [NTK_WORK_KERNEL] = &machine->kernel,
      [NTK_WORK_SINGLE] = &machine->factor_single, [NTK_WORK_FACTOR] = &machine->factor,
      [NTK_WORK_CACHED] = &machine->solve_cached,  [NTK_WORK_STEP] = &machine->step,
      [NTK_WORK_PASSES] = &machine->passes,        [NTK_WORK_SOLVE] = &machine->solve,
      [NTK_WORK_PRODUCT] = &machine->product,
  };
  return rates[kind];
}

bool ntk_work_by_bytes(ntk_work_kind kind) {
  return kind == NTK_WORK_SOLVE || kind == NTK_WORK_CACHED || kind == NTK_WORK_PRODUCT;
}

/* What is done with whole vectors is one thread's, as with one rank. */
static double with_ranks(const ntk_machine *machine, const ntk_passing *p, double computed) {
  const ntk_rate *network = &machine->network;
  return fmax(computed, p->hidden / network->rate) + p->waited / network->rate +
         p->messages * network->overhead +
         p->vectors / (machine->bandwidth / (double)machine->threads);
}

double ntk_work_seconds(const ntk_machine *machine, const ntk_work *work) {
  ntk_machine copy = *machine;
  const ntk_rate *r = ntk_work_rate(&copy, work->kind);
  if (!(r->rate > 0.0))
    return NAN; /* nothing is known */
  const double units = ntk_work_by_bytes(work->kind) ? work->bytes : work->flops;
  const double slower = work->single ? machine->peak / machine->peak_single : 1.0;
  const double threads = work->serial && machine->threads > 1 ? (double)machine->threads : 1.0;
  const double own = threads * slower * (units / r->rate + work->entries * r->overhead);
  const double streamed = ntk_work_by_bytes(work->kind) ? 0.0 : work->bytes / machine->bandwidth;
  const double computed = fmax(own, streamed) + machine->launch;
  return machine->network.rate > 0.0 ? with_ranks(machine, &work->passing, computed) : computed;
}
