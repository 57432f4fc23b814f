/* Hashes for finding what is equal, and what is damaged; not for keeping secrets. */
#ifndef NTK_BASE_HASH_H
#define NTK_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NTK_HASH_START UINT64_C(0xcbf29ce484222325)
#define NTK_HASH_FACTOR UINT64_C(0x100000001b3)

/* 64-bit FNV-1a, a byte at a time. */
static inline uint64_t ntk_hash_bytes(uint64_t hash, const void *bytes, size_t count) {
  const unsigned char *byte = bytes;
  for (size_t i = 0; i < count; i++)
    hash = (hash ^ byte[i]) * NTK_HASH_FACTOR;
  return hash;
}

/* The same a word at a time, its high bits folded in. One to one in the word: whatever else is
 * equal, two words never give the same. */
static inline uint64_t ntk_hash_word(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * NTK_HASH_FACTOR;
  return hash ^ (hash >> 29);
}

/* Of any bytes, a word at a time; the last one is filled up with 0. */
static inline uint64_t ntk_hash_words(uint64_t hash, const void *bytes, size_t count) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < count; i += sizeof(uint64_t)) {
    uint64_t word = 0;
    memcpy(&word, at + i, count - i < sizeof word ? count - i : sizeof word);
    hash = ntk_hash_word(hash, word);
  }
  return hash;
}

#endif
