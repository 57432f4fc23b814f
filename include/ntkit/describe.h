/* describe.h - every result as a table of its fields: name, unit, type, place and a line of help
 * each. What writes results for programs (JSON, NumPy, CSV, the page docs/results.md) and a binding
 * for another language go through these tables and know no field by name.
 *
 *   const ntk_description *d = ntk_describe("ntk_spectrum_result");
 *   for (size_t i = 0; i < d->fields; i++) {
 *     const ntk_field_value value = ntk_field_read(&d->field[i], &result);
 *     if (value.known && d->field[i].type == NTK_TYPE_REAL)
 *       printf("%s = %g %s\n", d->field[i].name, value.real, d->field[i].unit);
 *   } */
#ifndef NTKIT_DESCRIBE_H
#define NTKIT_DESCRIBE_H

#include "ntkit/ntkit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a field holds. */
typedef enum ntk_type {
  NTK_TYPE_REAL,    /* double; known where finite */
  NTK_TYPE_WHOLE,   /* size_t, uint64_t */
  NTK_TYPE_INT,     /* int, not negative */
  NTK_TYPE_FLAG,    /* bool */
  NTK_TYPE_TEXT,    /* char *; known unless NULL */
  NTK_TYPE_LINE,    /* char[] */
  NTK_TYPE_PAIR,    /* two doubles, one after the other */
  NTK_TYPE_REALS,   /* double *; known unless NULL */
  NTK_TYPE_OBJECT,  /* a struct within the struct */
  NTK_TYPE_OBJECTS, /* a pointer to structs */
  NTK_TYPE_WHOLES   /* size_t *; known unless NULL */
} ntk_type;

/* The value of a field; of the members the one of its type. */
typedef struct ntk_field_value {
  bool known;       /* false: null */
  bool flag;        /* of FLAG */
  double real;      /* of REAL */
  uint64_t whole;   /* of WHOLE and INT */
  const char *text; /* of TEXT and LINE; borrowed from the result, or static */
  const void *at; /* of PAIR, REALS, WHOLES, OBJECT, OBJECTS: the first; borrowed from the result */
  size_t count;   /* of these: how many */
} ntk_field_value;

typedef struct ntk_description ntk_description;

typedef struct ntk_field {
  const char *name;   /* for programs; "a.b": b within an object a */
  const char *member; /* of the struct; several with ", " between them; "" for what is computed */
  const char *unit;   /* "s", "bytes"; "": a number without one, or no number */
  const char *help;   /* one line */
  const char *former; /* the name it had, under which JSON has it too; NULL: none */
  size_t offset;      /* of the member */
  size_t count;       /* of REALS, WHOLES, OBJECTS: offset of the size_t that counts */
  const ntk_description *of;                   /* of OBJECT, OBJECTS: what is there */
  ntk_field_value (*compute)(const void *row); /* NULL: what stands at offset */
  ntk_type type;                               /* of the value */
  bool apart; /* not in the JSON object: large, or shown elsewhere */
} ntk_field;

struct ntk_description {
  const char *name;       /* of the struct: "ntk_track_point" */
  const char *help;       /* one line */
  const char *position;   /* what a row's place in a list is called, from 0; NULL: nothing */
  size_t size;            /* of the struct */
  size_t fields;          /* how many */
  const ntk_field *field; /* in the order in which they are shown */
};

/* The results of the headers but study.h, and the one of that name; NULL: there is
 * none. Static storage, as all tables. */
NTK_API const ntk_description *const *ntk_description_list(size_t *count);
NTK_API const ntk_description *ntk_describe(const char *name);
/* The same of study.h. */
NTK_API const ntk_description *const *ntk_study_description_list(size_t *count);
NTK_API const ntk_description *ntk_study_describe(const char *name);

/* Reads a field of the struct that result points to. */
NTK_API ntk_field_value ntk_field_read(const ntk_field *field, const void *result);

#ifdef __cplusplus
}
#endif
#endif
