#include "net/layers_name.h"

#include <string.h>

static const char DIGITS[] = "0123456789";

/* ---- Words ----------------------------------------------------------------------------------- */

/* The last part of a name. Numbered ones count layers themselves: W1, b1, coefs_0. */
static const struct word {
  const char *word;
  bool numbered;
  ntk_role role;
  ntk_layout layout;
  const char *what;
} words[] = {
    {"weight", false, NTK_ROLE_WEIGHT, NTK_LAYOUT_TORCH, "PyTorch's word weight"},
    {"kernel", false, NTK_ROLE_WEIGHT, NTK_LAYOUT_FLAX, "Flax's and Keras's word kernel"},
    {"w", false, NTK_ROLE_WEIGHT, NTK_LAYOUT_FLAX, "Haiku's word w"},
    {"bias", false, NTK_ROLE_BIAS, NTK_LAYOUT_OPEN, NULL},
    {"b", false, NTK_ROLE_BIAS, NTK_LAYOUT_OPEN, NULL},
    {"W", true, NTK_ROLE_WEIGHT, NTK_LAYOUT_FLAX, "ntkit's own W_l"},
    {"w", true, NTK_ROLE_WEIGHT, NTK_LAYOUT_OPEN, NULL},
    {"weight", true, NTK_ROLE_WEIGHT, NTK_LAYOUT_OPEN, NULL},
    {"kernel", true, NTK_ROLE_WEIGHT, NTK_LAYOUT_OPEN, NULL},
    {"coefs", true, NTK_ROLE_WEIGHT, NTK_LAYOUT_FLAX, "scikit-learn's word coefs_"},
    {"b", true, NTK_ROLE_BIAS, NTK_LAYOUT_OPEN, NULL},
    {"bias", true, NTK_ROLE_BIAS, NTK_LAYOUT_OPEN, NULL},
    {"intercepts", true, NTK_ROLE_BIAS, NTK_LAYOUT_OPEN, NULL},
    {"running_mean", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "batch normalisation"},
    {"running_var", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "batch normalisation"},
    {"num_batches_tracked", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "batch normalisation"},
    {"moving_mean", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "batch normalisation"},
    {"moving_variance", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "batch normalisation"},
    {"scale", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "a normalisation"},
    {"gamma", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "a normalisation"},
    {"beta", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "a normalisation"},
    {"recurrent_kernel", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "a recurrent layer"},
    {"in_proj_weight", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "an attention layer"},
    {"weight_g", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "a weight made of two parts"},
    {"weight_v", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "a weight made of two parts"},
    {"original0", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "a weight made of two parts"},
    {"original1", false, NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, "a weight made of two parts"},
};

/* Parts of which the whole is no layer: state that training or drawing at random keeps. */
static const char *const left_out[] = {"optimizer",         "opt_state", "optimizer_state",
                                       "optimizer_weights", "metrics",   "seed_generator"};
/* Parts that a wrapper puts before a layer's name, or after its word. */
static const char *const wrappers[] = {"module", "_orig_mod", "params"}, *const after[] = {"value"};

static bool is_listed(const char *const *list, size_t count, const char *part, size_t length) {
  for (size_t i = 0; i < count; i++)
    if (strlen(list[i]) == length && strncmp(list[i], part, length) == 0)
      return true;
  return false;
}
#define LISTED(list, part, length) is_listed(list, sizeof(list) / sizeof(list)[0], part, length)

/* *number: where the digits of a numbered one begin; NULL: it has none. */
static const struct word *find_word(const char *part, const char **number) {
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    const size_t length = strlen(words[i].word);
    if (strncmp(part, words[i].word, length) != 0)
      continue;
    const char *rest = part + length;
    *number = NULL;
    if (!words[i].numbered && rest[0] == '\0')
      return &words[i];
    rest += rest[0] == '_';
    if (!words[i].numbered || rest[0] == '\0' || rest[strspn(rest, DIGITS)] != '\0')
      continue;
    *number = rest;
    return &words[i];
  }
  return NULL;
}

/* ---- Parts of a name ------------------------------------------------------------------------- */

/* The parts of the name but for wrappers, with '/' between them, whatever was there: '.', '/' and
 * the brackets and quotes of JAX's key paths; without the ':0' of TensorFlow. */
static bool join_parts(const char *name, char *group) {
  static const char between[] = "./[]'\"";
  bool left = false;
  size_t used = 0, end = strlen(name);
  if (end >= 2 && strcmp(name + end - 2, ":0") == 0)
    end -= 2;
  for (size_t i = 0; i < end;) {
    size_t length = strcspn(name + i, between);
    length = length < end - i ? length : end - i;
    left |= LISTED(left_out, name + i, length);
    const bool last = name[i + length] == '\0';
    if (length > 0 && !LISTED(wrappers, name + i, length) &&
        !(last && used > 0 && LISTED(after, name + i, length))) {
      if (used > 0)
        group[used++] = '/';
      memcpy(group + used, name + i, length);
      used += length;
    }
    i += length > 0 ? length : 1;
  }
  group[used] = '\0';
  return left;
}

/* Keras: layers/dense_1/vars/0 is a kernel, vars/1 its bias. */
static bool read_variable(char *group, char *last, ntk_layer_name *read) {
  static const char VARS[] = "vars";
  char *before = last - 1;
  if (last == group || last[0] == '\0' || last[strspn(last, DIGITS)] != '\0')
    return false;
  while (before > group && before[-1] != '/')
    before--;
  if (strncmp(before, VARS, sizeof VARS - 1) != 0 || before + sizeof VARS != last)
    return false;
  if (strcmp(last, "0") == 0)
    *read = (ntk_layer_name){NTK_ROLE_WEIGHT, NTK_LAYOUT_FLAX, true, "Keras's variable 0", group};
  else if (strcmp(last, "1") == 0)
    *read = (ntk_layer_name){NTK_ROLE_BIAS, NTK_LAYOUT_OPEN, false, NULL, group};
  else
    *read = (ntk_layer_name){NTK_ROLE_FOREIGN, NTK_LAYOUT_OPEN, false,
                             "a layer of more than a kernel and a bias", group};
  before[before > group ? -1 : 0] = '\0';
  return true;
}

ntk_layer_name ntk_layer_name_read(const char *name, char *group) {
  ntk_layer_name read = {.group = group};
  const bool left = join_parts(name, group);
  char *last = strrchr(group, '/');
  last = last != NULL ? last + 1 : group;
  const char *number = NULL;
  if (left) {
    read.role = NTK_ROLE_LEFT;
    return read;
  }
  if (strstr(group, "embed") != NULL) {
    read.role = NTK_ROLE_FOREIGN;
    read.what = "an embedding";
    return read;
  }
  if (read_variable(group, last, &read))
    return read;
  const struct word *word = find_word(last, &number);
  if (word == NULL)
    return read;
  read.role = word->role;
  read.layout = word->layout;
  read.made = word->layout == NTK_LAYOUT_FLAX && !word->numbered;
  read.what = word->what;
  if (number != NULL)
    memmove(last, number, strlen(number) + 1);
  else
    last[last > group ? -1 : 0] = '\0';
  return read;
}

/* ---- Counting -------------------------------------------------------------------------------- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* The first difference, *counted: whether it is one of numbers; 0: none but zeros before these. At
 * it, *a and *b. */
static int compare(const char **a, const char **b, bool *counted) {
  *counted = false;
  while (**a != '\0' || **b != '\0') {
    if (!is_digit(**a) || !is_digit(**b)) {
      if (**a != **b)
        return (unsigned char)**a < (unsigned char)**b ? -1 : 1;
      ++*a;
      ++*b;
      continue;
    }
    *a += strspn(*a, "0");
    *b += strspn(*b, "0");
    const size_t m = strspn(*a, DIGITS), n = strspn(*b, DIGITS);
    const int sign = m != n ? (m < n ? -1 : 1) : strncmp(*a, *b, m);
    *counted = sign != 0;
    if (sign != 0)
      return sign;
    *a += m;
    *b += n;
  }
  return 0;
}

int ntk_layer_name_compare(const char *a, const char *b) {
  bool counted = false;
  const char *p = a, *q = b;
  const int sign = compare(&p, &q, &counted);
  return sign != 0 ? sign : strcmp(a, b);
}

/* Whether a part of a name ends here, and there goes on with a number: dense and dense_1. */
static bool is_bare(const char *here, const char *there) {
  const char *number = there + (*there == '_');
  return (*here == '\0' || *here == '/') && is_digit(*number);
}

int ntk_layer_name_counted(const char *a, const char *b, bool bare) {
  bool counted = false;
  const int sign = compare(&a, &b, &counted);
  if (counted)
    return sign;
  if (bare && is_bare(a, b))
    return -1;
  return bare && is_bare(b, a) ? 1 : 0;
}
