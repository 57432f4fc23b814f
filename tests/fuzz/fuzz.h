/* Fuzz targets: each fuzz_NAME.c is one function of bytes, which libFuzzer calls (tools/fuzz.sh),
 * or fuzz_run.c, which needs no more than a C compiler. It ends the process where a property does
 * not hold; what touches memory that is not its own, the sanitizers find. docs/testing.md has the
 * list.
 */
#ifndef NTK_TESTS_FUZZ_H
#define NTK_TESTS_FUZZ_H

#include "ntkit/ntkit.h"

#include <stddef.h>
#include <stdint.h>

/* The target. Returns 0; -1: libFuzzer is not to keep these bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* The property: where it does not hold the process says so, and ends as by a failed assertion. */
#define FUZZ_CHECK(holds) ((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #holds))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* The one context: one thread, and memory for what such small files may ask for. */
ntk_context *fuzz_context(void);
/* What every target ends with: nothing of the context's memory is held any more. */
int fuzz_end(void);

/* A refusal: not NTK_OK, with one line that says something. */
void fuzz_refused(ntk_status status);
/* All finite. */
void fuzz_finite(const double *values, size_t count);

/* A directory of this process, in memory where that is known; gone when the process ends. */
const char *fuzz_folder(void);
/* The bytes as a file of it, "name" or "folder/name"; its path, until the next call. */
const char *fuzz_file(const char *name, const uint8_t *bytes, size_t count);

#endif
