/* What ntk_law finds. */
#include "ntkit/laws.h"

#include "results/results.h"

#define ROW ntk_law_hypothesis
static const ntk_field law_hypothesis[] = {
    FIELD(name, "", "what is asked"),
    FIELD(value, "", "what it is here"),
    FIELD(least, "", "it is held from this"),
    FIELD(most, "", "up to this"),
    FIELD(held, "", "whether it is"),
    FIELD(needed, "", "whether the law says nothing without it"),
    FIELD(help, "", "what the value is, in a line"),
};
const ntk_description ntk_table_law_hypothesis =
    DESCRIPTION(law_hypothesis, NULL, "What a law asks of network and data.");
#undef ROW

#define ROW ntk_law_layer
static const ntk_field law_layer[] = {
    FIELD(ratio, "", "N / n_l"),
    FIELD(deviation, "", "standard deviation of an entry of g_l"),
    FIELD(common, "", "the share of its variance that samples have in common"),
    FIELD(mean, "", "E phi(g_l)"),
    FIELD(variance, "", "of phi(g_l) between samples, what they have in common taken out"),
    FIELD(slope2, "", "b^2 of Fan and Wang: E[phi']^2 times g_l's variance, over phi's"),
    FIELD(square, "", "a of Fan and Wang: E[phi'^2] times g_l's variance, over phi's"),
};
const ntk_description ntk_table_law_layer =
    DESCRIPTION(law_layer, NULL, "A hidden layer, l = 1, ..., L - 1, as the laws see it.");
#undef ROW

#define ROW ntk_law_point
static const ntk_field law_point[] = {
    FIELD(eigenvalue, "", "a number on the axis of eigenvalues"),
    FIELD(below, "", "the law's share of eigenvalues up to it"),
    FIELD(density, "", "the derivative of that"),
    FIELD(measured, "", "the matrix's share of eigenvalues up to it; null: not known"),
};
const ntk_description ntk_table_law_point = DESCRIPTION(law_point, NULL, "A law at a number.");
#undef ROW

#define ROW ntk_law_result
static const ntk_field law[] = {
    FIELD(name, "", "marchenko-pastur, conjugate, fan-wang or montanari-zhong"),
    FIELD(matrix, "", "of whose eigenvalues it is: X X^T, K_{L-1} or K"),
    FIELD(drawn, "", "whether the law says something here"),
    FIELD(holds, "", "whether all of its hypotheses are held"),
    FIELD(reason, "", "one line with all that are not, else empty"),
    FIELD(note, "", "one line where all are held and distance is above usual, else empty"),
    APART(samples, "", "N"),
    OBJECTS("hypotheses", hypothesis, hypotheses, ntk_table_law_hypothesis,
            "what it asks, and what is so"),
    OBJECTS("layers", layer, layers, ntk_table_law_layer, "hidden ones, from l = 1 on"),
    FIELD(atom, "", "share of the eigenvalues that are one number"),
    FIELD(atom_at, "", "that number"),
    FIELD(lower, "", "lower end of the rest of the law"),
    FIELD(upper, "", "upper end of it"),
    FIELD(least, "", "smallest eigenvalue measured, but for those of an atom at 0"),
    FIELD(greatest, "", "largest eigenvalue measured"),
    FIELD(outside, "", "eigenvalues above upper by more than N^{-2/3} of it"),
    FIELD(beneath, "", "eigenvalues below lower and atom_at by more than N^{-2/3} of it"),
    FIELD(distance, "", "largest difference of the shares up to any number (Kolmogorov, Smirnov)"),
    FIELD(estimate, "", "whether that is from the density's counts"),
    FIELD(distance_rest, "",
          "the distance without the atom: of the largest N (1 - atom) eigenvalues"),
    FIELD(usual, "", "what distance is seldom above: 10 / N, of K 4 / sqrt N"),
    FIELD(steep, "", "nearly an atom: the law's largest share within 10 %, where above 1/4"),
    FIELD(steep_from, "", "that share is from here"),
    FIELD(steep_to, "", "to here"),
    FIELD(degree, "", "of montanari-zhong: l of d^l << N << d^{l+1}"),
    FIELD(constant, "", "what lambda_min(K) tends to as N / d^{l+1} and N / (n_1 d) vanish"),
    FIELD(lambda_min, "", "the prediction at this N and d, of an infinite width"),
    FIELD(error, "", "relative error of it that width and chance make, as it is expected"),
    FIELD(measured, "", "lambda_min(K)"),
    OBJECTS("points", point, points, ntk_table_law_point,
            "by eigenvalue, equally spaced in its logarithm"),
};
const ntk_description ntk_table_law =
    DESCRIPTION(law, NULL, "A law of large random matrices beside what was measured (ntk_law).");
#undef ROW
