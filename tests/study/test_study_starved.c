/* Studies short of memory: every seventh allocation.
 * Property: that of study_starved.h. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#define STARVED_STEP 7
#include "study_starved.h"

int main(void) {
  return run_starving();
}
