/* The spectral density of K by ntk_spectrum, beside all eigenvalues: all of it.
 * Property: that of spectrum_density.h. */
#define DENSITY_SEEDS 10
#define DENSITY_SIZES 4
#include "spectrum_density.h"

int main(void) {
  return run_density();
}
