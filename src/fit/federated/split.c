#include "fit/federated/split.h"

#include "base/memory.h"
#include "base/names.h"
#include "base/random.h"

#include "ntkit/fit.h"

#include <math.h>
#include <stdlib.h>

static const ntk_name_info infos[] = {
    {"iid", "shuffled by the seed, then dealt into equal parts, to a sample"},
    {"by-label", "sorted by label (of several outputs the largest's place), then cut likewise"},
};
enum { KINDS = sizeof infos / sizeof infos[0] };

const ntk_name_info *ntk_split_list(size_t *count) {
  *count = KINDS;
  return infos;
}

ntk_status ntk_split_find(const char *name, size_t *row) {
  return NTK_NAME_FIND("split", name, infos, KINDS, row);
}

typedef struct labelled {
  double label;
  size_t sample;
} labelled;

static int by_label(const void *a, const void *b) {
  const labelled *x = a, *y = b;
  if (x->label != y->label)
    return x->label < y->label ? -1 : 1;
  return x->sample < y->sample ? -1 : x->sample > y->sample;
}

static double label_of(const ntk_split_request *r, size_t i) {
  const double *Y = r->Y + i * r->outputs;
  size_t largest = 0;
  if (r->outputs == 1)
    return Y[0];
  for (size_t c = 1; c < r->outputs; c++)
    largest = Y[c] > Y[largest] ? c : largest;
  return (double)largest;
}

/* Place `at` of N is of which of the equal parts. */
static size_t part(const ntk_split_request *r, size_t at) {
  return (size_t)((double)at * (double)r->clients / (double)r->N);
}

static ntk_status sort(const ntk_split_request *r, ntk_split *s) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(s->context, r->N, sizeof(labelled), "split", &pointer));
  labelled *list = pointer;
  for (size_t i = 0; i < r->N; i++)
    list[i] = (labelled){label_of(r, i), i};
  qsort(list, r->N, sizeof *list, by_label);
  for (size_t at = 0; at < r->N; at++)
    s->of[list[at].sample] = part(r, at);
  ntk_free(s->context, list);
  return NTK_OK;
}

static ntk_status take_given(const ntk_split_request *r, ntk_split *s) {
  for (size_t i = 0; i < r->N; i++) {
    const double client = r->given[i];
    if (!(client >= 0.0 && client < (double)r->clients && client == floor(client)))
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "sample %zu (from 1) is of client %g; accepted: whole numbers from 0 to %zu",
                      i + 1, client, r->clients - 1);
    s->of[i] = (size_t)client;
  }
  return NTK_OK;
}

static ntk_status deal(const ntk_split_request *r, ntk_split *s) {
  size_t kind = 0;
  if (r->given != NULL)
    return take_given(r, s);
  NTK_TRY(ntk_split_find(r->kind, &kind));
  if (kind == 1)
    return sort(r, s);
  for (size_t at = 0; at < r->N; at++)
    s->of[at] = part(r, at);
  ntk_random_shuffle((ntk_random){r->seed, NTK_STREAM_CLIENTS, 0}, 0, r->N, s->of);
  return NTK_OK;
}

/* first and order, of what `of` says. */
static ntk_status collect(ntk_split *s) {
  for (size_t c = 0; c <= s->clients; c++)
    s->first[c] = 0;
  for (size_t i = 0; i < s->N; i++)
    s->first[s->of[i] + 1]++;
  s->smallest = s->N;
  for (size_t c = 0; c < s->clients; c++) {
    const size_t count = s->first[c + 1];
    if (count == 0)
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "client %zu has no samples; accepted: a split that gives some to each of the "
                      "%zu clients",
                      c, s->clients);
    s->smallest = count < s->smallest ? count : s->smallest;
    s->largest = count > s->largest ? count : s->largest;
    s->first[c + 1] += s->first[c];
  }
  for (size_t i = 0; i < s->N; i++)
    s->order[s->first[s->of[i]]++] = i;
  for (size_t c = s->clients; c > 0; c--)
    s->first[c] = s->first[c - 1];
  s->first[0] = 0;
  return NTK_OK;
}

static ntk_status allocate(ntk_split *s) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(s->context, s->clients + 1, sizeof *s->first, "split", &pointer));
  s->first = pointer;
  NTK_TRY(ntk_alloc(s->context, s->N, sizeof *s->order, "split", &pointer));
  s->order = pointer;
  NTK_TRY(ntk_alloc(s->context, s->N, sizeof *s->of, "split", &pointer));
  s->of = pointer;
  return NTK_OK;
}

ntk_status ntk_split_check(size_t clients, size_t N) {
  if (clients <= N)
    return NTK_OK;
  return ntk_fail_about(
      ntk_fail(NTK_ERR_ARGUMENT,
               "there are to be %zu clients, and there are %zu samples: some would have none; "
               "accepted: from 1 to %zu",
               clients, N, N),
      (ntk_error){.option = "clients"});
}

ntk_status ntk_split_create(ntk_context *context, const ntk_split_request *request,
                            ntk_split **split) {
  void *pointer = NULL;
  NTK_TRY(ntk_split_check(request->clients, request->N));
  NTK_TRY(ntk_alloc(context, 1, sizeof(ntk_split), "split", &pointer));
  ntk_split *s = pointer;
  *s = (ntk_split){.context = context, .N = request->N, .clients = request->clients};
  ntk_status status = allocate(s);
  if (status == NTK_OK)
    status = deal(request, s);
  if (status == NTK_OK)
    status = collect(s);
  if (status == NTK_OK)
    *split = s;
  else
    ntk_split_destroy(s);
  return status;
}

void ntk_split_destroy(ntk_split *s) {
  if (s == NULL)
    return;
  ntk_free(s->context, s->first);
  ntk_free(s->context, s->order);
  ntk_free(s->context, s->of);
  ntk_free(s->context, s);
}

double ntk_split_bytes(double N, double clients) {
  return (double)sizeof(ntk_split) + (double)sizeof(size_t) * (2.0 * N + clients + 1.0) +
         (double)sizeof(labelled) * N;
}
