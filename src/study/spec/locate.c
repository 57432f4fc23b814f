/* Values are compared as they are, bit for bit but for the sign of 0: they come from the same
 * texts, and a seed is a function of them. */
#include "study/spec/locate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b) {
  const ntk_placed *x = a, *y = b;
  return (x->value > y->value) - (x->value < y->value);
}

ntk_status ntk_grid_index_make(const ntk_grid *grid, ntk_grid_index *index) {
  *index = (ntk_grid_index){.grid = grid};
  for (size_t v = 0; v < grid->count; v++) {
    const ntk_variable *variable = &grid->variable[v];
    if (variable->value == NULL)
      continue;
    ntk_placed *placed = calloc(variable->count, sizeof *placed);
    if (placed == NULL) {
      ntk_grid_index_clear(index);
      return ntk_fail(NTK_ERR_MEMORY, "no memory for %zu values", variable->count);
    }
    for (size_t i = 0; i < variable->count; i++)
      placed[i] = (ntk_placed){variable->value[i], i};
    qsort(placed, variable->count, sizeof *placed, by_value);
    index->placed[v] = placed;
  }
  return NTK_OK;
}

void ntk_grid_index_clear(ntk_grid_index *index) {
  for (size_t v = 0; v < NTK_MOST_VARIABLES; v++)
    free(index->placed[v]);
  *index = (ntk_grid_index){0};
}

size_t ntk_grid_place(const ntk_grid_index *index, size_t v, double value, const char *text) {
  const ntk_variable *variable = &index->grid->variable[v];
  if (variable->text != NULL) {
    for (size_t i = 0; i < variable->count && text != NULL; i++)
      if (strcmp(variable->text[i], text) == 0)
        return i;
    return SIZE_MAX;
  }
  const ntk_placed key = {.value = value};
  const ntk_placed *found =
      text != NULL || isnan(value)
          ? NULL
          : bsearch(&key, index->placed[v], variable->count, sizeof key, by_value);
  return found != NULL ? found->place : SIZE_MAX;
}

ntk_status ntk_grid_locate(const ntk_grid_index *index, const ntk_grid *names, const double *value,
                           const char *const *text, size_t *point) {
  const ntk_grid *grid = index->grid;
  size_t there[NTK_MOST_VARIABLES], at = 0;
  *point = SIZE_MAX;
  for (size_t v = 0; v < grid->count; v++) {
    there[v] = ntk_grid_find(names, grid->name[v]);
    if (there[v] == names->count)
      return NTK_OK;
    if (grid->variable[v].expression != NULL)
      continue;
    const size_t place = ntk_grid_place(index, v, value[there[v]], text[there[v]]);
    if (place == SIZE_MAX)
      return NTK_OK;
    at = at * grid->variable[v].count + place;
  }
  double here[NTK_MOST_VARIABLES];
  NTK_TRY(ntk_grid_values(grid, at, here));
  for (size_t v = 0; v < grid->count; v++)
    if (grid->variable[v].expression != NULL && here[v] != value[there[v]])
      return ntk_fail(NTK_ERR_ARGUMENT, "grid.%s is %.17g at a point where '%s' is %.17g",
                      grid->name[v], value[there[v]], grid->variable[v].expression, here[v]);
  *point = at;
  return NTK_OK;
}
