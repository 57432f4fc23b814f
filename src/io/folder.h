/* A folder that holds fitted networks: its names, and the list of files in its result.json. Sets of
 * files are JSON objects whose keys are their names in the folder. */
#ifndef NTK_IO_FOLDER_H
#define NTK_IO_FOLDER_H

#include "base/status.h"

#include <dirent.h>
#include <jansson.h>

enum { NTK_CLASS_NAME = 64, NTK_COMMAND_NAME = 64 };

/* directory/name, to be freed; name "": the folder itself, directory "": where the process is. */
ntk_status ntk_folder_path(const char *directory, const char *name, char **path);

/* Opens a folder to be listed; *folder is NULL where there is none, or none that may be listed. */
ntk_status ntk_folder_open(const char *path, DIR **folder);

/* The folder of a class's network, "class3"; the numbers of those that are there, ascending, to be
 * freed: NULL and 0 where there is none. */
void ntk_class_folder(double value, char name[NTK_CLASS_NAME]);
ntk_status ntk_class_folders(const char *directory, size_t *count, double **values);

/* Reads a list of files, result.json or a stage's: the command that wrote it, "" where there is
 * none or it is no such list, and its files into names. */
ntk_status ntk_folder_list(const char *directory, const char *name, char command[NTK_COMMAND_NAME],
                           json_t *names);

/* The number of W12.npy or b12.npy; 0: the name is of neither. kind: 'W' or 'b'. */
size_t ntk_folder_layer(const char *name, char *kind);

/* Whether both are there and one file. */
bool ntk_same_file(const char *a, const char *b);

#endif
