"""BLUP with one kernel for many targets, each with its own rows and weights.

Arrays in, arrays out; targets that share rows and weights share the decomposition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from meristem.mixed.correlated import fit_correlated
from meristem.mixed.error import ErrorTerms, averaged_error, join_terms
from meristem.mixed.reduced.fit import ReducedGroup, fit_reduced, pays
from meristem.mixed.reml import (
    Components,
    Decomposition,
    components_at,
    decompose,
    estimate,
    fixed_effect,
    leave_one_out,
    precision,
    with_noise,
)
from meristem.mixed.targets import Target, target_splits
from meristem.records import FloatArray, IntArray, Splits

H2_GRID: FloatArray = expit(np.linspace(-7, 7, 29))
"""Candidate shares of the kernel when inner splits choose."""


@dataclass(frozen=True)
class TargetGroup:
    """Targets with the same rows and weights."""

    column: IntArray  # (n_group_target,) positions of the targets
    rows: IntArray  # (n,) training rows
    vectors: FloatArray  # (n, n) U of P = U (diag(inverse) - h h') U'
    inverse: FloatArray  # (n_group_target, n)
    half: FloatArray  # (n_group_target, [n_fixed,] n) h, the share of fixed effects
    error: ErrorTerms

    def averaged_variance(
        self,
        cross: FloatArray,  # (n_new, n) kernel of new lines with the training rows
        diagonal: FloatArray,  # (n_new,)
    ) -> FloatArray:  # (n_new, n_group_target)
        """Return the error variance of every new line, components averaged over."""
        rotated, terms = self.vectors.T @ cross.T, self.error
        variance = np.multiply.outer(diagonal, terms.genetic)
        variance -= (terms.inverse @ rotated**2).T
        for number, slope in enumerate(terms.slope):
            level = terms.constant[number] + rotated.T @ slope
            variance[:, number] += np.square(level).sum(axis=1)
        return np.maximum(variance, 0)


@dataclass(frozen=True)
class KernelBLUP:
    """Fitted BLUP of every target.

    Fixed effects are the intercept and the columns whose effects the values have lost.
    """

    intercept: FloatArray  # (n_target,)
    dual: FloatArray  # (n_train, n_target) 0 for rows without a value
    genetic: FloatArray  # (n_target,)
    residual: FloatArray  # (n_target,)
    log_likelihood: FloatArray  # (n_target,)
    fitted: tuple[TargetGroup | ReducedGroup, ...]

    @cached_property
    def groups(self) -> tuple[TargetGroup, ...]:
        """Targets that share rows and weights, with eigenvectors."""
        found = tuple(
            _group(
                group.form.decomposition(),
                group.targets,
                group.column,
                group.components,
            )
            if isinstance(group, ReducedGroup)
            else group
            for group in self.fitted
        )
        # they say the same: matrices of n x n need not be held twice
        object.__setattr__(self, "fitted", found)
        return found

    @property
    def h2(self) -> FloatArray:  # (n_target,)
        """Share of the kernel in the variance, genetic / (genetic + residual)."""
        total = self.genetic + self.residual
        return np.divide(self.genetic, total, out=np.zeros_like(total), where=total > 0)

    def predict(self, cross_kernel: FloatArray) -> FloatArray:  # (n_new, n_target)
        """Return intercept + cross_kernel @ dual."""
        return self.intercept + cross_kernel @ self.dual

    def error_variance(
        self,
        cross_kernel: FloatArray,  # (n_new, n_train)
        diagonal: FloatArray,  # (n_new,)
    ) -> FloatArray:  # (n_new, n_target)
        """Return the prediction error variance of the genetic values."""
        result = np.empty((cross_kernel.shape[0], self.genetic.size))
        for group in self.groups:
            rotated = group.vectors.T @ cross_kernel[:, group.rows].T  # (n, n_new)
            half = group.half.reshape(group.column.size, -1, group.rows.size)
            fixed = np.square(half @ rotated).sum(axis=1)
            explained = group.inverse @ rotated**2 - fixed
            genetic = self.genetic[group.column]
            variance = genetic * diagonal[:, None] - genetic**2 * explained.T
            result[:, group.column] = np.maximum(variance, 0)
        return result

    def averaged_variance(
        self,
        cross_kernel: FloatArray,  # (n_new, n_train)
        diagonal: FloatArray,  # (n_new,)
    ) -> FloatArray:  # (n_new, n_target)
        """Return the error variance of mean + genetic value, components averaged over.

        The diagonal of what `ErrorTerms` is the covariance of.
        """
        result = np.empty((cross_kernel.shape[0], self.genetic.size))
        for group in self.fitted:
            # all training rows: no copy
            own = group.rows.size == cross_kernel.shape[1]
            cross = cross_kernel if own else cross_kernel[:, group.rows]
            result[:, group.column] = group.averaged_variance(cross, diagonal)
        return result

    @property
    def noise(self) -> FloatArray:  # (n_target,)
        """Residual variance of a value of weight 1, its uncertainty averaged."""
        return self._averaged("noise")

    @property
    def mean_genetic(self) -> FloatArray:  # (n_target,)
        """Genetic variance, its uncertainty averaged."""
        return self._averaged("genetic")

    @property
    def component_se(self) -> FloatArray:  # (n_target, 3)
        """Standard errors of genetic and residual variance and of h2."""
        return self._averaged("component_se", 3)

    def _averaged(self, name: str, *shape: int) -> FloatArray:
        value = np.empty((self.genetic.size, *shape))
        for group in self.groups:
            value[group.column] = getattr(group.error, name)
        return value

    def arrays(self) -> dict[str, NDArray]:
        """Return everything as arrays, for the fitted state."""
        result: dict[str, NDArray] = {
            "intercept": self.intercept,
            "dual": self.dual,
            "genetic": self.genetic,
            "residual": self.residual,
            "log_likelihood": self.log_likelihood,
        }
        for number, group in enumerate(self.groups):
            # columns follow each other in memory: transposed they need no copy
            result[f"group{number}_vectors_t"] = group.vectors.T
            for name in _GROUP:
                result[f"group{number}_{name}"] = getattr(group, name)
            for name in _ERROR:
                result[f"group{number}_error_{name}"] = getattr(group.error, name)
        return result


_GROUP = ("column", "rows", "inverse", "half")
_ERROR = tuple(item.name for item in fields(ErrorTerms))


def restore_kernel_blup(arrays: dict[str, NDArray]) -> KernelBLUP:
    """Return what `KernelBLUP.arrays` wrote."""
    groups: list[TargetGroup] = []
    while f"group{len(groups)}_rows" in arrays:
        prefix = f"group{len(groups)}_"
        error = ErrorTerms(*(arrays[f"{prefix}error_{name}"] for name in _ERROR))
        own = {name: arrays[prefix + name] for name in _GROUP}
        vectors = arrays[prefix + "vectors_t"].T
        groups.append(TargetGroup(**own, vectors=vectors, error=error))
    return KernelBLUP(
        arrays["intercept"],
        arrays["dual"],
        arrays["genetic"],
        arrays["residual"],
        arrays["log_likelihood"],
        tuple(groups),
    )


def fit_kernel_blup(
    kernel: FloatArray,  # (n_train, n_train)
    targets: Sequence[Target],
    *,
    inner: Splits = (),
    spent: bool = False,
) -> KernelBLUP:
    """Fit every target; the variance ratio by REML, or on inner splits if given.

    Parameters
    ----------
    kernel
        Over all training rows.
    targets
        As from `training_targets`.
    inner
        Splits of the training rows that mimic the outer question; empty: REML.
    spent
        Whether nothing else reads the kernel, so that it may be overwritten.
    """

    def choose(split: Decomposition, target: Target) -> Components:
        loss = inner_loss(kernel, target, inner, H2_GRID)
        h2 = float(H2_GRID[int(np.argmin(loss))])
        return components_at(split, target.y, target.design, h2)

    return (
        _fit(kernel, targets, choose) if inner else _fit(kernel, targets, spent=spent)
    )


def fit_kernel_ridge(
    kernel: FloatArray,  # (n_train, n_train)
    targets: Sequence[Target],
    h2: FloatArray,  # (n_candidate,)
    *,
    inner: Splits = (),
) -> KernelBLUP:
    """Fit every target; the ratio among candidates, by exact leave-one-out.

    With inner splits these choose instead, by their squared error.
    """

    def choose(split: Decomposition, target: Target) -> Components:
        if inner:
            loss = inner_loss(kernel, target, inner, h2)
        else:
            residual = leave_one_out(split, target.y, target.design, h2)
            loss = residual**2 @ target.weight
        best = float(h2[int(np.argmin(loss))])
        return components_at(split, target.y, target.design, best)

    return _fit(kernel, targets, choose)


def inner_loss(
    kernel: FloatArray,  # (n_train, n_train)
    target: Target,
    inner: Splits,
    h2: FloatArray,  # (n_candidate,)
) -> FloatArray:  # (n_candidate,)
    """Return the weighted squared error of held-out rows, summed over inner splits."""
    observed = kernel[np.ix_(target.rows, target.rows)]
    loss = np.zeros(h2.size)
    for train, test in target_splits(inner, target.rows):
        split = decompose(observed[np.ix_(train, train)], target.weight[train])
        rotated_y = split.rotate(target.y[train])
        rotated_x = split.rotate(np.ones(train.size))
        inverse = 1 / (h2[:, None] * split.values + (1 - h2)[:, None])
        xvx = inverse @ rotated_x**2
        beta = (inverse @ (rotated_x * rotated_y)) / xvx  # (n_candidate,)
        dual = inverse * (rotated_y - beta[:, None] * rotated_x)
        cross = observed[np.ix_(test, train)] * split.root_weight @ split.vectors
        predicted = beta[:, None] + h2[:, None] * (dual @ cross.T)
        loss += (predicted - target.y[test]) ** 2 @ target.weight[test]
    return loss


Choose = Callable[[Decomposition, Target], Components]


def _fit(
    kernel: FloatArray,
    targets: Sequence[Target],
    choose: Choose | None = None,  # None: REML
    *,
    spent: bool = False,
) -> KernelBLUP:
    n_train, n_target = kernel.shape[0], len(targets)
    dual = np.zeros((n_train, n_target))
    intercept, genetic, residual, log_likelihood = np.empty((4, n_target))
    groups: list[TargetGroup | ReducedGroup] = []
    together = _same_rows(targets)
    for members in together:
        shared = [targets[member] for member in members]
        rows = shared[0].rows
        whole = spent and len(together) == 1 and rows.size == n_train
        own = kernel if whole else kernel[np.ix_(rows, rows)]
        column = np.array(members, dtype=np.int64)
        errors = None
        if choose is None and shared[0].error is None and pays(shared):
            group = fit_reduced(own, shared, column)
            found: Sequence[Components] = group.components
            dual[np.ix_(rows, column)] = group.dual
            intercept[column] = group.intercept
            groups.append(group)
        else:
            if choose is None and shared[0].error is not None:
                fit = fit_correlated(own, shared[0])
                split, found, errors = fit.split, [fit.components], [fit.error]
            else:
                split = decompose(own, shared[0].weight, overwrite=True)
                found = [_chosen(split, target, choose) for target in shared]
            for member, target, one in zip(members, shared, found, strict=True):
                solved = precision(split, target.design, one).apply(target.y)
                dual[rows, member] = one.genetic * solved
                intercept[member] = fixed_effect(split, target.y, target.design, one)[0]
            groups.append(_group(split, shared, column, found, errors))
        for member, one in zip(members, found, strict=True):
            genetic[member], residual[member] = one.genetic, one.residual
            log_likelihood[member] = one.log_likelihood
    return KernelBLUP(intercept, dual, genetic, residual, log_likelihood, tuple(groups))


def _chosen(split: Decomposition, target: Target, choose: Choose | None) -> Components:
    if choose is None:
        found = estimate(split, target.y, target.design)
    else:
        found = choose(split, target)
    return with_noise(found, target.y)


def _group(
    split: Decomposition,
    targets: Sequence[Target],  # of equal rows and weights
    column: IntArray,
    components: Sequence[Components],
    errors: list[ErrorTerms] | None = None,  # where they are known already
) -> TargetGroup:
    design = targets[0].design
    fitted = [precision(split, design, one) for one in components]
    if errors is None:
        errors = [
            averaged_error(split, target.y, one, design)
            for target, one in zip(targets, components, strict=True)
        ]
    return TargetGroup(
        column,
        targets[0].rows,
        fitted[0].vectors,
        np.stack([part.inverse for part in fitted]),
        np.stack([part.half.T for part in fitted]),
        join_terms(errors),
    )


def _same_rows(targets: Sequence[Target]) -> list[list[int]]:
    """Return positions of targets, those with equal rows and weights together."""
    together: dict[bytes, list[int]] = {}
    for position, target in enumerate(targets):
        together.setdefault(target.signature, []).append(position)
    return list(together.values())
