"""Ensembles of kinetic networks: fit every architecture several times, average."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meristem.kinetics.network.fit import fit_kinns
from meristem.kinetics.network.kinn import Architecture, FitOptions, Kinn, Measurements
from meristem.kinetics.scheme.scheme import Scheme
from meristem.records import FloatArray

BLOCK = 64
"""Most members that are fitted as one batch."""


def fit_ensemble(
    scheme: Scheme,
    architectures: Sequence[Architecture],
    data: Measurements,
    *,
    copies: int,
    rng: np.random.Generator,
    options: FitOptions = FitOptions(),  # noqa: B008 (frozen)
    bootstrap: bool = True,
    held_out: float = 0.1,
) -> tuple[Kinn, ...]:
    """Fit every architecture several times, on bootstraps of the sequences.

    Each member stops early on sequences of its own that it does not train on.

    Parameters
    ----------
    copies
        Members per architecture.
    bootstrap
        Draw the training sequences with replacement; otherwise use each once.
    held_out
        Share of sequences kept for early stopping; 0 trains to the last epoch.
    """
    groups, place = np.unique(data.group, return_inverse=True)
    members = [a for a in architectures for _ in range(copies)]
    train = np.zeros((len(members), len(data.y)))
    valid = np.zeros_like(train)
    n_held = round(held_out * len(groups))
    for i in range(len(members)):
        order = rng.permutation(len(groups))
        held, kept = order[:n_held], order[n_held:]
        drawn = rng.choice(kept, len(kept)) if bootstrap else kept
        weight = np.bincount(drawn, minlength=len(groups)).astype(float)
        train[i] = weight[place]
        valid[i] = np.isin(place, held)
    kinns: list[Kinn] = []
    for i in range(0, len(members), BLOCK):
        block = slice(i, i + BLOCK)
        fit = fit_kinns(
            scheme,
            members[block],
            data,
            train[block],
            valid[block],
            rng=rng,
            options=options,
        )
        kinns += fit.kinns
    return tuple(kinns)


def predict_ensemble(
    kinns: Sequence[Kinn],
    x: np.ndarray,  # (n, n_position, n_channel)
) -> FloatArray:  # (n,)
    """Return the mean of the members' expected log10 readings."""
    return np.mean([kinn.predict(x) for kinn in kinns], axis=0)
