#include "cli/draw/figure_parts.h"

#include "cli/shell/file.h"
#include "cli/shell/progress.h"
#include "cli/shell/report.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What gnuplot draws, and how each ends when it is whole. */
static const struct drawn {
  const char *suffix, *end;
} drawn[] = {{".svg", "</svg>"}, {".pdf", "%%EOF"}, {".png", "IEND"}};
enum { DRAWN = sizeof drawn / sizeof drawn[0], REPLY = 4096, NOT_WHOLE = -1 };

exit_status figure_check(const char *base, const char *input, const char *option) {
  static const char *const all[] = {".dat", ".gp", ".svg", ".pdf", ".png"};
  for (const char *c = base; *c != '\0'; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f)
      return report_error(EXIT_INPUT, "--%s: a control character in '%s'; expected a name", option,
                          base);
  const char *slash = strrchr(base, '/');
  if (slash != NULL ? slash[1] == '\0' : *base == '\0')
    return report_error(EXIT_INPUT, "--%s: '%s' names a folder; expected the figure's name too",
                        option, base);
  exit_status status = EXIT_DONE;
  for (size_t i = 0; i < sizeof all / sizeof all[0] && status == EXIT_DONE; i++) {
    char *path = file_name(base, all[i]);
    status = path != NULL ? file_check(path, input, option) : EXIT_FAILED;
    free(path);
  }
  return status;
}

size_t figure_width(const figure *f) {
  return f->width > 0 ? f->width : FIGURE_WIDTH;
}

size_t figure_height(const figure *f) {
  return f->height > 0 ? f->height : FIGURE_HEIGHT;
}

/* Whether the texts beside the axes fit: a letter takes about 11 pixels, and the axes are not quite
 * in the middle. */
static exit_status check_labels(const figure *f) {
  const struct {
    const char *what, *text;
    size_t pixels;
  } labels[] = {{"title", f->title, figure_width(f)},
                {"label of the horizontal axis", f->x.label, figure_width(f)},
                {"label of the vertical axis", f->y.label, figure_height(f)},
                {"label of the colours", f->value.label, figure_height(f)}};
  for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
    const size_t seen = labels[i].text != NULL ? figure_seen(labels[i].text) : 0;
    const size_t most = labels[i].pixels * 17 / 20 / 11;
    if (seen > most)
      return report_error(EXIT_INPUT,
                          "the %s has %zu characters and %zu pixels have room for %zu; expected a "
                          "shorter one (--title, --xlabel, --ylabel) or a larger --size",
                          labels[i].what, seen, labels[i].pixels, most);
  }
  return EXIT_DONE;
}

/* ---- The data -------------------------------------------------------------------------------- */

static void write_curves(const figure *f, FILE *out) {
  fputs("# x  y  low  high\n", out);
  for (size_t c = 0; c < f->curves; c++) {
    fprintf(out, "%s# %s\n", c > 0 ? "\n\n" : "", f->curve[c].label);
    for (size_t i = 0; i < f->curve[c].points; i++) {
      const figure_point *p = &f->curve[c].point[i];
      fprintf(out, "%.10g %.10g %.10g %.10g\n", p->x, p->y, p->low, p->high);
    }
  }
  if (f->guide != NULL)
    fprintf(out, "\n\n# %s\n%.10g %.10g\n%.10g %.10g\n", f->guide_label, f->guide[0].x,
            f->guide[0].y, f->guide[1].x, f->guide[1].y);
}

static void write_map(const figure *f, const figure_layout *layout, FILE *out) {
  fputs("# x  y  value  left  right  bottom  top\n", out);
  for (size_t i = 0; i < f->cells; i++) {
    const figure_cell *cell = &f->cell[i];
    double edge[4];
    if (!figure_shows(&f->x, cell->x) || !figure_shows(&f->y, cell->y) ||
        !figure_shows(&f->value, cell->value))
      continue;
    figure_edges(f, layout, cell, edge);
    fprintf(out, "%.10g %.10g %.10g %.10g %.10g %.10g %.10g\n", cell->x, cell->y, cell->value,
            edge[0], edge[1], edge[2], edge[3]);
  }
}

static const char *option_of(const figure *f) {
  return f->option != NULL ? f->option : "output";
}

static exit_status write_data(const figure *f, const figure_layout *layout) {
  char *path = file_name(f->base, ".dat");
  cli_file file;
  exit_status status = path != NULL ? file_create(path, option_of(f), &file) : EXIT_FAILED;
  if (status == EXIT_DONE) {
    fprintf(file.stream, "# %s\n", f->about);
    if (f->cells > 0)
      write_map(f, layout, file.stream);
    if (f->cells > 0 && f->curves > 0)
      fputs("\n\n", file.stream);
    if (f->curves > 0)
      write_curves(f, file.stream);
    status = file_close(&file, option_of(f), status);
  }
  free(path);
  return status;
}

static exit_status write_script(const figure *f, const figure_layout *layout, const char *name) {
  char *path = file_name(f->base, ".gp");
  cli_file file;
  exit_status status = path != NULL ? file_create(path, option_of(f), &file) : EXIT_FAILED;
  if (status == EXIT_DONE) {
    figure_script(f, layout, name, file.stream);
    status = file_close(&file, option_of(f), status);
  }
  free(path);
  return status;
}

/* ---- gnuplot --------------------------------------------------------------------------------- */

/* Its last line that is not empty: that is where gnuplot tells what is wrong. */
static const char *last_line(char *reply) {
  size_t length = strlen(reply);
  while (length > 0 && strchr("\r\n\t ", reply[length - 1]) != NULL)
    reply[--length] = '\0';
  const char *line = strrchr(reply, '\n');
  line = line != NULL ? line + 1 : reply;
  return line + strspn(line, " \t");
}

/* Reads all that comes, keeps the end of it. */
static void read_reply(int descriptor, char *reply) {
  size_t used = 0;
  for (;;) {
    if (used == REPLY - 1) {
      memmove(reply, reply + REPLY / 2, REPLY / 2 - 1);
      used = REPLY / 2 - 1;
    }
    const ssize_t count = read(descriptor, reply + used, REPLY - 1 - used);
    if (count > 0)
      used += (size_t)count;
    else if (count == 0 || errno != EINTR)
      break;
  }
  reply[used] = '\0';
}

/* Starts gnuplot with its output in the pipe; 0 or an error number. */
static int start(char *const *arguments, const int ends[2], pid_t *child) {
  posix_spawn_file_actions_t actions;
  int why = posix_spawn_file_actions_init(&actions);
  if (why != 0)
    return why;
  why = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  for (int stream = 1; stream <= 2 && why == 0; stream++)
    why = posix_spawn_file_actions_adddup2(&actions, ends[1], stream);
  for (int end = 0; end < 2 && why == 0; end++)
    why = posix_spawn_file_actions_addclose(&actions, ends[end]);
  if (why == 0)
    why = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  return why;
}

static exit_status not_installed(const char *base) {
  return report_error(EXIT_FAILED,
                      "gnuplot is not installed (Debian: apt-get install gnuplot-nox "
                      "fonts-dejavu-core; macOS: brew install gnuplot); %s.dat and %s.gp are "
                      "written, to be drawn by 'gnuplot %s.gp' in their folder",
                      base, base, base);
}

static exit_status run_gnuplot(char *const *arguments, const char *base) {
  int ends[2];
  if (pipe(ends) != 0)
    return report_error(EXIT_FAILED, "no pipe for gnuplot: %s", strerror(errno));
  pid_t child = 0;
  const int why = start(arguments, ends, &child);
  (void)close(ends[1]);
  char reply[REPLY] = "";
  if (why == 0)
    read_reply(ends[0], reply);
  (void)close(ends[0]);
  if (why == ENOENT)
    return not_installed(base);
  if (why != 0)
    return report_error(EXIT_FAILED, "gnuplot cannot be started: %s", strerror(why));
  int result = 0;
  while (waitpid(child, &result, 0) < 0)
    if (errno != EINTR)
      return report_error(EXIT_FAILED, "gnuplot: %s", strerror(errno));
  if (WIFEXITED(result) && WEXITSTATUS(result) == 0)
    return EXIT_DONE;
  if (progress_interrupted())
    return report_error(EXIT_INTERRUPTED, "interrupted while gnuplot was drawing");
  if (WIFEXITED(result) && WEXITSTATUS(result) == 127) /* posix_spawn's way to say ENOENT, too */
    return not_installed(base);
  return report_error(EXIT_FAILED, "gnuplot failed on %s.gp: %s", base, last_line(reply));
}

/* Appends text as gnuplot reads it within single quotes: a quote is written twice. */
static size_t quote(char *to, const char *text, size_t length) {
  size_t used = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\'')
      to[used++] = '\'';
    to[used++] = text[i];
  }
  to[used] = '\0';
  return used;
}

/* gnuplot's commands before the script: into the folder, and names that are not yet the wanted
 * ones. To be freed. */
static char *preamble(const char *base, size_t folder, const char *name) {
  const size_t size = 2 * folder + 2 * strlen(name) + 64;
  char *text = malloc(size);
  if (text == NULL)
    return NULL;
  /* ~ at the start would be somebody's home. */
  size_t used = 0;
  if (folder > 0) {
    used = (size_t)snprintf(text, size, "cd '%s", base[0] == '/' ? "" : "./");
    used += quote(text + used, base, folder);
  }
  used += (size_t)snprintf(text + used, size - used, "%sbase = './", folder > 0 ? "'; " : "");
  used += quote(text + used, name, strlen(name));
  snprintf(text + used, size - used, "'");
  return text;
}

/* Whether a file is on the disk and ends so, but for a few bytes: gnuplot succeeds, too, when the
 * disk is full. 0, or an error number; NOT_WHOLE where more could be written. */
static int check_whole(const char *path, const char *end) {
  char last[32] = "";
  FILE *file = fopen(path, "r+b");
  if (file == NULL)
    return errno;
  if (fseek(file, -(long)(sizeof last - 1), SEEK_END) != 0)
    rewind(file);
  const size_t length = fread(last, 1, sizeof last - 1, file);
  bool whole = false;
  for (size_t i = 0; i + strlen(end) <= length; i++)
    whole = whole || memcmp(last + i, end, strlen(end)) == 0;
  int why = fsync(fileno(file)) == 0 ? 0 : errno;
  static const char block[1 << 14]; /* what did not fit does not fit now, either */
  if (!whole && why == 0)
    why = fseek(file, 0, SEEK_END) == 0 && write(fileno(file), block, sizeof block) < 0 ? errno
                                                                                        : NOT_WHOLE;
  (void)fclose(file);
  return why;
}

static exit_status rename_drawn(const figure *f, const char *unfinished, bool keep) {
  exit_status status = EXIT_DONE;
  for (size_t i = 0; i < DRAWN; i++) {
    char *from = file_name(unfinished, drawn[i].suffix), *to = file_name(f->base, drawn[i].suffix);
    int why = 0;
    if (from == NULL || to == NULL)
      status = EXIT_FAILED;
    else if (keep && status == EXIT_DONE)
      why = check_whole(from, drawn[i].end);
    if (why == 0 && keep && status == EXIT_DONE && rename(from, to) != 0)
      why = errno;
    if (why != 0)
      status = report_error(EXIT_INPUT, "--%s: %s: %s", option_of(f), to,
                            why == NOT_WHOLE ? "gnuplot did not write all of it" : strerror(why));
    if (from != NULL && (!keep || status != EXIT_DONE))
      (void)unlink(from);
    free(from);
    free(to);
  }
  return status;
}

/* name: of the script, without .gp, in the folder that is base's first characters. */
static exit_status draw(const figure *f, size_t folder, const char *name) {
  char *path = file_name(f->base, FILE_TEMPORARY);
  char *script = file_name(name, ".gp");
  char *before = path != NULL ? preamble(f->base, folder, path + folder) : NULL;
  int lock = -1, why = 0;
  exit_status status = EXIT_FAILED;
  if (script != NULL && before != NULL && path != NULL && (why = file_lock(path, &lock)) != 0) {
    status = report_error(EXIT_INPUT, "--%s: %s: %s", option_of(f), f->base,
                          why == EWOULDBLOCK ? "another run is drawing it now" : strerror(why));
  } else if (lock >= 0) {
    char gnuplot[] = "gnuplot", plain[] = "-d", evaluate[] = "-e";
    char *const arguments[] = {gnuplot, plain, evaluate, before, script, NULL};
    status = run_gnuplot(arguments, f->place != NULL ? f->place : f->base);
    const exit_status renamed = rename_drawn(f, path, status == EXIT_DONE);
    status = status == EXIT_DONE ? renamed : status;
    (void)unlink(path);
    (void)close(lock);
  } else if (script != NULL) {
    (void)report_error(EXIT_FAILED, "no memory for a file name");
  }
  free(path);
  free(before);
  free(script);
  return status;
}

exit_status figure_draw(const figure *f) {
  figure_layout layout;
  figure_lay_out(f, &layout);
  if (layout.drawn == 0)
    return report_error(EXIT_INPUT, "nothing to draw: a logarithmic axis needs values above 0");
  exit_status status = check_labels(f);
  if (status == EXIT_DONE)
    status = figure_check(f->base, f->input, option_of(f));
  const char *slash = strrchr(f->base, '/');
  const size_t folder = slash != NULL ? (size_t)(slash + 1 - f->base) : 0;
  /* gnuplot takes '<' and '|' at the start for commands and '~' for a home. */
  const char *plain = f->base + folder;
  const bool odd = strchr("<|>~+-$@", *plain) != NULL;
  char *name = NULL;
  if (status == EXIT_DONE) {
    name = file_name(odd ? "./" : "", plain);
    status = name != NULL ? EXIT_DONE : EXIT_FAILED;
  }
  if (status == EXIT_DONE)
    status = write_data(f, &layout);
  if (status == EXIT_DONE)
    status = write_script(f, &layout, name);
  if (status == EXIT_DONE)
    status = draw(f, folder, name);
  free(name);
  return status;
}
