/* Dual activations (Cho and Saul, 2009; Daniely et al., 2016): of centred normal u and v with
 * variances a, b and correlation rho
 *
 *     same = E phi(u) phi(v),   slopes = E phi'(u) phi'(v),
 *
 * of which kernels of infinite width consist. Closed forms where there are any (pairs_lanes.c says
 * which); Hermite series of what is analytic (series.c); else, and for variances too large for
 * these, tables (table.c). Both are made for a range of variances. */
#ifndef NTK_NET_DUAL_H
#define NTK_NET_DUAL_H

#include "net/activation.h"

typedef enum ntk_dual_kind {
  NTK_DUAL_TABLE,
  NTK_DUAL_SERIES,
  NTK_DUAL_LINES, /* x above 0, a multiple of it below: relu, leaky_relu, identity */
  NTK_DUAL_ERF,
  NTK_DUAL_SINE,
  NTK_DUAL_GAUSSIAN,
  NTK_DUAL_SQUARE
} ntk_dual_kind;

/* Of phi in a table: same / sqrt(E phi(u)^2 E phi(v)^2), and the same of slopes, as Chebyshev
 * series in the angle t = acos rho over [0, pi] and in y = asinh(sqrt(variance) / NTK_DUAL_UNIT)
 * over [low, high], of u and of v. */
#define NTK_DUAL_UNIT 0.3
typedef struct ntk_dual_table {
  size_t norms, angles; /* terms in each y, and in t */
  double low, high;
  double *series; /* [of same, of slopes][term of v's y][term of t][term of u's y] */
  double error;   /* what is left out, and seen of rounding, of same and slopes: an estimate */
} ntk_dual_table;

enum { NTK_DUAL_TERMS = 1024, NTK_DUAL_SECTOR = 300 /* nodes of a sector, at most */ };

/* Coefficients of phi(sqrt(variance) x) / size with the Hermite polynomials first, first + step,
 * ..., of which the others are 0. */
typedef struct ntk_dual_series {
  size_t terms, first, step; /* terms 0: there is no series that suffices */
  size_t nodes;
  double *node, *matrix; /* the rule that gives them: terms or more x nodes */
} ntk_dual_series;

/* Nodes of a rule for integrals over 0 to infinity, or from 0 to 1 (complement: 1 - node). */
typedef struct ntk_dual_rule {
  size_t count;
  double *node, *complement, *weight;
} ntk_dual_rule;

typedef struct ntk_dual {
  ntk_context *context; /* borrowed */
  ntk_activation phi;
  ntk_dual_kind kind;
  bool shared;        /* its arrays are another's, that lives as long */
  double least, most; /* variances that it is for */
  double below;       /* slope below 0, of LINES */
  ntk_dual_rule line; /* of expectations over one variable, but of LINES */
  ntk_dual_table table;
  ntk_dual_series series;
  double from, to; /* variances that table and series are for; pairs with others are integrated */
  ntk_dual_rule radius, sector; /* one by one, by these; none: there are no others */
} ntk_dual;

/* For variances from least to most, both above 0. NTK_ERR_ARGUMENT where 1e-13 cannot be had of a
 * table: phi is too steep for such variances. NTK_ERR_MEMORY, _LIMIT. A few milliseconds; up to
 * seconds where variances are large or far apart. A zeroed struct may be destroyed. */
ntk_status ntk_dual_create(ntk_context *context, const ntk_activation *phi, double least,
                           double most, ntk_dual *dual);
/* For these n variances, of which about `pairs` pairs will be evaluated: those of samples far from
 * the others, or all where they are few, one by one. Errors as above. */
ntk_status ntk_dual_create_for(ntk_context *context, const ntk_activation *phi, size_t n,
                               const double *variance, double pairs, ntk_dual *dual);
void ntk_dual_destroy(ntk_dual *dual);
/* Whether this one does for phi and those variances too, and costs its pairs little more than one
 * of their own would; and then one with its arrays. Layer after layer variances tend to one number:
 * so tables are made for the first few. */
bool ntk_dual_serves(const ntk_dual *dual, const ntk_activation *phi, double least, double most);
ntk_dual ntk_dual_share(const ntk_dual *dual);

/* phi with phi(0) = 0 by its slopes on both sides of 0, as LINES: its same and slopes are these
 * times *factor = phi'(0+)^2, whatever the unit of variances is; to double precision for variances
 * below NTK_DUAL_STRAIGHT, or where phi consists of lines (*everywhere). False where there is no
 * such. */
#define NTK_DUAL_STRAIGHT 1e-40
bool ntk_dual_at_zero(ntk_context *context, const ntk_activation *phi, ntk_dual *dual,
                      double *factor, bool *everywhere);

/* E phi(u)^2 and E phi'(u)^2 for one variance a above 0. */
void ntk_dual_alone(const ntk_dual *dual, double a, double *same, double *slopes);

/* Whether slopes go with the angle itself near equal u and v, where phi' jumps: then errors of rho
 * near 1 count as their square roots. */
bool ntk_dual_jumps(const ntk_dual *dual);

/* What a sample brings to its pairs. */
typedef struct ntk_dual_one {
  double variance, root; /* a, sqrt a */
  double size, slope;    /* sqrt E phi(u)^2, sqrt E phi'(u)^2 */
} ntk_dual_one;
ntk_dual_one ntk_dual_one_of(const ntk_dual *dual, double variance);

/* Pairs of some u, whose numbers lie side by side, with one v. */
typedef struct ntk_dual_pairs {
  const ntk_dual *dual;
  size_t n; /* a multiple of 24; 24 where the dual is made by ntk_dual_create_for */
  const double *variance, *root, *size, *slope;
  const double *basis; /* terms x n, by ntk_dual_basis */
  ntk_dual_one v;
  const double *column; /* ntk_dual_column_size, by ntk_dual_column */
} ntk_dual_pairs;

/* What a sample brings besides: as many terms, 0 of closed forms and NTK_DUAL_TERMS at most, into
 * basis[k apart]; and what these become for the one v of many pairs, from its own with apart = 1.
 */
size_t ntk_dual_terms(const ntk_dual *dual);
size_t ntk_dual_terms_most(const ntk_activation *phi); /* whatever the variances are */
void ntk_dual_basis(const ntk_dual *dual, const ntk_dual_one *u, size_t apart, double *basis);
size_t ntk_dual_column_size(const ntk_dual *dual);
void ntk_dual_column(const ntk_dual *dual, const double *basis, double *column);

/* 1 - rho of phi(u) and phi(v) where rho of u and v is 1, without cancellation: half of the mean of
 * (phi(sqrt(a) x) / size - phi(sqrt(b) x) / size')^2. Not of LINES, whose is 0. */
double ntk_dual_apart(const ntk_dual *dual, const ntk_dual_one *u, const ntk_dual_one *v);

/* A correlation is held as what it lacks: z = 1 - |rho| with rho's sign, so that digits near 1 and
 * -1 are not lost. In z: of u and v; out: of phi(u) and phi(v), E phi(u) phi(v) / (size size').
 * same, slopes (n): as above. */
void ntk_dual_evaluate(const ntk_dual_pairs *pairs, double *z, double *same, double *slopes);

/* z of sqrt(gain) f + sqrt(shift) e from z of f, n of them with one, e a unit vector orthogonal to
 * all: size and root are the norms of f, and of the sum; v's are its size and root. */
void ntk_dual_shift(size_t n, double gain, double shift, const double *size, const double *root,
                    const ntk_dual_one *v, double *z);

/* The loops behind these two, in pairs_lanes.c. */
typedef void ntk_dual_evaluator(const ntk_dual_pairs *pairs, double *z, double *same,
                                double *slopes);
typedef void ntk_dual_shifter(size_t n, double gain, double shift, const double *size,
                              const double *root, const ntk_dual_one *v, double *z);

/* rule.c. n nodes; NTK_ERR_MEMORY. */
ntk_status ntk_rule_line(ntk_context *context, size_t n, ntk_dual_rule *rule);
ntk_status ntk_rule_interval(ntk_context *context, size_t n, ntk_dual_rule *rule);
/* Of a rule from 0 to 1: cosines of u and v at the nodes of one radius where the angle between them
 * is t and rest = pi - t, and weights, sides x n each: in a sector of length pi - t both have one
 * sign, in one of length t two; and both sectors again with the other sign. Of an even or odd phi
 * these say the same: there are two sides of twice the weight. */
enum { NTK_RULE_SIDES = 4 /* at most */ };
size_t ntk_rule_sides(const ntk_activation *phi);
void ntk_rule_directions(const ntk_dual_rule *sector, size_t sides, double t, double rest,
                         double *u, double *v, double *weight);
void ntk_rule_destroy(ntk_context *context, ntk_dual_rule *rule);
/* The refusal of deviations from least to most, for which there is no rule. */
ntk_status ntk_dual_too_steep(const ntk_dual *dual, double least, double most);
/* table.c, of a dual whose line is there: roots of variances from least to most. */
ntk_status ntk_table_create(ntk_dual *dual, double least, double most);
ntk_status ntk_table_rules(const ntk_dual *dual, double least, double most, ntk_dual_rule *radius,
                           ntk_dual_rule *sector);
/* Pairs one by one that cost as much as the table would. */
double ntk_table_price(double least, double most);
/* direct.c. As ntk_dual_evaluate, of 24; others are those that a table or series does for. */
void ntk_direct_evaluate(const ntk_dual_pairs *pairs, ntk_dual_evaluator *others, double *z,
                         double *same, double *slopes);
void ntk_table_basis(const ntk_dual *dual, double root, size_t apart, double *basis);
void ntk_table_column(const ntk_dual *dual, const double *basis, double *column);
/* series.c, the same: for variances between these two. */
ntk_status ntk_series_create(ntk_dual *dual, const ntk_dual_one *ends);
void ntk_series_basis(const ntk_dual *dual, const ntk_dual_one *u, size_t apart, double *basis);

#endif
