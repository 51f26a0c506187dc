"""What a model believes of lines and crosses jointly, its uncertainty included."""

from __future__ import annotations

import numpy as np

from meristem.errors import ConfigError, DataError
from meristem.evaluate.intervals import calibrated
from meristem.genetics.inheritance.maps import MapFunction, PlacedVariants
from meristem.models.protocol import Fitted, MarkerSum
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.material import Material
from meristem.records import FloatArray, Genotypes, IntArray, Posterior
from meristem.select.crosses.progeny import Progeny
from meristem.select.crosses.uncertain import posterior_mean_variances

EFFECT_DRAWS = 40
"""Draws of the effects for the spread that a chance is counted with."""

LINE_DRAWS = 2000
"""Joint draws of the values of lines."""


def joint_posterior(
    analysis: Analysis, label: str, fitted: Fitted, genotypes: Genotypes
) -> tuple[Posterior, bool]:
    """Return the joint posterior, at the width of out-of-fold residuals if known.

    Raises
    ------
    DataError
        If the model gives no error of its predictions.
    """
    posterior, known = _at_width(analysis, label, fitted.posterior(genotypes))
    if not np.isfinite(posterior.sd).all():
        raise DataError(
            f"{label} gives no error of its predictions, so that nothing can be "
            "promised of a selection",
            where=analysis.folder.path,
            remedy="choose another `model` in the plan, gblup for example",
        )
    return posterior, known


def _at_width(
    analysis: Analysis, label: str, posterior: Posterior
) -> tuple[Posterior, bool]:
    analysis.folder.refuse_lost(["predictions.csv"])
    if not analysis.folder.file("predictions.csv").exists():
        return posterior, False
    table = analysis.folder.read_table("predictions.csv")
    return calibrated(posterior, table, label), True


def effect_draws(
    analysis: Analysis, material: Material, n: int
) -> FloatArray | None:  # (n, n_variant) effects on the merit
    """Return effects drawn from their posterior; None where the model has none.

    They deviate from their mean as the values of lines do: at the width that
    out-of-fold residuals ask for.
    """
    fitted = material.fitted
    if not isinstance(fitted, MarkerSum):
        return None
    rng = analysis.rng("effects", material.label)
    width = _width(analysis, material)
    total = np.zeros((n, material.lines.n_variant))
    for target in np.flatnonzero(material.merit.weights).tolist():
        drawn = fitted.effect_draws(target, n, rng)
        if drawn is None:
            return None
        middle = fitted.marker_effect[:, target]
        drawn = middle + width[target] * (drawn - middle)
        total += drawn * fitted.scale.weight * material.merit.weights[target]
    return total


def _width(analysis: Analysis, material: Material) -> FloatArray:  # (n_target,)
    """Return by how much out-of-fold residuals widen the errors of a model."""
    some = material.lines.take_samples(np.arange(1))
    plain = material.fitted.posterior(some)
    wide, _ = _at_width(analysis, material.label, plain)
    ratio = np.divide(
        wide.sd[0], plain.sd[0], out=np.ones(plain.sd.shape[1]), where=plain.sd[0] > 0
    )
    return np.asarray(ratio)


def uncertain_variances(
    analysis: Analysis,
    material: Material,
    placed: PlacedVariants,
    progeny: Progeny,
    function: MapFunction,
    asked: tuple[int, str],  # draws of the effects, and where they are asked
) -> FloatArray:  # (n_line, n_line)
    """Return the posterior mean variance of the progeny of all pairs.

    Raises
    ------
    ConfigError
        If the model has no posterior of its effects.
    """
    draws = effect_draws(analysis, material, asked[0])
    if draws is None:
        raise ConfigError(
            f"{material.label} has no posterior of its marker effects",
            where=asked[1],
            remedy=f"name a linear model, or leave {asked[1]} out",
        )
    return posterior_mean_variances(
        material.lines.call_dosage[:, placed.order],
        draws[:, placed.order],
        placed.genetic_map,
        progeny,
        function,
    )


def uncertain_sd(
    analysis: Analysis,
    material: Material,
    placed: PlacedVariants,
    pairs: tuple[IntArray, IntArray],  # each (n_cross,) rows of the lines
    progeny: Progeny,
    function: MapFunction,
) -> FloatArray | None:  # (n_cross,)
    """Return the spread of progeny averaged over what the effects may be.

    None where the model has no posterior of its effects.
    """
    draws = effect_draws(analysis, material, EFFECT_DRAWS)
    if draws is None:
        return None
    lines, place = np.unique(np.stack(pairs), return_inverse=True)
    first, second = place.reshape(2, -1)
    variance = posterior_mean_variances(
        material.lines.call_dosage[lines][:, placed.order],
        draws[:, placed.order],
        placed.genetic_map,
        progeny,
        function,
    )
    return np.asarray(np.sqrt(variance[first, second]))


def line_errors(
    analysis: Analysis, material: Material, lines: Genotypes
) -> FloatArray | None:  # (n_draw, n_line) errors of the merit
    """Return joint draws of what the merit of lines differs from its prediction by.

    None where the model gives no error of its predictions.
    """
    label, fitted = material.label, material.fitted
    belief, _ = _at_width(analysis, label, fitted.posterior(lines))
    if not np.isfinite(belief.sd).all():
        return None
    rng = analysis.rng("lines", material.label)
    errors = belief.draws(LINE_DRAWS, rng) - belief.mean
    return material.merit.of(errors)
