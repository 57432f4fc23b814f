/* The law of Marchenko and Pastur in closed form. */
#ifndef NTK_SPECTRUM_MARCHENKO_PASTUR_H
#define NTK_SPECTRUM_MARCHENKO_PASTUR_H

/* Of the eigenvalues of Z^T Z / d, Z d x n of independent entries of variance 1, as n / d tends to
 * ratio > 0: a density on [lower, upper] = (1 -+ sqrt(ratio))^2, and an atom at 0 of mass
 * 1 - 1 / ratio where that is positive. */
typedef struct ntk_marchenko_pastur {
  double ratio, lower, upper, atom;
} ntk_marchenko_pastur;

ntk_marchenko_pastur ntk_marchenko_pastur_of(double ratio);
/* Of the part that has one; and the share of the eigenvalues up to x, the atom included. */
double ntk_marchenko_pastur_density(const ntk_marchenko_pastur *law, double x);
double ntk_marchenko_pastur_below(const ntk_marchenko_pastur *law, double x);

#endif
