/* Memorisation at its limits. */
#ifndef TESTS_MEMORIZE_LIMITS_H
#define TESTS_MEMORIZE_LIMITS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/context.h"
#include "memorize_support.h"

static const size_t width[] = {20, 24, 20}; /* 240 parameters */

/* ---- Equal and nearly equal samples ---------------------------------------------------------- */

static inline void repeat_rows(fit_problem *p, size_t count) {
  const size_t d = p->width[0];
  for (size_t i = 0; i < count; i++) {
    memcpy(p->X + (50 + i) * d, p->X + (i % 3) * d, d * sizeof(double));
    p->Y[50 + i] = p->Y[i % 3];
  }
  ntk_dataset_destroy(p->data);
  p->data = make_data(p->context, p->X, p->N, d);
}

#endif
