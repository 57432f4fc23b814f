/* Names in a folder that holds fitted networks. */
#ifndef NTK_IO_FOLDER_H
#define NTK_IO_FOLDER_H

#include "base/status.h"

enum { NTK_CLASS_NAME = 64 };

/* directory/name, to be freed; "" is the folder itself, "." where that has no name. */
ntk_status ntk_folder_path(const char *directory, const char *name, char **path);
/* The folder of a class's network, "class3". */
void ntk_class_folder(double value, char name[NTK_CLASS_NAME]);

#endif
