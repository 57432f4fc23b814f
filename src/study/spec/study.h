/* A study resolved: its settings, its grid, and what each point of the grid is. */
#ifndef NTK_STUDY_STUDY_H
#define NTK_STUDY_STUDY_H

#include "study/measure/quantity.h"
#include "study/spec/grid.h"
#include "study/spec/settings.h"

#include "ntkit/study.h"

/* Weights in a file or folder. */
typedef struct ntk_study_weights {
  const char *path; /* borrowed from settings */
  ntk_file_identity identity;
  size_t depth, width[NTK_MOST_DEPTH + 1]; /* n_0, ..., n_L */
  bool bias[NTK_MOST_DEPTH];
} ntk_study_weights;

/* A file of data. */
typedef struct ntk_study_file {
  const char *path; /* borrowed from settings */
  ntk_file_identity identity;
  size_t rows, dim;
} ntk_study_file;

typedef struct ntk_study_files {
  size_t count;
  ntk_study_file *file;
} ntk_study_files;

struct ntk_study {
  ntk_settings settings; /* defaults filled in */
  const char *name;      /* borrowed from settings */
  size_t trials;         /* of each point */
  uint64_t seed;
  size_t population; /* ledger.population; 0: not given */
  size_t quantities;
  const ntk_quantity *quantity[NTK_MOST_QUANTITIES];
  ntk_grid grid;
  ntk_scaling scaling;
  size_t skip;    /* rows at the start of a file */
  bool rows_vary; /* a trial draws its N rows of a file */
  size_t files;   /* of data.source, which may be a variable of the grid */
  ntk_study_file *file;
  bool draws;    /* data of some point are drawn */
  size_t loaded; /* of network.load, the same */
  ntk_study_weights *weights;
  bool trains;                    /* some quantity asks for it */
  ntk_study_files labels, splits; /* of train.labels and train.split, which may be variables */
};

/* Network and data of point i. */
ntk_status ntk_study_point(const ntk_study *study, size_t i, ntk_point *point);

/* The study that settings describe, as of ntk_study_parse; they are taken over, whatever the
 * status.
 */
ntk_status ntk_study_make(ntk_settings *settings, ntk_study **study);
/* What a study file says of itself, without a look at the files that it names, or at its points:
 * name, quantities, trials, seed and grid, as of ntk_study_parse. */
ntk_status ntk_study_outline(const char *text, const char *name, ntk_study **study);
/* The data files of an outline as far as its settings tell, which is their d; none where the
 * database is too old to know. */
ntk_status ntk_study_recall_files(ntk_study *study);
/* The file of data that has this name; NULL: they are drawn. */
const ntk_study_file *ntk_study_file_of(const ntk_study *study, const char *source);
/* d of the data files, if it is one; 0: it is not, or the grid has it, or the database is too old
 * to know. */
size_t ntk_study_file_dim(const ntk_study *study);

/* Seed of a trial: a function of the study's seed, the point's variables and the trial alone. */
uint64_t ntk_study_seed(const ntk_study *study, size_t i, size_t trial);
/* The same from the sum of the hashes of the point's variables: their order does not matter. text:
 * NULL for a number. */
uint64_t ntk_variable_hash(const char *name, double value, const char *text);
uint64_t ntk_trial_seed(uint64_t seed, uint64_t variables, size_t trial);

/* "N = 1000, d = 70" into text. */
void ntk_study_point_text(const ntk_study *study, size_t i, size_t size, char *text);

/* Puts "at N = 1000, d = 70" behind the message that has just been set, and the setting's place
 * (unless NULL) before it; returns status. */
ntk_status ntk_study_refuse_point(const ntk_study *study, const ntk_setting *s, size_t i,
                                  ntk_status status);

#endif
