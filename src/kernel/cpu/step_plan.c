/* Where everything of a training step lies. It depends on the widths, N, the precision and the
 * processor, and not on the number of threads: nor do then the bits of what is computed. */
#include "kernel/cpu/step.h"

#include "base/memory.h"
#include "base/simd.h"

typedef const ntk_step_code table[1];
extern NTK_LANES_DECLARE(table, ntk_step_code);
extern NTK_LANES_DECLARE_SINGLE(table, ntk_step_code);

const ntk_step_code *ntk_step_best(ntk_precision precision) {
  return precision == NTK_PRECISION_FLOAT ? NTK_LANES_BEST_SINGLE(ntk_step_code)
                                          : NTK_LANES_BEST(ntk_step_code);
}

enum {
  CACHE_LINE = 64,
  ROWS = 192,       /* of a block: fewer, and the gradient would be read and written too often */
  CHUNK_ROWS = 256, /* at least: adding up the chunks' gradients is to cost little */
  CHUNKS_MOST = 16  /* a gradient each */
};
static const double CHUNK_FLOPS = 2e7; /* an epoch that starting threads would not make shorter */

static size_t round_up(size_t n, size_t unit) {
  return (n + unit - 1) / unit * unit; /* n: a width or N, far from the end of the range */
}

/* The distance of rows of n reals: of long ones they begin on a cache line. */
static size_t leading(const ntk_step_code *code, size_t n) {
  return round_up(n, n < code->panel ? code->unit : CACHE_LINE / code->size);
}

/* *total += a b. */
static ntk_status add(size_t *total, size_t a, size_t b) {
  size_t product = 0;
  NTK_TRY(ntk_size_multiply(a, b, "training", &product));
  if (product > SIZE_MAX / 32 - *total) /* bytes, and some more for sums of such */
    return ntk_fail(NTK_ERR_LIMIT, "training: the arrays exceed the address space");
  *total += product;
  return NTK_OK;
}

/* Layer l, and the counts grown by what it needs. */
static ntk_status place(const ntk_network_spec *spec, size_t l, ntk_step *step,
                        ntk_step_layer *here) {
  const ntk_step_code *code = step->code;
  const bool output = l == step->L;
  const size_t units = ntk_spec_width(spec, l), below = l == 0 ? 0 : ntk_spec_rows(spec, l);
  const size_t n = output ? below : units, rows = output ? units : below;
  const size_t constant = !output && ntk_spec_bias(spec, l + 1);
  const size_t columns = round_up(n, code->unit), ld = leading(code, n + constant);
  *here = (ntk_step_layer){.rows = rows,
                           .n = n,
                           .columns = columns,
                           .units = units,
                           .bias = l > 0 && ntk_spec_bias(spec, l),
                           .ld = ld};
  if (l == 0)
    return NTK_OK;
  here->W = step->parameters;
  here->packed = step->packed_count;
  const size_t line = CACHE_LINE / code->size; /* all begin on one */
  size_t count = 0;
  NTK_TRY(add(&count, rows, columns));
  NTK_TRY(add(&step->parameters, round_up(count, line), 1));
  if (output) {
    here->F = step->row;
    here->sums = round_up(2 * units, code->unit);
    step->row += here->sums;
    return add(&step->packed_count, n, here->sums);
  }
  if (l > 1)
    NTK_TRY(add(&step->packed_count, round_up(n, line), round_up(spec->width[l - 1], code->unit)));
  here->F = step->row;
  here->B = step->row + ld;
  step->row += 2 * ld;
  return NTK_OK;
}

size_t ntk_step_chunks(const ntk_step *step, size_t count) {
  size_t chunks = 1;
  if (6.0 * (double)count * (double)step->parameters > CHUNK_FLOPS)
    while (2 * chunks * CHUNK_ROWS <= count && chunks < CHUNKS_MOST)
      chunks *= 2;
  return chunks;
}

ntk_status ntk_step_plan(const ntk_network_spec *spec, size_t N, const ntk_step_code *code,
                         ntk_step *step) {
  const size_t d = ntk_spec_rows(spec, 1);
  step->code = code;
  step->L = spec->depth;
  step->N = N;
  step->outputs = ntk_spec_width(spec, spec->depth);
  step->rows = round_up(N, NTK_STEP_ROWS);
  step->parameters = step->packed_count = step->row = 0;
  for (size_t l = 0; l <= spec->depth; l++) {
    ntk_step_layer here;
    NTK_TRY(place(spec, l, step, &here));
    if (step->layer != NULL)
      step->layer[l] = here;
  }
  step->chunks = ntk_step_chunks(step, N);
  step->block = ROWS;
  size_t count = 0;
  step->r = step->block * step->row;
  step->own_X = step->r + step->block * step->outputs;
  step->own_Y = step->own_X + step->block * leading(code, d);
  NTK_TRY(add(&count, step->block, step->row + 2 * step->outputs));
  NTK_TRY(add(&count, step->block, leading(code, d)));
  step->workspace_count = round_up(count, CACHE_LINE / code->size);
  step->data = 0;
  NTK_TRY(add(&step->data, step->rows, leading(code, d)));
  count = 0;
  NTK_TRY(add(&count, step->rows, step->outputs));
  count = 0;
  return add(&count, step->chunks, step->parameters); /* fits, that is */
}

size_t ntk_step_entry(const ntk_step_code *code, const ntk_step_layer *layer, size_t i, size_t j) {
  const size_t begin = j / code->panel * code->panel; /* of its panel, as panel_width has them */
  const size_t left = layer->columns - begin, width = left < code->panel ? left : code->panel;
  return layer->W + begin * layer->rows + i * width + (j - begin);
}
