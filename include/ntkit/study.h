/* study.h - studies: a quantity over a grid of points with many trials each, in worker processes,
 * kept in a database that survives any interruption; their tables, summaries and fits.
 *
 *   ntk_study *study;  ntk_study_status status;
 *   if (ntk_study_load("width.yaml", NULL, 0, &study) == NTK_OK &&
 *       ntk_study_run(study, "width.db", NULL, &status) == NTK_OK)   // again: goes on where it was
 *     printf("%zu of %zu trials\n", status.done, status.total);
 *   // ntk_study_status_clear, ntk_study_destroy
 *
 * Conventions are those of ntkit.h. The format of study files and the schema of the database are in
 * docs/studies.md. */
#ifndef NTKIT_STUDY_H
#define NTKIT_STUDY_H

#include "ntkit/verify.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What a study asks ----------------------------------------------------------------------- */

/* A row of the table of quantities. */
typedef struct ntk_quantity_info {
  const char *name;    /* lambda_min, lambda_max, condition, per_block, final_loss, ... */
  const char *summary; /* one line */
} ntk_quantity_info;
NTK_API const ntk_quantity_info *ntk_quantity_list(size_t *count);

/* A study file, read and resolved: every point of the grid with its network and data. */
typedef struct ntk_study ntk_study;

/* Reads a YAML file. overrides: `count` texts "key=value" that replace what the file says, e.g.
 * "grid.N=1000,2000", "trials=3", "network.activation=tanh". NTK_ERR_FILE for what cannot be read,
 * NTK_ERR_FORMAT for what is no YAML, NTK_ERR_ARGUMENT and others of ntkit.h for keys and values
 * that are not accepted, each with its line. */
NTK_API ntk_status ntk_study_load(const char *path, const char *const *overrides, size_t count,
                                  ntk_study **study);
/* The same from text; name stands for the path in messages. NTK_ERR_ARGUMENT, _FORMAT, _FILE,
 * _SHAPE, _LIMIT, _MEMORY. */
NTK_API ntk_status ntk_study_parse(const char *text, const char *name, const char *const *overrides,
                                   size_t count, ntk_study **study);
NTK_API void ntk_study_destroy(ntk_study *study);
NTK_API const char *ntk_study_name(const ntk_study *study);
NTK_API size_t ntk_study_points(const ntk_study *study);
NTK_API size_t ntk_study_trials(const ntk_study *study); /* of each point */
/* Flops of all its trials, predicted: the order of magnitude, for how long a training goes on is
 * not known before. NTK_OK: what a study cannot be, NTK_ERR_ARGUMENT say, loading it refused. */
NTK_API ntk_status ntk_study_flops(const ntk_study *study, double *flops);

/* ---- Running it ------------------------------------------------------------------------------ */

typedef struct ntk_study_progress {
  size_t total, done, failed; /* trials of this shard; these two: now, earlier runs included */
  size_t in_flight;           /* trials being computed */
  size_t finished;            /* by this run */
  size_t before;              /* done before this run began */
  size_t tasks, partial;      /* that it computes; of these, such as lack a quantity alone */
  double elapsed;             /* seconds of this run */
  double rate;                /* trials a second of this run; NaN: not known yet */
  double left;                /* seconds, by predicted cost; NaN: not known yet */
  double fraction;            /* of the predicted cost, 0..1 */
} ntk_study_progress;

/* Called a few times a second from the thread that runs the study. Return false to stop: what has
 * finished is written, what has not is left for the next run, NTK_ERR_CANCELLED is returned. */
typedef bool (*ntk_study_progress_fn)(const ntk_study_progress *progress, void *user);

typedef struct ntk_study_options {
  int workers;          /* processes, each with one thread; 0: one per core */
  size_t memory_limit;  /* bytes for all workers together; 0: what the machine has available */
  size_t shard, shards; /* this run does shard 1..shards of the trials; 0, 0: all of them */
  bool retry;           /* trials that failed before as well */
  bool other_code;      /* go on although the database was begun by another build of ntkit */
  ntk_study_progress_fn progress; /* NULL: none */
  void *progress_user;            /* passed through */
} ntk_study_options;

/* How far a database is. Strings end with the structure; released by ntk_study_status_clear. */
typedef struct ntk_study_status {
  char *name, *spec;          /* spec: the resolved study file */
  size_t points, trials;      /* trials of each point */
  size_t total, done, failed; /* trials; those of all shards */
  size_t partial;             /* computed before the study had some quantity, which they lack */
  double fraction;            /* of the predicted cost that is done */
  double flops;               /* of all trials, predicted */
  double seconds;             /* computing time of the trials, summed */
  size_t builds;              /* different builds or machines that computed them */
  char *last_error;           /* of the trial that failed last; "" when none has */
  size_t valueless;           /* trials done of which some quantity has no value */
  char *why_valueless;        /* "3 diverged, 1 not_reached", of these; "" when there are none */
} ntk_study_status;
NTK_API void ntk_study_status_clear(ntk_study_status *status);

/* Runs what the database does not hold yet, in worker processes, largest first, no more at once
 * than memory allows. Each trial is computed on one thread from a seed of its own, so that results
 * have the same bits for any number of workers, shards and interruptions. A worker that dies costs
 * its one trial, which is recorded as failed. Creates the database if need be. options may be NULL.
 * A database of fewer values, trials or quantities of the same study grows: it keeps what it has.
 * *status, of the whole database, is filled on NTK_OK and on NTK_ERR_CANCELLED. NTK_ERR_ARGUMENT
 * when it holds another study, or was computed by another build; NTK_ERR_FORMAT when it is damaged,
 * as of all that read one; NTK_ERR_MEMORY before anything starts when some point cannot fit;
 * NTK_ERR_FILE when another run has the database, or it cannot be written. The workers are forks of
 * this process, which may have other threads, other runs of studies among them: a worker that hangs
 * by what such a thread had locked is replaced (NTK_ERR_NUMERIC when nine in a row do). Other
 * children and SIGCHLD are left as they are. */
NTK_API ntk_status ntk_study_run(const ntk_study *study, const char *database,
                                 const ntk_study_options *options, ntk_study_status *status);

/* May be called while the study runs, from anywhere. NTK_ERR_ARGUMENT for an empty name, _FILE,
 * _FORMAT, _MEMORY. */
NTK_API ntk_status ntk_study_status_read(const char *database, ntk_study_status *status);

/* A new database with the trials of `count` databases of one study: shards, say, or other values of
 * the grid's variables, trials and quantities. NTK_ERR_ARGUMENT when studies differ otherwise, or
 * builds, or two results for one trial do; nothing is written then. Also
 * NTK_ERR_FILE, where output is there already too, _FORMAT, _MEMORY. */
NTK_API ntk_status ntk_study_merge(const char *const *databases, size_t count, bool other_code,
                                   const char *output);

/* ---- Its results ----------------------------------------------------------------------------- */

/* One quantity of one trial. */
typedef struct ntk_study_row {
  const double *variable;          /* the grid's variables; NaN where they are texts */
  const char *const *text;         /* the same as texts */
  double lower_scale, upper_scale; /* n_{L-2} n_{L-1} and d n_{L-1}: eq. (6) and (7) */
  size_t point, trial;
  uint64_t seed; /* `ntkit spectrum --threads 1 --seed` gives the same bits; below 2^53 */
  const char *quantity;
  double value;        /* NaN unless verdict is "ok", "inaccurate" or "rank_deficient" */
  const char *verdict; /* these, or "below_resolution", "diverged", "not_reached", "no_step",
                          "not_certified", "failed" */
  double seconds;      /* that the trial took, all its quantities together */
  const char *error;   /* why it failed, else "" */
} ntk_study_row;

typedef struct ntk_study_table {
  char *name;                  /* of the study */
  size_t variables;            /* how many */
  const char *const *variable; /* names, in the grid's order */
  const bool *is_text;         /* of each variable */
  size_t quantities;           /* how many */
  const char *const *quantity; /* names that occur, in the study's order */
  size_t rows;                 /* how many */
  const ntk_study_row *row;    /* by point, trial, quantity */
  size_t trials, missing;      /* of the whole study; of them not computed yet */
  const char *spec;            /* the resolved study file */
  size_t dim;                  /* d of a data file; 0: the grid has it, or it is not known */
  void *owner;                 /* of all the above */
} ntk_study_table;

/* What has been computed so far; also while the study runs. NTK_ERR_ARGUMENT for an empty name,
 * _FILE, _FORMAT, _MEMORY. */
NTK_API ntk_status ntk_study_table_read(const char *database, ntk_study_table *table);
NTK_API void ntk_study_table_clear(ntk_study_table *table);

/* Keeps the rows where a variable has this value, a number or a text, and drops the others.
 * NTK_ERR_ARGUMENT when there is no such variable, or no row with this value. */
NTK_API ntk_status ntk_study_table_keep(ntk_study_table *table, const char *variable,
                                        const char *value);

/* An expression of the grid's variables, such as "d^2" or "N/(n*n)", and of quantities, each its
 * mean over the point's trials, for every row; values: rows entries. NTK_ERR_ARGUMENT for what it
 * cannot be, and where a point has no value of a quantity in it; NTK_ERR_MEMORY. */
NTK_API ntk_status ntk_study_table_column(const ntk_study_table *table, const char *expression,
                                          double *values);

/* ---- Summaries and fits ---------------------------------------------------------------------- */

typedef struct ntk_summary_options {
  const char *quantity; /* NULL: the first one */
  const char *x;        /* an expression, as of ntk_study_table_column */
  const char *group;    /* a variable: one curve for each of its values; NULL: one curve */
  uint64_t seed;        /* of the bootstrap */
} ntk_summary_options;

/* The trials at one x of one curve. Values that are NaN are left out, and counted as missing. */
typedef struct ntk_summary_point {
  size_t curve; /* index into ntk_summary.label */
  double x;
  size_t count, missing;
  double mean, deviation;          /* sample standard deviation; NaN for fewer than two */
  double low, high;                /* 95 % bootstrap interval of the mean; NaN for fewer than two */
  double lower_scale, upper_scale; /* of the theorem, means */
} ntk_summary_point;

typedef struct ntk_summary {
  size_t curves;            /* how many */
  char **label;             /* "N = 1000", or "" when there is no group; in the grid's order */
  size_t points;            /* how many, of all curves */
  ntk_summary_point *point; /* by curve, then x ascending */
} ntk_summary;
/* NTK_ERR_ARGUMENT for names that the table does not have and an x that is no number, _MEMORY. */
NTK_API ntk_status ntk_study_summarise(const ntk_study_table *table,
                                       const ntk_summary_options *options, ntk_summary *summary);
NTK_API void ntk_summary_clear(ntk_summary *summary);

/* y = c x^slope along one curve: least squares on log y over log x, every trial counting once. */
typedef struct ntk_power_law {
  const char *label;               /* of the curve; ends with the summary */
  size_t points, trials, left_out; /* left out: values that are missing or not above 0 */
  double slope, constant;
  double slope_low, slope_high; /* 95 %, by bootstrap of the trials within each point */
  double r2;
  double theory_lower, theory_upper; /* slope of n_{L-2} n_{L-1} (6) and of d n_{L-1} (7) */
} ntk_power_law;
/* fits: summary->curves entries, of the same table and options. A curve with fewer than two
 * different x has NaN for its slope. NTK_ERR_ARGUMENT where the summary has other curves, or an x
 * is not above 0; _MEMORY. */
NTK_API ntk_status ntk_study_fit(const ntk_study_table *table, const ntk_summary_options *options,
                                 const ntk_summary *summary, ntk_power_law *fits);

/* ---- The theorem's assumptions --------------------------------------------------------------- */

/* One of Section 2's assumptions, or the weights' law in Theorem 3.1, at the points of some curves.
 * No size decides an asymptotic statement: a point is called outside where the activation is not
 * smooth or not nonlinear (2.3); where a layer is wider than the one below by a factor that grows
 * along the curve, or of above 4 (2.4); where N > n_{L-2} n_{L-1} (2.5); where the weights follow
 * another law, or L or a beta_l changes along the curve. */
typedef struct ntk_assumption {
  const char *name;                /* "2.4", "weights" */
  const char *says;                /* "n_l = O(n_{l-1})" */
  size_t points, outside, unknown; /* unknown: of data files 2.1 and 2.2, and what the database does
                                      not tell */
  char note[120];                  /* what to know of them, "" when there is nothing */
} ntk_assumption;

enum { NTK_ASSUMPTIONS = 5 };
/* counts: NTK_ASSUMPTIONS entries. NTK_ERR_ARGUMENT, _MEMORY; _FORMAT, _SHAPE, _LIMIT for a
 * table->spec that is no study file. */
NTK_API ntk_status ntk_study_assumptions(const ntk_study_table *table,
                                         const ntk_summary_options *options,
                                         ntk_assumption *counts);

/* ---- Scaling sweeps -------------------------------------------------------------------------- */

/* The ledger of verify.h at several sizes. Texts are those of a study file: values and, of the
 * variable, expressions. NULL and 0 stand for what a study file leaves out. */
typedef struct ntk_sweep_spec {
  const char *variable, *values;                /* "d", "50,100,200" */
  const char *samples, *dim, *widths;           /* N, d, and n_1,...,n_{L-1} */
  const char *activation, *init, *data, *scale; /* names */
  const double *beta;                           /* betas entries, 1 or one a layer */
  size_t betas;                                 /* how many */
  const char *bias, *parameterization;          /* of ntk_network_spec; NULL: none, standard */
  size_t population, trials;                    /* of the ledger; at each size, 0: 3 */
  uint64_t seed;                                /* of all draws */
} ntk_sweep_spec;

/* How a row of the ledger grows with the variable. */
typedef struct ntk_sweep_row {
  ntk_ledger_row ledger;        /* its words; verdict and note are the sweep's, numbers NaN */
  size_t trials, zero, missing; /* with a value; of them 0; without one */
  size_t held;                  /* of an inequality: trials in which it holds */
  double constant;              /* value = constant variable^exponent */
  double exponent, low, high;   /* with a 95 % bootstrap interval; NaN: not known */
  double predicted;             /* exponent of its order; NaN: none */
  ntk_summary means;            /* one curve; of an inequality empty */
} ntk_sweep_row;

typedef struct ntk_sweep {
  ntk_study_status status;                     /* of its trials */
  size_t rows;                                 /* how many */
  ntk_sweep_row *row;                          /* in the ledger's order */
  ntk_assumption assumptions[NTK_ASSUMPTIONS]; /* at its sizes */
} ntk_sweep;

/* Runs it as ntk_study_run does, with the same options and statuses, and judges: an inequality
 * holds when it does in every trial, an order is consistent when the interval of the exponent meets
 * what is claimed, up to 0.05. database NULL: trials are kept in memory. NTK_ERR_NUMERIC when every
 * trial failed. *sweep is filled on NTK_OK, to be released by ntk_sweep_clear. */
NTK_API ntk_status ntk_sweep_run(const ntk_sweep_spec *spec, const char *database,
                                 const ntk_study_options *options, ntk_sweep *sweep);
NTK_API void ntk_sweep_clear(ntk_sweep *sweep);

/* ---- Maps ------------------------------------------------------------------------------------ */

typedef struct ntk_map_options {
  const char *quantity; /* NULL: the first one */
  const char *x, *y;    /* expressions of the variables */
  bool log;             /* means are of log10: what is not above 0 is left out */
  uint64_t seed;        /* of the bootstrap */
} ntk_map_options;

/* The trials at one (x, y). */
typedef struct ntk_map_cell {
  double x, y;
  size_t count, missing, left_out; /* trials in the mean; without a value; without a logarithm */
  double mean;                     /* with log 10^(mean of log10), the geometric mean; NaN: none */
  double deviation;                /* sample standard deviation, with log of log10 */
} ntk_map_cell;

typedef struct ntk_map {
  size_t cells;       /* how many */
  ntk_map_cell *cell; /* by x, then y */
} ntk_map;
/* NTK_ERR_ARGUMENT, _MEMORY, as ntk_study_summarise. */
NTK_API ntk_status ntk_study_map(const ntk_study_table *table, const ntk_map_options *options,
                                 ntk_map *map);
NTK_API void ntk_map_clear(ntk_map *map);

/* The line y = constant x below which a map's means are under a level, and above which they are
 * over it: least squares through the origin, to the y at which the means of each x cross the
 * level. */
typedef struct ntk_boundary {
  double level;
  double constant, low, high; /* 95 %, by bootstrap of the trials within each cell; NaN where no
                                 cell has two */
  double scatter;             /* root mean square of (crossing / line - 1) */
  size_t cells, trials;       /* with values */
  size_t columns, crossed;    /* different x; those whose means cross the level, which are fitted */
} ntk_boundary;
/* level 0: half way between the map's smallest and largest mean, with log between their logarithms.
 * NTK_ERR_NUMERIC when no x crosses it. Also NTK_ERR_ARGUMENT, _MEMORY. */
NTK_API ntk_status ntk_study_boundary(const ntk_study_table *table, const ntk_map_options *options,
                                      double level, ntk_boundary *boundary);

#ifdef __cplusplus
}
#endif
#endif
