/* Means over the trials at each place of a plane. */
#include "study/table/cells.h"
#include "study/table/stats.h"

#include <math.h>
#include <stdlib.h>

/* ---- Cells ----------------------------------------------------------------------------------- */

typedef struct item {
  double x, y;
  const ntk_study_row *row;
} item;

/* By x, y, point and trial: the order of the table's rows does not matter. */
static int compare_items(const void *left, const void *right) {
  const item *a = left, *b = right;
  if (a->x != b->x)
    return a->x < b->x ? -1 : 1;
  if (a->y != b->y)
    return a->y < b->y ? -1 : 1;
  if (a->row->point != b->row->point)
    return a->row->point < b->row->point ? -1 : 1;
  if (a->row->trial != b->row->trial)
    return a->row->trial < b->row->trial ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

static item *sort_items(const ntk_samples *samples, const ntk_study_table *table, const double *y) {
  item *items = calloc(samples->count, sizeof *items);
  for (size_t i = 0; i < samples->count && items != NULL; i++) {
    const ntk_sample *s = &samples->sample[i];
    items[i] = (item){s->x, y[s->row - table->row], s->row};
  }
  if (items != NULL)
    qsort(items, samples->count, sizeof *items, compare_items);
  return items;
}

/* Adds a trial to the last cell: its value, or to what it has not. */
static void add(ntk_cells *cells, double value, bool log) {
  ntk_map_cell *cell = &cells->cell[cells->count - 1];
  if (isnan(value)) {
    cell->missing++;
  } else if (log && !(value > 0.0 && isfinite(value))) {
    cell->left_out++;
  } else {
    cells->value[cells->start[cells->count]++] = log ? log10(value) : value;
    cell->count++;
  }
}

ntk_status ntk_cells_collect(const ntk_study_table *table, const ntk_map_options *options,
                             ntk_cells *cells) {
  if (options == NULL || options->y == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "options or options.y is NULL; accepted: all of them given");
  ntk_samples samples;
  NTK_TRY(ntk_samples_collect(
      table, &(ntk_summary_options){.quantity = options->quantity, .x = options->x}, &samples));
  double *y = calloc(table->rows, sizeof *y);
  ntk_status status = NTK_ERR_MEMORY;
  if (y != NULL)
    status = ntk_study_table_column(table, options->y, y);
  item *items = status == NTK_OK ? sort_items(&samples, table, y) : NULL;
  ntk_cells made = {.cell = calloc(samples.count, sizeof *made.cell),
                    .start = calloc(samples.count + 1, sizeof *made.start),
                    .value = calloc(samples.count, sizeof *made.value)};
  const bool enough =
      items != NULL && made.cell != NULL && made.start != NULL && made.value != NULL;
  if (status == NTK_ERR_MEMORY || (status == NTK_OK && !enough))
    status = ntk_fail(NTK_ERR_MEMORY, "no memory for a map of %zu trials", samples.count);
  for (size_t i = 0; i < samples.count && status == NTK_OK; i++) {
    if (i == 0 || items[i].x != items[i - 1].x || items[i].y != items[i - 1].y) {
      made.cell[made.count++] = (ntk_map_cell){.x = items[i].x, .y = items[i].y};
      made.start[made.count] = made.start[made.count - 1];
    }
    add(&made, items[i].row->value, options->log);
  }
  free(items);
  free(y);
  ntk_samples_clear(&samples);
  if (status == NTK_OK)
    *cells = made;
  else
    ntk_cells_clear(&made);
  return status;
}

void ntk_cells_clear(ntk_cells *cells) {
  free(cells->cell);
  free(cells->start);
  free(cells->value);
  *cells = (ntk_cells){0};
}

/* ---- The map --------------------------------------------------------------------------------- */

static void measure(ntk_map_cell *cell, const double *value, bool log) {
  cell->mean = cell->deviation = NAN;
  if (cell->count == 0)
    return;
  const double mean = ntk_mean(cell->count, value);
  double squares = 0.0;
  for (size_t i = 0; i < cell->count; i++)
    squares += (value[i] - mean) * (value[i] - mean);
  cell->mean = log ? pow(10.0, mean) : mean;
  if (cell->count > 1)
    cell->deviation = sqrt(squares / (double)(cell->count - 1));
}

ntk_status ntk_study_map(const ntk_study_table *table, const ntk_map_options *options,
                         ntk_map *map) {
  if (map == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "map is NULL; accepted: where the map goes");
  ntk_cells cells;
  NTK_TRY(ntk_cells_collect(table, options, &cells));
  for (size_t c = 0; c < cells.count; c++)
    measure(&cells.cell[c], cells.value + cells.start[c], options->log);
  *map = (ntk_map){cells.count, cells.cell};
  cells.cell = NULL; /* the map's now */
  ntk_cells_clear(&cells);
  return NTK_OK;
}

void ntk_map_clear(ntk_map *map) {
  free(map->cell);
  *map = (ntk_map){0};
}
