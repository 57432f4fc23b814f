/* What ntk_plan_make and ntk_calibrate find. */
#include "results/results.h"

#include "ntkit/plan.h"

#define ROW ntk_rate
static const ntk_field rate[] = {
    FIELD(rate, "", "flops a second, of solves and products bytes a second, of large sizes"),
    FIELD(overhead, "s", "more for each number that is made"),
};
const ntk_description ntk_table_rate =
    DESCRIPTION(rate, NULL, "How fast one of the library's own kernels is.");
#undef ROW

#define ROW ntk_machine
static const ntk_field machine[] = {
    FIELD(threads, "", "that all of it is on"),
    FIELD(memory, "bytes", "there are"),
    FIELD(peak, "flops/s", "multiply-adds in registers, double"),
    FIELD(peak_single, "flops/s", "the same in float"),
    FIELD(bandwidth, "bytes/s", "reading memory"),
    FIELD(bandwidth_cache, "bytes/s", "reading the caches"),
    FIELD(launch, "s", "to start the threads and wait for them"),
    OBJECT(forward, ntk_table_rate, "features"),
    OBJECT(kernel, ntk_table_rate, "K from the features"),
    OBJECT(factor, ntk_table_rate, "Cholesky factorisation"),
    OBJECT(factor_single, ntk_table_rate, "the same in float"),
    OBJECT(step, ntk_table_rate, "epochs of training"),
    OBJECT(passes, ntk_table_rate, "products with J and its transpose"),
    OBJECT(solve, ntk_table_rate, "solves with the factor, of memory"),
    OBJECT(solve_cached, ntk_table_rate, "the same of a factor that caches hold"),
    OBJECT(product, ntk_table_rate, "products with K, of memory"),
    OBJECT(network, ntk_table_rate,
           "between ranks, bytes a second; overhead: a message to all of them; 0: of one rank"),
    FIELD(kept, "", "in the user's cache"),
    FIELD(note, "", "one line: that the machine is busy, why it is not kept; else empty"),
};
const ntk_description ntk_table_machine =
    DESCRIPTION(machine, NULL, "What a machine can do (`ntk_calibrate`).");
#undef ROW

#define ROW ntk_plan_phase
static const ntk_field phase[] = {
    FIELD(name, "", "as progress has it"),
    FIELD(flops, "", "of this phase"),
    FIELD(bytes, "bytes", "read from memory and written"),
    FIELD(seconds, "s", "expected; null: no calibration is kept"),
    FIELD(traffic, "bytes", "that a rank receives from others; 0: of one rank"),
    FIELD(messages, "", "in which it receives them"),
};
const ntk_description ntk_table_plan_phase =
    DESCRIPTION(phase, "place", "A phase of a computation.");
#undef ROW

#define ROW ntk_plan_method
static const ntk_field method[] = {
    FIELD(name, "", "of the method"),
    FIELD(flops, "", "of all phases"),
    FIELD(bytes, "bytes", "read from memory and written, by all phases"),
    FIELD(seconds, "s", "expected; null: no calibration is kept"),
    FIELD(traffic, "bytes", "that a rank receives from others, in all phases"),
    FIELD(messages, "", "in which it receives them"),
    FIELD(memory, "bytes", "most held at once, by the rank that holds most"),
    FIELD(fits, "", "whether the machine has that"),
    FIELD(largest, "",
          "the largest N that fits, at most P; of memorize what it has parameters for"),
    OBJECTS("phases", phase, phases, ntk_table_plan_phase, "in their order"),
};
const ntk_description ntk_table_plan_method =
    DESCRIPTION(method, NULL, "A way to answer the question.");
#undef ROW

#define ROW ntk_plan
static const ntk_field plan[] = {
    FIELD(samples, "", "N"),
    FIELD(parameters, "", "P"),
    FIELD(order, "", "rows of K"),
    FIELD(ranks, "", "processes that share the work, each on such a machine"),
    FIELD(chosen, "", "the method that is taken; null: none fits"),
    FIELD(reason, "",
          "one line: why none fits, what is chosen takes or lacks, that K is singular; else empty"),
    OBJECT(bounds, ntk_table_bounds,
           "scales that lambda_min is expected between, lower_scale at most upper_scale"),
    FIELD(least_width, "", "smallest width of all hidden layers, as many, with P >= order"),
    FIELD(least_last, "", "the same with n_{L-2} n_{L-1} >= N; of memorize 2 N n_L"),
    FIELD(width, "", "of all hidden layers, where it was left open; else 0"),
    OBJECT(machine, ntk_table_machine, "that this is for"),
    OBJECTS("methods", method, methods, ntk_table_plan_method, "all there are"),
};
const ntk_description ntk_table_plan = DESCRIPTION(
    plan, NULL, "What a computation takes, before it is begun (`ntk_plan_make`; `ntkit plan`).");
#undef ROW
