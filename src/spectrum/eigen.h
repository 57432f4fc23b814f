/* What the public eigensolver (ntkit.h) needs besides. */
#ifndef NTK_SPECTRUM_EIGEN_H
#define NTK_SPECTRUM_EIGEN_H

#include "base/context.h"

/* Bytes that ntk_eigen_smallest or _largest holds at its peak for order n. */
size_t ntk_eigen_bytes(size_t n);

#endif
