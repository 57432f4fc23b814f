/* What the libraries beside libntkit may call of it. */
#ifndef NTK_BASE_EXPORT_H
#define NTK_BASE_EXPORT_H

#include "ntkit/ntkit.h"

/* For functions that are not public and that the libraries beside this one (libntkit_io,
 * libntkit_study) call: a shared libntkit exports them, for the same version alone. */
#define NTK_SIBLING NTK_API

#endif
