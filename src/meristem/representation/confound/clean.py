"""The ways to remove confounders behind one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Protocol

import numpy as np

from meristem.config.represent import RepresentOptions
from meristem.records import FloatArray
from meristem.representation.confound.alignment import fit_alignment
from meristem.representation.confound.confounders import Confounder
from meristem.representation.confound.linear import (
    fit_combat,
    fit_components,
    fit_regression,
)


class Cleaner(Protocol):
    """What was learned of confounders on training rows."""

    def clean(self, x: FloatArray, confounders: Sequence[Confounder]) -> FloatArray:
        """Return standardised values without the confounders."""
        ...


Fit = Callable[
    [FloatArray, Sequence[Confounder], RepresentOptions, np.random.Generator], Cleaner
]


def _regression(
    x: FloatArray,
    confounders: Sequence[Confounder],
    options: RepresentOptions,
    rng: np.random.Generator,
) -> Cleaner:
    return fit_regression(x, confounders)


def _combat(
    x: FloatArray,
    confounders: Sequence[Confounder],
    options: RepresentOptions,
    rng: np.random.Generator,
) -> Cleaner:
    return fit_combat(x, confounders)


def _alignment(
    x: FloatArray,
    confounders: Sequence[Confounder],
    options: RepresentOptions,
    rng: np.random.Generator,
) -> Cleaner:
    return fit_alignment(x, confounders, max(options.k))


def _components(
    x: FloatArray,
    confounders: Sequence[Confounder],
    options: RepresentOptions,
    rng: np.random.Generator,
) -> Cleaner:
    return fit_components(x, confounders, max(options.k))


def _adversarial(
    x: FloatArray,
    confounders: Sequence[Confounder],
    options: RepresentOptions,
    rng: np.random.Generator,
) -> Cleaner:
    # needs torch, which the other ways do not
    game = import_module("meristem.representation.confound.adversary")
    settings = game.AdversarialSettings(k=max(options.k), weight=10 * options.strength)
    found: Cleaner = game.fit_adversarial(x, confounders, rng=rng, settings=settings)
    return found


CLEANERS: dict[str, Fit] = {
    "regression": _regression,
    "combat": _combat,
    "alignment": _alignment,
    "components": _components,
    "adversarial": _adversarial,
}


def fit_cleaner(
    x: FloatArray,  # (n_sample, n_feature) standardised, NaN missing
    confounders: Sequence[Confounder],
    options: RepresentOptions,
    rng: np.random.Generator,
) -> Cleaner | None:
    """Learn to remove confounders as the options say; None where there are none."""
    if not confounders or options.deconfound == "none":
        return None
    return CLEANERS[options.deconfound](x, confounders, options, rng)
