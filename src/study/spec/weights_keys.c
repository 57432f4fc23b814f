/* A shape is remembered as "5-8b-12b-1b": n_0, n_1, ..., n_L, b where the layer has a bias. */
#include "study/spec/weights_keys.h"

#include "study/spec/keys.h"
#include "study/spec/scope.h"

#include "base/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPE = NTK_MOST_DEPTH * 22 };

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for a study's weights");
}

bool ntk_study_loads(const ntk_study *study) {
  return ntk_settings_find(&study->settings, "network.load") != NULL;
}

static void shape_text(const ntk_network *network, char text[SHAPE]) {
  const size_t L = ntk_network_depth(network);
  size_t used = (size_t)snprintf(text, SHAPE, "%zu", ntk_network_width(network, 0));
  for (size_t l = 1; l <= L && used < SHAPE; l++)
    used += (size_t)snprintf(text + used, SHAPE - used, "-%zu%s", ntk_network_width(network, l),
                             ntk_network_has_bias(network, l) ? "b" : "");
}

static void read_shape(const char *text, ntk_study_weights *weights) {
  char *at = NULL;
  weights->width[0] = strtoull(text, &at, 10);
  for (weights->depth = 0; *at == '-' && weights->depth < NTK_MOST_DEPTH;) {
    const size_t l = ++weights->depth;
    weights->width[l] = strtoull(at + 1, &at, 10);
    weights->bias[l - 1] = *at == 'b';
    at += *at == 'b';
  }
}

static const char *layout_of(const ntk_study *study) {
  const ntk_setting *s = ntk_settings_find(&study->settings, "network.layout");
  return s != NULL ? s->value[0] : NULL;
}

/* Looks at one file or folder; all of it is read, so that what is wrong with it is told now. */
static ntk_status look(ntk_study *study, ntk_context *context, const char *path, bool many) {
  ntk_study_weights *made = &study->weights[study->loaded];
  const char *const name = many ? path : NULL;
  const ntk_key_texts activation = ntk_keys_texts(study, "network.activation");
  char hash[NTK_FINGERPRINT], shape[SHAPE];
  ntk_network *network = NULL;
  bool same = true, same_shape = true;
  *made = (ntk_study_weights){.path = path};
  NTK_TRY(ntk_weights_identify(path, &made->identity));
  NTK_TRY(ntk_weights_fingerprint(path, hash));
  NTK_TRY(ntk_trial_load(context, path, layout_of(study), activation.text[0], &network));
  const size_t depth = ntk_network_depth(network);
  if (depth <= NTK_MOST_DEPTH)
    shape_text(network, shape);
  ntk_network_destroy(network);
  if (depth > NTK_MOST_DEPTH)
    return ntk_fail(NTK_ERR_LIMIT, "%s: a depth of %zu; accepted: up to %d", path, depth,
                    NTK_MOST_DEPTH);
  read_shape(shape, made);
  study->loaded++;
  NTK_TRY(ntk_keys_remember(study, "network.fingerprint", name, hash, &same));
  NTK_TRY(ntk_keys_remember(study, "network.shape", name, shape, &same_shape));
  return same && same_shape
             ? NTK_OK
             : ntk_fail(NTK_ERR_ARGUMENT, "%s is not what the study was made for: it has changed",
                        path);
}

ntk_status ntk_study_read_weights(ntk_study *study) {
  static const char *const of_loaded[] = {"network.layout", "network.fingerprint", "network.shape"};
  for (size_t i = 0; i < sizeof of_loaded / sizeof of_loaded[0]; i++) {
    const ntk_setting *s = ntk_settings_find(&study->settings, of_loaded[i]);
    if (s != NULL && !ntk_study_loads(study))
      return NTK_REFUSE(&study->settings, s, "accepted with network.load alone");
  }
  if (!ntk_study_loads(study))
    return NTK_OK;
  for (size_t q = 0; q < study->quantities; q++)
    if (study->quantity[q]->measure == &ntk_memorization_measure ||
        study->quantity[q]->measure == &ntk_margin_measure)
      return NTK_REFUSE(&study->settings, ntk_settings_find(&study->settings, "quantity"),
                        "%s makes its own weights; accepted without network.load",
                        study->quantity[q]->info.name);
    else if (study->quantity[q]->measure == &ntk_limit_measure)
      return NTK_REFUSE(&study->settings, ntk_settings_find(&study->settings, "quantity"),
                        "the limit at infinite width is of a law of weights; accepted without "
                        "network.load");
  const ntk_key_texts all = ntk_keys_texts(study, "network.load");
  ntk_context *context = NULL;
  study->weights = calloc(all.count, sizeof *study->weights);
  if (study->weights == NULL)
    return no_memory();
  NTK_TRY(ntk_context_create(&(ntk_context_options){.threads = 1}, &context));
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < all.count && status == NTK_OK; i++)
    status = look(study, context, all.text[i], all.many);
  ntk_context_destroy(context);
  return status == NTK_OK
             ? status
             : ntk_setting_refuse(&study->settings,
                                  ntk_settings_find(&study->settings, "network.load"), status);
}

ntk_status ntk_study_recall_weights(ntk_study *study) {
  if (!ntk_study_loads(study))
    return NTK_OK;
  const ntk_key_texts all = ntk_keys_texts(study, "network.load");
  study->weights = calloc(all.count, sizeof *study->weights);
  if (study->weights == NULL)
    return no_memory();
  for (size_t i = 0; i < all.count; i++) {
    const char *shape = ntk_keys_recall(study, "network.shape", all.many ? all.text[i] : NULL);
    if (shape == NULL)
      continue;
    study->weights[study->loaded].path = all.text[i];
    read_shape(shape, &study->weights[study->loaded++]);
  }
  return NTK_OK;
}

ntk_status ntk_point_read_weights(const ntk_study *study, size_t i, ntk_point *point) {
  if (!ntk_study_loads(study))
    return NTK_OK;
  const char *path = ntk_point_name(study, "network.load", i);
  size_t k = 0;
  while (k < study->loaded && strcmp(study->weights[k].path, path) != 0)
    k++;
  if (k == study->loaded)
    return ntk_fail(NTK_ERR_FORMAT, "what '%s' holds is not known", path);
  const ntk_study_weights *w = &study->weights[k];
  point->weights = path;
  point->weights_file = w->identity;
  point->layout = layout_of(study);
  point->depth = w->depth;
  point->outputs = w->width[w->depth];
  memcpy(point->width, w->width, w->depth * sizeof point->width[0]);
  memcpy(point->bias, w->bias, w->depth * sizeof point->bias[0]);
  for (size_t l = 0; l < w->depth; l++) {
    point->biased |= w->bias[l];
    point->beta[l] = 1.0;
  }
  return NTK_OK;
}
