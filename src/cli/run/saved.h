/* Files of --save: a folder that knows what it wrote. A run makes all of its files in the stage,
 * DIR/.ntkit.saving, which it alone holds, and moves them into DIR once all are there: what stops
 * it before that leaves DIR as it was. result.json, moved last, names the command and lists its
 * files. These the same command replaces when it comes again, and no others. In order: saved_open
 * and saved_claim before the computation; saved_array, ... and saved_finish after it; saved_close.
 */
#ifndef NTK_CLI_SAVED_H
#define NTK_CLI_SAVED_H

#include "cli/shell/settings.h"
#include "ntkit/ntkit.h"

#include <jansson.h>

enum { SAVED_NAME = 64 };

/* The list of a run's files, in DIR; and in the stage, while there is none in DIR. */
#define SAVED_RESULT "result.json"
#define SAVED_EARLIER "earlier.json"

typedef struct saved_folder {
  const cli_settings *settings; /* borrowed; NULL: nothing is saved */
  const char *input[2];         /* files that the run reads: data, labels; NULL: none */
  const char *checkpoint; /* the same command goes on from it; borrowed; NULL: there is none */
  char *stage;            /* owned */
  char other[SAVED_NAME]; /* the command whose result.json is there; "": none, or this one */
  int lock;
  bool made;   /* DIR was not there before */
  bool listed; /* all of this run's files are there, or being moved there */
  /* Objects whose keys are names of files in DIR, in their order: */
  json_t *owned; /* what this command wrote before */
  json_t *files; /* what this run writes */
} saved_folder;

/* Makes DIR, when settings ask for one, and its stage, which another run may hold: EXIT_INPUT. */
exit_status saved_open(const cli_settings *settings, saved_folder *folder);
/* Whether the run may write DIR/name, there or not: it replaces what this command wrote before, or
 * with --overwrite any plain file, but no input. */
exit_status saved_claim(const saved_folder *folder, const char *name);
/* The same for what every command writes (result.json, data), and for a network in place: "", or a
 * folder of DIR that ends in '/'. A matrix there that would be read as the next one is refused. */
exit_status saved_claim_data(const saved_folder *folder);
exit_status saved_claim_network(const saved_folder *folder, const char *place, size_t depth);

/* Where the stage has a file, to be freed; NULL for want of memory (reported). */
char *saved_staged(const saved_folder *folder, const char *name);
/* Adds a file that is in the stage, or will be before saved_finish, to this run's. */
exit_status saved_add(saved_folder *folder, const char *name);

/* Writes name. columns 0: a vector of rows entries. */
exit_status saved_array(saved_folder *folder, const char *name, const double *values, size_t rows,
                        size_t columns);
/* X.npy, and scaling.npy (2 x d: means and deviations) of data that were centred or standardised.
 */
exit_status saved_data(saved_folder *folder, const ntk_dataset *data);
/* W1.npy to WL.npy in place. */
exit_status saved_weights(saved_folder *folder, const char *place, const ntk_network *network);
/* The last file: result.json, which lists itself: first saved_announce adds it, then saved_finish
 * writes object, which it takes over, moves all into DIR, and removes what this command left there
 * before and did not write now. */
exit_status saved_announce(saved_folder *folder);
exit_status saved_finish(saved_folder *folder, json_t *object);
/* What has not been moved is no more; a DIR that was made and holds nothing neither. */
void saved_close(saved_folder *folder);

/* The list for the JSON object, empty when nothing was saved; NULL for want of memory. */
json_t *saved_json(const saved_folder *folder);
/* One line for people, or one a file, on standard output; nothing when nothing was saved. */
void saved_print(const saved_folder *folder);
void saved_print_files(const saved_folder *folder);

/* Whether the file `path`, there or not, is listed in DIR's result.json, or is what a command would
 * read from DIR as of a network. */
bool saved_is_of_network(const char *directory, const char *path);

/* Puts the files that DIR's result.json lists, whatever command wrote it, as keys into names. */
exit_status saved_listed(const char *directory, json_t *names);
/* DIR/name, to be freed; NULL for want of memory (reported). */
char *saved_path(const char *directory, const char *name);
/* The folder of a class's network, "class3/". */
void saved_class_name(double value, char name[SAVED_NAME]);
/* Numbers of the classes that have one in directory, ascending, to be freed; none, where there is
 * no directory. */
exit_status saved_classes(const char *directory, size_t *count, double **values);

#endif
