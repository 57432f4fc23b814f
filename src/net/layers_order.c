/* All orders are tried that keep what numbers in the names tell (net.0 before net.2) and in which
 * each layer takes what the one before puts out. One that fits is taken; of two, none. */
#include "net/layers_order.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

enum {
  MOST_LOOSE = 64,      /* layers that numbers do not put in order */
  MOST_STEPS = 1 << 17, /* of one search */
  MOST_HINT = 160
};

const char *ntk_array_text(const ntk_named_array *array, char text[NTK_ARRAY_TEXT]) {
  size_t used = 0;
  if (array->rank == 2) {
    (void)ntk_format(text, NTK_ARRAY_TEXT, "%zu x %zu", array->shape[0], array->shape[1]);
    return text;
  }
  (void)ntk_format(text, NTK_ARRAY_TEXT, "[");
  for (size_t i = 0; i < array->rank; i++) {
    used = strlen(text);
    (void)ntk_format(text + used, NTK_ARRAY_TEXT - used, "%s%zu", i > 0 ? ", " : "",
                     array->shape[i]);
  }
  used = strlen(text);
  (void)ntk_format(text + used, NTK_ARRAY_TEXT - used, "]");
  return text;
}

/* One way that the weights without a word may lie, and the orders in which they then fit. */
typedef struct search {
  const ntk_loose_layer *loose;
  size_t count;
  ntk_layout open; /* of those without a word */
  bool flipped;    /* all lie the other way than they say */
  bool bare;       /* dense is before dense_1 */
  bool backwards;  /* the numbers count from the last layer */
  size_t found;    /* orders: 0, 1, or 2 for more */
  size_t *order;   /* the first of them */
  size_t way[MOST_LOOSE];
  bool used[MOST_LOOSE];
} search;

/* The layer as it would be used; false: its bias is of another length. */
static bool lay(const search *s, size_t i, ntk_layer *layer) {
  const ntk_loose_layer *loose = &s->loose[i];
  const ntk_layout layout = loose->layout != NTK_LAYOUT_OPEN ? loose->layout : s->open;
  const bool transposed = (layout == NTK_LAYOUT_TORCH) != s->flipped;
  *layer = (ntk_layer){.weight = loose->weight,
                       .bias = loose->bias,
                       .in = transposed ? loose->columns : loose->rows,
                       .out = transposed ? loose->rows : loose->columns,
                       .transposed = transposed,
                       .why = loose->why != NULL ? loose->why : "the shapes"};
  return loose->length == SIZE_MAX || loose->length == layer->out;
}

/* Whether all layers are counted, and so have one order. */
static bool is_counted(const search *s) {
  for (size_t i = 1; i < s->count; i++)
    if (ntk_layer_name_counted(s->loose[i - 1].group, s->loose[i].group, s->bare) >= 0)
      return false;
  return true;
}

/* The first that does not fit in the order of the names; count: all do. */
static size_t first_misfit(const search *s) {
  size_t before = 0;
  for (size_t i = 0; i < s->count; i++) {
    ntk_layer layer;
    if (!lay(s, i, &layer) || (i > 0 && layer.in != before))
      return i;
    before = layer.out;
  }
  return s->count;
}

/* Whether the numbers put layer j before layer i. */
static bool is_before(const search *s, size_t j, size_t i) {
  const int sign = ntk_layer_name_counted(s->loose[j].group, s->loose[i].group, s->bare);
  return s->backwards ? sign > 0 : sign < 0;
}

static bool may_be_next(const search *s, size_t i, size_t placed, size_t before) {
  ntk_layer layer;
  if (s->used[i] || !lay(s, i, &layer) || (placed > 0 && layer.in != before))
    return false;
  for (size_t j = 0; j < s->count; j++)
    if (!s->used[j] && j != i && is_before(s, j, i))
      return false;
  return true;
}

static size_t outputs_of(const search *s, size_t i) {
  ntk_layer layer;
  (void)lay(s, i, &layer);
  return layer.out;
}

/* Depth first: way[0..placed - 1] is the way so far, next[k] the layer to be tried at place k. */
static void find_orders(search *s) {
  size_t next[MOST_LOOSE + 1] = {0}, placed = 0, steps = 0;
  memset(s->used, 0, sizeof s->used);
  while (s->found < 2) {
    size_t i = placed < s->count ? next[placed] : s->count;
    const size_t before = placed > 0 ? outputs_of(s, s->way[placed - 1]) : 0;
    while (i < s->count && !may_be_next(s, i, placed, before))
      i++;
    steps += s->count;
    if (steps > MOST_STEPS) { /* then it is not known to be one */
      s->found = 2;
    } else if (i < s->count) {
      s->used[i] = true;
      s->way[placed] = i;
      next[placed++] = i + 1;
      next[placed] = 0;
    } else {
      if (placed == s->count && s->found++ == 0)
        memcpy(s->order, s->way, s->count * sizeof *s->way);
      if (placed == 0)
        return;
      s->used[s->way[--placed]] = false;
    }
  }
}

static void run(search *s) {
  s->found = 0;
  if (s->backwards && s->count > MOST_LOOSE)
    return;
  if (!s->backwards && (is_counted(s) || s->count > MOST_LOOSE)) {
    s->found = first_misfit(s) == s->count ? (is_counted(s) ? 1 : 2) : 0;
    for (size_t i = 0; i < s->count; i++)
      s->order[i] = i;
    return;
  }
  find_orders(s);
}

/* Among several orders, the one in which dense is before dense_1, as Keras names layers one after
 * the other: not where the last may be any of them, for it can be the one that was made first. */
static void prefer_bare(search *s) {
  s->bare = true;
  run(s);
  ntk_layer last;
  if (s->found == 1 && lay(s, s->order[s->count - 1], &last) && last.in == last.out)
    s->found = 2;
}

/* ---- What is said of those that fit in no order, or in several --------------------------------
 */

static ntk_status misfit(const ntk_named_arrays *from, const search *s, const char *hint) {
  const size_t at = first_misfit(s);
  char here[NTK_ARRAY_TEXT], there[NTK_ARRAY_TEXT];
  const ntk_named_array *weight = &from->array[s->loose[at].weight];
  ntk_layer layer, before;
  if (!lay(s, at, &layer)) {
    const ntk_named_array *bias = &from->array[layer.bias];
    return ntk_fail(NTK_ERR_SHAPE,
                    "%s: the bias %s is %s and its weight %s is %s, of %zu outputs%s%s", from->path,
                    bias->name, ntk_array_text(bias, there), weight->name,
                    ntk_array_text(weight, here), layer.out,
                    hint[0] != '\0' ? hint : "; accepted: a number for each output", "");
  }
  const ntk_named_array *last = &from->array[s->loose[at - 1].weight];
  (void)lay(s, at - 1, &before);
  return ntk_fail(NTK_ERR_SHAPE,
                  "%s: %s is %s and takes %zu numbers, and %s before it is %s and puts out %zu%s%s",
                  from->path, weight->name, ntk_array_text(weight, here), layer.in, last->name,
                  ntk_array_text(last, there), before.out,
                  hint[0] != '\0' ? hint : "; accepted: layers that follow each other", "");
}

static ntk_status ask_order(const ntk_named_arrays *from, const search *s) {
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "%s: neither numbers in the names nor the shapes tell the order of the layers "
                  "%s, %s, ...; accepted: names that count them, as W1, b1, W2, ... or "
                  "layers.0.weight, layers.1.weight, ...",
                  from->path, from->array[s->loose[0].weight].name,
                  from->array[s->loose[s->count > 1 ? 1 : 0].weight].name);
}

static ntk_status ask_layout(const ntk_named_arrays *from, const search *s) {
  const ntk_loose_layer *open = s->loose;
  while (open->layout != NTK_LAYOUT_OPEN)
    open++;
  char shape[NTK_ARRAY_TEXT];
  return ntk_fail_about(
      ntk_fail(NTK_ERR_ARGUMENT,
               "%s: %s is %s, and neither its name nor the shapes tell whether that is [n_l, "
               "n_{l-1}] or [n_{l-1}, n_l]; expected torch for the first, flax for the second",
               from->path, from->array[open->weight].name,
               ntk_array_text(&from->array[open->weight], shape)),
      (ntk_error){.option = "layout"});
}

/* ---- The whole ------------------------------------------------------------------------------- */

static ntk_status conclude(const ntk_named_arrays *from, search *s, ntk_layers *layers) {
  bool counted = is_counted(s) && !s->backwards;
  if (s->found > 1) {
    prefer_bare(s);
    counted = true;
  }
  if (s->found != 1)
    return ask_order(from, s);
  layers->by_shapes = !counted;
  layers->count = s->count;
  for (size_t i = 0; i < s->count; i++)
    (void)lay(s, s->order[i], &layers->layer[i]);
  return NTK_OK;
}

/* Flax counts layers as they are made: in Dense(3)(Dense(7)(x)) the last one is Dense_0. Of words
 * that leave no doubt which way a weight lies, for else it might as well lie the other way. */
static bool fits_backwards(search *s) {
  for (size_t i = 0; i < s->count; i++)
    if (!s->loose[i].made)
      return false;
  s->backwards = true;
  run(s);
  s->backwards = s->found == 1;
  return s->backwards;
}

static ntk_status none_fits(const ntk_named_arrays *from, search *s) {
  bool worded = true;
  for (size_t i = 0; i < s->count; i++)
    worded = worded && s->loose[i].layout != NTK_LAYOUT_OPEN;
  char hint[MOST_HINT] = "";
  s->flipped = true;
  run(s);
  s->flipped = false;
  if (worded && s->found > 0) {
    const bool torch = s->loose[0].layout == NTK_LAYOUT_TORCH;
    (void)ntk_format(hint, sizeof hint,
                     "; these look transposed, as %s: --layout %s would take them",
                     torch ? "[n_{l-1}, n_l]" : "torch.nn.Linear has them, n_l x n_{l-1}",
                     torch ? "flax" : "torch");
  }
  return misfit(from, s, hint);
}

ntk_status ntk_layers_order(const ntk_named_arrays *from, size_t count,
                            const ntk_loose_layer *loose, ntk_layers *layers) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(layers->context, 2 * count, sizeof(size_t), "the layers", &pointer));
  size_t *order = pointer;
  search torch = {.loose = loose, .count = count, .open = NTK_LAYOUT_TORCH, .order = order};
  search flax = torch;
  flax.open = NTK_LAYOUT_FLAX;
  flax.order = order + count;
  bool open = false;
  for (size_t i = 0; i < count; i++)
    open = open || loose[i].layout == NTK_LAYOUT_OPEN;
  run(&flax);
  if (open)
    run(&torch);
  ntk_status status = NTK_OK;
  if (flax.found > 0 && torch.found > 0)
    status = ask_layout(from, &flax);
  else if (torch.found > 0)
    status = conclude(from, &torch, layers);
  else if (flax.found > 0 || fits_backwards(&flax))
    status = conclude(from, &flax, layers);
  else
    status = none_fits(from, &flax);
  ntk_free(layers->context, order);
  return status;
}
