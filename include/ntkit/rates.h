/* rates.h - what theory says of a training's steps beside gradient descent's on all samples; parts
 * of ntk_train_result (fit.h). All of it is of the linear model, whose kernel stays K_0:
 * derivations in docs/algorithm.md. NaN: not known. */
#ifndef NTKIT_RATES_H
#define NTKIT_RATES_H

#include <stdbool.h>
#include <stddef.h>

/* Steps of gradient descent on a few samples each: Ma, Bassily and Belkin (2018), for batches that
 * are drawn without replacement, each independently of the others (those of an epoch share no
 * sample, for which it is an estimate), and weights theta* that fit the labels. */
typedef struct ntk_batch_rate {
  size_t size;         /* samples of a step; 0: all of them, and the rest is not known */
  size_t steps;        /* an epoch; the last one has what is left of N */
  double norm_largest; /* beta = max_i K_ii; of several outputs a sample's sum of them */
  double critical;     /* up to this size what a step gains grows with it; beyond, hardly */
  double rate;         /* E ||theta - theta*||^2 an epoch is at most so many times that before */
  double lr_best, rate_best; /* the step size for which that is least, and what it is then */
  char reason[256];          /* why they are not known, of steps on some samples; else "" */
} ntk_batch_rate;

/* gd, momentum and nesterov on all samples: how the loss falls in the end, an epoch, by both ends
 * of K_0. The spectral radius of a step is 1 - c sqrt(lambda_min / lambda_max), `rate` its square.
 */
typedef struct ntk_linear_rate {
  double condition;       /* lambda_max / lambda_min */
  double rate, c;         /* with step size and momentum as used */
  bool accelerated_known; /* of momentum and nesterov, where lambda_min is known, and condition > 1
                           */
  bool accelerated;       /* the pair of roots at lambda_min is the slowest: c is of order 1 */
  double lr_best, momentum_best, rate_best; /* the fastest step of the method */
  double rate_gd;                           /* of gradient descent's fastest step */
} ntk_linear_rate;

/* Federated training: a round of local gradient descent by each client, and the mean of their
 * weights, in which client c counts p_c (Huang, Li, Song and Yang 2021, FL-NTK). */
typedef struct ntk_federated_rate {
  size_t clients;           /* 0: none, and the rest is not known */
  size_t local_steps;       /* a round */
  const char *weights;      /* p_c: "equal", 1 / C, or "size", n_c / N; NULL without clients */
  size_t smallest, largest; /* samples of a client */
  double rate;        /* of the linear model's loss, a round in the end: squared spectral radius */
  char reason[120];   /* why that is not known; else "" */
  double drift_first; /* sqrt(sum_c p_c ||theta_c - their mean||^2), of the first round */
  double drift_largest; /* and the largest of all rounds */
} ntk_federated_rate;

#endif
