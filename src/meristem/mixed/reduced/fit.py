"""BLUP of targets that share rows and weights, from the tridiagonal kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from meristem.mixed.error import level_errors, probable_components
from meristem.mixed.reduced.tridiagonal import Tridiagonal, tridiagonalise
from meristem.mixed.reml import Components, most_likely, with_noise
from meristem.mixed.targets import Target
from meristem.records import FloatArray, IntArray

MIN_ROWS = 200
"""Rows from which the reduction pays, per target of its own likelihood."""


@dataclass(frozen=True)
class ReducedGroup:
    """Targets with the same rows and weights, before any eigenvector."""

    column: IntArray  # (n_group_target,) positions of the targets
    rows: IntArray  # (n,) training rows
    form: Tridiagonal
    targets: tuple[Target, ...]
    components: tuple[Components, ...]  # per target
    dual: FloatArray  # (n, n_group_target)
    intercept: FloatArray  # (n_group_target,)

    def averaged_variance(
        self,
        cross: FloatArray,  # (n_new, n) kernel of new lines with the training rows
        diagonal: FloatArray,  # (n_new,)
    ) -> FloatArray:  # (n_new, n_group_target)
        """Return the error variance of every new line, components averaged over.

        As `ErrorTerms` has it, without covariances.
        """
        form = self.form
        rotated = np.asfortranarray(form.rotate(cross.T))  # (n, n_new)
        x = form.rotate(self.targets[0].design)
        result = np.empty((cross.shape[0], self.column.size))
        for number, reported in enumerate(self.components):
            y = form.rotate(self.targets[number].y)
            parts = probable_components(partial(form.likelihood, y, x))
            constant, slope = level_errors(form.solve, y, x, reported, parts)
            variance = np.square(constant + rotated.T @ slope).sum(axis=1)
            for part in parts:
                explained = form.solve(part, rotated)
                explained *= rotated
                known = part.genetic**2 * explained.sum(axis=0)
                variance += (part.genetic * diagonal - known) / len(parts)
            result[:, number] = variance
        return np.maximum(result, 0)


def pays(targets: Sequence[Target]) -> bool:
    """Tell whether the reduction is faster than eigenvectors for these targets.

    Likelihoods of many traits cost more by a tridiagonal matrix than by eigenvalues.
    """
    return targets[0].rows.size >= MIN_ROWS * len(targets)


def fit_reduced(
    kernel: FloatArray,  # (n, n) of the rows
    targets: Sequence[Target],  # of equal rows and weights
    column: IntArray,  # (n_group_target,) their positions
) -> ReducedGroup:
    """Fit targets by REML, using up the kernel.

    Eigenvectors come later, where something asks for them.
    """
    form = tridiagonalise(kernel, targets[0].weight, overwrite=True)
    x = form.rotate(targets[0].design)
    components, intercept, dual = [], [], []
    for target in targets:
        y = form.rotate(target.y)
        found = with_noise(most_likely(partial(form.likelihood, y, x)), target.y)
        solved = form.solve(found, np.column_stack([x, y]))
        effect = np.linalg.solve(x.T @ solved[:, :-1], x.T @ solved[:, -1])
        intercept.append(effect[0])
        dual.append(found.genetic * (solved[:, -1] - solved[:, :-1] @ effect))
        components.append(found)
    return ReducedGroup(
        column,
        targets[0].rows,
        form,
        tuple(targets),
        tuple(components),
        form.back(np.column_stack(dual)),
        np.array(intercept),
    )
