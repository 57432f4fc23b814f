#include "net/layers.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char ACCEPTED[] =
    "accepted: dense layers alone, each a matrix (weight, kernel, w, W_l) with at most one bias";

/* An array whose name was read. */
typedef struct entry {
  ntk_layer_name name;
  size_t array;
} entry;

/* What is being sorted out. */
typedef struct sorting {
  ntk_context *context;
  const ntk_named_arrays *from;
  ntk_layout layout; /* given; or NTK_LAYOUT_OPEN */
  char *text;        /* the names of groups */
  entry *entry;      /* count, then those of the network alone, by name */
  size_t count;
  bool worded; /* some name has a word for what it is */
  ntk_loose_layer *loose;
  size_t layers;
} sorting;

static const ntk_named_array *array_of(const sorting *s, const entry *e) {
  return &s->from->array[e->array];
}

/* ---- What is no dense layer ------------------------------------------------------------------ */

static ntk_status refuse(const sorting *s, const entry *e, const char *what) {
  char shape[NTK_ARRAY_TEXT];
  return ntk_fail(NTK_ERR_FORMAT, "%s: %s (%s) is no dense layer's: %s; %s", s->from->path,
                  array_of(s, e)->name, ntk_array_text(array_of(s, e), shape), what, ACCEPTED);
}

/* The length of a bias, also of one that lies as a matrix of one row or column; SIZE_MAX: it is
 * none. */
static size_t bias_length(const ntk_named_array *array) {
  if (array->rank == 1)
    return array->shape[0];
  if (array->rank == 2 && (array->shape[0] == 1 || array->shape[1] == 1))
    return array->shape[0] * array->shape[1];
  return SIZE_MAX;
}

static ntk_status check(const sorting *s, const entry *e) {
  const ntk_named_array *array = array_of(s, e);
  if (e->name.role == NTK_ROLE_FOREIGN) {
    char what[64];
    (void)ntk_format(what, sizeof what, "it is of %s", e->name.what);
    return refuse(s, e, what);
  }
  for (size_t i = 0; i < array->rank; i++)
    if (array->shape[i] == 0)
      return refuse(s, e, "it has no numbers");
  if (e->name.role == NTK_ROLE_NONE && s->worded)
    return refuse(s, e, "its name has none of the words for a weight or a bias");
  if (e->name.role == NTK_ROLE_BIAS && bias_length(array) == SIZE_MAX)
    return refuse(s, e, "a bias is a vector");
  if (e->name.role == NTK_ROLE_BIAS)
    return NTK_OK;
  if (array->rank > 2)
    return refuse(s, e, "it is of a convolution or an attention layer");
  if (array->rank == 0)
    return refuse(s, e, "it is one number");
  if (array->rank == 1 && e->name.role == NTK_ROLE_WEIGHT)
    return refuse(s, e,
                  "it is of a normalisation, or a matrix of one row or column saved as a "
                  "vector");
  return NTK_OK;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
  const entry *p = a, *q = b;
  const int sign = ntk_layer_name_compare(p->name.group, q->name.group);
  if (sign != 0)
    return sign;
  return p->name.role != q->name.role ? (p->name.role < q->name.role ? -1 : 1)
                                      : (p->array > q->array) - (p->array < q->array);
}

/* kernel.npy beside W1.npy is K, which --save-kernel writes. */
static bool is_left(const char *name, ntk_role role, bool folder) {
  return role == NTK_ROLE_LEFT ||
         (folder && (role == NTK_ROLE_NONE || strcmp(name, "kernel") == 0));
}

bool ntk_layers_ignore(const char *name, bool folder) {
  char *group = malloc(strlen(name) + 1);
  const bool left = group != NULL && is_left(name, ntk_layer_name_read(name, group).role, folder);
  free(group);
  return left;
}

static ntk_status read_names(sorting *s, ntk_layers *layers) {
  const ntk_named_arrays *from = s->from;
  size_t room = 1, used = 0;
  for (size_t i = 0; i < from->count; i++)
    room += strlen(from->array[i].name) + 1;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(s->context, room, 1, "names", &pointer));
  s->text = pointer;
  NTK_TRY(ntk_alloc(s->context, from->count, sizeof *s->entry, "names", &pointer));
  s->entry = pointer;
  NTK_TRY(ntk_alloc(s->context, from->count, sizeof *layers->left_out, "names", &pointer));
  layers->left_out = pointer;
  for (size_t i = 0; i < from->count; i++) {
    const ntk_layer_name name = ntk_layer_name_read(from->array[i].name, s->text + used);
    used += strlen(from->array[i].name) + 1;
    if (is_left(from->array[i].name, name.role, from->folder)) {
      layers->left_out[layers->left++] = i;
      continue;
    }
    s->worded = s->worded || name.role != NTK_ROLE_NONE;
    s->entry[s->count++] = (entry){name, i};
  }
  for (size_t i = 0; i < s->count; i++)
    NTK_TRY(check(s, &s->entry[i]));
  if (s->count > 0)
    qsort(s->entry, s->count, sizeof *s->entry, by_name);
  return NTK_OK;
}

/* ---- Layers ---------------------------------------------------------------------------------- */

static ntk_status begin_layer(sorting *s, const entry *e, ntk_loose_layer *last) {
  const ntk_named_array *array = array_of(s, e);
  if (last != NULL && s->worded && strcmp(last->group, e->name.group) == 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: %s and %s are both the weight of one layer; accepted: one weight a layer",
                    s->from->path, s->from->array[last->weight].name, array->name);
  const bool given = s->layout != NTK_LAYOUT_OPEN;
  s->loose[s->layers++] =
      (ntk_loose_layer){.group = e->name.group,
                        .weight = e->array,
                        .bias = SIZE_MAX,
                        .rows = array->shape[0],
                        .columns = array->shape[1],
                        .length = SIZE_MAX,
                        .made = !given && e->name.made,
                        .layout = given ? s->layout : e->name.layout,
                        .why = given                               ? "as given"
                               : e->name.layout != NTK_LAYOUT_OPEN ? e->name.what
                                                                   : NULL};
  return NTK_OK;
}

static ntk_status add_bias(const sorting *s, const entry *e, ntk_loose_layer *last) {
  const char *name = array_of(s, e)->name;
  const bool own = last != NULL && (!s->worded || strcmp(last->group, e->name.group) == 0);
  if (!own)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: %s is a bias, and its layer has no weight; accepted: a weight for each "
                    "bias (of tied ones a file may have one: save both)",
                    s->from->path, name);
  if (last->bias != SIZE_MAX)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: %s and %s are both the bias of one layer; accepted: at most one a layer",
                    s->from->path, s->from->array[last->bias].name, name);
  last->bias = e->array;
  last->length = bias_length(array_of(s, e));
  return NTK_OK;
}

/* Without words: a matrix begins a layer, and a vector is the bias of the one before it. */
static bool is_bias(const sorting *s, const entry *e) {
  return e->name.role == NTK_ROLE_BIAS ||
         (e->name.role == NTK_ROLE_NONE && array_of(s, e)->rank == 1);
}

static ntk_status make_layers(sorting *s) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(s->context, s->count, sizeof *s->loose, "the layers", &pointer));
  s->loose = pointer;
  if (s->loose == NULL)
    return NTK_ERR_MEMORY; /* said again, for analysers */
  for (size_t i = 0; i < s->count; i++) {
    ntk_loose_layer *last = s->layers > 0 ? &s->loose[s->layers - 1] : NULL;
    if (is_bias(s, &s->entry[i]))
      NTK_TRY(add_bias(s, &s->entry[i], last));
    else
      NTK_TRY(begin_layer(s, &s->entry[i], last));
  }
  return NTK_OK;
}

/* W1, W3: one is missing. (Of other names, 0, 2, 4 have activations between them.) */
static ntk_status check_numbers(const sorting *s) {
  static const char own[] = "W";
  long before = -1;
  for (size_t i = 0; i < s->layers; i++) {
    const char *name = s->from->array[s->loose[i].weight].name;
    if (strncmp(name, own, 1) != 0 || name[1] < '0' || name[1] > '9')
      return NTK_OK;
    const long number = strtol(name + 1, NULL, 10);
    if (i == 0 ? number > 1 : number != before + 1)
      return ntk_fail(s->from->folder ? NTK_ERR_FILE : NTK_ERR_FORMAT,
                      "%s: %s is there, and W%ld%s is not; accepted: W1, W2, ..., WL",
                      s->from->path, name, i == 0 ? 1 : before + 1, s->from->folder ? ".npy" : "");
    before = number;
  }
  return NTK_OK;
}

static ntk_status find(sorting *s, ntk_layers *layers) {
  NTK_TRY(read_names(s, layers));
  NTK_TRY(make_layers(s));
  if (s->layers == 0 && s->from->folder)
    return ntk_fail(NTK_ERR_FILE, "%s has no W1.npy; accepted: W1.npy, ..., WL.npy", s->from->path);
  if (s->layers == 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s has no matrix that is a weight; %s", s->from->path,
                    ACCEPTED);
  NTK_TRY(check_numbers(s));
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(s->context, s->layers, sizeof *layers->layer, "the layers", &pointer));
  layers->layer = pointer;
  return ntk_layers_order(s->from, s->layers, s->loose, layers);
}

ntk_status ntk_layers_find(ntk_context *context, const ntk_named_arrays *from, ntk_layout layout,
                           ntk_layers *layers) {
  sorting s = {.context = context, .from = from, .layout = layout};
  ntk_layers made = {.context = context};
  const ntk_status status = find(&s, &made);
  ntk_free(context, s.loose);
  ntk_free(context, s.entry);
  ntk_free(context, s.text);
  if (status == NTK_OK)
    *layers = made;
  else
    ntk_layers_clear(&made);
  return status;
}

void ntk_layers_clear(ntk_layers *layers) {
  ntk_free(layers->context, layers->layer);
  ntk_free(layers->context, layers->left_out);
  *layers = (ntk_layers){0};
}
