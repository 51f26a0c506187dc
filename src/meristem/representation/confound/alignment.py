"""Batches brought to one covariance of their components, beyond location and scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray
from meristem.representation.confound.confounders import Confounder
from meristem.representation.confound.linear import Combat, fit_combat
from meristem.representation.pca import LinearCode, fit_pca

_RIDGE = 1e-3  # of the mean variance of a batch's components
_LEAST_ROWS = 3  # of a batch for each component


@dataclass(frozen=True)
class Alignment:
    """ComBat, then one linear map of the components for every batch."""

    combat: Combat
    steps: tuple[tuple[str, LinearCode, dict[str, FloatArray]], ...]
    # per confounder of labels: its name, components, map of each label

    def clean(self, x: FloatArray, confounders: Sequence[Confounder]) -> FloatArray:
        """Return values with every batch at the same covariance of components."""
        by_name = {one.name: one for one in confounders}
        x = self.combat.clean(x, confounders)
        for name, code, maps in self.steps:
            x = _mapped(x, by_name[name].label, code, maps)
        return x


def fit_alignment(
    x: FloatArray,  # (n_sample, n_feature) NaN missing
    confounders: Sequence[Confounder],
    k: int,
) -> Alignment:
    """Learn, after ComBat, the least linear map of each batch to the pooled covariance.

    What it removes is what differs in variance and correlation; where batches hold
    other lines, it takes their difference in biology too. Of a batch with fewer than
    three rows per component the leading ones alone are mapped.

    Parameters
    ----------
    x
        Standardised values.
    confounders
        Of the same rows; numbers are regressed out.
    k
        Components at most whose covariance is brought to one.

    References
    ----------
    Sun, Feng & Saenko 2016, AAAI 30:2058 (correlation alignment); the map is that of
    optimal transport between normal distributions.
    """
    combat = fit_combat(x, confounders)
    x = combat.clean(x, confounders)
    steps = []
    for one in confounders:
        if one.number is not None:
            continue
        levels, count = np.unique(one.label[one.label != ""], return_counts=True)
        n_mapped = np.minimum(k, count // _LEAST_ROWS)
        if levels.size < 2 or n_mapped.max() < 1:
            continue
        code = fit_pca(x, int(n_mapped.max()))
        z = code.encode(x)[0]
        own = [_covariance(z[one.label == level]) for level in levels]
        pooled = np.average(own, axis=0, weights=np.where(n_mapped > 0, count, 0))
        maps = {
            str(level): _transport(found[:n, :n], pooled[:n, :n])
            for level, found, n in zip(levels, own, n_mapped.tolist(), strict=True)
            if n
        }
        steps.append((one.name, code, maps))
        x = _mapped(x, one.label, code, maps)
    return Alignment(combat, tuple(steps))


def _mapped(
    x: FloatArray, label: np.ndarray, code: LinearCode, maps: dict[str, FloatArray]
) -> FloatArray:
    z = code.encode(x)[0]
    step = np.zeros_like(z)
    for level, made in maps.items():
        rows, n = label == level, made.shape[0]
        step[rows, :n] = z[rows, :n] @ made - z[rows, :n]
    return x + step @ code.loading.T


def _covariance(z: FloatArray) -> FloatArray:
    centred = z - z.mean(axis=0)
    found = centred.T @ centred / max(z.shape[0] - 1, 1)
    ridge = _RIDGE * float(np.trace(found)) / found.shape[0]
    return np.asarray(found + ridge * np.eye(found.shape[0]))


def _transport(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the symmetric A with A one A = other."""
    root, back = _power(one, 0.5), _power(one, -0.5)
    return back @ _power(root @ other @ root, 0.5) @ back


def _power(matrix: FloatArray, exponent: float) -> FloatArray:
    values, vectors = np.linalg.eigh(matrix)
    raised = np.maximum(values, 1e-12) ** exponent
    return np.asarray((vectors * raised) @ vectors.T)
