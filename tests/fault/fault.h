/* What the walk of faults and the library that it puts into the program share. */
#ifndef NTK_TESTS_FAULT_H
#define NTK_TESTS_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FAULT_PAGE "NTK_FAULT_PAGE" /* a descriptor, of memory that both have */
enum { FAULT_MAIN = 0x4e544b46 };   /* prctl's first argument, as main begins */
enum { FAULT_CALLERS = 8 };

typedef struct fault_page {
  long at; /* the allocation that fails, from 1; 0: none */
  bool for_good;
  atomic_long count, fired;
  long held;      /* blocks when main returned; -1: it did not */
  uintptr_t base; /* of the program: addresses below are from there, as addr2line takes them */
  uintptr_t by;   /* who got none first */
  uintptr_t caller[FAULT_CALLERS];
} fault_page;

#endif
