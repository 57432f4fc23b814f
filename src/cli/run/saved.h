/* Files of --save, by the library's ntk_saving: saved_open and the claims before the computation;
 * saved_array, ... and saved_finish after it; saved_close. Of several ranks (ranks.h) the first has
 * the folder, and all call the same. */
#ifndef NTK_CLI_SAVED_H
#define NTK_CLI_SAVED_H

#include "cli/shell/settings.h"
#include "ntkit/io.h"

#include <jansson.h>

enum { SAVED_NAME = 64 };

typedef struct saved_folder {
  const cli_settings *settings; /* borrowed; NULL: nothing is saved */
  ntk_context *context;         /* borrowed: of the ranks that save together */
  ntk_saving *saving;
  const char *checkpoint; /* the same command goes on from it; borrowed; NULL: there is none */
  bool listed;            /* all of this run's files are there, or being moved there */
} saved_folder;

/* Begins to save, when settings ask for it. */
exit_status saved_open(const cli_settings *settings, ntk_context *context, saved_folder *folder);
/* Whether the run may write DIR/name; what saved_data writes; a network in place. */
exit_status saved_claim(const saved_folder *folder, const char *name);
exit_status saved_claim_data(const saved_folder *folder);
exit_status saved_claim_network(const saved_folder *folder, const char *place, size_t depth);

/* DIR/name, and where the stage has it, to be freed; NULL for want of memory (reported). */
char *saved_path(const char *directory, const char *name);
char *saved_staged(const saved_folder *folder, const char *name);
/* Adds a file that is in the stage, or will be before saved_finish, to this run's. */
exit_status saved_add(saved_folder *folder, const char *name);

/* As the library's. */
exit_status saved_array(saved_folder *folder, const char *name, const double *values, size_t rows,
                        size_t columns);
exit_status saved_data(saved_folder *folder, const ntk_dataset *data);
exit_status saved_weights(saved_folder *folder, const char *place, const ntk_network *network);
/* The last file: result.json, which lists itself: after saved_announce, saved_finish takes its
 * object over. */
void saved_announce(saved_folder *folder);
exit_status saved_finish(saved_folder *folder, json_t *object);
void saved_close(saved_folder *folder);

/* The list for the JSON object, empty when nothing was saved; NULL for want of memory. */
json_t *saved_json(const saved_folder *folder);
/* One line for people, or one a file, on standard output; nothing when nothing was saved. */
void saved_print(const saved_folder *folder);
void saved_print_files(const saved_folder *folder);

#endif
