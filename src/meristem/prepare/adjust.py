"""Adjusted means: one value per line (and environment) from single observations."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.prepare.covariates.within import WithinEffects, within_effects
from meristem.prepare.line_means import (
    LineMeans,
    TrialEffects,
    line_means,
    other_line_means,
)
from meristem.records import (
    FloatArray,
    IntArray,
    Measurements,
    Observations,
    Phenotypes,
    StrArray,
)

log = logging.getLogger(__name__)

SMALLEST_TRIAL = 3
"""A trial of fewer values is not called constant."""

SMALLEST_SE_SHARE = 0.1
"""Standard errors are floored at this share of their median over the trait."""


def adjusted_means(
    observations: Observations,
    by: Literal["line", "line_environment"] = "line",
) -> Phenotypes:
    """Return least-squares means per line, adjusted for environment and replicate.

    The model of each trait is value = line + environment + replicate within
    environment + error, all fixed, weighted by the observations' weights. The mean
    of a line is its value in an average environment and replicate, each environment
    counting alike: a best linear unbiased estimate under independent errors.
    Where environments share no line, directly or through others, their difference
    cannot be told from that of their lines; such sets are brought to the same mean.
    With `line_environment` each environment is adjusted for its replicates alone.
    Covariates of the observations are further effects of the model: they are learned
    from records of the same line, and means are those at the average record.

    The weight of a mean is its precision in units of one observation of weight 1,
    so a single observation passes through unchanged. A standard error counts as the
    weight 1/SE^2, scaled to mean 1 within the trait; it is floored at a tenth of the
    median of its trait, so that an error rounded to 0 does not outweigh all other
    lines, and a missing one counts as the median. Trials (a trait in an environment)
    in which three or more values are all equal are dropped as faulty.

    Parameters
    ----------
    observations
        Single measurements.
    by
        One value per line, or one per line and environment.

    Returns
    -------
    Phenotypes
        Samples in the order in which they appear; NaN where a line has no value.
        `measurements` are there where a mean depends on other lines, so that
        `readjusted` can learn from training rows alone.

    Raises
    ------
    DataError
        If a trait has no value left.

    References
    ----------
    Searle (1987), Linear Models for Unbalanced Data, chapter 4 (absorption);
    Moehring and Piepho (2009), Crop Science 49:1977 (weights in two-stage analysis).

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.records import Observations
    >>> table = Observations(
    ...     sample_id=np.array(["a", "b", "a"]),
    ...     environment=np.array(["dry", "dry", "wet"]),
    ...     replicate=np.array(["", "", ""]),
    ...     trait=np.array(["yield"] * 3),
    ...     value=np.array([4.0, 5.0, 8.0]),
    ...     weight=np.ones(3),
    ... )
    >>> adjusted_means(table).value.ravel().tolist()
    [6.0, 7.0]
    """
    _, first, sample = np.unique(
        observations.sample_id, return_index=True, return_inverse=True
    )
    order = np.argsort(first)  # ids in order of appearance
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    usable = ~np.isnan(observations.value) & ~_in_constant_trial(observations)
    found = _targets(observations, usable, by)
    error = observations.standard_error
    every = np.concatenate([rows for _, _, rows in found])
    block = np.repeat(np.arange(len(found)), [rows.size for _, _, rows in found])
    measurements = Measurements(
        sample=rank[sample][every],
        target=block,
        block=block,
        environment=_codes(observations.environment)[every],
        replicate=_codes(observations.replicate)[every],
        value=observations.value[every],
        weight=observations.weight[every],
        error=None if error is None else error[every],
        covariates=observations.covariates and observations.covariates.take(every),
    )
    names = np.array([target[:2] for target in found], dtype=np.str_).reshape(-1, 2)
    shape = (order.size, len(found))
    means = Phenotypes(
        sample_id=observations.sample_id[first[order]],
        trait_name=names[:, 0],
        environment_name=names[:, 1],
        value=np.full(shape, np.nan),
        weight=np.ones(shape),
        measurements=measurements,
    )
    adjusted, n_set = _adjust(means)
    if n_set > 1:
        log.warning("%d sets of trials share no line: set to one mean", n_set)
    learned = error is not None or measurements.covariates is not None
    if learned or _several_trials(measurements):
        return adjusted
    return replace(adjusted, measurements=None)


def readjusted(phenotypes: Phenotypes) -> Phenotypes:
    """Return the values as their own rows tell: nothing of other rows is in them.

    To be called with the training rows; without `measurements` nothing is to be done.
    """
    return phenotypes if phenotypes.measurements is None else _adjust(phenotypes)[0]


def observed_values(
    phenotypes: Phenotypes,
    train: IntArray,  # (n_train,)
    test: IntArray,  # (n_test,)
) -> FloatArray:  # (n_test, n_target)
    """Return the values of test rows to be scored, given the trials' training effects.

    See `other_line_means`: the effects of environments and replicates are those that
    the training rows tell, so that a test row adds nothing but its own value.
    """
    tested, learned = phenotypes.take_samples(test), phenotypes.take_samples(train)
    asked, known = tested.measurements, learned.measurements
    if asked is None or known is None:
        return tested.value
    asked = asked.take(asked.sample < test.size)
    _, trait = np.unique(phenotypes.trait_name, return_inverse=True)
    weight = _weights(asked, known, trait)
    known_weight = _weights(known, known, trait)
    value = np.full(tested.value.shape, np.nan)
    for block in np.unique(asked.block):
        rows = np.flatnonzero(asked.block == block)
        trials, within = _learned(
            known, known_weight, np.flatnonzero(known.block == block)
        )
        mean = other_line_means(
            trials,
            asked.value[rows] - _within(within, asked.take(rows)),
            weight[rows],
            asked.sample[rows],
            asked.environment[rows],
            asked.replicate[rows],
            n_line=test.size,
        )
        there = ~np.isnan(mean)
        value[there, asked.target[rows[0]]] = mean[there]
    return value


def _learned(
    known: Measurements, weight: FloatArray, rows: IntArray
) -> tuple[TrialEffects | None, WithinEffects | None]:
    """Return what the training rows of a block say of trials and of covariates."""
    if rows.size == 0:
        return None, None
    found, within = _fit_block(known, weight, rows, int(known.sample.max()) + 1)
    return found.trials, within


def _fit_block(
    measurements: Measurements, weight: FloatArray, rows: IntArray, n_line: int
) -> tuple[LineMeans, WithinEffects | None]:
    kept = _of_varying_trials(measurements, rows)
    own, within = measurements.take(kept), None
    design = (own.sample, own.environment, own.replicate)
    weight = weight[kept]
    if own.covariates is not None:
        within = within_effects(own.covariates, own.value, weight, *design)
    value = own.value - _within(within, own)
    return line_means(value, weight, *design, n_line=n_line), within


def _of_varying_trials(measurements: Measurements, rows: IntArray) -> IntArray:
    """Return the rows outside of environments in which all values are equal.

    The reader drops trials that are constant in all rows. One that is constant in
    the training rows alone is dropped here, or test rows would decide on its use.
    """
    environment, value = measurements.environment[rows], measurements.value[rows]
    constant = _is_constant(environment, value)
    return rows if constant.all() else rows[~constant]


def _is_constant(
    trial: IntArray,  # (n,) numbers from 0
    value: FloatArray,  # (n,) NaN where missing
) -> NDArray[np.bool_]:  # (n,)
    """Tell which values lie in a trial of three and more that are all equal."""
    known = ~np.isnan(value)
    low = np.full(trial.max(initial=0) + 1, np.inf)
    high = np.full(low.size, -np.inf)
    np.minimum.at(low, trial[known], value[known])
    np.maximum.at(high, trial[known], value[known])
    count = np.bincount(trial[known], minlength=low.size)
    return ((low == high) & (count >= SMALLEST_TRIAL))[trial]


def _within(effects: WithinEffects | None, measurements: Measurements) -> FloatArray:
    if effects is None or measurements.covariates is None:
        return np.zeros(measurements.value.size)
    return effects.of(measurements.covariates)


def _adjust(phenotypes: Phenotypes) -> tuple[Phenotypes, int]:
    """Return the adjusted values, and the most unconnected sets of trials."""
    measurements = phenotypes.measurements
    assert measurements is not None
    _, trait = np.unique(phenotypes.trait_name, return_inverse=True)
    precision = _weights(measurements, measurements, trait)
    n_sample = phenotypes.sample_id.size
    n_line = max(n_sample, int(measurements.sample.max(initial=-1)) + 1)
    value = np.full(phenotypes.value.shape, np.nan)
    weight, n_set = np.ones(value.shape), 1
    for block in np.unique(measurements.block):
        rows = np.flatnonzero(measurements.block == block)
        found, _ = _fit_block(measurements, precision, rows, n_line)
        there = np.flatnonzero(~np.isnan(found.mean[:n_sample]))
        column = measurements.target[rows[0]]
        value[there, column] = found.mean[there]
        weight[there, column] = found.weight[there]
        n_set = max(n_set, found.n_set)
    return replace(phenotypes, value=value, weight=weight), n_set


def _weights(
    asked: Measurements,
    known: Measurements,
    trait: IntArray,  # (n_target,)
) -> FloatArray:  # (n_asked,)
    """Return the weights of values, by the errors that are known of their trait."""
    if asked.error is None or known.error is None:
        return asked.weight
    weight = np.ones(asked.value.size)
    for number in np.unique(trait):
        errors = known.error[trait[known.target] == number]
        positive = errors[errors > 0]
        if positive.size == 0:
            continue
        middle = float(np.median(positive))
        rows = trait[asked.target] == number
        scale = _precision(errors, middle).mean()
        weight[rows] = _precision(asked.error[rows], middle) / scale
    return weight


def _precision(error: FloatArray, middle: float) -> FloatArray:
    error = np.where(np.isnan(error), middle, error)
    return 1.0 / np.maximum(error, SMALLEST_SE_SHARE * middle) ** 2


def _several_trials(measurements: Measurements) -> bool:
    """Tell whether values of one block come from several replicates or environments."""
    parts = (measurements.block, measurements.environment, measurements.replicate)
    cells = np.unique(np.stack(parts), axis=1)
    return bool(cells.shape[1] > np.unique(cells[0]).size)


def _codes(labels: StrArray) -> IntArray:
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _in_constant_trial(observations: Observations) -> NDArray[np.bool_]:  # (n_obs,)
    pair = np.char.add(np.char.add(observations.trait, "\n"), observations.environment)
    trial = _codes(pair)
    constant = _is_constant(trial, observations.value)
    for number in np.unique(trial[constant]):
        values = observations.value[trial == number]
        name = pair[np.flatnonzero(trial == number)[0]].replace("\n", " in ")
        count = int((~np.isnan(values)).sum())
        log.warning("dropped %s: all %d values are equal", name, count)
    return constant


def _targets(
    observations: Observations, usable: NDArray[np.bool_], by: str
) -> list[tuple[str, str, IntArray]]:
    """Return trait, environment ("" for all) and rows of every target, as listed."""
    traits = list(dict.fromkeys(observations.trait.tolist()))
    environments = list(dict.fromkeys(observations.environment.tolist()))
    found: list[tuple[str, str, IntArray]] = []
    for trait in traits:
        of_trait = usable & (observations.trait == trait)
        if not of_trait.any():
            raise DataError(
                f"trait {trait!r} has no value, or the same in every trial",
                where=observations.source,
                remedy="leave it out of `phenotypes.traits`",
            )
        if by == "line":
            found.append((trait, "", np.flatnonzero(of_trait)))
            continue
        for environment in environments:
            rows = np.flatnonzero(of_trait & (observations.environment == environment))
            if rows.size:
                found.append((trait, environment, rows))
    return found
