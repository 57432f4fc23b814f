/* A block of rows up and down the network:
 *
 *   G_l = [F_{l-1}, 1] [W_l; b_l],   F_l = phi(G_l),   F_L = [F_{L-1}, 1] [W_L; b_L],   r = F_L - Y
 *   B_{L-1} = phi'(G_{L-1}) o (scale r W_L^T),   B_k = phi'(G_k) o (B_{k+1} W_{k+1}^T)
 *   gradient of [W_l; b_l] += [F_{l-1}, 1]^T B_l,   of [W_L; b_L] += [F_{L-1}, 1]^T (scale r)
 *
 * B_k is the paper's (9) with row i times scale r_i, and the sum over outputs where there are more.
 * The 1 stands behind F_{l-1}'s own columns, where there is b_l, with a derivative of 0. 2 n_{l-1}
 * n_l flops a row and layer for each of the three products, the second not for l = 1. */
#include "base/lanes.h"

#include "base/product/panels.h"
#include "kernel/cpu/step.h"

static void multiply(ntk_product p) {
  LANES_NAME(ntk_multiply)(&p);
}

static void activate(const ntk_step *step, size_t l, size_t n, real *F, real *B) {
  const ntk_activation *phi = &step->activation[l];
#ifdef NTK_SINGLE
  phi->eval_single(n, phi->info.value, F, F, B);
#else
  phi->eval(n, phi->info.value, F, F, B);
#endif
}

/* F_l of the block: of l = 0 the data. */
static const real *features(const ntk_step *step, const ntk_step_block *block, size_t l) {
  if (l == 0 && block->row != NULL)
    return (const real *)block->workspace + step->own_X;
  if (l == 0)
    return (const real *)step->X + block->first * step->layer[0].ld;
  return (const real *)block->workspace + step->block * step->layer[l].F;
}

/* Where samples are some of all, theirs to the workspace; 0 in padding rows. */
static void gather(const ntk_step *step, const ntk_step_block *block) {
  const size_t ld = step->layer[0].ld, n_L = step->outputs;
  real *X = (real *)block->workspace + step->own_X, *Y = (real *)block->workspace + step->own_Y;
  for (size_t i = 0; i < block->count && block->row != NULL; i++) {
    memcpy(X + i * ld, (const real *)step->X + block->row[i] * ld, ld * sizeof *X);
    memcpy(Y + i * n_L, (const real *)step->Y + block->row[i] * n_L, n_L * sizeof *Y);
  }
  if (block->row != NULL)
    memset(X + block->count * ld, 0, (block->rows - block->count) * ld * sizeof *X);
}

/* B_l of the block, l = 1..L-1; until back has reached it, phi'(G_l). */
static real *backward(const ntk_step *step, const ntk_step_block *block, size_t l) {
  return (real *)block->workspace + step->block * step->layer[l].B;
}

/* The column of 1 of F_l, whose derivative is 0. */
static void set_constant(const ntk_step *step, const ntk_step_block *block, size_t l) {
  const ntk_step_layer *here = &step->layer[l];
  real *F = (real *)block->workspace + step->block * here->F, *B = backward(step, block, l);
  for (size_t i = 0; i < block->rows; i++) {
    F[i * here->ld + here->units] = (real)1.0;
    B[i * here->ld + here->units] = (real)0.0;
  }
}

static void forward(const ntk_step *step, const ntk_step_block *block) {
  for (size_t l = 1; l < step->L; l++) {
    const ntk_step_layer *below = &step->layer[l - 1], *here = &step->layer[l];
    real *F = (real *)block->workspace + step->block * here->F;
    multiply((ntk_product){.rows = block->rows,
                           .columns = here->columns,
                           .inner = here->rows,
                           .A = features(step, block, l - 1),
                           .row = below->ld,
                           .next = 1,
                           .B = (const real *)step->theta + here->W,
                           .C = F,
                           .C_distance = here->ld,
                           .mode = NTK_PRODUCT_SET});
    activate(step, l, block->rows * here->ld, F, backward(step, block, l));
    if (step->layer[l + 1].bias)
      set_constant(step, block, l);
  }
}

/* r = scale (F_L - Y) of the block (rows x n_L), 0 in padding rows; the sum of (F_L - Y)^2. F_L is
 * the sum over the first half of F_{L-1}'s units plus that over the others: columns c and n_L + c
 * of a product with [a 0; 0 b], W_L = [a; b]. Each is summed in the same order, and the other's
 * zeros change nothing, so that with W_{L-1} = [W, W] and b = -a, as in (18), F_L is 0 to the last
 * bit. */
static double residual(const ntk_step *step, const ntk_step_block *block, real *r) {
  const ntk_step_layer *last = &step->layer[step->L - 1], *output = &step->layer[step->L];
  const size_t n_L = step->outputs;
  const real *Y = block->row != NULL ? (const real *)block->workspace + step->own_Y
                                     : (const real *)step->Y + block->first * n_L;
  real *sums = (real *)block->workspace + step->block * output->F; /* rows x output->sums */
  multiply((ntk_product){.rows = block->rows,
                         .columns = output->sums,
                         .inner = output->n,
                         .A = features(step, block, step->L - 1),
                         .row = last->ld,
                         .next = 1,
                         .B = (const real *)step->packed + output->packed,
                         .B_distance = output->sums,
                         .C = sums,
                         .C_distance = output->sums,
                         .mode = NTK_PRODUCT_SET});
  const size_t real_rows = block->count;
  const real scale = (real)block->scale;
  double sum = 0.0;
  for (size_t i = 0; i < real_rows; i++, sums += output->sums)
    for (size_t c = 0; c < n_L; c++) {
      const real y = Y[i * n_L + c], off = sums[c] + sums[n_L + c] - y;
      const real error = block->one_sided && off * y > 0 ? 0 : off;
      sum += (double)error * (double)error;
      r[i * n_L + c] = scale * error;
    }
  memset(r + real_rows * n_L, 0, (block->rows - real_rows) * n_L * sizeof *r);
  return sum;
}

/* B_{L-1} = phi' o (r W_L^T), phi' being what it holds, and the gradient of [W_L; b_L]. */
static void last_layer(const ntk_step *step, const ntk_step_block *block, const real *r) {
  const ntk_step_layer *last = &step->layer[step->L - 1], *output = &step->layer[step->L];
  real *gradient = block->gradient;
  multiply((ntk_product){.rows = block->rows,
                         .columns = output->columns,
                         .inner = step->outputs,
                         .A = r,
                         .row = step->outputs,
                         .next = 1,
                         .B = (const real *)step->theta + output->W,
                         .C = backward(step, block, step->L - 1),
                         .C_distance = last->ld,
                         .mode = NTK_PRODUCT_TIMES});
  multiply((ntk_product){.rows = step->outputs,
                         .columns = output->columns,
                         .inner = block->rows,
                         .A = r,
                         .row = 1,
                         .next = step->outputs,
                         .B = features(step, block, step->L - 1),
                         .B_distance = last->ld,
                         .C = gradient + output->W,
                         .mode = block->begin ? NTK_PRODUCT_SET : NTK_PRODUCT_ADD});
  for (size_t c = 0; c < step->outputs; c++) /* phi(0) is not always 0 */
    for (size_t j = output->n; j < output->columns; j++)
      gradient[ntk_step_entry(step->code, output, c, j)] = (real)0.0;
}

/* B_{l-1} = phi' o (B_l W_l^T), phi' being what B_{l-1} holds. */
static void back(const ntk_step *step, const ntk_step_block *block, size_t l) {
  const ntk_step_layer *below = &step->layer[l - 1], *here = &step->layer[l];
  multiply((ntk_product){.rows = block->rows,
                         .columns = below->columns,
                         .inner = here->n,
                         .A = backward(step, block, l),
                         .row = here->ld,
                         .next = 1,
                         .B = (const real *)step->packed + here->packed,
                         .C = backward(step, block, l - 1),
                         .C_distance = below->ld,
                         .mode = NTK_PRODUCT_TIMES});
}

static void gradient(const ntk_step *step, const ntk_step_block *block, size_t l) {
  const ntk_step_layer *below = &step->layer[l - 1], *here = &step->layer[l];
  multiply((ntk_product){.rows = here->rows,
                         .columns = here->columns,
                         .inner = block->rows,
                         .A = features(step, block, l - 1),
                         .row = 1,
                         .next = below->ld,
                         .B = backward(step, block, l),
                         .B_distance = here->ld,
                         .C = (real *)block->gradient + here->W,
                         .mode = block->begin ? NTK_PRODUCT_SET : NTK_PRODUCT_ADD});
}

static void pass(const ntk_step *step, ntk_step_block *block) {
  real *r = (real *)block->workspace + step->r;
  gather(step, block);
  forward(step, block);
  block->sum = residual(step, block, r);
  if (block->gradient == NULL)
    return;
  last_layer(step, block, r);
  for (size_t l = step->L - 1; l >= 1; l--) {
    gradient(step, block, l);
    if (l > 1)
      back(step, block, l);
  }
}

/* W_l (by panels) transposed, by panels. */
static void transpose(const ntk_step_layer *layer, const real *W, real *transposed,
                      size_t columns) {
  for (size_t i0 = 0, width; i0 < columns; i0 += width) { /* a panel of the transposed */
    width = panel_width(columns, i0);
    for (size_t j0 = 0, from; j0 < layer->columns; j0 += from) {
      from = panel_width(layer->columns, j0);
      for (size_t j = 0; j < from && j0 + j < layer->n; j++)
        for (size_t i = 0; i < width; i++)
          transposed[i0 * layer->n + (j0 + j) * width + i] =
              i0 + i < layer->rows - layer->bias ? W[j0 * layer->rows + (i0 + i) * from + j]
                                                 : (real)0.0;
    }
  }
}

static void pack(const ntk_step *step) {
  const real *theta = step->theta;
  real *packed = step->packed;
  for (size_t l = 2; l < step->L; l++) {
    const ntk_step_layer *layer = &step->layer[l];
    transpose(layer, theta + layer->W, packed + layer->packed, step->layer[l - 1].columns);
  }
  const ntk_step_layer *output = &step->layer[step->L];
  const size_t n = output->n - output->bias, half = n % 2 == 0 ? n / 2 : n;
  real *halves = packed + output->packed;
  memset(halves, 0, output->n * output->sums * sizeof(real));
  for (size_t j = 0; j < output->n; j++)
    for (size_t c = 0; c < output->rows; c++)
      halves[j * output->sums + (j < half ? c : output->rows + c)] =
          theta[ntk_step_entry(step->code, output, c, j)];
}

void LANES_NAME(ntk_step_reduce)(const ntk_step *step, size_t chunks, size_t first, size_t count);
void LANES_NAME(ntk_step_update)(const ntk_step *step, const ntk_update *update, size_t first,
                                 size_t count);

extern const ntk_step_code LANES_NAME(ntk_step_code)[1];
const ntk_step_code LANES_NAME(ntk_step_code)[1] = {{
    .size = sizeof(real),
    .unit = UNIT,
    .panel = PANEL,
    .pack = pack,
    .block = pass,
    .reduce = LANES_NAME(ntk_step_reduce),
    .update = LANES_NAME(ntk_step_update),
}};
