/* Block by block J^T v is F_k^T diag(v) B_{k+1}, whose rows come some at a time. */
#include "kernel/resolve/rayleigh.h"

#include "base/memory.h"
#include "kernel/kernel.h"

#include <omp.h>
#include <string.h>

enum { ROWS = 32 };

typedef struct piece { /* rows a0 to a0 + count - 1 of a block's part of J^T v, and its squares */
  const ntk_columns_block *block;
  size_t a0, count;
  bool bias;
  double square[2];
} piece;

static size_t pieces_of(const ntk_columns_block *k) {
  const size_t bias = k->b > 0.0 ? 1 : 0;
  return (k->in - bias + ROWS - 1) / ROWS + bias;
}

/* Numbers of a thread: F_k's part times v, v_i repeated, and the rows. */
static size_t room_of(size_t rows, size_t out) {
  return 2 * ROWS * (rows + 1 + out);
}

double ntk_rayleigh_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          ntk_outputs outputs, size_t N) {
  double out = 1.0, pieces = 0.0;
  for (size_t l = 1; l <= spec->depth; l++) {
    const double back = (double)ntk_back_width(spec, outputs, l);
    out = back > out ? back : out;
    pieces += 2.0 + (double)spec->width[l - 1] / ROWS;
  }
  return 16.0 * ROWS * ((double)ntk_kernel_rows(spec, outputs, N) + 1.0 + out) *
             (double)context->threads +
         pieces * (double)sizeof(piece);
}

/* diag(v) F_k[:, a0..], rows x ROWS. */
static void weigh(const ntk_columns *J, const piece *of, ntk_exact_entries v,
                  ntk_exact_entries repeated, ntk_exact_entries to) {
  for (size_t r = 0; r < J->rows; r++) {
    const double lo = v.lo != NULL ? v.lo[r] : 0.0;
    for (size_t e = 0; e < of->count; e++) {
      repeated.hi[e] = v.hi[r];
      repeated.lo[e] = lo;
    }
    if (of->bias) {
      to.hi[r * ROWS] = v.hi[r];
      to.lo[r * ROWS] = lo;
    } else {
      const size_t f = r / J->per * of->block->width + of->a0;
      ntk_exact_times(of->count, ntk_exact_at(of->block->F, f), repeated,
                      ntk_exact_at(to, r * ROWS));
    }
  }
}

static void find_piece(const ntk_columns *J, ntk_exact_entries v, double *room, piece *of) {
  static double one = 1.0;
  const ntk_columns_block *k = of->block;
  const ntk_exact_entries left = {room, room + ROWS * J->rows};
  room += 2 * ROWS * J->rows;
  const ntk_exact_entries repeated = {room, room + ROWS};
  const ntk_exact_entries G = {room + 2 * ROWS, room + 2 * ROWS + ROWS * k->out};
  weigh(J, of, v, repeated, left);
  ntk_exact_multiply(
      &(ntk_exact_product){.m = of->count,
                           .n = k->out,
                           .k = J->rows,
                           .A = left,
                           .A_row = 1,
                           .A_next = ROWS,
                           .B = k->B.hi != NULL ? k->B : (ntk_exact_entries){&one, NULL},
                           .B_row = k->B.hi != NULL ? k->out : 0,
                           .C = G,
                           .C_row = k->out,
                           .sign = 1.0});
  ntk_exact_dot(of->count * k->out, G, G, of->square);
}

/* The pieces of all blocks: how many; list NULL: counts. */
static size_t cut(const ntk_columns *J, piece *list) {
  size_t count = 0;
  for (size_t l = 0; l < J->blocks; l++) {
    const ntk_columns_block *k = &J->block[l];
    const size_t bias = k->b > 0.0 ? 1 : 0, in = k->in - bias;
    for (size_t p = 0; p < pieces_of(k); p++)
      if (list != NULL) {
        const bool last = p * ROWS >= in;
        list[count + p] = (piece){.block = k,
                                  .a0 = p * ROWS,
                                  .count = last                   ? 1
                                           : in - p * ROWS < ROWS ? in - p * ROWS
                                                                  : ROWS,
                                  .bias = last};
      }
    count += pieces_of(k);
  }
  return count;
}

/* value = sum_p scale_p square_p. */
static void add_up(const piece *list, size_t count, double value[2]) {
  value[0] = value[1] = 0.0;
  for (size_t p = 0; p < count; p++) {
    double scale = list[p].bias ? list[p].block->b : list[p].block->a;
    double square[2] = {list[p].square[0], list[p].square[1]};
    ntk_exact_add((ntk_exact_entries){&scale, NULL}, (ntk_exact_entries){&square[0], &square[1]},
                  1.0, (ntk_exact_entries){&value[0], &value[1]});
  }
}

ntk_status ntk_rayleigh_find(const ntk_columns *J, ntk_exact_entries v, double value[2]) {
  const size_t count = cut(J, NULL);
  ntk_watch watch = {.context = J->context, .phase = "resolving"};
  size_t out = 1;
  void *list = NULL;
  double *room = NULL;
  for (size_t l = 0; l < J->blocks; l++)
    out = J->block[l].out > out ? J->block[l].out : out;
  const int threads = ntk_team(J->context);
  const size_t of_thread = room_of(J->rows, out);
  NTK_TRY(ntk_alloc(J->context, count, sizeof(piece), "products with the Jacobian", &list));
  piece *pieces = list;
  (void)cut(J, pieces);
  const ntk_status status = ntk_alloc_doubles(J->context, (size_t)threads * of_thread,
                                              "products with the Jacobian", &room);
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (status == NTK_OK)
  for (size_t p = 0; p < count; p++)
    if (status == NTK_OK && ntk_watch_on(&watch, (double)p / (double)count))
      find_piece(J, v, room + (size_t)omp_get_thread_num() * of_thread, &pieces[p]);
  if (status == NTK_OK)
    add_up(pieces, count, value);
  ntk_free(J->context, list);
  ntk_free(J->context, room);
  return status != NTK_OK ? status : watch.status;
}
