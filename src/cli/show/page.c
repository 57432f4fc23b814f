#include "cli/show/page.h"

#include "cli/shell/file.h"
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Verdicts are told by word and sign; colours (blue against orange, which colour-blind readers see
 * apart) only help. On narrow screens each row of a table becomes a block. */
static const char style[] =
    ":root{color-scheme:light}\n"
    "body{font:16px/1.45 system-ui,'DejaVu Sans',sans-serif;color:#222;background:#fff;"
    "max-width:1160px;margin:0 auto;padding:1rem}\n"
    "h1{font-size:1.5rem;margin:.2rem 0 1rem}h2{font-size:1.2rem;margin:2rem 0 .5rem}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0}\n"
    "dt{color:#555}dd{margin:0;overflow-wrap:anywhere}\n"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}\n"
    "th{text-align:left;font-weight:600;color:#555;border-bottom:2px solid #222;padding:.2rem "
    ".5rem}\n"
    "td{padding:.22rem .5rem;border-bottom:1px solid #e4e4e4;vertical-align:baseline}\n"
    "tr.section th{color:#222;border-bottom:1px solid #888;padding-top:1.1rem}\n"
    "td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "td.forest{padding:0 .5rem;line-height:0;vertical-align:middle}\n"
    "td:first-child .math{white-space:normal}\n"
    "td.forest svg,th svg{width:180px;display:block}\n"
    ".note{display:block;color:#555;font-size:.85rem}\n"
    ".math{white-space:nowrap}.math i{font-family:'DejaVu Serif',Georgia,serif}\n"
    "sub,sup{font-size:.72em;line-height:0}\n"
    ".v{white-space:nowrap;border-radius:3px;padding:.05rem .4rem;border:1px solid transparent}\n"
    ".holds,.consistent{background:#e3f0fa;color:#004b78;border-color:#9cc8e6}\n"
    ".suspect{background:#fdebd0;color:#6b3b00;border-color:#e0a048}\n"
    ".fails{background:#8a2c00;color:#fff;font-weight:600}\n"
    ".outside{background:#fff;color:#333;border:1px dashed #555}\n"
    ".unresolved{background:#eee;color:#444}.measured{color:#666;padding-left:0}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;margin:.3rem 0}\n"
    ".legend svg{vertical-align:middle;margin-right:.3rem}\n"
    ".figure{max-width:760px}.axis{margin:0;font-size:.88rem}.axis.x{text-align:center}\n"
    ".figure svg{display:block;max-width:100%;height:auto;overflow:visible}\n"
    ".answer{border-left:4px solid #0072B2;padding:.1rem 0 .1rem 1rem;margin:0 0 1.2rem}\n"
    ".answer b{white-space:nowrap}.answer p{margin:.2rem 0}.answer .value{font-size:1.4rem}.answer "
    ".value .v{font-size:1rem}\n"
    ".summary .v{margin-right:.4rem}\n"
    "td.value{overflow-wrap:anywhere}.list{font-size:.82rem}.list td,.list th{padding:.2rem "
    ".3rem}.fields td:first-child,td.real{white-space:nowrap}\n"
    ".option{display:inline-block;max-width:100%}\n"
    "footer{margin-top:2rem;color:#555;font-size:.85rem}\n"
    "@media(max-width:1240px){thead{display:none}table,tbody,tr,td,tr.section th{display:block}\n"
    "tr{border-bottom:1px solid #ddd;padding:.3rem 0}tr.section{border:0}\n"
    "td{border:0;padding:.05rem 1rem .05rem .2rem;display:inline-block}td:first-child{display:"
    "block}\n"
    "td.number{text-align:left}td:empty{display:none}\n"
    "td[data-label]::before{content:attr(data-label) ' ';color:#777}\n"
    "td.forest{display:none}td .math{white-space:normal}}\n"
    "@media(max-width:700px){.figure svg{font-size:19px}.figure .wide{display:none}"
    ".figure path[stroke-dasharray]{vector-effect:non-scaling-stroke}}\n"
    "@media(max-width:500px){.figure svg{font-size:22px}.axis.x{margin-top:.5rem}}\n"
    "@media(max-width:1240px){.fields td:first-child{white-space:normal;overflow-wrap:anywhere}}\n"
    /* A matrix stays one on every screen: who reads a block of it does not see its columns. */
    ".matrix{overflow-x:auto}.matrix table{display:table;width:auto}"
    ".matrix thead{display:table-header-group}.matrix tbody{display:table-row-group}"
    ".matrix tr{display:table-row;border:0}\n.matrix th,.matrix td,.matrix td:first-child{display:"
    "table-cell;text-align:right;min-width:1.6em;padding:.15rem .25rem;"
    "border-bottom:1px solid #e4e4e4;font-variant-numeric:tabular-nums}\n"
    ".matrix th:first-child{text-align:left;padding-right:.6rem}"
    ".matrix thead th{border-bottom:2px solid #222}"
    ".matrix td.right{background:#e3f0fa;font-weight:700}\n"
    "@media print{body{max-width:none;color:#000}tr,.answer,.figure{break-inside:avoid}"
    "h2,h3,.legend,tr.section{break-after:avoid}.v{background:none;color:#000;border-color:#555}\n"
    ".fields{display:table}.fields thead{display:table-header-group}.fields tbody{display:"
    "table-row-group}\n.fields tr{display:table-row}.fields td,.fields td:first-child,"
    ".fields td:empty{display:table-cell;border-bottom:1px solid #ddd}\n"
    ".fields td:first-child{white-space:nowrap}}\n";

/* ---- The file -------------------------------------------------------------------------------- */

exit_status page_check(const cli_settings *settings, const char *other) {
  static const char *const html[] = {".html", ".htm"};
  const char *path = settings->report,
             *inputs[] = {settings->data, settings->labels, settings->load, other};
  exit_status status = EXIT_DONE;
  if (path == NULL)
    return EXIT_DONE;
  for (size_t i = 0; i < sizeof inputs / sizeof inputs[0] && status == EXIT_DONE; i++)
    status = file_check(path, inputs[i], "report");
  if (status == EXIT_DONE && other != NULL && strcmp(path, other) == 0)
    status = report_error(EXIT_INPUT,
                          "--report: '%s' is what another option names; choose another "
                          "name",
                          path);
  if (status == EXIT_DONE && !file_is_bare(path) && !file_ends_in(path, html, 2))
    status = report_error(
        EXIT_INPUT, "--report: '%s': the page is HTML; expected a name that ends in .html", path);
  cli_file probe;
  if (status == EXIT_DONE)
    status = file_create(path, "report", &probe);
  if (status == EXIT_DONE)
    (void)file_close(&probe, "report", EXIT_FAILED); /* removes it */
  return status;
}

exit_status page_save(const cli_settings *settings, void (*write)(const void *what, FILE *out),
                      const void *what) {
  cli_file file;
  if (!ranks_speaks())
    return EXIT_DONE;
  const exit_status status = file_create(settings->report, "report", &file);
  if (status != EXIT_DONE)
    return status;
  const bool failed = report_failed();
  write(what, file.stream);
  return file_close(&file, "report", report_failed() && !failed ? EXIT_FAILED : EXIT_DONE);
}

/* ---- Pieces ---------------------------------------------------------------------------------- */

void page_text(FILE *out, const char *text) {
  for (; *text != '\0'; text++)
    if (*text == '<')
      fputs("&lt;", out);
    else if (*text == '>')
      fputs("&gt;", out);
    else if (*text == '&')
      fputs("&amp;", out);
    else if (*text == '"')
      fputs("&quot;", out);
    else if (*text == '\'')
      fputs("&#39;", out);
    else
      fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
}

void page_begin(FILE *out, const char *title) {
  fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
        out);
  page_text(out, title);
  fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
  page_text(out, title);
  fputs("</h1>\n", out);
}

void page_end(FILE *out) {
  fputs("</body>\n</html>\n", out);
}

void page_fact(FILE *out, const char *name, const char *format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(out, "<dt>%s</dt><dd>", name);
  page_text(out, text);
  fputs("</dd>\n", out);
}

/* A sign and a word: never colour alone. */
void page_verdict(FILE *out, ntk_ledger_verdict like, const char *word) {
  static const char *const signs[NTK_LEDGER_VERDICTS] = {
      [NTK_LEDGER_MEASURED] = "",     [NTK_LEDGER_HOLDS] = "✓ ",   [NTK_LEDGER_FAILS] = "✗ ",
      [NTK_LEDGER_CONSISTENT] = "≈ ", [NTK_LEDGER_SUSPECT] = "! ", [NTK_LEDGER_OUTSIDE] = "∉ ",
      [NTK_LEDGER_UNRESOLVED] = "? ",
  };
  const char *name = ntk_ledger_verdict_name(like);
  fprintf(out, "<span class=\"v %s\">%s%s</span>", name, signs[like], word != NULL ? word : name);
}

void page_number(FILE *out, const char *label, double value, const char *format) {
  fprintf(out, "<td class=\"number\" data-label=\"%s\">", label);
  if (isinf(value))
    fputs(value < 0.0 ? "−∞" : "∞", out);
  else if (!isnan(value))
    fprintf(out, format, value);
  fputs("</td>", out);
}

/* ---- Mathematics ----------------------------------------------------------------------------- */

/* What stands for these characters, the longest first. */
static const struct sign {
  const char *from, *to;
} signs[] = {
    {"lambda_min", "λ<sub>min</sub>"},
    {"lambda_max", "λ<sub>max</sub>"},
    {"sigma_min", "σ<sub>min</sub>"},
    {"eta_min", "η<sub>min</sub>"},
    {"eta_max", "η<sub>max</sub>"},
    {"min_i ", "min<sub>i</sub> "},
    {"phi'", "φ′"},
    {"psi", "ψ"},
    {"t-nu", "<i>t</i> − ν"},
    {"gamma", "γ"},
    {"Delta", "Δ"},
    {"xi ", "ξ "},
    {"sqrt n_{L-2}n_{L-1}", "√(<i>n</i><sub>L−2</sub><i>n</i><sub>L−1</sub>)"},
    {"sqrt ", "√"},
    {"log^8", "log<sup>8</sup>"},
    {"J~", "<i>J̃</i>"},
    {"K'", "<i>K</i>′"},
    {"M'", "<i>M</i>′"},
    {"^T", "<sup>⊤</sup>"},
    {"||", "‖"},
    {">=", "≥"},
    {"<=", "≤"},
    {" - ", " − "},
    {"-lambda", "−lambda"},
};

/* Characters of a subscript after '_': {...}, or letters and digits. */
static size_t below(const char *text) {
  if (*text == '{')
    return strcspn(text, "}") + 1;
  size_t length = 0;
  while (isalnum((unsigned char)text[length]))
    length++;
  return length;
}

static void put_inside(FILE *out, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] == '-')
      fputs("−", out);
    else if (text[i] != '{' && text[i] != '}')
      fputc(text[i], out);
}

/* A letter by itself is a variable, unless it is a word ("a point"), names a step ("(a)"), or is
 * the expectation. */
static bool is_variable(const char *start, const char *at) {
  if (*at == 'a' || *at == 'o' || *at == 'E' || (*at == 'b' && at[1] == ')'))
    return false;
  const bool before = at > start && (isalnum((unsigned char)at[-1]) || at[-1] == '\'');
  const bool after = isalpha((unsigned char)at[1]) || at[1] == '\'';
  return isalpha((unsigned char)*at) && !before && !after;
}

void page_math(FILE *out, const char *formula) {
  const char *start = formula;
  while (*formula != '\0') {
    const struct sign *found = NULL;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0] && found == NULL; i++)
      if (strncmp(formula, signs[i].from, strlen(signs[i].from)) == 0)
        found = &signs[i];
    if (found != NULL && strcmp(found->from, "-lambda") == 0) {
      fputs("−", out);
      formula++;
    } else if (found != NULL) {
      fputs(found->to, out);
      formula += strlen(found->from);
    } else if ((*formula == '_' || *formula == '^') && below(formula + 1) > 0) {
      const size_t length = below(formula + 1);
      const char *tag = *formula == '_' ? "sub" : "sup";
      fprintf(out, "<%s>", tag);
      put_inside(out, formula + 1, length);
      fprintf(out, "</%s>", tag);
      formula += 1 + length;
    } else if (is_variable(start, formula)) {
      fprintf(out, "<i>%c</i>", *formula++);
    } else {
      const char one[] = {*formula++, '\0'};
      page_text(out, one);
    }
  }
}

void page_formula(FILE *out, const char *formula) {
  fputs("<span class=\"math\">", out);
  page_math(out, formula);
  fputs("</span>", out);
}

/* ---- Figures --------------------------------------------------------------------------------- */

static void put_axis(FILE *out, const char *kind, const figure_axis *axis) {
  fprintf(out, "<p class=\"axis %s\">", kind);
  page_math(out, axis->label);
  fprintf(out, "%s</p>\n", axis->log ? ", logarithmic" : "");
}

void page_figure(FILE *out, const figure *f) {
  if (!figure_has_points(f))
    return;
  fputs("<h2>", out);
  page_math(out, f->title);
  fputs("</h2>\n<div class=\"legend\">", out);
  for (size_t c = 0; c < f->curves; c++)
    if (f->curve[c].label[0] != '\0') {
      fputs("<span>", out);
      figure_sample(f, c, out);
      page_formula(out, f->curve[c].label);
      fputs("</span>", out);
    }
  fputs("</div>\n<div class=\"figure\">\n", out);
  put_axis(out, "y", &f->y);
  figure_svg(f, f->title, out);
  put_axis(out, "x", &f->x);
  fputs("</div>\n", out);
}
