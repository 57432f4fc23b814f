#ifdef NTK_HDF5_LIBRARY
#include "io/archive/hdf5_library.h"

#include "base/text.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* Under the mutex. */
static ntk_hdf5 library;
static bool loaded;
static H5E_auto2_t printing;
static void *printing_to;

/* Functions are data to dlsym. */
static bool find(void *handle, const char *name, void *function, size_t size) {
  void *found = dlsym(handle, name);
  memcpy(function, &found, size < sizeof found ? size : sizeof found);
  return found != NULL;
}

#define NAME_OF(function) #function
#define FIND(function) &&find(handle, NAME_OF(function), &library.function, sizeof library.function)

static bool load(void) {
  void *handle = dlopen(NTK_HDF5_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL)
    return false;
  if (!(true NTK_HDF5_FUNCTIONS(FIND)) || library.H5open() < 0)
    return false;
  const hid_t *real = dlsym(handle, "H5T_NATIVE_DOUBLE_g");
  library.real = real != NULL ? *real : -1;
  return real != NULL;
}

ntk_status ntk_hdf5_enter(const char *path, const ntk_hdf5 **used) {
  if (pthread_mutex_lock(&mutex) != 0)
    return ntk_fail(NTK_ERR_FILE, "%s: is HDF5, whose library is in use", path);
  loaded = loaded || load();
  if (!loaded) {
    (void)pthread_mutex_unlock(&mutex);
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: is HDF5, and its library, " NTK_HDF5_LIBRARY ", cannot be loaded; "
                    "accepted: that it is installed (Debian: libhdf5-103-1)",
                    path);
  }
  (void)library.H5Eget_auto2(H5E_DEFAULT, &printing, &printing_to);
  (void)library.H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  *used = &library;
  return NTK_OK;
}

void ntk_hdf5_leave(void) {
  (void)library.H5Eset_auto2(H5E_DEFAULT, printing, printing_to);
  (void)library.H5Eclear2(H5E_DEFAULT);
  (void)pthread_mutex_unlock(&mutex);
}

/* Called for each of what the library was doing, what it did first at n = 0. */
static herr_t keep_text(unsigned n, const H5E_error2_t *error, void *user) {
  if (n == 0 && error->desc != NULL)
    (void)ntk_format(user, 256, "%s", error->desc);
  return 0;
}

const char *ntk_hdf5_error(void) {
  static char text[256];
  (void)ntk_format(text, sizeof text, "no reason given");
  (void)library.H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_text, text);
  return text;
}
#else
typedef int ntk_no_hdf5; /* a source has something in it */
#endif
