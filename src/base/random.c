#include "base/random.h"

#include "base/simd.h"

#include <Random123/philox.h>

__extension__ typedef unsigned __int128 wide;

enum { CHUNK = 512 }; /* numbers made at a time: the arrays of a chunk stay in the L1 cache */

void ntk_random_words(ntk_random source, uint64_t row, uint64_t block, uint64_t words[4]) {
  const philox4x64_ctr_t counter = {{block, row, source.sub, 0}};
  const philox4x64_key_t key = {{source.seed, (uint64_t)source.stream}};
  const philox4x64_ctr_t result = philox4x64_R(10, counter, key);
  for (int i = 0; i < 4; i++)
    words[i] = result.v[i];
}

/* The 52 high bits, centred in their interval: exact in double, and never 0 or 1, so that the
 * logarithm is finite and never 0. */
static double unit_interval(uint64_t word) {
  return ((double)(word >> 12) + 0.5) * 0x1p-52;
}

void ntk_random_uniform(ntk_random source, uint64_t row, size_t n, double *out) {
  for (size_t i = 0; i < n; i += 4) {
    uint64_t words[4];
    ntk_random_words(source, row, i / 4, words);
    for (size_t j = i; j < n && j < i + 4; j++)
      out[j] = unit_interval(words[j - i]);
  }
}

void ntk_random_normal(ntk_random source, uint64_t row, size_t n, double *out) {
  double u[CHUNK / 2], v[CHUNK / 2], x[CHUNK / 2], y[CHUNK / 2];
  for (size_t first = 0; first < n; first += CHUNK) {
    const size_t left = n - first < CHUNK ? n - first : CHUNK;
    const size_t pairs = (left + 15) / 16 * 8; /* whole vectors of any lane count */
    for (size_t p = 0; p < pairs; p += 2) {
      uint64_t words[4];
      ntk_random_words(source, row, (first + 2 * p) / 4, words);
      u[p] = unit_interval(words[0]);
      v[p] = unit_interval(words[1]);
      u[p + 1] = unit_interval(words[2]);
      v[p + 1] = unit_interval(words[3]);
    }
    ntk_box_muller(pairs, u, v, x, y);
    for (size_t i = 0; i < left; i++)
      out[first + i] = i % 2 == 0 ? x[i / 2] : y[i / 2];
  }
}

/* Fisher and Yates. */
void ntk_random_shuffle(ntk_random source, uint64_t row, size_t n, size_t *x) {
  uint64_t words[4] = {0};
  for (size_t i = n; i > 1; i--) {
    const size_t k = n - i;
    if (k % 4 == 0)
      ntk_random_words(source, row, k / 4, words);
    const size_t j = (size_t)((wide)words[k % 4] * i >> 64), swapped = x[j];
    x[j] = x[i - 1];
    x[i - 1] = swapped;
  }
}
