/* The page of ntkit predict --report. */
#include "cli/commands/predict.h"
#include "cli/show/page.h"

#include <math.h>

enum { DRAWN = 400 };

/* Outputs sample by sample; or how many samples are in each class. Gives the number of points. */
static size_t make_points(const prediction *p, size_t N, figure_point point[DRAWN]) {
  const size_t all = p->model.classes != NULL ? p->model.class_count : N,
               drawn = all < DRAWN ? all : DRAWN;
  for (size_t i = 0; i < drawn; i++) {
    const size_t at = drawn > 1 ? i * (all - 1) / (drawn - 1) : 0;
    point[i] = (figure_point){(double)(at + 1), p->answer[at * p->wide], NAN, NAN};
    if (p->model.classes == NULL)
      continue;
    point[i] = (figure_point){p->model.classes[at], 0.0, NAN, NAN};
    for (size_t k = 0; k < N; k++)
      point[i].y += p->answer[k] == point[i].x;
  }
  return drawn;
}

static void put_samples(FILE *out, const prediction *p, size_t N) {
  figure_point point[DRAWN];
  const bool classes = p->model.classes != NULL;
  const figure_curve curve = {"", make_points(p, N, point), point, FIGURE_SHAPES, 0};
  page_figure(out, &(figure){.title = classes ? "Samples by class" : "Outputs",
                             .x = {classes ? "class" : "sample", false},
                             .y = {classes       ? "samples"
                                   : p->wide > 1 ? "output 0"
                                                 : "output",
                                   false},
                             .curves = 1,
                             .curve = &curve});
}

void predict_page(const void *what, FILE *out) {
  const prediction *p = what;
  const size_t N = ntk_dataset_samples(p->data);
  double least = INFINITY, most = -INFINITY;
  for (size_t i = 0; i < N * p->wide; i++) {
    least = fmin(least, p->answer[i]);
    most = fmax(most, p->answer[i]);
  }
  page_begin(out, "Outputs of a saved network");
  fprintf(out,
          "<div class=\"answer\">\n<p class=\"value\">%s of %zu sample%s, from <b>%.6g</b> to "
          "<b>%.6g</b> ",
          p->model.classes != NULL ? "classes" : "outputs", N, N == 1 ? "" : "s", least, most);
  page_verdict(out, NTK_LEDGER_HOLDS, "all finite");
  if (!isnan(p->accuracy))
    fprintf(out, "</p>\n<p>%.0f of %zu samples %s", p->accuracy * (double)N, N, predict_right(p));
  fputs("</p>\n<p>not certified: an error is proved of the network's own labels, by memorize "
        "--save</p>\n</div>\n<dl>\n",
        out);
  page_fact(out, "network", "%s, %s", p->settings->common.load, p->model.activation);
  page_fact(out, "data", "%s, N = %zu, d = %zu%s%s", p->settings->common.data, N,
            ntk_dataset_dim(p->data), p->scaling != NULL ? ", scale " : "",
            p->scaling != NULL ? p->scaling : "");
  fputs("</dl>\n", out);
  put_samples(out, p, N);
  view_page(out, predict_fields, p, true);
  page_end(out);
}
