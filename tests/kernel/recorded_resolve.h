/* By tools/record_resolve.py: lambda_min in ball arithmetic. */
typedef struct recorded_resolve {
  const char *activation, *init;
  size_t N, d, hidden, width;
  double beta;
  uint64_t seed;
  double lambda_min;
} recorded_resolve;
static const recorded_resolve recorded_resolves[] = {
    {"sigmoid", "paper", 12, 2, 2, 8, 1.0, 0,
     1.190054043418573441923442e-7}, /* trace over it 3.3e+08 */
    {"sigmoid", "paper", 12, 2, 2, 8, 1.0, 1,
     3.492743422116329610382611e-8}, /* trace over it 9.9e+08 */
    {"erf", "paper", 12, 2, 2, 9, 1.0, 0,
     5.459120563453577306702906e-5}, /* trace over it 8.1e+06 */
    {"erf", "paper", 12, 2, 2, 9, 1.0, 1,
     1.922669975662569042370569e-6}, /* trace over it 1.2e+08 */
    {"softplus", "paper", 14, 1, 2, 12, 1.0, 0,
     8.935361925862479056242323e-16}, /* trace over it 1.6e+18 */
    {"softplus", "paper", 14, 1, 2, 12, 1.0, 1,
     2.120106894257230570015565e-23}, /* trace over it 1.9e+25 */
    {"sigmoid", "paper", 14, 1, 2, 12, 1.0, 0,
     9.884576385937255619489442e-17}, /* trace over it 8.0e+17 */
    {"sigmoid", "paper", 14, 1, 2, 12, 1.0, 1,
     6.671207411793622904825328e-24}, /* trace over it 9.9e+24 */
    {"sigmoid", "paper", 12, 1, 2, 14, 1.0, 0,
     2.289145860383901167100741e-13}, /* trace over it 3.9e+14 */
    {"sigmoid", "paper", 12, 1, 2, 14, 1.0, 1,
     6.583240314807914839594578e-21}, /* trace over it 1.2e+22 */
    {"sigmoid", "paper", 20, 2, 2, 20, 0.5, 0,
     1.323176372667254286840883e-11}, /* trace over it 9.5e+12 */
    {"sigmoid", "paper", 20, 2, 2, 20, 0.5, 1,
     3.017841788665036979147587e-14}, /* trace over it 4.1e+15 */
    {"tanh", "paper", 16, 1, 2, 10, 1.0, 0,
     9.770978345133802471113388e-25}, /* trace over it 3.4e+26 */
    {"tanh", "paper", 16, 1, 2, 10, 1.0, 1,
     1.850193409833452643081184e-41}, /* trace over it 1.1e+43 */
    {"sigmoid", "paper", 14, 1, 2, 30, 0.5, 0,
     1.524290603016295305256220e-24}, /* trace over it 9.2e+25 */
    {"sigmoid", "paper", 14, 1, 2, 30, 0.5, 1,
     2.434762223511452592293713e-32}, /* trace over it 6.2e+33 */
    {"sigmoid", "paper", 10, 1, 2, 10, 0.25, 0,
     7.002347660835750633823448e-24}, /* trace over it 3.8e+24 */
    {"sigmoid", "paper", 10, 1, 2, 10, 0.25, 1,
     7.569463823077191231587873e-33}, /* trace over it 3.2e+33 */
    {"sigmoid", "paper", 12, 1, 2, 16, 0.25, 0,
     1.561014286386462429377869e-27}, /* trace over it 3.3e+28 */
    {"sigmoid", "paper", 12, 1, 2, 16, 0.25, 1,
     7.753447710957183840985948e-36}, /* trace over it 6.2e+36 */
    {"sigmoid", "paper", 14, 1, 2, 16, 0.25, 0,
     1.403624332811115902440535e-33}, /* trace over it 4.3e+34 */
    {"sigmoid", "paper", 14, 1, 2, 16, 0.25, 1,
     1.291021484775764455325171e-41}, /* trace over it 4.3e+42 */
    {"tanh", "standard", 8, 40, 19, 40, 4.0, 0,
     974135.9199572481444016971}, /* trace over it 3.4e+02 */
    {"tanh", "standard", 8, 40, 19, 40, 4.0, 1,
     218306.1987691479554879290}, /* trace over it 3.5e+03 */
    {"tanh", "standard", 8, 40, 59, 40, 4.0, 0,
     509719369773337614.3612651}, /* trace over it 2.5e+04 */
    {"tanh", "standard", 8, 40, 59, 40, 4.0, 1,
     312418635869409.4178379651}, /* trace over it 4.0e+05 */
    {"tanh", "standard", 8, 40, 119, 40, 4.0, 0,
     6.039347621842028949548905e+33}, /* trace over it 1.5e+08 */
    {"tanh", "standard", 8, 40, 119, 40, 4.0, 1,
     6.706330573111311981892469e+30}, /* trace over it 7.3e+10 */
};
