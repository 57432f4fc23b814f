/* A strip of rows of K at a time: F_k F_k^T and B_{k+1} B_{k+1}^T of it by products with
 * transposes, then entry by entry. */
#include "kernel/resolve/gram.h"

#include "kernel/ends/weight_norms.h"
#include "kernel/kernel.h"
#include "kernel/resolve/triangle.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const double U2 = 0x1p-106;

typedef struct widths {
  size_t in, out; /* the widest F_k, k = 0..L-1, and B_{k+1} */
} widths;

static widths widths_of(const ntk_columns *J) {
  widths w = {1, 1};
  for (size_t l = 0; l < J->blocks; l++) {
    w.in = J->block[l].width > w.in ? J->block[l].width : w.in;
    w.out = J->block[l].out > w.out ? J->block[l].out : w.out;
  }
  return w;
}

/* Transposes, and of each thread two strips and two rows. */
static double numbers_of(double N, double rows, double in, double out, int threads) {
  return 2.0 * (N * in + rows * out + (double)threads * (2.0 * NTK_EXACT_BLOCK + 2.0) * rows);
}

double ntk_exact_gram_numbers(const ntk_columns *J) {
  const widths w = widths_of(J);
  return numbers_of((double)J->N, (double)J->rows, (double)w.in, (double)w.out,
                    ntk_team(J->context));
}

double ntk_exact_gram_bytes(const ntk_context *context, const ntk_network_spec *spec,
                            ntk_outputs outputs, size_t N) {
  double in = 1.0, out = 1.0;
  for (size_t l = 1; l <= spec->depth; l++) {
    in = fmax(in, (double)spec->width[l - 1]);
    out = fmax(out, (double)ntk_back_width(spec, outputs, l));
  }
  return 8.0 * numbers_of((double)N, (double)ntk_kernel_rows(spec, outputs, N), in, out,
                          context->threads);
}

static ntk_exact_entries slice(double **next, size_t numbers) {
  const ntk_exact_entries made = {*next, *next + numbers};
  *next += 2 * numbers;
  return made;
}

/* Z (width x rows) = A^T. */
static void transpose(ntk_exact_entries A, size_t rows, size_t width, ntk_exact_entries Z) {
#pragma omp for schedule(static)
  for (size_t e = 0; e < width; e++)
    for (size_t r = 0; r < rows; r++) {
      Z.hi[e * rows + r] = A.hi[r * width + e];
      Z.lo[e * rows + r] = A.lo != NULL ? A.lo[r * width + e] : 0.0;
    }
}

/* Rows of a strip, and where they are. */
typedef struct strip {
  size_t i0, m, n;             /* rows i0 to i0 + m - 1, columns from i0 on, n of them */
  size_t s0, samples, columns; /* the samples that rows and columns belong to */
  ntk_exact_entries F, B;      /* m x columns, m x n */
  ntk_exact_entries repeated, sum;
} strip;

static strip strip_at(const ntk_columns *J, size_t i0, double *next) {
  const size_t n = J->rows, m = ntk_piece(n, i0, NTK_EXACT_BLOCK);
  strip s = {.i0 = i0, .m = m, .n = n - i0, .s0 = i0 / J->per};
  s.samples = (i0 + m - 1) / J->per - s.s0 + 1;
  s.columns = J->N - s.s0;
  s.F = slice(&next, NTK_EXACT_BLOCK * n);
  s.B = slice(&next, NTK_EXACT_BLOCK * n);
  s.repeated = slice(&next, n);
  s.sum = slice(&next, n);
  return s;
}

/* C (rows x columns) = rows of A from `first` on by columns of Z from `column` on. */
static void multiply(ntk_exact_product p, size_t first, size_t column) {
  p.A = ntk_exact_at(p.A, first * p.k);
  p.A_row = p.k;
  p.A_next = 1;
  p.B = ntk_exact_at(p.B, column);
  p.C_row = p.n;
  p.sign = 1.0;
  ntk_exact_multiply(&p);
}

/* to += scale x, n entries each; beta 0: to = . */
static void add(size_t n, double scale, ntk_exact_entries x, double beta, ntk_exact_entries to) {
  ntk_exact_multiply(&(ntk_exact_product){
      .m = 1, .n = n, .k = 1, .A = {&scale, NULL}, .B = x, .C = to, .beta = beta, .sign = 1.0});
}

/* (a F F^T + b) o B B^T into, or to, K's rows. */
static void add_strip(const ntk_columns *J, const ntk_columns_block *k, const strip *s, bool first,
                      ntk_exact_entries K) {
  for (size_t i = s->i0; i < s->i0 + s->m; i++) {
    ntk_exact_entries f = ntk_exact_at(s->F, (i / J->per - s->s0) * s->columns);
    for (size_t j = 0; j < s->n && J->per > 1; j++) {
      s->repeated.hi[j] = f.hi[(s->i0 + j) / J->per - s->s0];
      s->repeated.lo[j] = f.lo[(s->i0 + j) / J->per - s->s0];
    }
    f = J->per > 1 ? s->repeated : f;
    for (size_t j = 0; j < s->n; j++)
      s->sum.hi[j] = k->b;
    memset(s->sum.lo, 0, s->n * sizeof(double));
    add(s->n, k->a, f, 1.0, s->sum);
    if (k->B.hi != NULL)
      ntk_exact_times(s->n, s->sum, ntk_exact_at(s->B, (i - s->i0) * s->n), s->sum);
    add(s->n, 1.0, s->sum, first ? 0.0 : 1.0, ntk_exact_at(K, i * J->rows + s->i0));
  }
}

ntk_status ntk_exact_gram(const ntk_columns *J, double *room, ntk_watch *watch,
                          ntk_exact_entries K) {
  const size_t n = J->rows;
  const widths w = widths_of(J);
  const ntk_exact_entries F = slice(&room, J->N * w.in), B = slice(&room, n * w.out);
#pragma omp parallel num_threads(ntk_team(J->context))
  for (size_t l = 0; l < J->blocks; l++) {
    const ntk_columns_block *k = &J->block[l];
    transpose(k->F, J->N, k->width, F);
    if (k->B.hi != NULL)
      transpose(k->B, n, k->out, B);
#pragma omp for schedule(dynamic)
    for (size_t i0 = 0; i0 < n; i0 += NTK_EXACT_BLOCK)
      if (ntk_watch_on(watch, 0.0)) {
        const size_t of_thread = (4 * NTK_EXACT_BLOCK + 4) * n;
        const strip s = strip_at(J, i0, room + (size_t)omp_get_thread_num() * of_thread);
        multiply((ntk_exact_product){.m = s.samples,
                                     .n = s.columns,
                                     .k = k->width,
                                     .A = k->F,
                                     .B = F,
                                     .B_row = J->N,
                                     .C = s.F},
                 s.s0, s.s0);
        if (k->B.hi != NULL)
          multiply(
              (ntk_exact_product){
                  .m = s.m, .n = s.n, .k = k->out, .A = k->B, .B = B, .B_row = n, .C = s.B},
              i0, i0);
        add_strip(J, k, &s, l == 0, K);
      }
  }
  return watch->status;
}

/* At least |x|^2, what underflows included. */
static double square_above(size_t n, const double *x) {
  double sum = 2.0 * NTK_ETA * (double)n;
  for (size_t j = 0; j < n; j++)
    sum += x[j] * x[j];
  return NTK_SLACK * sum;
}

/* Entry (i, j) of a block errs by c u^2 (a |F_i| |F_j| + b) |B_i| |B_j|, which is of rank one, or
 * two; what underflows is below 2^-1070 of each product, which the other factor multiplies. */
double ntk_exact_gram_error(const ntk_columns *J, double *trace) {
  const double n = (double)J->rows, sums = 21.0 * ((double)J->blocks + 3.0);
  double error = 0.0;
  *trace = 0.0;
  for (size_t l = 0; l < J->blocks; l++) {
    const ntk_columns_block *k = &J->block[l];
    const double in = (double)k->width, out = (double)k->out;
    double all = 0.0, f_all = 0.0, b_all = 0.0;
    for (size_t r = 0; r < J->rows; r++) {
      const double f = square_above(k->width, k->F.hi + r / J->per * k->width);
      const double b = k->B.hi != NULL ? square_above(k->out, k->B.hi + r * k->out) : 1.0;
      all += (k->a * f + k->b) * b;
      f_all += f;
      b_all += b;
    }
    error += ((in + 2.0) * (in + 6.0) + (out + 2.0) * (out + 6.0) + sums) * U2 * all;
    error += (in + out + 4.0) * 0x1p-1069 * ((1.0 + k->a) * (f_all + b_all + n) + k->b * n);
    *trace += all;
  }
  *trace *= NTK_SLACK;
  return NTK_SLACK * error;
}
