/* Memory that is not to be had: the functions that the linker puts in the place of the system's
 * (CMakeLists.txt). The test says before it includes this, by fails(), which call gets none. */
#ifndef NTK_TESTS_STARVED_MEMORY_H
#define NTK_TESTS_STARVED_MEMORY_H

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *pointer, size_t size) {
  return fails() ? NULL : __real_realloc(pointer, size);
}
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : __real_aligned_alloc(alignment, size);
}
char *__wrap_strdup(const char *text) {
  return fails() ? NULL : __real_strdup(text);
}
char *__wrap_strndup(const char *text, size_t length) {
  return fails() ? NULL : __real_strndup(text, length);
}

#endif
