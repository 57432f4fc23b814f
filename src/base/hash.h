/* A hash of 64-bit words: FNV-1a a word at a time, its high bits folded in. For finding what is
 * equal, not for keeping secrets. */
#ifndef NTK_BASE_HASH_H
#define NTK_BASE_HASH_H

#include <stdint.h>

#define NTK_WORDS_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t ntk_hash_word(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x100000001b3);
  return hash ^ (hash >> 29);
}

#endif
