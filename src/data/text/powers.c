/* In whole numbers long enough to hold them, so that nothing is rounded. */
#include "data/text/powers.h"

#include <pthread.h>

ntk_power ntk_powers[NTK_POWER_MOST - NTK_POWER_LEAST + 1];

/* A whole number of bits: words of 32, the least first. The lowest four stay 0 under 5^q, q >= 0,
 * so that at least 128 bits can be taken from the first one that is set on. */
enum { WORDS = 36, NOUGHTS = 4 };

static void keep_front(const uint32_t *x, int q) {
  int k = WORDS - 1;
  while (x[k] == 0)
    k--;
  const int gap = __builtin_clz(x[k]);
  const uint64_t high = (uint64_t)x[k] << 32 | x[k - 1], low = (uint64_t)x[k - 2] << 32 | x[k - 3];
  const uint64_t rest = (uint64_t)x[k - 4] << 32;
  ntk_powers[q - NTK_POWER_LEAST].high = high << gap | low >> 1 >> (63 - gap);
  ntk_powers[q - NTK_POWER_LEAST].low = low << gap | rest >> 1 >> (63 - gap);
}

/* 5^308 < 2^716. 2^1151 / 5^342 > 2^356, and its whole part is that of one fifth of the whole part
 * of 2^1151 / 5^341. */
static void make_powers(void) {
  uint32_t x[WORDS] = {[NOUGHTS] = 1}, y[WORDS] = {[WORDS - 1] = 0x80000000};
  for (int q = 0; q <= NTK_POWER_MOST; q++) {
    keep_front(x, q);
    uint64_t carry = 0;
    for (int k = NOUGHTS; k < WORDS; k++, carry >>= 32) {
      carry += (uint64_t)5 * x[k];
      x[k] = (uint32_t)carry;
    }
  }
  for (int q = -1; q >= NTK_POWER_LEAST; q--) {
    uint64_t rest = 0;
    for (int k = WORDS - 1; k >= 0; k--) {
      rest = rest << 32 | y[k];
      y[k] = (uint32_t)(rest / 5);
      rest %= 5;
    }
    keep_front(y, q);
  }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
atomic_bool ntk_powers_made;

void ntk_powers_make(void) {
  (void)pthread_once(&once, make_powers);
  atomic_store_explicit(&ntk_powers_made, true, memory_order_release);
}
