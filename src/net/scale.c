/* Scales of the blocks of K = sum_k (a_k F_k F_k^T + b_k) o (B_{k+1} B_{k+1}^T): the squares of the
 * factors by which each parameter's derivative counts, or layer-wise learning rates.
 *
 *   standard  a_k = b_k = 1
 *   ntk       a_k = sigma_W^2 / n_k, b_k = sigma_b^2: W_{k+1} = sigma_W / sqrt n_k w, bias sigma_b
 *             times its parameter (Jacot et al., 2018; sigma_W = sigma_b = 1 unless given)
 *   mup       Tensor Programs V (Yang et al., 2022), Table 3, SGD: fan_out for W_1 and every bias,
 *             1 / fan_in for W_L, 1 between
 *   numbers   L of them, W_l's and its bias's alike, or 2 L: of W_1, b_1, W_2, ... */
#include "net/network.h"

#include "base/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ntk_status refuse(const char *text, size_t L) {
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "parameterization '%s'; accepted: standard, ntk, ntk(sigma_W,sigma_b), mup, or "
                  "%zu or %zu numbers from 0 on, one of them above 0",
                  text, L, 2 * L);
}

/* Up to `most` numbers >= 0, separated by commas, up to `end`; their count, or 0. */
static size_t read_numbers(const char *text, char end, size_t most, double *numbers) {
  for (size_t count = 0; count < most; count++) {
    char *rest = NULL;
    const double value = strtod(text, &rest);
    if (rest == text || !isfinite(value) || value < 0.0)
      return 0;
    numbers[count] = value;
    if (*rest == end && (end == '\0' || rest[1] == '\0'))
      return count + 1;
    if (*rest != ',')
      return 0;
    text = rest + 1;
  }
  return 0;
}

static void ntk_scale(const ntk_network_spec *spec, const double *sigma, double *scale) {
  for (size_t l = 1; l <= spec->depth; l++) {
    scale[2 * l - 2] = sigma[0] * sigma[0] / (double)spec->width[l - 1];
    scale[2 * l - 1] = sigma[1] * sigma[1];
  }
}

static void mup_scale(const ntk_network_spec *spec, double *scale) {
  const size_t L = spec->depth;
  for (size_t l = 1; l <= L; l++) {
    scale[2 * l - 2] = 1.0;
    scale[2 * l - 1] = (double)ntk_spec_width(spec, l);
  }
  scale[0] = (double)spec->width[1];
  scale[2 * L - 2] = 1.0 / (double)spec->width[L - 1];
}

/* scale by the name. */
static ntk_status find(const ntk_network_spec *spec, double *scale) {
  const char *text = spec->parameterization;
  const size_t L = spec->depth;
  double sigma[2] = {1.0, 1.0};
  if (text == NULL || strcmp(text, "standard") == 0) {
    for (size_t i = 0; i < 2 * L; i++)
      scale[i] = 1.0;
  } else if (strcmp(text, "ntk") == 0) {
    ntk_scale(spec, sigma, scale);
  } else if (strncmp(text, "ntk(", 4) == 0) {
    if (read_numbers(text + 4, ')', 2, sigma) != 2)
      return refuse(text, L);
    ntk_scale(spec, sigma, scale);
  } else if (strcmp(text, "mup") == 0) {
    mup_scale(spec, scale);
  } else {
    const size_t count = read_numbers(text, '\0', 2 * L, scale);
    if (count != L && count != 2 * L)
      return refuse(text, L);
    for (size_t l = L; l >= 1 && count == L; l--)
      scale[2 * l - 1] = scale[2 * l - 2] = scale[l - 1];
  }
  return NTK_OK;
}

ntk_status ntk_scales_find(const ntk_network_spec *spec, double *scale) {
  const size_t L = spec->depth;
  if (spec->scale != NULL)
    memcpy(scale, spec->scale, 2 * L * sizeof *scale);
  else
    NTK_TRY(find(spec, scale));
  bool any = false;
  for (size_t i = 0; i < 2 * L; i++) {
    if (!isfinite(scale[i]) || scale[i] < 0.0)
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "the scale of %c_%zu is %g; accepted: finite and not below 0",
                      i % 2 == 0 ? 'W' : 'b', i / 2 + 1, scale[i]);
    if (i % 2 == 1 && !ntk_spec_bias(spec, i / 2 + 1))
      scale[i] = 0.0;
    any |= scale[i] > 0.0;
  }
  return any ? NTK_OK
             : ntk_fail(NTK_ERR_ARGUMENT, "all scales are 0; accepted: one of them above 0");
}
