/* Where Theorem 3.1 speaks of the points of a study, for people and for programs. */
#include "cli/show/json.h"
#include "cli/study/study_view.h"

#include <stdio.h>

void study_print_assumptions(const ntk_assumption *counts) {
  printf("\nTheorem 3.1's assumptions at these %zu point%s:\n", counts[0].points,
         counts[0].points == 1 ? "" : "s");
  for (size_t i = 0; i < NTK_ASSUMPTIONS; i++) {
    const ntk_assumption *a = &counts[i];
    printf("  %-8s  %-45s %5zu outside", a->name, a->says, a->outside);
    if (a->unknown > 0)
      printf(", %zu not known", a->unknown);
    printf("\n");
    if (a->note[0] != '\0')
      printf("            %s\n", a->note);
  }
}

json_t *study_assumptions_json(const ntk_assumption *counts) {
  return json_list_of(ntk_study_describe("ntk_assumption"), counts, NTK_ASSUMPTIONS);
}
