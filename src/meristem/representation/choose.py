"""How many factors: those that tell best what was held out of the training rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meristem.config.represent import RepresentOptions
from meristem.records import FloatArray, OmicsTable, Split
from meristem.representation.confound.confounders import Confounder
from meristem.representation.represented import (
    LEAST_ROWS,
    fit_representation,
    most_factors,
)
from meristem.representation.sets.membership import FeatureSets

HIDDEN = 0.1
"""Values hidden to judge a number of factors."""
_PENALTIES = np.geomspace(1e-2, 1e3, 16)


def choose_by_values(
    table: OmicsTable,
    options: RepresentOptions,
    *,
    rng: np.random.Generator,
    confounders: Sequence[Confounder] = (),
) -> tuple[int, dict[int, float]]:
    """Return the number of factors that tells hidden values best, and all errors.

    A tenth of the known values is hidden; the error is the RMSE in sds there.
    """
    candidates = _possible(table, options.k)
    if len(candidates) == 1 or options.represent == "sets":
        return candidates[0], {}
    known = ~np.isnan(table.value)
    hidden = known & (rng.random(known.shape) < HIDDEN)
    value = np.where(hidden, np.nan, table.value)
    holed = OmicsTable(
        table.name, table.sample_id, table.feature_id, table.node_name, value
    )
    seed = int(rng.integers(2**62))
    errors = {}
    for k in candidates:
        found = fit_representation(
            holed,
            options,
            rng=np.random.default_rng(seed),
            k=k,
            confounders=confounders,
        )
        truth = found.cleaned_values(table, confounders)
        x = found.cleaned_values(holed, confounders)
        said = found.reconstruct(x)
        errors[k] = float(np.sqrt(np.nanmean((said - truth)[hidden] ** 2)))
    return min(errors, key=lambda k: errors[k]), errors


def choose_by_traits(
    table: OmicsTable,
    options: RepresentOptions,
    trait: FloatArray,  # (n_sample, n_target) NaN missing
    inner: Sequence[Split],
    *,
    rng: np.random.Generator,
    confounders: Sequence[Confounder] = (),
    sets: FeatureSets | None = None,
) -> int:
    """Return the number of factors from which held-out traits are told best.

    The representation is learned anew on the training rows of every inner split, and
    ridge regression of the traits on its factors is tried on the test rows. Where
    there are too few rows with both, hidden values decide.
    """
    candidates = _possible(table, options.k)
    if len(candidates) == 1 or options.represent == "sets":
        return candidates[0]
    seen = (~np.isnan(table.value)).any(axis=1)
    usable = np.asarray(seen & (~np.isnan(trait)).any(axis=1))
    splits = [s for s in inner if usable[s.test].sum() >= 2]
    splits = [s for s in splits if usable[s.train].sum() >= LEAST_ROWS]
    if not splits:
        return choose_by_values(table, options, rng=rng, confounders=confounders)[0]
    seed = int(rng.integers(2**62))
    error = dict.fromkeys(candidates, 0.0)
    for split in splits:
        about = [one.take(split.train) for one in confounders]
        for k in candidates:
            found = fit_representation(
                table.take_samples(split.train),
                options,
                rng=np.random.default_rng(seed),
                k=k,
                confounders=about,
                sets=sets,
            )
            z = found.factors(table, confounders).value
            error[k] += _trait_error(z, trait, split, usable)
    return min(error, key=lambda k: error[k])


def _possible(table: OmicsTable, candidates: Sequence[int]) -> list[int]:
    most = most_factors(table)
    return sorted({min(k, most) for k in candidates})


def _trait_error(
    z: FloatArray, trait: FloatArray, split: Split, usable: np.ndarray
) -> float:
    """Return the squared error of held-out traits over their variance."""
    total = 0.0
    for column in range(trait.shape[1]):
        ok = usable & ~np.isnan(trait[:, column]) & ~np.isnan(z).any(axis=1)
        train, test = split.train[ok[split.train]], split.test[ok[split.test]]
        if train.size < LEAST_ROWS or test.size < 2:
            continue
        y = trait[train, column]
        x = z[train] - z[train].mean(axis=0)
        left, size, right = np.linalg.svd(x, full_matrices=False)
        rotated = left.T @ (y - y.mean())
        best = _penalty(size, rotated, float(((y - y.mean()) ** 2).sum()), y.size)
        slope = right.T @ (size / (size**2 + best) * rotated)
        said = y.mean() + (z[test] - z[train].mean(axis=0)) @ slope
        total += float(((said - trait[test, column]) ** 2).mean() / max(y.var(), 1e-12))
    return total


def _penalty(size: FloatArray, rotated: FloatArray, total: float, n: int) -> float:
    rest = total - float((rotated**2).sum())
    score = []
    for penalty in _PENALTIES:
        keep = size**2 / (size**2 + penalty)
        error = rest + (((1 - keep) * rotated) ** 2).sum()
        score.append(error / max(1 - (keep.sum() + 1) / n, 1e-3) ** 2)
    return float(_PENALTIES[int(np.argmin(score))])
