/* What pages have of labels: where they are, and the classes that they name. */
#include "cli/run/labels.h"
#include "cli/show/page.h"

#include <stdio.h>

enum { MOST_NAMES = 40 };

static void put_names(FILE *out, const cli_job *job, const labels_classes *classes) {
  char name[LABELS_CLASS];
  fputs(labels_outputs(job) > 1 ? "in the order of the outputs:"
                                : "by the output, from small to large:",
        out);
  for (size_t i = 0; i < classes->count && i < MOST_NAMES; i++) {
    fputs(i > 0 ? ", " : " ", out);
    page_text(out, labels_class(&job->names, classes->value[i], name));
  }
  if (classes->count > MOST_NAMES)
    fprintf(out, ", %zu more", classes->count - MOST_NAMES);
}

void labels_page(FILE *out, const cli_job *job, const labels_classes *classes, const char *more) {
  const char *column = job->settings->label_column;
  page_fact(out, "labels", "%s%s%s%s", job->labels, column != NULL ? ", column " : "",
            column != NULL ? column : "", more);
  if (classes->encoding == NULL)
    return;
  fprintf(out, "<dt>classes</dt><dd>%zu, as %s, ", classes->count, classes->encoding);
  put_names(out, job, classes);
  fputs("</dd>\n", out);
}
