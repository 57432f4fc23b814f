/* Block by block J^T v is G_k = F_k^T diag(v) B_{k+1}, whose rows come some at a time, and the part
 * of J (J^T v) for sample r is f_k^T G_k b_{k+1}. */
#include "kernel/resolve/rayleigh.h"

#include "base/memory.h"
#include "kernel/kernel.h"

#include <omp.h>
#include <string.h>

enum { ROWS = 32 };

struct ntk_rayleigh_piece { /* rows a0 to a0 + count - 1 of G_k, and their squares */
  const ntk_columns_block *block;
  size_t a0, count;
  bool bias;
  double square[2];
};
typedef struct ntk_rayleigh_piece piece;

static size_t pieces_of(const ntk_columns_block *k) {
  const size_t bias = k->b > 0.0 ? 1 : 0;
  return (k->in - bias + ROWS - 1) / ROWS + bias;
}

/* Numbers of a thread: F_k's part times v, of which J G takes the place, v_i repeated, the rows and
 * their transpose, and what they add to J (J^T v). */
static size_t room_of(size_t rows, size_t out) {
  return 2 * (ROWS * (rows + 1 + 2 * out) + rows);
}

double ntk_rayleigh_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          ntk_outputs outputs, size_t N) {
  double out = 1.0, pieces = 0.0;
  for (size_t l = 1; l <= spec->depth; l++) {
    const double back = (double)ntk_back_width(spec, outputs, l);
    out = back > out ? back : out;
    pieces += 2.0 + (double)spec->width[l - 1] / ROWS;
  }
  const double rows = (double)ntk_kernel_rows(spec, outputs, N);
  return 16.0 * (ROWS * (rows + 1.0 + 2.0 * out) + rows) * (double)context->threads +
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

/* part = that of J G of every row: f_k^T G b_{k+1}. turned: G^T, rows ROWS apart; room: rows x
 * ROWS. */
static void apply_piece(const ntk_columns *J, const piece *of, ntk_exact_entries turned,
                        ntk_exact_entries room, ntk_exact_entries part) {
  const ntk_columns_block *k = of->block;
  const bool ones = k->B.hi == NULL;
  if (!ones)
    ntk_exact_multiply(&(ntk_exact_product){.m = J->rows,
                                            .n = of->count,
                                            .k = k->out,
                                            .A = k->B,
                                            .A_row = k->out,
                                            .A_next = 1,
                                            .B = turned,
                                            .B_row = ROWS,
                                            .C = room,
                                            .C_row = ROWS,
                                            .sign = 1.0});
  for (size_t r = 0; r < J->rows; r++) {
    const ntk_exact_entries row = ones ? turned : ntk_exact_at(room, r * ROWS);
    double sum[2] = {row.hi[0], row.lo[0]};
    if (!of->bias)
      ntk_exact_dot(of->count, ntk_exact_at(k->F, r / J->per * k->width + of->a0), row, sum);
    part.hi[r] = sum[0];
    part.lo[r] = sum[1];
  }
}

/* The piece's part of J^T v, and of J times that, of every row, to *part, unless it is not wanted.
 */
static void find_piece(const ntk_columns *J, ntk_exact_entries v, double *room, piece *of,
                       ntk_exact_entries *part) {
  static double one = 1.0;
  const ntk_columns_block *k = of->block;
  const size_t n = J->rows;
  const bool ones = k->B.hi == NULL;
  const ntk_exact_entries left = {room, room + ROWS * n};
  room += 2 * ROWS * n;
  const ntk_exact_entries repeated = {room, room + ROWS};
  const ntk_exact_entries G = {room + 2 * ROWS, room + 2 * ROWS + ROWS * k->out};
  room += 2 * ROWS * (1 + k->out);
  const ntk_exact_entries turned = {room, room + ROWS * k->out};
  room += 2 * ROWS * k->out;
  weigh(J, of, v, repeated, left);
  ntk_exact_multiply(&(ntk_exact_product){.m = of->count,
                                          .n = k->out,
                                          .k = n,
                                          .A = left,
                                          .A_row = 1,
                                          .A_next = ROWS,
                                          .B = ones ? (ntk_exact_entries){&one, NULL} : k->B,
                                          .B_row = ones ? 0 : k->out,
                                          .C = G,
                                          .C_row = k->out,
                                          .sign = 1.0});
  ntk_exact_dot(of->count * k->out, G, G, of->square);
  if (part == NULL)
    return;
  for (size_t c = 0; c < k->out; c++)
    for (size_t e = 0; e < of->count; e++) {
      turned.hi[c * ROWS + e] = G.hi[e * k->out + c];
      turned.lo[c * ROWS + e] = G.lo[e * k->out + c];
    }
  *part = (ntk_exact_entries){room, room + n};
  apply_piece(J, of, turned, left, *part);
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

/* y += scale part. */
static void add_part(const ntk_columns *J, const piece *of, ntk_exact_entries part,
                     ntk_exact_entries y) {
  double scale = of->bias ? of->block->b : of->block->a;
  for (size_t r = 0; r < J->rows; r++)
    ntk_exact_add((ntk_exact_entries){&scale, NULL}, ntk_exact_at(part, r), 1.0,
                  ntk_exact_at(y, r));
}

ntk_status ntk_rayleigh_create(const ntk_columns *J, ntk_rayleigh *R) {
  size_t out = 1;
  void *list = NULL;
  for (size_t l = 0; l < J->blocks; l++)
    out = J->block[l].out > out ? J->block[l].out : out;
  *R = (ntk_rayleigh){.J = J, .count = cut(J, NULL), .of_thread = room_of(J->rows, out)};
  NTK_TRY(ntk_alloc(J->context, R->count, sizeof(piece), "products with the Jacobian", &list));
  R->pieces = list;
  (void)cut(J, R->pieces);
  return ntk_alloc_doubles(J->context, (size_t)ntk_team(J->context) * R->of_thread,
                           "products with the Jacobian", &R->room);
}

void ntk_rayleigh_destroy(ntk_rayleigh *R) {
  ntk_free(R->J->context, R->pieces);
  ntk_free(R->J->context, R->room);
}

/* Parts of y are added in the pieces' order, whoever has them: the bits do not depend on the number
 * of threads. */
ntk_status ntk_rayleigh_find(const ntk_rayleigh *R, ntk_exact_entries v, double value[2],
                             const ntk_exact_entries *y) {
  const ntk_columns *J = R->J;
  ntk_watch watch = {.context = J->context, .phase = "resolving"};
  for (size_t r = 0; y != NULL && r < J->rows; r++)
    y->hi[r] = y->lo[r] = 0.0;
#pragma omp parallel for ordered schedule(dynamic) num_threads(ntk_team(J->context))
  for (size_t p = 0; p < R->count; p++) {
    ntk_exact_entries part;
    const bool on = ntk_watch_on(&watch, (double)p / (double)R->count);
    if (on)
      find_piece(J, v, R->room + (size_t)omp_get_thread_num() * R->of_thread, &R->pieces[p],
                 y != NULL ? &part : NULL);
#pragma omp ordered
    if (on && y != NULL)
      add_part(J, &R->pieces[p], part, *y);
  }
  if (watch.status == NTK_OK)
    add_up(R->pieces, R->count, value);
  return watch.status;
}
