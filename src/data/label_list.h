/* The labels that lie in a file beside its numbers, as they are read: numbers, or words, which are
 * classes. Words become 0, 1, ... in the order of their bytes, as NumPy's unique counts them. */
#ifndef NTK_DATA_LABEL_LIST_H
#define NTK_DATA_LABEL_LIST_H

#include "base/status.h"

#include <stddef.h>

enum { NTK_LIKE = 16 }; /* room for a name that labels usually have */

typedef struct ntk_label_list {
  size_t count, room;
  double *value;
  size_t classes, class_room;
  char **name;  /* in the order of their bytes */
  size_t *code; /* of each name in value, until ntk_label_list_end */
} ntk_label_list;

/* where: what messages begin with, "labels.csv: line 7, column 3". NTK_ERR_FORMAT for words among
 * numbers, numbers among words, more than 65,536 words; NTK_ERR_MEMORY. */
ntk_status ntk_label_list_number(ntk_label_list *list, const char *where, double value);
ntk_status ntk_label_list_word(ntk_label_list *list, const char *where, const char *word);
/* No more follow: the words get their numbers. */
ntk_status ntk_label_list_end(ntk_label_list *list);
/* Whether a word is one of them. */
bool ntk_label_list_has(const ntk_label_list *list, const char *word);
void ntk_label_list_clear(ntk_label_list *list);

#endif
