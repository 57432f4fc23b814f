/* What a computation does, phase by phase: the one model of cost. A method is a list of phases; a
 * phase is work of one kind, whose rate is the machine's. */
#ifndef NTK_PLAN_WORK_H
#define NTK_PLAN_WORK_H

#include "base/ranks/share.h"
#include "base/status.h"

#include "ntkit/plan.h"

/* Kinds of work, each with a rate of its own: a member of ntk_machine. */
typedef enum ntk_work_kind {
  NTK_WORK_FORWARD, /* features: flops; for each number of them, phi */
  NTK_WORK_KERNEL,  /* Gram matrices: flops; for each entry of K in each of them, that it is kept */
  NTK_WORK_FACTOR,  /* flops; for each entry */
  NTK_WORK_SINGLE,  /* the same in float */
  NTK_WORK_STEP,    /* an epoch of training: flops; for each number of the features */
  NTK_WORK_PASSES,  /* products with J and J^T: flops */
  NTK_WORK_SOLVE,   /* bytes of the factor, */
  NTK_WORK_CACHED,  /* and of one that is small enough for caches */
  NTK_WORK_PRODUCT, /* bytes of K */
  NTK_WORK_KINDS
} ntk_work_kind;

/* What there is besides where several ranks share it (work_ranks.c): bytes of which each receives
 * all but its own share, while it computes or waiting for them; in so many messages, and so many
 * for each chunk of rows; and bytes of the eigensolver's vectors, which every rank has whole. */
typedef struct ntk_passing {
  double hidden, waited, messages, each, vectors;
} ntk_passing;

typedef struct ntk_work {
  const char *phase; /* as the progress callback has it */
  ntk_work_kind kind;
  double flops, bytes; /* bytes: to and from memory, were there no cache */
  double entries;      /* what the kind's overhead is for */
  bool single;         /* flops in float, of a kind whose rate is of double */
  bool alone;          /* done by one process, and not at all by several */
  bool serial;         /* by one thread */
  double whole;        /* flops of these that every rank does */
  ntk_passing passing;
} ntk_work;

enum { NTK_WORK_PHASES = 48 };
typedef struct ntk_work_list {
  size_t count;
  ntk_work work[NTK_WORK_PHASES];
} ntk_work_list;

/* ntk_spectrum, by K and its factor; by a factor in single, with K kept in double or not made; by
 * products alone; ntk_train of as many epochs as there may be, with what it asks of K before the
 * first and at those that are tracked; ntk_memorize of one label vector; mixed: by factors in
 * single. */
NTK_SIBLING void ntk_work_spectrum(const ntk_network_spec *spec, size_t N,
                                   const ntk_spectrum_options *options, ntk_work_list *list);
/* A round of resolve, of which the first is in it. */
ntk_work ntk_work_round(const ntk_network_spec *spec, ntk_outputs outputs, size_t N);
NTK_SIBLING void ntk_work_mixed(const ntk_network_spec *spec, size_t N,
                                const ntk_spectrum_options *options, bool kept,
                                ntk_work_list *list);
void ntk_work_operator(const ntk_network_spec *spec, size_t N, const ntk_spectrum_options *options,
                       ntk_work_list *list);
NTK_SIBLING void ntk_work_train(const ntk_network_spec *spec, size_t N,
                                const ntk_train_options *options, bool mixed, ntk_work_list *list);
NTK_SIBLING void ntk_work_memorize(const ntk_network_spec *spec, size_t N, bool mixed,
                                   ntk_work_list *list);
/* Whether such a training factorises K at all. */
bool ntk_work_train_factors(const ntk_network_spec *spec, size_t N,
                            const ntk_train_options *options);

/* Whether sizes tell that K is singular. (An activation that is none is refused elsewhere.) */
bool ntk_work_singular(const ntk_network_spec *spec, ntk_outputs outputs, size_t N);

/* All of it. */
NTK_SIBLING double ntk_work_flops(const ntk_work_list *list);
/* What the busiest rank has of it where the samples are shared so: passing is then the bytes and
 * messages that it receives itself. Of one rank all, and nothing passes. */
ntk_work ntk_work_of_rank(const ntk_work *work, const ntk_share *share);
/* The larger of what its rate, what the memory and what comes meanwhile take; and what is waited
 * for. */
NTK_SIBLING double ntk_work_seconds(const ntk_machine *machine, const ntk_work *work);
/* The member of the machine that has a kind's rate; whether its units are bytes. */
ntk_rate *ntk_work_rate(ntk_machine *machine, ntk_work_kind kind);
bool ntk_work_by_bytes(ntk_work_kind kind);

/* ---- What these lists are made of: work of one kind -------------------------------------------
 */

/* Products that the largest eigenvalue takes, more or less. */
#define NTK_WORK_PRODUCTS 6.0

/* sum_l n_{l-1} n_l from layer `first` on. */
double ntk_work_layers(const ntk_network_spec *spec, size_t first);

NTK_SIBLING void ntk_put(ntk_work_list *list, const char *phase, ntk_work_kind kind, double flops,
                         double bytes, double entries);
/* Returns the bytes that features take. */
double ntk_put_features(const ntk_network_spec *spec, ntk_outputs outputs, size_t N,
                        ntk_work_list *list);
void ntk_put_kernel(const ntk_network_spec *spec, ntk_outputs outputs, double m, const char *phase,
                    ntk_work_list *list);
void ntk_put_factor(double m, bool single, const char *phase, ntk_work_list *list);
/* Each of so many vectors, with the factor of m rows. */
void ntk_put_solves(double m, double times, double vectors, const char *phase, ntk_work_list *list);
void ntk_put_products(double m, double times, const char *phase, ntk_work_list *list);
/* J (C (J^T v)). */
void ntk_put_passes(const ntk_network_spec *spec, ntk_outputs outputs, size_t N, double times,
                    const char *phase, ntk_work_list *list);
/* The proof for the kernel in exact arithmetic; again: its features have to be made again. */
void ntk_put_proof(const ntk_network_spec *spec, ntk_outputs outputs, size_t N, bool again,
                   ntk_work_list *list);
/* Certificate and proof beside resolve, where K in double-double is not too large; m: rows. */
void ntk_put_enclosure(const ntk_network_spec *spec, ntk_outputs outputs, size_t N, double m,
                       ntk_work_list *list);
/* So many times that work more. */
void ntk_work_add(ntk_work *to, const ntk_work *work, double times);

/* ---- What passes between ranks, of the work that was put last: work_ranks.c -------------------
 */

void ntk_pass(ntk_work_list *list, ntk_passing passing);
void ntk_pass_norms(const ntk_network_spec *spec, double m, ntk_work_list *list);
/* For K: matrices that have a row for each of N samples, and for each of m rows of K. */
void ntk_pass_rows(double N, double samples_columns, double m, double rows_columns, double matrices,
                   ntk_work_list *list);
void ntk_pass_factor(double m, bool single, ntk_work_list *list);
void ntk_pass_solves(double m, double times, double vectors, ntk_work_list *list);
void ntk_pass_products(double m, double times, double vectors, ntk_work_list *list);
/* So many numbers of so many bytes that all ranks sum, and numbers that they collect. */
void ntk_pass_sums(double numbers, double bytes, double collected, double times, double messages,
                   ntk_work_list *list);
/* Numbers of J^T v: sum_l (n_{l-1}, and 1 of a bias) times the columns of B_l. */
double ntk_work_inner(const ntk_network_spec *spec, ntk_outputs outputs);

#endif
