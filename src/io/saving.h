/* A saving: what a run writes into a folder that others may have written into. */
#ifndef NTK_IO_SAVING_H
#define NTK_IO_SAVING_H

#include "ntkit/io.h"

#include <dirent.h>
#include <jansson.h>

/* The list of a run's files, in DIR; and in the stage, while there is none in DIR. */
#define NTK_STAGE ".ntkit.saving"
#define NTK_RESULT "result.json"
#define NTK_EARLIER "earlier.json"

struct ntk_saving {
  char *directory, *stage, *command;
  char *input[2]; /* data, labels; NULL: none */
  char *other;    /* the command whose result.json is there; "": none, or this one */
  bool overwrite;
  int lock;
  DIR *listing;  /* of the stage: open, so that it can be emptied without memory */
  bool made;     /* DIR was not there before */
  bool left;     /* the stage had the list of a run that was killed */
  bool moving;   /* DIR is no longer as it was */
  bool finished; /* all of this run's files are there */
  size_t moved;  /* of files */
  /* Sets of files, in their order: */
  json_t *owned;   /* what this command wrote before */
  json_t *files;   /* what this run writes */
  json_t *removed; /* of owned, what this run did not write: paths */
};

/* A text and the end of its line, into the stage. */
ntk_status ntk_saving_text(const ntk_saving *saving, const char *name, const char *text);
/* Moves what is in the stage into DIR. */
ntk_status ntk_saving_move(ntk_saving *saving);

/* ntk_saving_finish with what an object says, which it takes; NULL: there was no memory for it. */
ntk_status ntk_saving_finish_object(ntk_saving *saving, json_t *result);

#endif
