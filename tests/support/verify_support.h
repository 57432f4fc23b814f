/* What the tests of ntk_verify share: ledgers, their rows by key, and the proof's objects by plain
 * loops. */
#ifndef NTK_TESTS_VERIFY_SUPPORT_H
#define NTK_TESTS_VERIFY_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/dataset.h"
#include "net/network.h"
#include "ntkit/verify.h"

#include "jacobi.h"
#include "support.h"
#undef U /* a matrix in the headers that follow */

static inline const ntk_ledger_row *row_of(const ntk_ledger *ledger, const char *key) {
  for (size_t i = 0; i < ledger->rows; i++)
    if (strcmp(ledger->row[i].key, key) == 0)
      return &ledger->row[i];
  fail_msg("no row %s", key);
  return NULL;
}

static inline double value_of(const ntk_ledger *ledger, const char *key) {
  return row_of(ledger, key)->value;
}

static inline void assert_verdict(const ntk_ledger *ledger, const char *key,
                                  ntk_ledger_verdict verdict) {
  const ntk_ledger_row *row = row_of(ledger, key);
  if (row->verdict != verdict)
    fail_msg("%s = %g is %s, not %s", key, row->value, ntk_ledger_verdict_name(row->verdict),
             ntk_ledger_verdict_name(verdict));
}

/* phi and phi' of one number, by the C library. */
static inline double phi(const char *name, double g) {
  return strcmp(name, "tanh") == 0      ? tanh(g)
         : strcmp(name, "sigmoid") == 0 ? 1.0 / (1.0 + exp(-g))
         : strcmp(name, "relu") == 0    ? fmax(0.0, g)
                                        : g;
}
static inline double slope(const char *name, double g) {
  const double f = phi(name, g);
  return strcmp(name, "tanh") == 0      ? 1.0 - f * f
         : strcmp(name, "sigmoid") == 0 ? f * (1.0 - f)
         : strcmp(name, "relu") == 0    ? (g > 0.0 ? 1.0 : 0.0)
                                        : 1.0;
}

/* f_l(x), l = 0..L-1, one after the other, and b(x) = D_L phi'(g_{L-1}) behind them. */
static inline size_t layers_size(const ntk_network *network) {
  size_t size = network->width[network->depth - 1];
  for (size_t l = 0; l < network->depth; l++)
    size += network->width[l];
  return size;
}
static inline void plain_layers(const ntk_network *network, const char *name, const double *x,
                                double *f) {
  const size_t L = network->depth, *n = network->width;
  memcpy(f, x, n[0] * sizeof *f);
  double *before = f;
  for (size_t l = 1; l < L; l++) {
    double *here = before + n[l - 1];
    for (size_t j = 0; j < n[l]; j++) {
      double g = network->b[l] != NULL ? network->b[l][j] : 0.0;
      for (size_t i = 0; i < n[l - 1]; i++)
        g += network->W[l][i * n[l] + j] * before[i];
      here[j] = phi(name, g);
      if (l == L - 1)
        here[n[l] + j] = network->W[L][j] * slope(name, g);
    }
    before = here;
  }
}

#endif
