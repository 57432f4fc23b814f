/* From arrays with names to dense layers (net/layers.h).
 * Properties: names as PyTorch 2.x, Flax 0.12.8 (linen and nnx), Keras 3.15.1, Haiku 0.0.17,
 * Equinox 0.13.8, MLX and scikit-learn write them (tools/record_weights.py), in any order, give the
 * layers in the order in which they are applied, each the right way round; what names and shapes
 * leave open is asked for; what is no network of dense layers is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/layers.h"
#include "support.h"

enum { MOST = 40, RANK = 4 };

static ntk_context *context;

static int setup(void **state) {
  (void)state;
  context = make_context(1);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return 0;
}

/* "0.weight:7,5 0.bias:7": names, each with its shape; reversed: the last first. */
typedef struct listed {
  char text[2048];
  ntk_named_array array[MOST];
  size_t shape[MOST][RANK], count;
} listed;

static void read_list(const char *text, bool reversed, listed *list) {
  *list = (listed){.count = 0};
  assert_true(strlen(text) < sizeof list->text);
  strcpy(list->text, text);
  ntk_named_array read[MOST];
  char *rest = NULL;
  for (char *word = strtok_r(list->text, " ", &rest); word != NULL;
       word = strtok_r(NULL, " ", &rest)) {
    char *at = strchr(word, '='); /* names have colons */
    assert_true(at != NULL && list->count < MOST);
    *at++ = '\0';
    const size_t i = list->count++;
    read[i] = (ntk_named_array){.name = word, .shape = list->shape[i]};
    while (*at != '\0') {
      list->shape[i][read[i].rank++] = strtoul(at, &at, 10);
      at += *at == ',';
    }
  }
  for (size_t i = 0; i < list->count; i++)
    list->array[i] = read[reversed ? list->count - 1 - i : i];
}

static ntk_status find(const listed *list, bool folder, ntk_layout layout, ntk_layers *layers) {
  const ntk_named_arrays from = {
      .path = "m", .count = list->count, .array = list->array, .folder = folder};
  return ntk_layers_find(context, &from, layout, layers);
}

/* "0.weight'+0.bias 5-7": the weight, ' for one that lies as [out, in], its bias, and n. */
static void describe(const listed *list, const ntk_layers *layers, char text[2048]) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t l = 0; l < layers->count; l++) {
    const ntk_layer *layer = &layers->layer[l];
    used += (size_t)snprintf(text + used, 2048 - used, "%s%s%s%s%s %zu-%zu", l > 0 ? ", " : "",
                             list->array[layer->weight].name, layer->transposed ? "'" : "",
                             layer->bias != SIZE_MAX ? "+" : "",
                             layer->bias != SIZE_MAX ? list->array[layer->bias].name : "",
                             layer->in, layer->out);
  }
}

static void expect_layers(const char *arrays, ntk_layout layout, const char *expected) {
  for (int reversed = 0; reversed < 2; reversed++) {
    listed list;
    ntk_layers layers = {0};
    char text[2048];
    read_list(arrays, reversed, &list);
    assert_ok(find(&list, false, layout, &layers));
    describe(&list, &layers, text);
    assert_string_equal(text, expected);
    ntk_layers_clear(&layers);
  }
}

static void expect_refused(const char *arrays, bool folder, ntk_status status, const char *says) {
  listed list;
  ntk_layers layers = {0};
  read_list(arrays, false, &list);
  assert_refused(find(&list, folder, NTK_LAYOUT_OPEN, &layers), status, says);
  assert_null(layers.layer);
  assert_int_equal(ntk_memory_in_use(context), 0);
}

/* ---- What frameworks write ------------------------------------------------------------------- */

static void test_frameworks(void **state) {
  (void)state;
  static const char *const known[][2] = {
      /* PyTorch: nn.Sequential, named layers, wrappers of compile and DDP, a model in a model. */
      {"0.weight=7,5 0.bias=7 2.weight=7,7 2.bias=7 4.weight=3,7 4.bias=3",
       "0.weight'+0.bias 5-7, 2.weight'+2.bias 7-7, 4.weight'+4.bias 7-3"},
      {"fc1.weight=7,5 fc2.weight=1,7", "fc1.weight' 5-7, fc2.weight' 7-1"},
      {"_orig_mod.fc1.weight=7,5 _orig_mod.fc1.bias=7 _orig_mod.fc2.weight=1,7",
       "_orig_mod.fc1.weight'+_orig_mod.fc1.bias 5-7, _orig_mod.fc2.weight' 7-1"},
      {"module.net.0.weight=5,5 module.net.2.weight=5,5 module.net.10.weight=5,5",
       "module.net.0.weight' 5-5, module.net.2.weight' 5-5, module.net.10.weight' 5-5"},
      /* Flax linen, with ten layers and more; nnx, and JAX's own key paths. */
      {"params/Dense_0/kernel=5,5 params/Dense_0/bias=5 params/Dense_10/kernel=5,5 "
       "params/Dense_2/kernel=5,5",
       "params/Dense_0/kernel+params/Dense_0/bias 5-5, params/Dense_2/kernel 5-5, "
       "params/Dense_10/kernel 5-5"},
      {"['l1']['bias'].value=7 ['l1']['kernel'].value=5,7 ['l2']['kernel'].value=7,3",
       "['l1']['kernel'].value+['l1']['bias'].value 5-7, ['l2']['kernel'].value 7-3"},
      {"value.weight=7,5 out.weight=2,7", "value.weight' 5-7, out.weight' 7-2"},
      {".layers[0].weight=7,5 .layers[0].bias=7 .layers[1].weight=3,7",
       ".layers[0].weight'+.layers[0].bias 5-7, .layers[1].weight' 7-3"},
      {"mlp/~/linear_0/w=5,7 mlp/~/linear_0/b=7 mlp/~/linear_1/w=7,3",
       "mlp/~/linear_0/w+mlp/~/linear_0/b 5-7, mlp/~/linear_1/w 7-3"},
      {"layers.0.weight=7,5 layers.0.bias=7 layers.1.weight=2,7",
       "layers.0.weight'+layers.0.bias 5-7, layers.1.weight' 7-2"},
      /* Keras: .weights.h5, its older .h5, TensorFlow's names. */
      {"layers/dense/vars/0=5,7 layers/dense/vars/1=7 layers/dense_1/vars/0=7,7 "
       "layers/dense_1/vars/1=7 layers/dense_2/vars/0=7,3 layers/dense_2/vars/1=3",
       "layers/dense/vars/0+layers/dense/vars/1 5-7, layers/dense_1/vars/0+layers/dense_1/vars/1 "
       "7-7, layers/dense_2/vars/0+layers/dense_2/vars/1 7-3"},
      {"model_weights/dense/sequential/dense/bias=7 "
       "model_weights/dense/sequential/dense/kernel=5,7 "
       "model_weights/dense_1/sequential/dense_1/kernel=7,3",
       "model_weights/dense/sequential/dense/kernel+model_weights/dense/sequential/dense/bias 5-7, "
       "model_weights/dense_1/sequential/dense_1/kernel 7-3"},
      {"dense/kernel:0=5,7 dense/bias:0=7 dense_1/kernel:0=7,1",
       "dense/kernel:0+dense/bias:0 5-7, dense_1/kernel:0 7-1"},
      /* Ours, scikit-learn's, and np.savez of model.get_weights(). */
      {"W1=5,5 b1=5 W2=5,5 W10=5,1 W3=5,5 W4=5,5 W5=5,5 W6=5,5 W7=5,5 W8=5,5 W9=5,5",
       "W1+b1 5-5, W2 5-5, W3 5-5, W4 5-5, W5 5-5, W6 5-5, W7 5-5, W8 5-5, W9 5-5, W10 5-1"},
      {"coefs_0=5,7 intercepts_0=7 coefs_1=7,1 intercepts_1=1",
       "coefs_0+intercepts_0 5-7, coefs_1+intercepts_1 7-1"},
      {"arr_0=5,7 arr_1=7 arr_2=7,3 arr_3=3", "arr_0+arr_1 5-7, arr_2+arr_3 7-3"},
  };
  for (size_t i = 0; i < COUNT(known); i++)
    expect_layers(known[i][0], NTK_LAYOUT_OPEN, known[i][1]);
}

/* The chain of shapes tells what names do not. */
static void test_order(void **state) {
  (void)state;
  expect_layers("input.weight=7,5 hidden.weight=7,7 output.weight=1,7", NTK_LAYOUT_OPEN,
                "input.weight' 5-7, hidden.weight' 7-7, output.weight' 7-1");
  expect_layers("fc1.weight=7,5 fc2.weight=7,7 classifier.weight=3,7", NTK_LAYOUT_OPEN,
                "fc1.weight' 5-7, fc2.weight' 7-7, classifier.weight' 7-3");
  /* Keras, subclassed: the layer made first is the last one. */
  expect_layers(
      "h1/vars/0=5,7 hs/dense/vars/0=7,7 hs/dense_1/vars/0=7,7 layers/dense/vars/0=7,3",
      NTK_LAYOUT_OPEN,
      "h1/vars/0 5-7, hs/dense/vars/0 7-7, hs/dense_1/vars/0 7-7, layers/dense/vars/0 7-3");
  expect_layers("layers/dense/vars/0=7,3 layers/dense_1/vars/0=5,7 layers/dense_2/vars/0=7,7",
                NTK_LAYOUT_OPEN,
                "layers/dense_1/vars/0 5-7, layers/dense_2/vars/0 7-7, layers/dense/vars/0 7-3");
  /* Flax 0.12.8, Dense(3)(Dense(7)(Dense(7)(x))): the outermost is made first, and is Dense_0. */
  expect_layers("params/Dense_2/kernel=5,7 params/Dense_2/bias=7 params/Dense_1/kernel=7,7 "
                "params/Dense_0/kernel=7,3",
                NTK_LAYOUT_OPEN,
                "params/Dense_2/kernel+params/Dense_2/bias 5-7, params/Dense_1/kernel 7-7, "
                "params/Dense_0/kernel 7-3");
  /* All square but the last: dense is before dense_1. */
  expect_layers("dense/kernel=5,5 dense_1/kernel=5,5 dense_2/kernel=5,3", NTK_LAYOUT_OPEN,
                "dense/kernel 5-5, dense_1/kernel 5-5, dense_2/kernel 5-3");
  expect_refused("dense/kernel=5,5 dense_1/kernel=5,5", false, NTK_ERR_ARGUMENT,
                 "tell the order of the layers dense/kernel, dense_1/kernel");
  expect_refused("a.weight=5,5 b.weight=5,5 c.weight=1,5", false, NTK_ERR_ARGUMENT,
                 "accepted: names that count them");
}

/* Which way a matrix lies: words, the shapes, what is given; else it is asked for. */
static void test_layout(void **state) {
  (void)state;
  expect_layers("w1=7,5 w2=1,7", NTK_LAYOUT_OPEN, "w1' 5-7, w2' 7-1");
  expect_layers("w1=5,7 w2=7,1", NTK_LAYOUT_OPEN, "w1 5-7, w2 7-1");
  expect_layers("w1=5,5 w2=5,5 w3=5,2", NTK_LAYOUT_OPEN, "w1 5-5, w2 5-5, w3 5-2");
  expect_layers("w1=5,5 w2=5,5 w3=2,5", NTK_LAYOUT_OPEN, "w1' 5-5, w2' 5-5, w3' 5-2");
  expect_layers("arr_0=5,7 arr_1=5 arr_2=2,5", NTK_LAYOUT_OPEN, "arr_0'+arr_1 7-5, arr_2' 5-2");
  expect_refused("w1=5,5 w2=5,5", false, NTK_ERR_ARGUMENT,
                 "w1 is 5 x 5, and neither its name nor the shapes tell whether that is [n_l, "
                 "n_{l-1}] or [n_{l-1}, n_l]; expected torch for the first, flax for the second");
  assert_string_equal(ntk_error_last().option, "layout");
  expect_layers("w1=5,5 w2=5,5", NTK_LAYOUT_TORCH, "w1' 5-5, w2' 5-5");
  expect_layers("w1=5,5 w2=5,5", NTK_LAYOUT_FLAX, "w1 5-5, w2 5-5");
  expect_layers("a.weight=5,7 b.weight=7,1", NTK_LAYOUT_FLAX, "a.weight 5-7, b.weight 7-1");
  expect_layers("W1=7,5 W2=1,7", NTK_LAYOUT_TORCH, "W1' 5-7, W2' 7-1");
  expect_layers("b1=7,1 W1=5,7 W2=7,1 b2=1,1", NTK_LAYOUT_OPEN, "W1+b1 5-7, W2+b2 7-1");
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void test_misfits(void **state) {
  (void)state;
  expect_refused(
      "fc1.weight=7,5 fc2.weight=3,8", false, NTK_ERR_SHAPE,
      "m: fc2.weight is 3 x 8 and takes 8 numbers, and fc1.weight before it is 7 x 5 and "
      "puts out 7; accepted: layers that follow each other");
  expect_refused("W1=7,5 W2=3,7 W3=1,3", false, NTK_ERR_SHAPE,
                 "; these look transposed, as torch.nn.Linear has them, n_l x n_{l-1}: --layout "
                 "torch would take them");
  expect_refused("fc1.weight=5,7 fc2.weight=7,1", false, NTK_ERR_SHAPE,
                 "--layout flax would take them");
  expect_refused("fc1.weight=7,5 fc1.bias=5 fc2.weight=1,7", false, NTK_ERR_SHAPE,
                 "the bias fc1.bias is [5] and its weight fc1.weight is 7 x 5, of 7 outputs; "
                 "accepted: a number for each output");
  expect_refused("w1=7,5 w2=4,9", false, NTK_ERR_SHAPE, "w2 is 4 x 9 and takes 4 numbers");
}

static void test_foreign(void **state) {
  (void)state;
  static const char *const foreign[][2] = {
      {"c.weight=8,1,3,3 c.bias=8 f.weight=1,8",
       "m: c.weight ([8, 1, 3, 3]) is no dense layer's: it is of a convolution or an attention "
       "layer; accepted: dense layers alone, each a matrix (weight, kernel, w, W_l) with at most "
       "one bias"},
      {"0.weight=7,5 1.weight=7 1.bias=7 2.weight=1,7", "1.weight ([7]) is no dense layer's"},
      {"0.weight=7,5 1.running_mean=7 2.weight=1,7", "1.running_mean ([7]) is no dense layer's: it "
                                                     "is of batch normalisation"},
      {"0.weight=7,5 1.num_batches_tracked= 2.weight=1,7", "1.num_batches_tracked ([]) is no"},
      {"Dense_0/kernel=5,7 LayerNorm_0/scale=7 Dense_1/kernel=7,1", "it is of a normalisation"},
      {"layers/batch_normalization/vars/2=7 layers/dense/vars/0=7,1",
       "it is of a layer of more than a kernel and a bias"},
      {"tok_embed.weight=50,8 0.weight=1,8", "tok_embed.weight (50 x 8) is no dense layer's: it is "
                                             "of an embedding"},
      {"rnn/kernel=5,7 rnn/recurrent_kernel=7,7 rnn/bias=7", "it is of a recurrent layer"},
      {"attn.in_proj_weight=9,3 fc.weight=1,3", "it is of an attention layer"},
      {"0.weight_g=7,1 0.weight_v=7,5", "it is of a weight made of two parts"},
      {"0.weight=7,5 temperature=1 2.weight=1,7",
       "temperature ([1]) is no dense layer's: its name has none of the words"},
      {"0.weight=7,5 A=7,7 2.weight=1,7",
       "A (7 x 7) is no dense layer's: its name has none of the"},
      {"0.weight=7,5 2.weight=0,7", "2.weight (0 x 7) is no dense layer's: it has no numbers"},
      {"W1=5,7 W2=", "W2 ([]) is no dense layer's: it is one number"},
      {"W1=5,7 b1=7,2 W2=7,1", "b1 (7 x 2) is no dense layer's: a bias is a vector"},
      {"W1=5,7 b1=7 b2=1 W2=7", "W2 ([7]) is no dense layer's"},
      {"W1=5,7 W2=7,1 b3=1",
       "b3 is a bias, and its layer has no weight; accepted: a weight for each"
       " bias (of tied ones a file may have one: save both)"},
      {"b0=5 W1=5,7 W2=7,1", "b0 is a bias, and its layer has no weight"},
      {"arr_0=5 arr_1=5,7", "arr_0 is a bias, and its layer has no weight"},
      {"arr_0=5,7 arr_1=7 arr_2=7", "arr_1 and arr_2 are both the bias of one layer"},
      {"W1=5,7 W3=7,1", "m: W3 is there, and W2 is not; accepted: W1, W2, ..., WL"},
      {"W2=5,7 W3=7,1", "W2 is there, and W1 is not"},
      {"module.0.weight=7,5 0.weight=7,5 2.weight=1,7", "are both the weight of one layer"},
      {"0.weight=7,5 0.kernel=5,7 2.weight=1,7", "are both the weight of one layer"},
      {"0.weight=7,5 0.bias=7 0.b=7 2.weight=1,7", "are both the bias of one layer"},
      {"optimizer/vars/0= optimizer/vars/1=5,7", "m has no matrix that is a weight"},
  };
  for (size_t i = 0; i < COUNT(foreign); i++)
    expect_refused(foreign[i][0], false, NTK_ERR_FORMAT, foreign[i][1]);
}

/* What training keeps is set aside and told of; in a folder, so is what lies beside the network. */
static void test_left_out(void **state) {
  (void)state;
  static const char *const with[][2] = {
      {"layers/dense/vars/0=5,7 layers/dense_1/vars/0=7,1 optimizer/vars/1=5,7",
       "optimizer/vars/1"},
      {"params/Dense_0/kernel=5,7 params/Dense_1/kernel=7,1 opt_state/mu/Dense_0/kernel=5,7",
       "opt_state/mu/Dense_0/kernel"},
      {"layers/dense/vars/0=5,7 layers/dropout/seed_generator/vars/0=2 layers/dense_1/vars/0=7,1",
       "layers/dropout/seed_generator/vars/0"},
      {"W1=5,7 W2=7,1 X=9,5", "X"},
      {"W1=5,7 W2=7,1 kernel=9,9", "kernel"}, /* of --save-kernel */
  };
  for (size_t i = 0; i < COUNT(with); i++) {
    listed list;
    ntk_layers layers = {0};
    read_list(with[i][0], false, &list);
    assert_ok(find(&list, i >= 3, NTK_LAYOUT_OPEN, &layers));
    assert_int_equal(layers.count, 2);
    assert_int_equal(layers.left, 1);
    assert_string_equal(list.array[layers.left_out[0]].name, with[i][1]);
    ntk_layers_clear(&layers);
  }
  expect_refused("W1=5,7 W2=7,1 b3=1 X=9,5", true, NTK_ERR_FORMAT, "b3 is a bias");
  expect_refused("X=9,5 Y=9", true, NTK_ERR_FILE, "m has no W1.npy; accepted: W1.npy, ..., WL.npy");
  expect_refused("W2=5,7 W3=7,1", true, NTK_ERR_FILE, "m: W2 is there, and W1.npy is not");
}

/* Very many layers that nothing counts are an answer at once, not a search without end. */
static void test_many(void **state) {
  (void)state;
  char text[1024] = "";
  for (char c = 'a'; c <= 'z'; c++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%c.weight=5,5 ", c);
  strcat(text, "zz.weight=1,6");
  listed list;
  ntk_layers layers = {0};
  read_list(text, false, &list);
  const ntk_status status = find(&list, false, NTK_LAYOUT_OPEN, &layers);
  assert_true(status == NTK_ERR_ARGUMENT || status == NTK_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frameworks), cmocka_unit_test(test_order),
      cmocka_unit_test(test_layout),     cmocka_unit_test(test_misfits),
      cmocka_unit_test(test_foreign),    cmocka_unit_test(test_left_out),
      cmocka_unit_test(test_many),
  };
  return cmocka_run_group_tests_name("layers", tests, setup, teardown);
}
