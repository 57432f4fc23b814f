/* --load: the network of a job from a file or directory of weights. */
#include "cli/run/job.h"
#include "cli/shell/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void job_note_left(const cli_settings *settings, const char *path, const ntk_weights *weights) {
  if (weights->left == 0 || strcmp(weights->format, "directory") == 0)
    return; /* where X.npy and others lie beside the network */
  report_note(settings, "%s: %s%s no part of the network, left out", path, weights->left_out[0],
              weights->left == 1 ? " is" : " and others are");
}

/* The architecture of the file in place of the options'. */
static exit_status take_spec(cli_job *job) {
  const ntk_weights *weights = &job->weights;
  const char *given = job->settings->activation, *scales = job->settings->parameterization;
  job->width = calloc(weights->depth, sizeof *job->width);
  job->bias = calloc(weights->depth, sizeof *job->bias);
  if (job->width == NULL || job->bias == NULL)
    return report_error(EXIT_FAILED, "no memory for a network of depth %zu", weights->depth);
  if (given == NULL && weights->activation == NULL)
    return report_error(EXIT_INPUT,
                        "--activation is needed with --load %s, which does not name it (as the "
                        "result.json of --save does)",
                        job->settings->load);
  for (size_t l = 0; l < weights->depth; l++) {
    job->width[l] = weights->layer[l].in;
    job->bias[l] = weights->layer[l].bias != NULL;
  }
  job->spec =
      (ntk_network_spec){.depth = weights->depth,
                         .width = job->width,
                         .outputs = weights->layer[weights->depth - 1].out,
                         .bias = job->bias,
                         .activation = given != NULL ? given : weights->activation,
                         .parameterization = scales != NULL ? scales : weights->parameterization,
                         .seed = job->settings->seed};
  return EXIT_DONE;
}

exit_status job_load(cli_job *job) {
  const cli_settings *settings = job->settings;
  const ntk_status status =
      ntk_weights_open(job->context, settings->load, settings->layout, &job->weights);
  if (status != NTK_OK)
    return report_fault(status, "load");
  job_note_left(settings, settings->load, &job->weights);
  const exit_status taken = take_spec(job);
  if (taken != EXIT_DONE)
    return taken;
  if (settings->dim != 0 && settings->dim != job->width[0])
    return report_error(EXIT_INPUT, "--dim: %zu, and the network in %s takes %zu", settings->dim,
                        settings->load, job->width[0]);
  struct stat about;
  const bool file = stat(settings->load, &about) == 0 && S_ISREG(about.st_mode);
  return file ? job_note_input(job, settings->load) : EXIT_DONE;
}

exit_status job_make_network(cli_job *job, ntk_network **network) {
  if (job->settings->load != NULL)
    return report_fault(ntk_weights_network(&job->weights, &job->spec, network), "load");
  return report_library(ntk_network_create(job->context, &job->spec, network), NULL);
}
