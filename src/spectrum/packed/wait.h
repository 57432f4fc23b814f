/* How a thread waits for what another one of its team is about to finish. */
#ifndef NTK_SPECTRUM_WAIT_H
#define NTK_SPECTRUM_WAIT_H

#include <sched.h>

/* Between two looks, the spin-th: at first at once, then giving up the processor, which on a busy
 * machine the other may need. */
static inline void ntk_wait_spin(int spin) {
  enum { SPINS = 2000 };
  if (spin >= SPINS)
    sched_yield();
}

#endif
