"""Marker effects of a fitted model: exact where it is a sum, else the best line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg

from meristem.errors import ConfigError
from meristem.genetics.inheritance.meiosis import Haplotypes
from meristem.genetics.locus_effects import LocusEffects
from meristem.models.protocol import DominanceSum, Fitted, MarkerSum, as_network
from meristem.records import FloatArray, Genotypes, IntArray

LEAST_R2 = 0.9
"""A line that explains less of a model is not handed on as its effects."""

LEAST_LINES = 10
"""Fewer lines left out say little of how much a line explains."""

_RIDGES: FloatArray = np.logspace(-8, 2, 41)
"""Candidate ridges, in mean eigenvalues of the kernel."""


def exact_effects(fitted: Fitted, target: int) -> LocusEffects | None:
    """Return the effects of a model that is a sum over loci; None for others.

    Parameters
    ----------
    fitted
        Any model.
    target
        Which of its targets.
    """
    if isinstance(fitted, DominanceSum):
        both, add = fitted.dominance, _marker_sum(fitted.additive, target)
        other = _marker_sum(both, target)
        return replace(
            add,
            intercept=add.intercept + other.intercept,
            dominance=other.additive,
            carrying=other.mean,
        )
    if isinstance(fitted, MarkerSum):
        return _marker_sum(fitted, target)
    return None


def _marker_sum(fitted: MarkerSum, target: int) -> LocusEffects:
    effect = fitted.marker_effect[:, target] * fitted.scale.weight
    mean = fitted.scale.mean
    intercept = float(fitted.intercept[target] - mean @ effect)
    return LocusEffects(fitted.variants, effect, intercept, mean)


@dataclass(frozen=True)
class Linearised:
    """The best sum over loci for a model on a population, and how good it is.

    `effects.r2` is the smaller share, of lines where at least ten were left out.
    """

    effects: LocusEffects
    r2_lines: float  # on lines that it was not fitted on
    r2_progeny: float  # on simulated progeny that it was not fitted on
    n_fit: int


def linearise(
    fitted: Fitted,
    target: int,
    lines: Genotypes,
    progeny: Callable[[int, np.random.Generator], Haplotypes],
    rng: np.random.Generator,
    *,
    n_fit: int = 1200,
    n_test: int = 400,
) -> Linearised:
    """Return the additive effects that come closest to a model on lines and progeny.

    The mean gradient of a network is the start, ridge regression of what it leaves
    unexplained (in the dual, by generalised cross-validation) the rest.

    Parameters
    ----------
    fitted, target
        The model, and which of its targets.
    lines
        The candidates, matched to the model's variants; a fifth is left out of the
        fit.
    progeny
        Called with a number and a generator: progeny of random pairs of the lines,
        (n, n_variant) dosages.
    rng
        The only source of randomness.
    n_fit, n_test
        Progeny to fit on, and to test on.

    References
    ----------
    Golub, Heath & Wahba 1979, Technometrics 21:215 (generalised cross-validation).
    """
    shown = rng.permutation(lines.n_sample)
    out = np.sort(shown[: max(1, lines.n_sample // 5)])
    kept = np.sort(shown[out.size :])[: 2 * n_fit]
    known = lines.call_dosage
    mean = np.where(known < 0, np.nan, known.astype(np.float64))
    mean = np.nan_to_num(np.nanmean(mean, axis=0))
    train = np.concatenate([known[kept], progeny(n_fit, rng)]).astype(np.int8)
    x = np.where(train < 0, mean, train) - mean
    y = _values(fitted, target, lines, train)
    start = _mean_gradient(fitted, target, lines.take_samples(kept))
    additive, level = _ridge(x, y - x @ start)
    additive += start
    effects = LocusEffects(
        lines.variants, additive, float(level - mean @ additive), mean
    )
    scores = [
        _r2(_values(fitted, target, lines, calls), effects.value(calls))
        for calls in (known[out], progeny(n_test, rng))
    ]
    counted = scores if out.size >= LEAST_LINES else scores[1:]
    effects = replace(effects, r2=float(np.clip(min(counted), 0, 1)))
    return Linearised(effects, scores[0], scores[1], train.shape[0])


def _mean_gradient(fitted: Fitted, target: int, lines: Genotypes) -> FloatArray:
    network = as_network(fitted)
    if network is None:
        return np.zeros(lines.n_variant)
    if not np.array_equal(network.plan.variants.variant_id, lines.variants.variant_id):
        return np.zeros(lines.n_variant)
    through, beside = network.dosage_gradient(lines)
    return np.asarray(through[:, target] + beside[:, target], dtype=np.float64)


def _ridge(x: FloatArray, y: FloatArray) -> tuple[FloatArray, float]:
    """Return slopes and level of ridge regression, the ridge by GCV."""
    level, centre = float(y.mean()), x.mean(axis=0)
    centred = x - centre
    values, vectors = scipy.linalg.eigh(centred @ centred.T)
    values = np.maximum(values, 0)
    rotated = vectors.T @ (y - level)
    scale = float(values.mean()) or 1.0
    best, chosen = np.inf, scale
    for ridge in _RIDGES * scale:
        left = ridge / (values + ridge)
        score = float(np.sum((left * rotated) ** 2) / max(left.sum(), 1e-9) ** 2)
        if score < best:
            best, chosen = score, ridge
    dual = vectors @ (rotated / (values + chosen))
    slope = centred.T @ dual
    return slope, level - float(centre @ slope)


def predict_calls(
    fitted: Fitted,
    lines: Genotypes,
    calls: Haplotypes,  # (n, n_variant) dosages of the variants of `lines`
) -> FloatArray:  # (n, n_target)
    """Return the predictions of made-up genotypes."""
    names: IntArray = np.arange(calls.shape[0])
    made = replace(
        lines,
        sample_id=names.astype(np.str_),
        call_dosage=np.ascontiguousarray(calls, dtype=np.int8),
        products=None,
        first_gamete=None,
    )
    return fitted.predict(made).value


def _values(
    fitted: Fitted, target: int, lines: Genotypes, calls: Haplotypes
) -> FloatArray:
    return predict_calls(fitted, lines, calls)[:, target]


def _r2(truth: FloatArray, line: FloatArray) -> float:
    """Return the share of the variance that a line explains; 1 for a constant."""
    total = float(np.sum((truth - truth.mean()) ** 2))
    left = float(np.sum((truth - line) ** 2))
    return 1 - left / total if total > 0 else float(left < 1e-12)


def refuse_poor_line(effects: LocusEffects, label: str) -> None:
    """Refuse to hand on a line that explains too little of a model.

    Raises
    ------
    ConfigError
        If it explains less than `LEAST_R2`.
    """
    if effects.r2 < LEAST_R2:
        raise ConfigError(
            f"a sum of marker effects explains {effects.r2:.3f} of the predictions of "
            f"{label} (at least {LEAST_R2:g} is asked): it has no marker effects",
            remedy="name a linear model (--model), or rank crosses by simulated "
            "progeny (--simulate)",
        )
