/* SHA-256. Method: FIPS 180-4, sections 5.1.1 (padding) and 6.2. Constants: the first 32 bits of
 * the fractional parts of the cube roots of 64 primes (K) and the square roots of 8 (START). Cost:
 * 64 rounds of about 30 operations for 64 bytes. */
#include "cli/run/sha256.h"

#include "ntkit/data.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64, ROUNDS = 64, WORDS = 8 };

static const uint32_t K[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static const uint32_t START[WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static uint32_t rotate(uint32_t x, int n) {
  return x >> n | x << (32 - n);
}

static void add_block(uint32_t hash[WORDS], const unsigned char *block) {
  uint32_t w[ROUNDS];
  for (int t = 0; t < 16; t++)
    w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
           (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
  for (int t = 16; t < ROUNDS; t++) {
    const uint32_t x = w[t - 15], y = w[t - 2];
    w[t] = w[t - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + w[t - 7] +
           (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
  }
  uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
  uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
  for (int t = 0; t < ROUNDS; t++) {
    const uint32_t first =
        h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + w[t];
    const uint32_t second =
        (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + first;
    d = c, c = b, b = a, a = first + second;
  }
  const uint32_t sum[WORDS] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < WORDS; i++)
    hash[i] += sum[i];
}

/* The message ends with a bit 1, zeros, and its length in bits. */
static void add_end(uint32_t hash[WORDS], unsigned char block[BLOCK], size_t used, uint64_t bytes) {
  memset(block + used, 0, BLOCK - used);
  block[used] = 0x80;
  if (used >= BLOCK - 8) {
    add_block(hash, block);
    memset(block, 0, BLOCK);
  }
  for (int i = 0; i < 8; i++)
    block[BLOCK - 1 - i] = (unsigned char)(8 * bytes >> 8 * i);
  add_block(hash, block);
}

bool sha256_file(const char *path, char text[SHA256_TEXT]) {
  unsigned char buffer[1 << 14], last[BLOCK];
  uint32_t hash[WORDS];
  uint64_t bytes = 0;
  size_t got = 0, used = 0;
  char *name = strndup(path, ntk_file_length(path)); /* of "FILE:KEY" the file */
  FILE *file = name != NULL ? fopen(name, "rb") : NULL;
  free(name);
  if (file == NULL)
    return false;
  memcpy(hash, START, sizeof hash);
  do { /* a buffer that is not full is the last */
    got = fread(buffer, 1, sizeof buffer, file);
    bytes += got;
    for (used = 0; used + BLOCK <= got; used += BLOCK)
      add_block(hash, buffer + used);
  } while (got == sizeof buffer);
  const bool whole = ferror(file) == 0;
  (void)fclose(file);
  memcpy(last, buffer + used, got - used);
  add_end(hash, last, got - used, bytes);
  for (int i = 0; i < WORDS; i++)
    snprintf(text + 8 * i, 9, "%08lx", (unsigned long)hash[i]);
  return whole;
}
