"""GBLUP with variants weighted by scores that do not come from the trait."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import PriorOptions
from meristem.errors import DataError
from meristem.genetics.relationship import gram
from meristem.io.tables.variant_scores import read_variant_scores
from meristem.mixed.blup import KernelBLUP, fit_kernel_blup
from meristem.mixed.targets import Target, random_inner, target_splits, training_targets
from meristem.models.effects import FittedLinear
from meristem.models.genomic_error import weighted_error
from meristem.models.marker_model import training_fields
from meristem.models.panel import (
    MarkerPanel,
    kernel_factor,
    make_panel,
    marker_effects,
)
from meristem.records import Dataset, FloatArray, Split, VariantScores

N_BIN = 10
"""Classes of allele frequency within which scores are permuted."""


@dataclass(frozen=True)
class _Candidate:
    """A share of the genetic variance that follows the scores to a power."""

    share: float
    power: float


@dataclass(frozen=True)
class PriorGBLUP:
    """GBLUP on (1 - a) K + a K_s, K_s with the variants weighted by |score|^b.

    Share a and power b are chosen on the inner splits. Where no candidate predicts
    their test rows better than GBLUP by `caution` standard errors, a is 0.

    References
    ----------
    Zhang Z et al. (2014) PLoS ONE 9:e93017 (BLUP|GA: a kernel of known variants beside
    the genomic one, their shares chosen by validation).
    """

    options: PriorOptions

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> FittedLinear:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        DataError
            If no variant of the data has a score other than zero.
        """
        options = self.options
        targets = training_targets(dataset.phenotypes)
        inner = inner or random_inner(dataset.n_sample, rng)
        panel = make_panel(dataset.genotypes)
        size = variant_sizes(options, dataset)
        if options.permuted:
            size = permute_within_frequency(size, panel.scale.mean, rng)
        weights = {power: size**power for power in options.powers}
        kernels, factors = {}, {}
        for power, weight in weights.items():
            kernel = gram(panel.dosage, panel.scale.mean, np.sqrt(weight))
            if np.trace(kernel) > 0:  # some scored variant varies in these rows
                factors[power] = kernel_factor(kernel)
                kernels[power] = kernel * factors[power]
        candidates = [
            _Candidate(share, power)
            for power in kernels
            for share in options.shares
            if share > 0
        ]
        fits: list[tuple[FloatArray, KernelBLUP]] = []
        chosen: list[_Candidate] = []
        for target in targets:
            best = _choose(panel, kernels, candidates, target, inner, options.caution)
            kernel = _mix(panel, kernels, best)
            variance = (1 - best.share) * panel.factor + np.zeros(size.size)
            if best.share > 0:
                variance += best.share * factors[best.power] * weights[best.power]
            root = panel.scale.weight * np.sqrt(variance)
            fits.append((root, fit_kernel_blup(kernel, [target])))
            chosen.append(best)
        effects = [
            root[:, None] ** 2 * marker_effects(panel.dosage, panel.scale, solved.dual)
            for root, solved in fits
        ]
        return FittedLinear(
            *training_fields("prior_gblup", dataset, panel.scale),
            np.hstack(effects),
            np.array([solved.intercept[0] for _, solved in fits]),
            {
                "share": [c.share for c in chosen],
                "power": [c.power for c in chosen],
                "scored": [int((size > 0).sum())],
            },
            weighted_error(panel.dosage, panel.scale.mean, fits),
        )


def variant_sizes(
    options: PriorOptions, dataset: Dataset
) -> FloatArray:  # (n_variant,)
    """Return the absolute score of every variant, 0 without one.

    Raises
    ------
    DataError
        If no variant of the data has a score other than zero.
    """
    path = options.scores
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    scores = _read(path, options.column, options.score_kind, stamp)
    names = dataset.genotypes.variants.variant_id
    size = np.nan_to_num(scores.largest(names))
    if not (size > 0).any():
        raise DataError(
            f"none of its variants ({scores.variant_id[0]}, ...) has a score and is "
            f"among the genotypes ({names[0]}, ...)",
            where=path,
            remedy="score the variants of the genotype file: names are matched",
        )
    return size


@lru_cache(maxsize=4)
def _read(path: Path, column: str, kind: str, stamp: int) -> VariantScores:
    """Read scores once for all folds; `stamp` tells a file that has changed."""
    del stamp
    return read_variant_scores(path, column, kind)


def permute_within_frequency(
    size: FloatArray,  # (n_variant,)
    mean: FloatArray,  # (n_variant,) dosage
    rng: np.random.Generator,
) -> FloatArray:  # (n_variant,)
    """Return scores permuted among variants of like frequency of the minor allele.

    Examples
    --------
    >>> size, mean = np.array([5.0, 0, 7, 0]), np.array([0.1, 0.1, 1.0, 1.0])
    >>> found = permute_within_frequency(size, mean, np.random.default_rng(1))
    >>> sorted(found.tolist())
    [0.0, 0.0, 5.0, 7.0]
    """
    minor = np.minimum(mean, mean.max(initial=0.0) - mean)
    order = np.argsort(minor, kind="stable")
    permuted = size.copy()
    for members in np.array_split(order, min(N_BIN, max(size.size, 1))):
        permuted[members] = size[rng.permutation(members)]
    return permuted


def _mix(
    panel: MarkerPanel, kernels: dict[float, FloatArray], candidate: _Candidate
) -> FloatArray:  # (n_train, n_train) of mean diagonal 1
    if candidate.share == 0:
        return panel.kernel
    scored = kernels[candidate.power]
    return (1 - candidate.share) * panel.kernel + candidate.share * scored


def _choose(
    panel: MarkerPanel,
    kernels: dict[float, FloatArray],
    candidates: list[_Candidate],
    target: Target,
    inner: tuple[Split, ...],
    caution: float,
) -> _Candidate:
    """Return the candidate that predicts inner test rows best, or none of them."""
    none = _Candidate(0.0, 1.0)
    splits = target_splits(inner, target.rows)
    plain = _losses(panel.kernel, target, splits)
    best, gain = none, 0.0
    for candidate in candidates:
        loss = _losses(_mix(panel, kernels, candidate), target, splits)
        difference = plain - loss
        mean = float(difference.mean())
        error = float(difference.std(ddof=1) / np.sqrt(difference.size))
        if mean > gain and mean > caution * error:
            best, gain = candidate, mean
    return best


def _losses(
    kernel: FloatArray,
    target: Target,
    splits: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> FloatArray:  # (n_test_row,) weighted squared errors of all splits
    losses = []
    for train, test in splits:
        solved = fit_kernel_blup(kernel, [target.take(train)])
        value = solved.predict(kernel[target.rows[test]])[:, 0]
        losses.append((value - target.y[test]) ** 2 * target.weight[test])
    return np.concatenate(losses)
