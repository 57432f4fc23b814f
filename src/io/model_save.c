/* A fitted network and its data, into a folder that tells of both. */
#include "io/saving.h"
#include "net/network.h"

static ntk_status claim(const ntk_saving *saving, size_t depth) {
  NTK_TRY(ntk_saving_claim(saving, "X.npy"));
  NTK_TRY(ntk_saving_claim(saving, "scaling.npy"));
  return ntk_saving_claim_network(saving, "", depth);
}

/* What result.json says; NULL for want of memory. */
static json_t *describe(const ntk_saving *saving, const ntk_network *network,
                        const ntk_dataset *data, const char *scaling) {
  json_t *widths = json_array(), *files = json_array();
  int code = widths == NULL || files == NULL;
  for (size_t l = 1; l < network->depth; l++)
    code |= json_array_append_new(widths, json_integer((json_int_t)network->width[l]));
  for (size_t i = 0; ntk_saving_file(saving, i) != NULL; i++)
    code |= json_array_append_new(files, json_string(ntk_saving_file(saving, i)));
  json_t *result =
      json_pack("{s:s, s:{s:I, s:o, s:s}, s:{s:I, s:I, s:s}, s:o}", "command", saving->command,
                "network", "dim", (json_int_t)network->width[0], "widths", widths, "activation",
                network->activations, "data", "samples", (json_int_t)ntk_dataset_samples(data),
                "dim", (json_int_t)ntk_dataset_dim(data), "scale", scaling, "saved", files);
  if (code == 0)
    return result;
  json_decref(result);
  return NULL;
}

ntk_status ntk_model_save(const ntk_network *network, const ntk_dataset *data, ntk_scaling scaling,
                          const char *directory, const ntk_saving_options *options) {
  size_t count = 0;
  const char *const *names = ntk_scaling_list(&count);
  if ((size_t)scaling >= count)
    return ntk_fail(NTK_ERR_ARGUMENT, "scaling %d is none; accepted: 0 to %zu", (int)scaling,
                    count - 1);
  if (ntk_dataset_dim(data) != network->width[0])
    return ntk_fail(NTK_ERR_SHAPE,
                    "the data have d = %zu and the network takes %zu; accepted: the "
                    "data that it fits",
                    ntk_dataset_dim(data), network->width[0]);
  ntk_saving *saving = NULL;
  NTK_TRY(ntk_saving_open(directory, options, &saving));
  ntk_status status = claim(saving, network->depth);
  if (status == NTK_OK)
    status = ntk_saving_data(saving, data);
  if (status == NTK_OK)
    status = ntk_saving_network(saving, "", network);
  if (status == NTK_OK)
    status = ntk_saving_finish_object(saving, describe(saving, network, data, names[scaling]));
  ntk_saving_close(saving);
  return status;
}
