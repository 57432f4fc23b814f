/* Rows and columns that the phases of a computation take at a time, at most: for predictions of
 * memory. */
#ifndef NTK_KERNEL_WORKSPACE_H
#define NTK_KERNEL_WORKSPACE_H

enum {
  FORWARD_ROWS = 128,     /* net/forward.c */
  OPERATOR_ROWS = 256,    /* kernel/cpu_operator.c */
  GRAM_COLUMNS = 240 + 40 /* kernel/cpu_gram.c */
};

#endif
