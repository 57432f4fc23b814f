/* The spectral density of K by ntk_spectrum, beside all eigenvalues: of 2 of its 10 seeds and of at
 * most 300 samples. Property: that of spectrum_density.h. */
#define DENSITY_SEEDS 2
#define DENSITY_SIZES 2
#include "spectrum_density.h"

int main(void) {
  return run_density();
}
