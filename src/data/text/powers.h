/* Powers of five to 128 bits. */
#ifndef NTK_DATA_TEXT_POWERS_H
#define NTK_DATA_TEXT_POWERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* q: beyond, every d 10^q with 1 <= d < 2^64 is next to 0 or infinite. */
enum { NTK_POWER_LEAST = -342, NTK_POWER_MOST = 308 };

/* T = 2^64 high + low with 5^q = T 2^e, 2^127 <= T < 2^128, cut off to a whole number. */
typedef struct ntk_power {
  uint64_t high, low;
} ntk_power;

extern ntk_power ntk_powers[NTK_POWER_MOST - NTK_POWER_LEAST + 1];
extern atomic_bool ntk_powers_made;
void ntk_powers_make(void);

/* Of that q; the first to ask makes them, in 0.1 ms. */
static inline const ntk_power *ntk_power_of_five(int q) {
  if (!atomic_load_explicit(&ntk_powers_made, memory_order_acquire))
    ntk_powers_make();
  return ntk_powers + (q - NTK_POWER_LEAST);
}

#endif
