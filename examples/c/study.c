/* A small study: lambda_min over a grid of sizes, in worker processes, into a database.
 *
 *   cc study.c $(pkg-config --cflags --libs ntkit_study) && ./a.out study.db
 *
 * Run again, it goes on where it was. Exit status 0 when every trial is there. */
#include <ntkit/study.h>
#include <stdio.h>

static const char text[] = "name: example\n"
                           "quantity: lambda_min\n"
                           "network: {widths: [n, n], activation: tanh}\n"
                           "grid: {n: [10, 20, 40], N: 50, d: n}\n"
                           "trials: 4\n";

static void show(const ntk_study_table *table) {
  for (size_t i = 0; i < table->rows; i++)
    printf("point %zu, trial %zu: %s = %.4g\n", table->row[i].point, table->row[i].trial,
           table->row[i].quantity, table->row[i].value);
}

int main(int argc, char **argv) {
  const char *database = argc > 1 ? argv[1] : "study.db";
  ntk_study *study = NULL;
  ntk_study_status reached = {0};
  ntk_study_table table = {0};
  ntk_status status = ntk_study_parse(text, "example", NULL, 0, &study);
  if (status == NTK_OK)
    status = ntk_study_run(study, database, NULL, &reached);
  if (status == NTK_OK)
    status = ntk_study_table_read(database, &table);
  if (status == NTK_OK)
    show(&table);
  else
    fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_message());
  printf("%zu of %zu trials\n", reached.done, reached.total);
  const bool whole = status == NTK_OK && reached.done == 12;
  ntk_study_table_clear(&table);
  ntk_study_status_clear(&reached);
  ntk_study_destroy(study);
  return whole ? 0 : 1;
}
