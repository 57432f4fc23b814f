/* Studies short of memory: each allocation.
 * Property: that of study_starved.h. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#define STARVED_STEP 1
#include "study_starved.h"

int main(void) {
  return run_starving();
}
