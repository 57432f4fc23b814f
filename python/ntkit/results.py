"""Results, field by field as the library describes them. Written by python/native/results.py from
the library's tables: not to be edited. A number that is not known is nan, anything else None.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntkit._result import Result, Rows


@dataclass(frozen=True, eq=False, repr=False)
class SpectrumResult(Result):
    r"""The ends of the kernel's spectrum (ntk_spectrum).

    verdict: ok, rank_deficient (lambda_min is 0, known without computing), below_resolution or
        inaccurate (fewer than 3 digits are sure)
    digits: of lambda_min that rounding in the network and in K leaves: an estimate
    reason: one line on a verdict that is not ok, else empty
    deficiency: what makes K singular, where that is known
    samples: N
    order: rows of K: N, or N n_L of all outputs
    lambda_min: smallest eigenvalue of K; nan: not resolved
    lambda_max: largest eigenvalue of K
    exponent: of two: lambda_min and all other numbers of K's size are to be multiplied by
        2^exponent; 0 unless double precision does not hold them
    condition: lambda_max / lambda_min
    residual_min: ||K v - lambda_min v|| for unit v, recomputed; of resolve sqrt(lambda_min) times
        that of K^{-1/2} (K v - lambda_min v); nan: there is no v
    residual_max: the same of lambda_max
    precision: of the factor: double; mixed: single, with products in double; or of resolve double-
        double
    precision_reason: one line: why double where mixed was wanted, else empty
    resolution: eigenvalues of this size and below are lost in rounding
    certificate: what is known for sure of lambda_min
    blocks: K_0..K_{L-1}
    bounds: Theorem 3.1 beside the measurement
    method: factor, or operator: by products, without K
    rounds: of resolve, which has lambda_min from J; 0: it is from K
    iterations_solves: with K^{-1}, or what is near it, by the eigensolver
    iterations_products: with K, by the eigensolver
    seconds: where the time went
    memory_bytes [bytes]: most held at once, by one rank
    ranks: processes that computed it together
    traffic [bytes]: that a rank has received from others, at most
    eigenvector: unit, of lambda_min; one for each row of K
    eigenvalues: all of K, ascending, where asked for
    smallest: so many of the smallest as vectors were asked for, ascending
    largest: so many of the largest, descending
    prefixes: lambda_min of the first samples, where asked for
    density: how the eigenvalues are distributed, where asked for
    """

    _struct = "ntk_spectrum_result"
    verdict: str | None
    digits: int
    reason: str
    deficiency: Deficiency
    samples: int
    order: int
    lambda_min: float
    lambda_max: float
    exponent: float
    condition: float
    residual_min: float
    residual_max: float
    precision: str | None
    precision_reason: str | None
    resolution: float
    certificate: Certificate
    blocks: Rows[BlockResult]
    bounds: Bounds
    method: str | None
    rounds: int
    iterations_solves: int
    iterations_products: int
    seconds: SpectrumSeconds
    memory_bytes: int
    ranks: int
    traffic: float
    eigenvector: npt.NDArray[np.float64] | None
    eigenvalues: npt.NDArray[np.float64] | None
    smallest: Rows[SpectrumPair]
    largest: Rows[SpectrumPair]
    prefixes: Rows[SpectrumPrefix]
    density: Density


@dataclass(frozen=True, eq=False, repr=False)
class BlockResult(Result):
    r"""A block K_k of the kernel, (8).

    lambda_min: smallest eigenvalue of K_k; nan: not asked for, or not resolved
    trace: of K_k
    verdict: on lambda_min; None: not asked for
    """

    _struct = "ntk_block_result"
    lambda_min: float
    trace: float
    verdict: str | None


@dataclass(frozen=True, eq=False, repr=False)
class Deficiency(Result):
    r"""Why a kernel is known to be singular, to the last bit.

    cause: equal, multiple, zero, inactive, data, parameters, linear, polynomial, layers, pairs,
        scales or outputs; None: not known to be singular
    always: for all widths, beta and weights: data and activations make it so
    first: sample, from 0, of a pair, or the one to blame; None: none is
    second: the other of the pair
    factor: x_second = factor x_first
    zeros: eigenvalues that are 0, at least
    reason: one line, or empty
    """

    _struct = "ntk_deficiency"
    cause: str | None
    always: bool | None
    first: int | None
    second: int | None
    factor: float
    zeros: int
    reason: str


@dataclass(frozen=True, eq=False, repr=False)
class Certificate(Result):
    r"""What is known for sure of lambda_min(K). kernel_estimate counts what rounding may have done at most, kernel measures what it did: where that is proved, the estimate may be the wider one. Of resolve they are the same.

    certified: whether lower and upper were proved
    lower: lambda_min of K as stored, or of resolve in double-double, is at least this, proved
    upper: lambda_min of K as stored, or of resolve in double-double, is at most this, proved
    kernel_estimate_lower: the same for K in exact arithmetic of the stored X and W: an estimate
    kernel_estimate_upper: the same from above
    kernel: the same, proved
    """

    _struct = "ntk_certificate"
    certified: bool
    lower: float
    upper: float
    kernel_estimate_lower: float
    kernel_estimate_upper: float
    kernel: KernelProof


@dataclass(frozen=True, eq=False, repr=False)
class KernelProof(Result):
    r"""lambda_min(K) in exact arithmetic of the stored X, W and scales.

    proved: whether lower and upper were proved
    lower: lambda_min of K in exact arithmetic is at least this, proved
    upper: lambda_min of K in exact arithmetic is at most this, proved
    reason: one line where nothing was proved, else empty
    """

    _struct = "ntk_kernel_proof"
    proved: bool
    lower: float
    upper: float
    reason: str | None


@dataclass(frozen=True, eq=False, repr=False)
class Bounds(Result):
    r"""Theorem 3.1 beside the measurement.

    lower_scale: n_{L-2} n_{L-1}, (6)
    upper_scale: d n_{L-1}, (7)
    ratio_lower: lambda_min / lower_scale
    ratio_upper: lambda_min / upper_scale
    diagonal_min: min_i K_ii, which lambda_min is at most (16)
    """

    _struct = "ntk_bounds"
    lower_scale: float
    upper_scale: float
    ratio_lower: float
    ratio_upper: float
    diagonal_min: float


@dataclass(frozen=True, eq=False, repr=False)
class SpectrumSeconds(Result):
    r"""Where the time went.

    forward [s]: features
    kernel [s]: K from the features
    factor [s]: Cholesky factorisation, or the preconditioner
    eigen [s]: smallest and largest eigenvalue
    largest [s]: of that, the largest
    certify [s]: the certificate
    full [s]: all eigenvalues
    blocks [s]: the blocks
    density [s]: the spectral density
    total [s]: all of it
    """

    _struct = "ntk_spectrum_seconds"
    forward: float
    kernel: float
    factor: float
    eigen: float
    largest: float
    certify: float
    full: float
    blocks: float
    density: float
    total: float


@dataclass(frozen=True, eq=False, repr=False)
class SpectrumPair(Result):
    r"""One of several eigenpairs at an end of K; not proved.

    value: v^T K v, an eigenvalue to within the residual
    residual: ||K v - value v|| for unit v, recomputed
    order: rows of K
    vector: v, unit; one for each row of K
    """

    _struct = "ntk_spectrum_pair"
    value: float
    residual: float
    order: int
    vector: npt.NDArray[np.float64] | None


@dataclass(frozen=True, eq=False, repr=False)
class SpectrumPrefix(Result):
    r"""lambda_min of the kernel of the first samples.

    samples: the first so many of the data
    lambda_min: smallest eigenvalue of their kernel; nan: not resolved
    residual: ||K v - lambda_min v|| for unit v, recomputed; nan: there is no v
    verdict: on lambda_min
    reason: what explains the verdict; empty when it is ok
    digits: of lambda_min that are sure, as of the whole: an estimate
    """

    _struct = "ntk_spectrum_prefix"
    samples: int
    lambda_min: float
    residual: float
    verdict: str | None
    reason: str
    digits: int


@dataclass(frozen=True, eq=False, repr=False)
class Density(Result):
    r"""How the eigenvalues are distributed, by stochastic quadrature.

    probes: random vectors; 0: not asked for
    steps: products, and solves, for each of them
    level: probability with which an interval has the number, each by itself
    window [decades]: width that a density is the mean over
    products: with K, vectors counted one by one
    solves: with K^{-1}; 0: K is singular, or not resolved
    quantiles: by their shares
    points: by eigenvalue, equally spaced in its logarithm
    """

    _struct = "ntk_density"
    probes: int
    steps: int
    level: float
    window: float
    products: int
    solves: int
    quantiles: Rows[DensityQuantile]
    points: Rows[DensityPoint]


@dataclass(frozen=True, eq=False, repr=False)
class DensityPoint(Result):
    r"""The eigenvalues below and around a number.

    eigenvalue: a number on the axis of eigenvalues
    count: eigenvalues below it: an estimate
    count_low: there are that many at least, with the probability of level
    count_high: there are that many at most, with the same
    density [1/decade]: eigenvalues per decade, the mean over a window around it
    density_low [1/decade]: that at least, with the probability of level
    density_high [1/decade]: that at most, with the same
    """

    _struct = "ntk_density_point"
    eigenvalue: float
    count: float
    count_low: float
    count_high: float
    density: float
    density_low: float
    density_high: float


@dataclass(frozen=True, eq=False, repr=False)
class DensityQuantile(Result):
    r"""The eigenvalue below which a share of them is.

    share: of the eigenvalues
    eigenvalue: so many are below it: an estimate; nan: not told from 0
    low: the quantile is that at least, with the probability of level
    high: it is that at most, with the same
    """

    _struct = "ntk_density_quantile"
    share: float
    eigenvalue: float
    low: float
    high: float


@dataclass(frozen=True, eq=False, repr=False)
class Eigenpair(Result):
    r"""An eigenvalue of any operator (ntk_eigen_smallest, _largest).

    value: the eigenvalue
    residual: estimate of ||A v - lambda v||
    applications: of the operator or its inverse, vectors counted one by one
    """

    _struct = "ntk_eigenpair"
    value: float
    residual: float
    applications: int


@dataclass(frozen=True, eq=False, repr=False)
class TrainResult(Result):
    r"""A training (ntk_train).

    lr: step size as used; nan where the optimizer has none
    lr_source: where lr is from, one line
    momentum: as used; nan where the optimizer has none
    loss_initial: before the first step
    loss_final: after the last step
    loss_smallest: of all epochs
    epoch_smallest: of loss_smallest
    margin_found: min_i Y_i F_L(x_i) of the last weights; nan: no margin
    margin_bound: in exact arithmetic it is at least this
    loss_plateau: twice the mean loss of the last whole window of plateau epochs
    unsaved: why the last checkpoint could not be written; None when it was
    epochs: steps made, resumed ones included
    resumed: of these, before this run
    stopped: epochs, target, plateau, time, stalled, diverged or margin
    reason: one line on why it stopped
    rate_measured: (loss_final / loss_initial)^(1 / epochs)
    rate_bound: what (20) allows; nan but for gd on all samples, or where K_0 is singular
    linear: rates by both ends of K_0; of batches, adam, lm None
    federated: federated training, and its rate
    batches: minibatches, and what theory says of them
    kernel_precision: of K's factors: double, or mixed: single, with products in double
    kernel_reason: one line: why double where mixed was wanted, else empty
    seconds [s]: all of it, resumed runs included
    seconds_tracking [s]: of these for K and its eigenvalues
    convergence: the conditions of Theorem 4.2, measured
    answer: the plain question, where it was asked
    track: what was tracked, by epoch
    drifts: epochs + 1, with clients: sqrt(mean ||theta_c - their mean||^2) of the round before
    losses: epochs + 1: before each step and after the last
    """

    _struct = "ntk_train_result"
    lr: float
    lr_source: str
    momentum: float
    loss_initial: float
    loss_final: float
    loss_smallest: float
    epoch_smallest: int
    margin_found: float
    margin_bound: float
    loss_plateau: float
    unsaved: str | None
    epochs: int
    resumed: int
    stopped: str | None
    reason: str
    rate_measured: float
    rate_bound: float
    linear: LinearRate
    federated: FederatedRate
    batches: BatchRate
    kernel_precision: str | None
    kernel_reason: str | None
    seconds: float
    seconds_tracking: float
    convergence: Convergence
    answer: TrainAnswer
    track: Rows[TrackPoint]
    drifts: npt.NDArray[np.float64] | None
    losses: npt.NDArray[np.float64] | None


@dataclass(frozen=True, eq=False, repr=False)
class TrackPoint(Result):
    r"""The kernel at one epoch of a training.

    epoch: steps made before
    loss: at this epoch
    bound: (20) with the measured c; gd alone
    prediction: the loss if K stayed K_0, for the exact discrete steps
    lambda_min: smallest eigenvalue of K(theta_t)
    lambda_max: largest eigenvalue of K(theta_t)
    sigma_min: of J(theta_t): the root of lambda_min
    jacobian_norm: ||J(theta_t)||: the root of lambda_max
    jacobian_change: ||J(theta_t) - J(theta_0)|| of (21)
    distance: ||theta_t - theta_0||
    rate: of the loss, an epoch, since the tracked one before
    rate_linear: of the linear model in the end, were K_0 this K: the square of a step's spectral
        radius
    drift: of the clients' weights in the round before; nan without clients
    parameters: P, where the weights are kept; else 0
    theta: theta_t, where it is kept; P
    """

    _struct = "ntk_track_point"
    epoch: int
    loss: float
    bound: float
    prediction: float
    lambda_min: float
    lambda_max: float
    sigma_min: float
    jacobian_norm: float
    jacobian_change: float
    distance: float
    rate: float
    rate_linear: float
    drift: float
    parameters: int
    theta: npt.NDArray[np.float64] | None


@dataclass(frozen=True, eq=False, repr=False)
class Convergence(Result):
    r"""The conditions of Theorem 4.2, measured.

    lambda_min: of K_0; 0: known to be; nan: not resolved, or not computed
    reason: one line on why lambda_min is 0 or not resolved, else empty
    deficiency: what makes K_0 singular, where that is known
    lambda_max: of K_0
    alpha: 4/5 sigma_min(J_0)
    beta: max(2 alpha, ||J_0|| + alpha / 4)
    change_allowed: alpha^2 / (2 beta), for ||J - J_0|| on the ball
    radius: R = 4 ||F(theta_0) - Y|| / alpha, of the ball
    lr_largest: every smaller step is stable in the linear model, and, but of batches and clients,
        no larger one; nan for adam and lm
    c: of (20)
    change_largest: largest tracked ||J_t - J_0||
    distance_largest: largest tracked ||theta_t - theta_0||
    laziness: change_largest / ||J_0||: 0 where F is linear in theta
    bound_broken: the first epoch at which (20) did not hold, where it did not
    bound_held: (20), at every epoch where rounding lets it be seen
    condition_held: (21), at every tracked epoch
    """

    _struct = "ntk_convergence"
    lambda_min: float
    reason: str
    deficiency: Deficiency
    lambda_max: float
    alpha: float
    beta: float
    change_allowed: float
    radius: float
    lr_largest: float
    c: float
    change_largest: float
    distance_largest: float
    laziness: float
    bound_broken: int
    bound_held: bool | None
    condition_held: bool | None


@dataclass(frozen=True, eq=False, repr=False)
class TrainAnswer(Result):
    r"""Can gradient descent fit these labels, and when?

    answer: whether the loss comes down to the target: yes, no or open; None: not asked
    reason: one line on what decides it, or what an open answer leans on
    target: the loss asked for; not given: that of ||F_L - Y|| = ||Y|| / 1000
    floor: no weights have a smaller loss: labels of samples that are one
    epochs_bound [epochs]: (20) with the measured c is at the target from here
    linear_least [epochs]: the linear model is first at the target then, or later; nan: never, or
        not known
    linear_most [epochs]: the same from above; one number where K_0 allows
    linear_limit: the linear model's loss stays at this: labels outside K_0's range
    rate_recent: of the loss, an epoch, lately
    epochs_recent [epochs]: the target is reached at that rate, or was reached
    """

    _struct = "ntk_train_answer"
    answer: str | None
    reason: str
    target: float
    floor: float
    epochs_bound: float
    linear_least: float
    linear_most: float
    linear_limit: float
    rate_recent: float
    epochs_recent: float


@dataclass(frozen=True, eq=False, repr=False)
class LinearRate(Result):
    r"""Rates of gd, momentum and nesterov by both ends of K_0.

    condition: lambda_max / lambda_min of K_0
    rate: of the linear model's loss, an epoch in the end, with step size and momentum as used: (1 -
        c / sqrt(condition))^2, the square of a step's spectral radius
    c: of rate
    accelerated: of momentum and nesterov: the pair of roots at lambda_min is the slowest, so that c
        is of order 1
    lr_best: the fastest step size of the method, with momentum_best
    momentum_best: of it; nan for gd
    rate_best: rate of these
    rate_gd: rate of gradient descent's fastest step, 2 / (lambda_min + lambda_max)
    """

    _struct = "ntk_linear_rate"
    condition: float
    rate: float
    c: float
    accelerated: bool | None
    lr_best: float
    momentum_best: float
    rate_best: float
    rate_gd: float


@dataclass(frozen=True, eq=False, repr=False)
class BatchRate(Result):
    r"""Minibatches, and the rate of Ma, Bassily and Belkin (2018).

    size: samples of a step; 0: all of them, and the rest is None
    steps: an epoch; the last one has what is left of N
    norm_largest: beta = max_i K_ii of K_0; of several outputs a sample's sum of them
    critical: up to this size what a step gains grows with it; beyond, hardly
    rate: of gd: E ||theta - theta*||^2 an epoch is at most so many times that before, in the linear
        model, of batches drawn independently
    lr_best: the step size for which rate is least
    rate_best: rate at that step size
    reason: one line on why rate is None
    """

    _struct = "ntk_batch_rate"
    size: int
    steps: int
    norm_largest: float
    critical: float
    rate: float
    lr_best: float
    rate_best: float
    reason: str | None


@dataclass(frozen=True, eq=False, repr=False)
class MemorizeResult(Result):
    r"""A memorisation of one label vector (ntk_memorize).

    verdict: reached or not_reached
    reason: one line on why not; None when reached
    relative_error: ||F_L - Y||_2 / ||Y||_2 of the weights, recomputed
    max_error: max_i |F_L(x_i) - Y_i|
    rounding: the computed F_L(x_i) are this near to exact arithmetic's: an estimate
    margin_found: min_i Y_i F_L(x_i) of labels 1 and -1; else nan
    separable: of a margin: whether the features of layer L-2 separate the samples: yes, no or
        unresolved; None: not asked
    separation: by which margin, of D of norm 1, over the longest row; nan: not asked
    separation_bound: no D separates them by more
    combination: ||sum c_i y_i J_i|| / sum c_i ||J_i||, c_i >= 0, the least found; up to 1e-13: 0 to
        rounding, and no D separates
    support: samples that hold the margin, or of which a convex combination is 0
    steps: Newton steps of the margin
    t: step of the construction; 0: W_L = 0, nothing better was found
    corrections: chord-Newton corrections made
    condition: of K_{L-2}, to a few per cent; nan: not resolved
    samples: different ones: rows that are equal count once
    deficiency: what makes K_{L-2} of all samples singular; labels that follow are fitted all the
        same
    precision: of the factor: double, or mixed: single, with products in double
    precision_reason: one line: why double where mixed was tried, else empty
    seconds [s]: all of it
    seconds_kernel [s]: K_{L-2}
    seconds_factor [s]: its factor
    seconds_condition [s]: its condition number
    seconds_solve [s]: the solves
    seconds_evaluate [s]: forward passes
    """

    _struct = "ntk_memorize_result"
    verdict: str | None
    reason: str | None
    relative_error: float
    max_error: float
    rounding: float
    margin_found: float
    separable: str | None
    separation: float
    separation_bound: float
    combination: float
    support: int
    steps: int
    t: float
    corrections: int
    condition: float
    samples: int
    deficiency: Deficiency
    precision: str | None
    precision_reason: str | None
    seconds: float
    seconds_kernel: float
    seconds_factor: float
    seconds_condition: float
    seconds_solve: float
    seconds_evaluate: float


@dataclass(frozen=True, eq=False, repr=False)
class FitError(Result):
    r"""How well a network fits labels (ntk_fit_measure).

    relative_error: ||F_L - Y||_2 / ||Y||_2, as computed
    max_error: max_i |F_L(x_i) - Y_i|, as computed
    rounding: the computed F_L(x_i) are this near to exact arithmetic's
    bound: max_i |F_L(x_i) - Y_i| in exact arithmetic is at most this
    margin: min_i Y_i F_L(x_i) of labels 1 and -1, as computed; else nan
    margin_bound: min_i Y_i F_L(x_i) in exact arithmetic is at least this
    """

    _struct = "ntk_fit_error"
    relative_error: float
    max_error: float
    rounding: float
    bound: float
    margin: float
    margin_bound: float


@dataclass(frozen=True, eq=False, repr=False)
class Ledger(Result):
    r"""The proof of Theorem 3.1 in numbers (ntk_verify).

    samples: N
    population: samples behind the expectations
    empirical: whether expectations are means over the data themselves
    deficiency: what makes K singular, where that is known
    ledger: the rows
    seconds [s]: all of it
    seconds_population [s]: of these for the expectations
    """

    _struct = "ntk_ledger"
    samples: int
    population: int
    empirical: bool
    deficiency: Deficiency
    ledger: Rows[LedgerRow]
    seconds: float
    seconds_population: float


@dataclass(frozen=True, eq=False, repr=False)
class LedgerRow(Result):
    r"""A row of the ledger.

    key: the row's name for programs, [A-Za-z0-9_]
    section: of the paper: an assumption, theorem or lemma
    name: as the paper writes it
    equation: its number in the paper
    value: measured; nan where it is infinite or there is none
    error: 1.96 standard errors, a deviation between samples, or a resolution
    spread: standard deviation over fresh draws of the weights
    order: predicted, as n_{L-2} n_{L-1}
    claim: Theta, Omega, O, o, >=, <= or empty
    scale: what the predicted order is here
    ratio: value / scale
    verdict: measured, holds, fails, consistent, suspect, outside or unresolved
    note: one line, or empty
    """

    _struct = "ntk_ledger_row"
    key: str
    section: str
    name: str
    equation: str
    value: float
    error: float
    spread: float
    order: str
    claim: str | None
    scale: float
    ratio: float
    verdict: str | None
    note: str


@dataclass(frozen=True, eq=False, repr=False)
class InspectResult(Result):
    r"""What is in a file of data (`ntk_data_inspect`; `ntkit data inspect`).

    format: of the file: npy, idx, text, ...
    type: of its numbers, as NumPy calls it
    file_rows: rows of the file
    samples: N: the rows that are looked at
    dim: d
    least: of all numbers
    most: of all numbers
    smallest: of |x| > 0; nan: all are 0
    zeros: part of the numbers that is 0
    whole: whether every number is a whole one
    constant_columns: columns of one number alone
    moments: of the rows as they are
    scaled: after --scale; None: not asked
    effective_rank: (tr C)^2 / tr(C^2), C the covariance of the rows; nan: not found
    equal: rows that are equal to the last bit
    multiples: rows that are multiples of others, and not equal
    nearest: the nearest two rows that differ
    label_columns: labels for each row; 0: none
    label_least: of all labels
    label_most: of all labels
    classes: different labels, where they look like classes; else 0
    class_count: samples of each class
    remarks: what is worth a word
    """

    _struct = "ntk_inspect_result"
    format: str | None
    type: str | None
    file_rows: int
    samples: int
    dim: int
    least: float
    most: float
    smallest: float
    zeros: float
    whole: bool
    constant_columns: int
    moments: DataMoments
    scaled: DataMoments
    effective_rank: float
    equal: DataPair
    multiples: DataPair
    nearest: DataPair
    label_columns: int
    label_least: float
    label_most: float
    classes: int
    class_count: Rows[DataClass]
    remarks: Rows[DataRemark]


@dataclass(frozen=True, eq=False, repr=False)
class DataMoments(Result):
    r"""The data against Assumption 2.1.

    norm: item 1: E||x||_2 / sqrt d, E the mean over the rows
    square: item 2: E||x||_2^2 / d
    spread: item 3: E||x - E x||_2^2 / d
    danger: items outside [1/100, 100], or 3 under 1/100 of 2; empty: none
    """

    _struct = "ntk_data_moments"
    norm: float
    square: float
    spread: float
    danger: str


@dataclass(frozen=True, eq=False, repr=False)
class DataPair(Result):
    r"""Rows that are alike.

    searched: rows among which they were sought
    found: of these, rows with an earlier one of the kind; nearest: 1
    first: the first such row that is the earlier one, in the file, from 0
    second: the first row that is like it
    value: equal: 1; multiples: c of x_second = c x_first; nearest: their distance
    """

    _struct = "ntk_data_pair"
    searched: int
    found: int
    first: int | None
    second: int | None
    value: float


@dataclass(frozen=True, eq=False, repr=False)
class DataClass(Result):
    r"""A class of samples.

    value: the label
    count: samples that have it
    name: of labels that are words: the word
    """

    _struct = "ntk_data_class"
    value: float
    count: int
    name: str


@dataclass(frozen=True, eq=False, repr=False)
class DataRemark(Result):
    r"""Something that is worth a word.

    name: denormal, features, missing, bytes, conflict
    text: one line
    """

    _struct = "ntk_data_remark"
    name: str | None
    text: str


@dataclass(frozen=True, eq=False, repr=False)
class Environment(Result):
    r"""What a result depends on besides its inputs.

    version: of the library
    commit: of the library's source
    compiler: that built the library
    blas: the BLAS, as it reports itself
    blas_core: the kind of core that the BLAS computes for
    simd: instruction set of the library's own loops
    backend: where features and kernels are computed
    cpu: the processor's name
    threads: threads used
    ranks: processes that computed together
    rank: which of them tells this, from 0
    """

    _struct = "ntk_environment"
    version: str | None
    commit: str | None
    compiler: str | None
    blas: str | None
    blas_core: str | None
    simd: str | None
    backend: str | None
    cpu: str | None
    threads: int
    ranks: int
    rank: int


@dataclass(frozen=True, eq=False, repr=False)
class ActivationInfo(Result):
    r"""An activation function.

    name: as options take it
    aliases: other names that they take, separated by commas
    formula: phi
    lipschitz: M, the Lipschitz constant of phi (Assumption 2.3)
    lipschitz_grad: M', the Lipschitz constant of phi'; nan: infinite
    source: where M and M' come from
    nonlinear: whether phi is nonlinear (Assumption 2.3, item 1)
    parameter: what its parameter is called; empty: it has none
    value: the parameter where none is given; M and M' are of it
    """

    _struct = "ntk_activation_info"
    name: str | None
    aliases: str | None
    formula: str | None
    lipschitz: float
    lipschitz_grad: float
    source: str | None
    nonlinear: bool
    parameter: str | None
    value: float


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Result):
    r"""What a computation takes, before it is begun (`ntk_plan_make`; `ntkit plan`).

    samples: N
    parameters: P
    order: rows of K
    ranks: processes that share the work, each on such a machine
    chosen: the method that is taken; None: none fits
    reason: one line: why none fits, what is chosen takes or lacks, that K is singular; else empty
    bounds: scales that lambda_min is expected between, lower_scale at most upper_scale
    least_width: smallest width of all hidden layers, as many, with P >= order
    least_last: the same with n_{L-2} n_{L-1} >= N; of memorize 2 N n_L
    width: of all hidden layers, where it was left open; else 0
    machine: that this is for
    methods: all there are
    """

    _struct = "ntk_plan"
    samples: int
    parameters: int
    order: int
    ranks: int
    chosen: str | None
    reason: str
    bounds: Bounds
    least_width: int
    least_last: int
    width: int
    machine: Machine
    methods: Rows[PlanMethod]


@dataclass(frozen=True, eq=False, repr=False)
class PlanMethod(Result):
    r"""A way to answer the question.

    name: of the method
    flops: of all phases
    bytes [bytes]: read from memory and written, by all phases
    seconds [s]: expected; nan: no calibration is kept
    traffic [bytes]: that a rank receives from others, in all phases
    messages: in which it receives them
    memory [bytes]: most held at once, by the rank that holds most
    fits: whether the machine has that
    largest: the largest N that fits, at most P; of memorize what it has parameters for
    phases: in their order
    """

    _struct = "ntk_plan_method"
    name: str | None
    flops: float
    bytes: float
    seconds: float
    traffic: float
    messages: float
    memory: int
    fits: bool
    largest: int
    phases: Rows[PlanPhase]


@dataclass(frozen=True, eq=False, repr=False)
class PlanPhase(Result):
    r"""A phase of a computation.

    name: as progress has it
    flops: of this phase
    bytes [bytes]: read from memory and written
    seconds [s]: expected; nan: no calibration is kept
    traffic [bytes]: that a rank receives from others; 0: of one rank
    messages: in which it receives them
    """

    _struct = "ntk_plan_phase"
    name: str | None
    flops: float
    bytes: float
    seconds: float
    traffic: float
    messages: float


@dataclass(frozen=True, eq=False, repr=False)
class Machine(Result):
    r"""What a machine can do (`ntk_calibrate`).

    threads: that all of it is on
    memory [bytes]: there are
    peak [flops/s]: multiply-adds in registers, double
    peak_single [flops/s]: the same in float
    bandwidth [bytes/s]: reading memory
    bandwidth_cache [bytes/s]: reading the caches
    launch [s]: to start the threads and wait for them
    forward: features
    kernel: K from the features
    factor: Cholesky factorisation
    factor_single: the same in float
    step: epochs of training
    passes: products with J and its transpose
    solve: solves with the factor, of memory
    solve_cached: the same of a factor that caches hold
    product: products with K, of memory
    network: between ranks, bytes a second; overhead: a message to all of them; 0: of one rank
    kept: in the user's cache
    note: one line: that the machine is busy, why it is not kept; else empty
    """

    _struct = "ntk_machine"
    threads: int
    memory: int
    peak: float
    peak_single: float
    bandwidth: float
    bandwidth_cache: float
    launch: float
    forward: Rate
    kernel: Rate
    factor: Rate
    factor_single: Rate
    step: Rate
    passes: Rate
    solve: Rate
    solve_cached: Rate
    product: Rate
    network: Rate
    kept: bool
    note: str


@dataclass(frozen=True, eq=False, repr=False)
class Rate(Result):
    r"""How fast one of the library's own kernels is.

    rate: flops a second, of solves and products bytes a second, of large sizes
    overhead [s]: more for each number that is made
    """

    _struct = "ntk_rate"
    rate: float
    overhead: float


@dataclass(frozen=True, eq=False, repr=False)
class LawResult(Result):
    r"""A law of large random matrices beside what was measured (ntk_law).

    name: marchenko-pastur, conjugate, fan-wang or montanari-zhong
    matrix: of whose eigenvalues it is: X X^T, K_{L-1} or K
    drawn: whether the law says something here
    holds: whether all of its hypotheses are held
    reason: one line with all that are not, else empty
    note: one line where all are held and distance is above usual, else empty
    samples: N
    hypotheses: what it asks, and what is so
    layers: hidden ones, from l = 1 on
    atom: share of the eigenvalues that are one number
    atom_at: that number
    lower: lower end of the rest of the law
    upper: upper end of it
    least: smallest eigenvalue measured, but for those of an atom at 0
    greatest: largest eigenvalue measured
    outside: eigenvalues above upper by more than N^{-2/3} of it
    beneath: eigenvalues below lower and atom_at by more than N^{-2/3} of it
    distance: largest difference of the shares up to any number (Kolmogorov, Smirnov)
    estimate: whether that is from the density's counts
    distance_rest: the distance without the atom: of the largest N (1 - atom) eigenvalues
    usual: what distance is seldom above: 10 / N, of K 4 / sqrt N
    steep: nearly an atom: the law's largest share within 10 %, where above 1/4
    steep_from: that share is from here
    steep_to: to here
    degree: of montanari-zhong: l of d^l << N << d^{l+1}
    constant: what lambda_min(K) tends to as N / d^{l+1} and N / (n_1 d) vanish
    lambda_min: the prediction at this N and d, of an infinite width
    error: relative error of it that width and chance make, as it is expected
    measured: lambda_min(K)
    points: by eigenvalue, equally spaced in its logarithm
    """

    _struct = "ntk_law_result"
    name: str | None
    matrix: str | None
    drawn: bool
    holds: bool
    reason: str
    note: str
    samples: int
    hypotheses: Rows[LawHypothesis]
    layers: Rows[LawLayer]
    atom: float
    atom_at: float
    lower: float
    upper: float
    least: float
    greatest: float
    outside: int
    beneath: int
    distance: float
    estimate: bool
    distance_rest: float
    usual: float
    steep: float
    steep_from: float
    steep_to: float
    degree: int
    constant: float
    lambda_min: float
    error: float
    measured: float
    points: Rows[LawPoint]


@dataclass(frozen=True, eq=False, repr=False)
class LawHypothesis(Result):
    r"""What a law asks of network and data.

    name: what is asked
    value: what it is here
    least: it is held from this
    most: up to this
    held: whether it is
    needed: whether the law says nothing without it
    help: what the value is, in a line
    """

    _struct = "ntk_law_hypothesis"
    name: str | None
    value: float
    least: float
    most: float
    held: bool
    needed: bool
    help: str | None


@dataclass(frozen=True, eq=False, repr=False)
class LawLayer(Result):
    r"""A hidden layer, l = 1, ..., L - 1, as the laws see it.

    ratio: N / n_l
    deviation: standard deviation of an entry of g_l
    common: the share of its variance that samples have in common
    mean: E phi(g_l)
    variance: of phi(g_l) between samples, what they have in common taken out
    slope2: b^2 of Fan and Wang: E[phi']^2 times g_l's variance, over phi's
    square: a of Fan and Wang: E[phi'^2] times g_l's variance, over phi's
    """

    _struct = "ntk_law_layer"
    ratio: float
    deviation: float
    common: float
    mean: float
    variance: float
    slope2: float
    square: float


@dataclass(frozen=True, eq=False, repr=False)
class LawPoint(Result):
    r"""A law at a number.

    eigenvalue: a number on the axis of eigenvalues
    below: the law's share of eigenvalues up to it
    density: the derivative of that
    measured: the matrix's share of eigenvalues up to it; nan: not known
    """

    _struct = "ntk_law_point"
    eigenvalue: float
    below: float
    density: float
    measured: float


@dataclass(frozen=True, eq=False, repr=False)
class LimitResult(Result):
    r"""The kernel of infinite width (ntk_limit_spectrum).

    verdict: on lambda_min: ok, rank_deficient (known to be 0) or below_resolution
    reason: one line on a verdict that is not ok, else empty
    deficiency: what makes the limit singular, whatever the widths, where that is known
    samples: N
    lambda_min: smallest eigenvalue of the limit, at the widths given; nan: not resolved; 0: known
        to be
    lambda_max: largest eigenvalue of the limit
    exponent: of two: lambda_min and all other numbers of the limit's size, those of limit.npy and
        of blocks too, are to be multiplied by 2^exponent; 0 unless double precision does not hold
        them
    condition: lambda_max / lambda_min
    residual_min: ||A v - lambda_min v|| for unit v, recomputed; nan: there is no v
    residual_max: the same of lambda_max
    resolution: eigenvalues of this size and below are lost in rounding
    trace: of the limit
    certificate: what is known for sure of lambda_min of the limit as stored; kernel_estimate counts
        the error of its entries
    distance: ||K - limit|| / ||limit||, Frobenius norms; nan: no network beside it, or an exponent
    blocks: of K_0..K_{L-1}
    seconds [s]: all of it
    seconds_kernel [s]: of that the limit, once
    eigenvector: unit, of lambda_min; one for each sample
    """

    _struct = "ntk_limit_result"
    verdict: str | None
    reason: str
    deficiency: Deficiency
    samples: int
    lambda_min: float
    lambda_max: float
    exponent: float
    condition: float
    residual_min: float
    residual_max: float
    resolution: float
    trace: float
    certificate: Certificate
    distance: float
    blocks: Rows[LimitBlock]
    seconds: float
    seconds_kernel: float
    eigenvector: npt.NDArray[np.float64] | None


@dataclass(frozen=True, eq=False, repr=False)
class LimitBlock(Result):
    r"""The limit of a block K_k at infinite width.

    lambda_min: smallest eigenvalue of the limit of K_k; nan: not asked for, or not resolved; 0:
        known to be
    trace: of the limit of K_k
    distance: ||K_k - limit|| / ||limit||, Frobenius norms; nan: no network beside it, or 0
    verdict: on lambda_min; None: not asked for
    """

    _struct = "ntk_limit_block"
    lambda_min: float
    trace: float
    distance: float
    verdict: str | None


@dataclass(frozen=True, eq=False, repr=False)
class FederatedRate(Result):
    r"""Federated training, and its linear model's rate (FL-NTK).

    clients: whose samples they are; 0: not federated, and the rest is None
    local_steps: of a client in a round, which is an epoch
    weights: what a client of n samples counts: equal, 1 / C, or size, n / N
    smallest: samples of the client that has fewest
    largest: samples of the client that has most
    rate: of the linear model's loss, a round in the end: the square of the spectral radius of its
        operator
    reason: one line on why rate is None
    drift_first: sqrt of the mean over clients, so weighted, of ||theta_c - their mean||^2 in the
        first round
    drift_largest: the largest of all rounds
    """

    _struct = "ntk_federated_rate"
    clients: int
    local_steps: int
    weights: str | None
    smallest: int
    largest: int
    rate: float
    reason: str | None
    drift_first: float
    drift_largest: float


@dataclass(frozen=True, eq=False, repr=False)
class RegressionResult(Result):
    r"""Kernel regression (ntk_regression).

    verdict: on lambda_min of K + R I: ok; of times also rank_deficient, below_resolution
    reason: one line on a verdict that is not ok, else empty
    samples: N
    outputs: n_L
    tests: M
    numbers: N n_L
    test_numbers: M n_L
    ridge: R, of several the chosen one
    lambda_min: smallest eigenvalue of K; 0: known to be; nan: not resolved, or no R is 0
    lambda_max: largest eigenvalue of K; nan: no R is 0
    resolution: eigenvalues of this size and below are lost in rounding
    residual: ||(K + R I) a - r|| / ||r||, r = Y - f0(X), recomputed; of times r less what is not
        fitted by then
    chosen: of several times the last, of ridges the one of the least loo_error
    points: by time, or by ridge
    seconds [s]: all of it
    seconds_kernel [s]: of that the kernel
    seconds_solve [s]: ... the coefficients
    seconds_predict [s]: ... the predictions
    prediction: f at the test data, of the chosen point; M x n_L
    fitted: f at the training data; N x n_L
    coefficient: a; N x n_L
    """

    _struct = "ntk_regression_result"
    verdict: str | None
    reason: str
    samples: int
    outputs: int
    tests: int
    numbers: int
    test_numbers: int
    ridge: float
    lambda_min: float
    lambda_max: float
    resolution: float
    residual: float
    chosen: RegressionPoint
    points: Rows[RegressionPoint]
    seconds: float
    seconds_kernel: float
    seconds_solve: float
    seconds_predict: float
    prediction: npt.NDArray[np.float64] | None
    fitted: npt.NDArray[np.float64] | None
    coefficient: npt.NDArray[np.float64] | None


@dataclass(frozen=True, eq=False, repr=False)
class RegressionPoint(Result):
    r"""Kernel regression at one time, or with one ridge.

    time: of gradient flow, or so many steps; nan: the end of it, or a ridge
    ridge: R; of times 0
    train_loss: of the N training samples, in options.loss
    test_loss: of the M test samples; nan: their labels are not known
    train_error: ||f - Y|| / ||Y|| at the training data
    test_error: the same at the test data; nan: their labels are not known
    train_accuracy: part of the training samples that are nearer to their label than to the other,
        of labels 1 and -1 or 1 and 0, or whose largest output is their class's; nan: of other
        labels
    test_accuracy: the same of test samples; nan: also where labels are not known
    loo_error: ||f_i(x_i) - Y_i|| over i / ||Y||, f_i fitted to all training samples but the i-th;
        nan: there are not several ridges to choose from
    loo_accuracy: the same, as train_accuracy
    norm: of f - f0 in the kernel's space, sqrt(a^T K a): how far the weights move
    """

    _struct = "ntk_regression_point"
    time: float
    ridge: float
    train_loss: float
    test_loss: float
    train_error: float
    test_error: float
    train_accuracy: float
    test_accuracy: float
    loo_error: float
    loo_accuracy: float
    norm: float


@dataclass(frozen=True, eq=False, repr=False)
class StudyStatus(Result):
    r"""How far a study's database is (ntk_study_status_read).

    name: of the study
    points: of the grid
    trials: of each point
    total: trials of all points
    done: trials computed
    failed: trials that failed
    partial: trials that lack a quantity which the study has had since
    fraction: of the predicted cost that is done
    flops: of all trials, predicted
    seconds [s]: of computing, summed over the trials
    builds: different builds or machines that computed them
    last_error: of the trial that failed last; empty when none has
    valueless: trials done of which some quantity has no value
    why_valueless: how many of these for which reason; empty when there are none
    spec: the resolved study file
    """

    _struct = "ntk_study_status"
    name: str | None
    points: int
    trials: int
    total: int
    done: int
    failed: int
    partial: int
    fraction: float
    flops: float
    seconds: float
    builds: int
    last_error: str | None
    valueless: int
    why_valueless: str | None
    spec: str | None


@dataclass(frozen=True, eq=False, repr=False)
class StudyRow(Result):
    r"""One quantity of one trial, after the grid's variables.

    trial: of its point, from 0
    seed: of the trial; ntkit spectrum --threads 1 --seed gives the same bits
    quantity: what was measured
    value: of the quantity; nan unless verdict is ok or rank_deficient
    verdict: these, or why there is no value
    seconds [s]: of the trial
    error: why it failed, else empty
    lower_scale: n_{L-2} n_{L-1}, (6)
    upper_scale: d n_{L-1}, (7)
    point: of the grid, from 0
    """

    _struct = "ntk_study_row"
    trial: int
    seed: int
    quantity: str | None
    value: float
    verdict: str | None
    seconds: float
    error: str | None
    lower_scale: float
    upper_scale: float
    point: int


@dataclass(frozen=True, eq=False, repr=False)
class SummaryPoint(Result):
    r"""The trials at one x of one curve (ntk_study_summarise).

    x: where it is
    mean: of the trials there
    deviation: sample standard deviation; nan for fewer than two
    trials: with a value
    curve: which one, from 0
    missing: trials without a value
    low: of the 95 % bootstrap interval of the mean
    high: of the 95 % bootstrap interval of the mean
    lower_scale: n_{L-2} n_{L-1}, (6), mean
    upper_scale: d n_{L-1}, (7), mean
    """

    _struct = "ntk_summary_point"
    x: float
    mean: float
    deviation: float
    trials: int
    curve: int
    missing: int
    low: float
    high: float
    lower_scale: float
    upper_scale: float


@dataclass(frozen=True, eq=False, repr=False)
class PowerLaw(Result):
    r"""A curve's slope in logarithms (ntk_study_fit).

    curve: which one, as "N = 1000"; empty where there is one
    slope: of log y over log x; nan for fewer than two different x
    interval: of the slope, 95 %, by bootstrap
    constant: c of y = c x^slope
    r2: share of the variance of log y that the line explains
    points: different x
    trials: that were fitted
    left_out: values that are missing or not above 0
    slope_lower: slope of n_{L-2} n_{L-1}, (6)
    slope_upper: slope of d n_{L-1}, (7)
    """

    _struct = "ntk_power_law"
    curve: str | None
    slope: float
    interval: tuple[float, float]
    constant: float
    r2: float
    points: int
    trials: int
    left_out: int
    slope_lower: float
    slope_upper: float


@dataclass(frozen=True, eq=False, repr=False)
class Assumption(Result):
    r"""An assumption of Theorem 3.1 at a study's points (ntk_study_assumptions).

    assumption: its number in the paper, or weights
    says: in one line
    points: looked at
    outside: points at which it does not hold
    unknown: points of which the database does not tell
    note: what to know of them, or empty
    """

    _struct = "ntk_assumption"
    assumption: str | None
    says: str | None
    points: int
    outside: int
    unknown: int
    note: str


@dataclass(frozen=True, eq=False, repr=False)
class SweepRow(Result):
    r"""How a row of the ledger grows with the sizes (ntk_sweep_run).

    key: as in the ledger
    section: as in the ledger
    name: as in the ledger
    equation: as in the ledger
    order: predicted, as n_{L-2} n_{L-1}
    claim: Theta, Omega, O, o, >=, <= or empty
    exponent: of the growth with the variable
    interval: of the exponent, 95 %, by bootstrap
    predicted: exponent of the predicted order
    trials: with a value
    zero: of these with the value 0
    missing: trials without a value
    points: the means at each size
    verdict: of the sweep
    note: one line, or empty
    held: of an inequality: trials in which it holds
    constant: value = constant variable^exponent
    """

    _struct = "ntk_sweep_row"
    key: str
    section: str
    name: str
    equation: str
    order: str
    claim: str | None
    exponent: float
    interval: tuple[float, float]
    predicted: float
    trials: int
    zero: int
    missing: int
    points: Rows[SummaryPoint]
    verdict: str | None
    note: str
    held: int
    constant: float


@dataclass(frozen=True, eq=False, repr=False)
class MapCell(Result):
    r"""The trials at one (x, y) of a map (ntk_study_map).

    x: where it is
    y: where it is
    trials: in the mean
    missing: trials without a value
    left_out: values without a logarithm
    mean: of the trials, with logarithms the geometric one
    deviation: sample standard deviation, with logarithms of log10
    """

    _struct = "ntk_map_cell"
    x: float
    y: float
    trials: int
    missing: int
    left_out: int
    mean: float
    deviation: float


@dataclass(frozen=True, eq=False, repr=False)
class Boundary(Result):
    r"""Where a map crosses a level (ntk_study_boundary).

    level: that the means cross
    constant: of the line y = constant x
    interval: of the constant, 95 %, by bootstrap
    scatter: root mean square of crossing / line - 1
    cells: with a mean
    trials: in them
    columns: different x
    crossed: of them those whose means cross the level
    """

    _struct = "ntk_boundary"
    level: float
    constant: float
    interval: tuple[float, float]
    scatter: float
    cells: int
    trials: int
    columns: int
    crossed: int
