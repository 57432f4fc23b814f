/* SHA-256 (FIPS 180-4) of a file, as sha256sum prints it. */
#ifndef NTK_CLI_SHA256_H
#define NTK_CLI_SHA256_H

#include <stdbool.h>

enum { SHA256_TEXT = 65 };

/* The 64 digits of the file's hash; false when it cannot be read to its end. */
bool sha256_file(const char *path, char text[SHA256_TEXT]);

#endif
