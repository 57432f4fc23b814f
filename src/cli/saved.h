/* Files of --save: what the commands share that write results into a directory. */
#ifndef NTK_CLI_SAVED_H
#define NTK_CLI_SAVED_H

#include "cli/settings.h"
#include "ntkit/ntkit.h"

#include <jansson.h>

/* Paths of the files written so far. */
typedef struct saved_files {
  size_t count, capacity;
  char **paths;           /* owned, and each path too */
  bool listed;            /* result.json is there and lists them */
  const char *checkpoint; /* the same command goes on from it; borrowed; NULL: there is none */
} saved_files;

/* DIR/name, to be freed; NULL for want of memory (reported). */
char *saved_path(const char *directory, const char *name);
/* Adds a path, which it takes over. */
exit_status saved_add(saved_files *saved, char *path);
void saved_clear(saved_files *saved);

/* Before the first file is written: removes an earlier run's DIR/result.json, which would describe
 * this run's files for as long as its own is not there. */
exit_status saved_begin(const char *directory);

/* Writes DIR/name and lists it in *saved. columns 0: a vector of rows entries. */
exit_status saved_array(const char *directory, const char *name, const double *values, size_t rows,
                        size_t columns, saved_files *saved);
/* DIR/X.npy, and DIR/scaling.npy (2 x d: means and deviations) of data that were centred or
 * standardised. */
exit_status saved_data(const char *directory, const ntk_dataset *data, saved_files *saved);
/* DIR/W1.npy to DIR/WL.npy; those of an earlier and deeper network, which would be read with them,
 * go away. */
exit_status saved_weights(const char *directory, const ntk_network *network, saved_files *saved);
/* DIR/result.json lists itself: first saved_announce puts it on the list, then saved_result writes
 * object, which it takes over, to the last path of the list, and takes that off when it fails. */
exit_status saved_announce(const char *directory, const char *name, saved_files *saved);
exit_status saved_result(json_t *object, saved_files *saved);
/* Whether DIR/name and the file `input` are one. */
bool saved_is(const char *directory, const char *name, const char *input);
/* Whether the file `input` is DIR/W1.npy to DIR/WL.npy, L = depth, or one that follows these. */
bool saved_is_weight(const char *directory, size_t depth, const char *input);

/* Remove what an earlier run left in the directory and this one did not write, so that it never
 * mixes two runs: a file (true: it was there, or is of this run), and DIR/W1.npy, W2.npy, ... until
 * one is not there. */
bool saved_remove_stale(const char *directory, const char *name, const saved_files *saved);
void saved_remove_stale_weights(const char *directory, const saved_files *saved);
void saved_remove_earlier_classes(const char *directory, const saved_files *saved);
/* All of these: whatever any command left there. */
void saved_remove_earlier(const char *directory, const saved_files *saved);
/* Whether `path`, there or not, names what a command writes into directory, or reads from it as a
 * network. */
bool saved_is_of_run(const char *directory, size_t depth, const char *path);
/* Refuses an input (what: "data" or "labels") that --save would overwrite or remove. */
exit_status saved_check_overwrite(const cli_settings *settings, const char *input,
                                  const char *what);

/* DIR/class<number>, where the network of a class is; to be freed. */
char *saved_class_path(const char *directory, double value);
/* The numbers of those that are there, ascending, to be freed; none, where there is no directory.
 */
exit_status saved_classes(const char *directory, size_t *count, double **values);

/* The list for the JSON object; NULL for want of memory. */
json_t *saved_json(const saved_files *saved);
/* The list for people, on standard output. */
void saved_print(const saved_files *saved);

#endif
