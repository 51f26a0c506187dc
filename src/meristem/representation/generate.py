"""Samples of a fitted representation, and whether they resemble the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from meristem.config.represent import RepresentOptions
from meristem.records import FloatArray, OmicsTable
from meristem.representation.confound.confounders import Confounder
from meristem.representation.gan import fit_factor_gan
from meristem.representation.represented import Represented, fit_representation
from meristem.representation.sets.membership import FeatureSets

_FEATURES = 200  # whose correlations are compared
_TREES = 200


@dataclass(frozen=True)
class Realism:
    """How samples compare with measured rows that their model never saw.

    Beside each figure stands that of measured rows the model learned from: what two
    halves of the data themselves differ by.
    """

    distance: float  # mean Kolmogorov-Smirnov distance of a feature's values
    distance_real: float
    correlation: float  # r of the features' correlations
    correlation_real: float
    classifier: float  # balanced accuracy of telling samples from rows; chance .5
    classifier_real: float


def generate(
    found: Represented,
    table: OmicsTable,
    n: int,
    *,
    rng: np.random.Generator,
    confounders: Sequence[Confounder] = (),
) -> OmicsTable:
    """Draw new rows: factors like those of the table, decoded, with their noise.

    Parameters
    ----------
    found
        A representation.
    table
        The rows it learned from.
    n
        Rows drawn.
    rng
        Source of randomness.
    confounders
        Of the rows; the samples are without them.

    Notes
    -----
    Factors are drawn from a normal distribution with the mean and covariance of the
    table's, or by a small adversarial network (`samples_from = "gan"`); the noise of
    each feature is normal with the variance that the factors leave. Of counts the
    draws are rounded, and those of samples of average size.
    """
    x = found.cleaned_values(table, confounders)
    x = x[~np.isnan(x).all(axis=1)]
    codes = found.code.encode(x)
    z = codes[found.code.best]
    left = np.nanstd(x - found.code.decode(codes)[found.code.best], axis=0)
    if found.options.samples_from == "gan":
        drawn = fit_factor_gan(z, rng=rng).draw(n, rng)
    else:
        covariance = np.atleast_2d(np.cov(z.T)) + 1e-9 * np.eye(z.shape[1])
        drawn = rng.multivariate_normal(z.mean(axis=0), covariance, n)
    every = np.repeat(drawn[None], codes.shape[0], axis=0)
    said = found.code.decode(every)[found.code.best]
    said = said + left * rng.standard_normal(said.shape)
    value = found.scale.undo(said, np.ones(n))
    if found.scale.profile is not None:
        value = np.round(value)
    name = np.array([f"sample_{i + 1}" for i in range(n)])
    return OmicsTable(
        f"{table.name} samples", name, table.feature_id, table.node_name, value
    )


def judge_samples(
    table: OmicsTable,
    options: RepresentOptions,
    k: int,
    *,
    rng: np.random.Generator,
    confounders: Sequence[Confounder] = (),
    sets: FeatureSets | None = None,
) -> Realism:
    """Learn from half of the rows, draw as many, and compare with the other half.

    Confounders are off both, as they are off what `generate` draws. Gaps count as the
    mean of their feature, in samples and rows alike.
    """
    rows = np.flatnonzero(~np.isnan(table.value).all(axis=1))
    order = rng.permutation(rows)
    learn, held = np.array_split(order, 2)
    learn = np.sort(learn)
    own, about = table.take_samples(learn), [one.take(learn) for one in confounders]
    found = fit_representation(own, options, rng=rng, k=k, confounders=about, sets=sets)
    drawn = generate(found, own, held.size, rng=rng, confounders=about)
    others = [one.take(held) for one in confounders]
    real, seen, made = map(
        np.nan_to_num,
        (
            found.cleaned_values(table.take_samples(held), others),
            found.cleaned_values(own, about),
            found.scale.apply(drawn.value),
        ),
    )
    return Realism(
        _distance(made, real),
        _distance(seen, real),
        _correlation(made, real, rng),
        _correlation(seen, real, rng),
        _told_apart(made, real, rng),
        _told_apart(seen, real, rng),
    )


def _distance(a: FloatArray, b: FloatArray) -> float:
    found = [
        scipy.stats.ks_2samp(x, y, method="asymp").statistic
        for x, y in zip(a.T, b.T, strict=True)
    ]
    return float(np.mean(found))


def _correlation(a: FloatArray, b: FloatArray, rng: np.random.Generator) -> float:
    varies = np.flatnonzero((a.std(axis=0) > 0) & (b.std(axis=0) > 0))
    some = rng.permutation(varies)[:_FEATURES]
    if some.size < 3:
        return float("nan")
    upper = np.triu_indices(some.size, 1)
    one, two = (np.atleast_2d(np.corrcoef(x[:, some].T))[upper] for x in (a, b))
    return float(np.corrcoef(one, two)[0, 1])


def _told_apart(a: FloatArray, b: FloatArray, rng: np.random.Generator) -> float:
    x = np.concatenate([a, b])
    y = np.repeat([0, 1], [a.shape[0], b.shape[0]])
    seed = int(rng.integers(2**31))
    forest = RandomForestClassifier(_TREES, random_state=seed)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    said = cross_val_predict(forest, x, y, cv=folds)
    return float(np.mean([(said[y == label] == label).mean() for label in (0, 1)]))
