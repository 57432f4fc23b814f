/* The table of the ledger's rows: what each is called, its equation, the order that the paper
 * predicts, and what it claims. In keys, names and orders '#' stands for the layer l and '@' for
 * the one below. */
#include "theory/ledger/ledger.h"

#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef enum order {
  ORDER_NONE,
  ORDER_ONE,
  ORDER_D,
  ORDER_ROOT_D,
  ORDER_WIDTH,
  ORDER_ROOT_WIDTH,
  ORDER_BELOW,
  ORDER_ROOT_LAST,
  ORDER_NN,
  ORDER_ROOT_NN,
  ORDER_D_LAST,
  ORDER_SIGMA,     /* sigma_min(J~_FB), measured */
  ORDER_STATED,    /* the constant that the activation's table states */
  ORDER_RIGHT_SIDE /* of an inequality, measured too */
} order;

static const char *const orders[] = {
    [ORDER_NONE] = "",
    [ORDER_ONE] = "1",
    [ORDER_D] = "d",
    [ORDER_ROOT_D] = "sqrt d",
    [ORDER_WIDTH] = "n_#",
    [ORDER_ROOT_WIDTH] = "sqrt n_#",
    [ORDER_BELOW] = "n_@",
    [ORDER_ROOT_LAST] = "sqrt n_{L-1}",
    [ORDER_NN] = "n_{L-2} n_{L-1}",
    [ORDER_ROOT_NN] = "sqrt n_{L-2}n_{L-1}",
    [ORDER_D_LAST] = "d n_{L-1}",
    [ORDER_SIGMA] = "sigma_min(J~_FB)",
    [ORDER_STATED] = "stated",
    [ORDER_RIGHT_SIDE] = "right side",
};

static const char E[] = "Expectations", A1[] = "Assumption 2.1", A2[] = "Assumption 2.2",
                  A3[] = "Assumption 2.3", A4[] = "Assumption 2.4", A5[] = "Assumption 2.5",
                  T1[] = "Theorem 3.1", T2[] = "Theorem 3.2", T4[] = "Theorem 3.4",
                  S3[] = "Section 3.1, norms", P3[] = "Proposition 3.3";

#define THETA NTK_CLAIM_THETA
#define OMEGA NTK_CLAIM_OMEGA
#define BIG_O NTK_CLAIM_BIG_O
#define LITTLE_O NTK_CLAIM_LITTLE_O
#define NONE NTK_CLAIM_NONE

static const struct row {
  const char *key, *section, *name, *equation;
  order order;
  ntk_ledger_claim claim;
} table[NTK_ROWS] = {
    [NTK_ROW_POPULATION] = {"population", E, "samples behind expectations", "", ORDER_NONE, NONE},
    [NTK_ROW_X_NORM] = {"x_norm", A1, "E ||x||", "1", ORDER_ROOT_D, THETA},
    [NTK_ROW_X_SQUARE] = {"x_square", A1, "E ||x||^2", "2", ORDER_D, THETA},
    [NTK_ROW_X_CENTRED] = {"x_centred", A1, "E ||x - E x||^2", "3", ORDER_D, OMEGA},
    [NTK_ROW_C_PROJECTION] = {"c_projection#", A2, "c of random projection #", "", ORDER_ONE,
                              OMEGA},
    [NTK_ROW_C_NORM] = {"c_norm", A2, "c of ||x||", "", ORDER_ONE, OMEGA},
    [NTK_ROW_C_DISTANCE] = {"c_distance", A2, "c of distance to a point", "", ORDER_ONE, OMEGA},
    [NTK_ROW_C_COORDINATE] = {"c_coordinate", A2, "c of largest coordinate", "", ORDER_ONE, OMEGA},
    [NTK_ROW_C_LAYER] = {"c_f#", A2, "c of ||f_#|| / its Lipschitz constant", "", ORDER_ONE, OMEGA},
    [NTK_ROW_M] = {"M", A3, "M: largest |phi'|", "1", ORDER_STATED, NTK_CLAIM_AT_MOST},
    [NTK_ROW_M2] = {"M2", A3, "M': largest slope of phi'", "2", ORDER_STATED, NTK_CLAIM_AT_MOST},
    [NTK_ROW_WIDTH] = {"n_#", A4, "n_#", "", ORDER_BELOW, BIG_O},
    [NTK_ROW_SAMPLES] = {"N", A5, "N", "(4)", ORDER_NN, BIG_O},
    [NTK_ROW_SAMPLES_LOG] = {"N_log8_N", A5, "N log^8 N", "(4)", ORDER_NN, LITTLE_O},
    [NTK_ROW_GAMMA] = {"gamma", A5, "gamma = log n_{L-1} / log N", "(5)", ORDER_NONE, NONE},
    [NTK_ROW_LOWER] = {"lambda_min_K", T1, "lambda_min(K)", "(6)", ORDER_NN, OMEGA},
    [NTK_ROW_UPPER] = {"lambda_min_K_upper", T1, "lambda_min(K)", "(7)", ORDER_D_LAST, BIG_O},
    [NTK_ROW_DIAGONAL] = {"diagonal_min", T1, "min_i K_ii", "(16)", ORDER_D_LAST, BIG_O},
    [NTK_ROW_DIAGONAL_BOUND] = {"diagonal_bound", T1, "min_i K_ii >= lambda_min(K)", "(16)",
                                ORDER_RIGHT_SIDE, NTK_CLAIM_AT_LEAST},
    [NTK_ROW_BLOCK_BOUND] = {"block_bound", T1, "lambda_min(K) >= lambda_min(K_{L-2})", "(8)",
                             ORDER_RIGHT_SIDE, NTK_CLAIM_AT_LEAST},
    [NTK_ROW_BLOCK] = {"lambda_min_block", T2, "lambda_min(K_{L-2})", "(10)", ORDER_NN, OMEGA},
    [NTK_ROW_FB] = {"lambda_min_FB", T2, "lambda_min(J~_FB J~_FB^T)", "(a)", ORDER_NN, OMEGA},
    [NTK_ROW_A_COST] = {"a_cost", T2, "cost of (a): -lambda_min(difference)", "(a)", ORDER_NN,
                        LITTLE_O},
    [NTK_ROW_A_NORM] = {"a_norm", T2, "||difference of (a)||", "(a)", ORDER_NN, NONE},
    [NTK_ROW_A_BOUND] = {"a_bound", T2, "(a): lambda_min >= centred - cost", "(a)",
                         ORDER_RIGHT_SIDE, NTK_CLAIM_AT_LEAST},
    [NTK_ROW_B_COST] = {"b_cost", T2, "cost of (b): ||q||^2 of rank one", "(b)", ORDER_NN,
                        LITTLE_O},
    [NTK_ROW_B_PSD] = {"b_psd", T2, "PSD part of (b): ||s||^2/t + (t-nu) N", "(b)", ORDER_NN, NONE},
    [NTK_ROW_B_NORM] = {"b_norm", T2, "||difference of (b)||", "(b)", ORDER_NN, NONE},
    [NTK_ROW_B_BOUND] = {"b_bound", T2, "(b): lambda_min >= centred - ||q||^2", "(b)",
                         ORDER_RIGHT_SIDE, NTK_CLAIM_AT_LEAST},
    [NTK_ROW_LOSS] = {"centring_loss", T2, "loss of lambda_min by (a) and (b)", "(12)", ORDER_NN,
                      LITTLE_O},
    [NTK_ROW_SAMPLING] = {"sampling", T2, "error of J~_FB by sampled E, about", "(a)", ORDER_SIGMA,
                          NONE},
    [NTK_ROW_CENTRED] = {"lambda_min_centred", T4, "lambda_min(J~ J~^T)", "(15)", ORDER_NN, OMEGA},
    [NTK_ROW_F_NORM] = {"f#_norm", S3, "||f_#||", "(i)", ORDER_ROOT_WIDTH, THETA},
    [NTK_ROW_F_SQUARE] = {"f#_square", S3, "E ||f_#||^2", "(ii)", ORDER_WIDTH, THETA},
    [NTK_ROW_F_MEAN] = {"f#_mean", S3, "E ||f_#||", "(iii)", ORDER_ROOT_WIDTH, THETA},
    [NTK_ROW_FC_SQUARE] = {"f#_centred_square", S3, "E ||f_# - E f_#||^2", "(iv)", ORDER_WIDTH,
                           THETA},
    [NTK_ROW_FC_MEAN] = {"f#_centred_mean", S3, "E ||f_# - E f_#||", "(iv)", ORDER_ROOT_WIDTH,
                         THETA},
    [NTK_ROW_FC_NORM] = {"f#_centred", S3, "||f_# - E f_#||", "(iv)", ORDER_ROOT_WIDTH, THETA},
    [NTK_ROW_BC_NORM] = {"b_centred", S3, "||D_L phi'(g_{L-1}) - E ...||", "(v)", ORDER_ROOT_LAST,
                         THETA},
    [NTK_ROW_ETA_MIN] = {"eta_min", P3, "eta_min", "", ORDER_ROOT_NN, THETA},
    [NTK_ROW_ETA_MAX] = {"eta_max", P3, "eta_max", "", ORDER_ROOT_NN, THETA},
    [NTK_ROW_PSI_RANDOM] = {"psi_random", P3, "psi >= that of random directions", "", ORDER_ONE,
                            BIG_O},
    [NTK_ROW_PSI_WORST] = {"psi_worst", P3, "psi >= that of the data's largest", "", ORDER_ONE,
                           BIG_O},
    [NTK_ROW_XI] = {"xi", P3, "xi = psi K + K', K = 1", "", ORDER_ONE, BIG_O},
    [NTK_ROW_DELTA] = {"delta", P3, "Delta / C", "(13)", ORDER_NN, LITTLE_O},
    [NTK_ROW_C13] = {"C13", P3, "smallest C for which (13) holds", "(13)", ORDER_ONE, BIG_O},
};

static bool is_layered(ntk_row id) {
  return strchr(table[id].key, '#') != NULL;
}

size_t ntk_ledger_most(size_t L) {
  size_t rows = 0;
  for (int id = 0; id < NTK_ROWS; id++)
    rows += !is_layered((ntk_row)id) ? 1 : id == NTK_ROW_C_PROJECTION ? NTK_PROJECTIONS : L - 1;
  return rows;
}

/* from into to, '#' as l and '@' as l - 1; n_0 is d. */
static void expand(const char *from, size_t l, size_t size, char *to) {
  size_t used = 0;
  if (l == 1 && strcmp(from, "n_@") == 0)
    from = "d";
  for (; *from != '\0' && used + 1 < size; from++)
    if (*from == '#' || *from == '@')
      used += (size_t)snprintf(to + used, size - used, "%zu", *from == '#' ? l : l - 1);
    else
      to[used++] = *from;
  to[used < size ? used : size - 1] = '\0';
}

static void describe(ntk_row id, size_t l, ntk_ledger_row *row) {
  const struct row *from = &table[id];
  *row = (ntk_ledger_row){
      .value = NAN, .error = NAN, .spread = NAN, .scale = NAN, .ratio = NAN, .claim = from->claim};
  expand(from->key, l, sizeof row->key, row->key);
  expand(from->section, l, sizeof row->section, row->section);
  expand(from->name, l, sizeof row->name, row->name);
  expand(from->equation, l, sizeof row->equation, row->equation);
  expand(orders[from->order], l, sizeof row->order, row->order);
}

ntk_status ntk_ledger_describe(const char *key, ntk_ledger_row *row) {
  const size_t digits = strcspn(key, "0123456789");
  size_t l = 0;
  for (const char *c = key + digits; *c >= '0' && *c <= '9' && l < 1000000; c++)
    l = 10 * l + (size_t)(*c - '0');
  for (int id = 0; id < NTK_ROWS; id++) {
    ntk_ledger_row found;
    describe((ntk_row)id, l, &found);
    if (strcmp(found.key, key) != 0 || (l == 0 && is_layered((ntk_row)id)))
      continue;
    *row = found;
    return NTK_OK;
  }
  return ntk_fail(NTK_ERR_ARGUMENT, "'%.40s' is no row of the ledger", key);
}

static double scale_of(const ntk_verification *v, order o, size_t l) {
  const size_t *width = v->network->width;
  const double d = (double)width[0], nn = (double)v->n * (double)v->m;
  switch (o) {
  case ORDER_ONE:
    return 1.0;
  case ORDER_D:
    return d;
  case ORDER_ROOT_D:
    return sqrt(d);
  case ORDER_WIDTH:
    return (double)width[l];
  case ORDER_ROOT_WIDTH:
    return sqrt((double)width[l]);
  case ORDER_BELOW:
    return (double)width[l - 1];
  case ORDER_ROOT_LAST:
    return sqrt((double)v->m);
  case ORDER_NN:
    return nn;
  case ORDER_ROOT_NN:
    return sqrt(nn);
  case ORDER_D_LAST:
    return d * (double)v->m;
  case ORDER_NONE:
  case ORDER_SIGMA:
  case ORDER_STATED:
  case ORDER_RIGHT_SIDE:
    break;
  }
  return NAN;
}

ntk_ledger_row *ntk_ledger_add(ntk_verification *v, ntk_row id, size_t l, double value) {
  ntk_ledger_row *row = &v->ledger->row[v->ledger->rows++]; /* there is room for every row */
  describe(id, l, row);
  row->value = value;
  row->scale = scale_of(v, table[id].order, l);
  row->ratio = value / row->scale;
  row->verdict = isnan(value) ? NTK_LEDGER_UNRESOLVED : NTK_LEDGER_MEASURED;
  return row;
}

ntk_ledger_row *ntk_ledger_add_bound(ntk_verification *v, ntk_row id, double value, double bound,
                                     double slack) {
  ntk_ledger_row *row = ntk_ledger_add(v, id, 0, value);
  row->scale = bound;
  row->ratio = fabs(bound) > slack ? value / bound : NAN;
  const bool met =
      row->claim == NTK_CLAIM_AT_LEAST ? value >= bound - slack : value <= bound + slack;
  if (isnan(value) || isnan(bound))
    row->verdict = NTK_LEDGER_UNRESOLVED;
  else
    row->verdict = met ? NTK_LEDGER_HOLDS : NTK_LEDGER_FAILS;
  return row;
}

void ntk_ledger_judge(ntk_ledger_row *row, double low, double high) {
  if (isnan(row->ratio))
    row->verdict = NTK_LEDGER_UNRESOLVED;
  else
    row->verdict =
        row->ratio >= low && row->ratio <= high ? NTK_LEDGER_CONSISTENT : NTK_LEDGER_SUSPECT;
  if (row->verdict == NTK_LEDGER_SUSPECT)
    ntk_ledger_note(row, "%.3g times the predicted order; looked for: %g to %g", row->ratio, low,
                    high);
}

void ntk_ledger_note(ntk_ledger_row *row, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ntk_format_list(row->note, sizeof row->note, format, arguments);
  va_end(arguments);
}

void ntk_ledger_outside(ntk_ledger_row *row, const char *what) {
  static const char assumption[] = "Assumption ";
  char note[sizeof row->note] = "";
  if (row->claim == NONE || row->claim == NTK_CLAIM_AT_LEAST || row->claim == NTK_CLAIM_AT_MOST ||
      strncmp(row->section, assumption, sizeof assumption - 1) == 0)
    return;
  if (row->verdict != NTK_LEDGER_SUSPECT) /* else it is of the order that is not claimed */
    memcpy(note, row->note, sizeof note);
  row->verdict = NTK_LEDGER_OUTSIDE;
  ntk_ledger_note(row, "the network has %s%s%s", what, note[0] != '\0' ? "; " : "", note);
}

const char *ntk_ledger_verdict_name(ntk_ledger_verdict verdict) {
  static const char *const names[NTK_LEDGER_VERDICTS] = {
      [NTK_LEDGER_MEASURED] = "measured",     [NTK_LEDGER_HOLDS] = "holds",
      [NTK_LEDGER_FAILS] = "fails",           [NTK_LEDGER_CONSISTENT] = "consistent",
      [NTK_LEDGER_SUSPECT] = "suspect",       [NTK_LEDGER_OUTSIDE] = "outside",
      [NTK_LEDGER_UNRESOLVED] = "unresolved",
  };
  return (size_t)verdict < NTK_LEDGER_VERDICTS ? names[verdict] : "unknown";
}

const char *ntk_ledger_claim_name(ntk_ledger_claim claim) {
  static const char *const names[] = {"", "Theta", "Omega", "O", "o", ">=", "<="};
  return (size_t)claim < sizeof names / sizeof names[0] ? names[claim] : "";
}
