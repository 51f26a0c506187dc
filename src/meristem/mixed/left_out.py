"""Rows left out of a model of several kernels, without fitting it again.

With P = V^-1 - V^-1 X (X' V^-1 X)^-1 X' V^-1 of all rows and B the rows that a fold
keeps out of training, the rest predicts them with the error P_BB^-1 (P y)_B, and its
own P is P - P_.B P_BB^-1 P_B. : exact at given variance components. The components
were estimated with the rows of B among them, which makes such errors too small. The
components of the rest are therefore taken one average-information step from those of
all rows, and the errors follow them to first order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg

from meristem.mixed.several import KernelsFit, parabola_top, precision_multi
from meristem.mixed.targets import Target, target_splits
from meristem.records import FloatArray, IntArray, Splits


def left_out_predictions(
    kernels: Sequence[FloatArray],  # each (n_observed, n_observed)
    fit: KernelsFit,
    target: Target,
    inner: Splits,
    *,
    corrected: bool = True,
) -> FloatArray:  # (n_observed,) NaN where a row was never left out
    """Return the prediction of every row by the rows of other folds.

    Parameters
    ----------
    kernels
        Over the rows of the target.
    fit
        Of the same kernels to all rows of the target.
    target
        Observed rows.
    inner
        Splits of the training rows; empty: every row is left out alone.
    corrected
        Whether the variance components follow the rows that are left; without it
        errors are too small by what the rows say of the components.

    References
    ----------
    Cook & Weisberg 1982, ch. 2 (deletion in closed form); Gilmour, Thompson & Cullis
    1995, Biometrics 51:1440 (average information).

    Examples
    --------
    >>> from meristem.mixed.several import fit_kernels
    >>> family = np.kron(np.eye(4), np.ones((3, 3)))
    >>> y = np.repeat([1.0, 2.0, 4.0, 7.0], 3) + np.tile([-0.5, 0.0, 0.5], 4)
    >>> target = Target(0, np.arange(12), y, np.ones(12))
    >>> fit = fit_kernels([family], target)
    >>> left_out_predictions([family], fit, target, ())[:3].round(1)
    array([1.3, 1.1, 0.8])
    """
    n = target.y.size
    if inner:
        folds = target_splits(inner, target.rows)
    else:
        every = np.arange(n)
        folds = [(np.delete(every, row), every[[row]]) for row in range(n)]
    left = _LeftOut(kernels, fit, target)
    total, count = np.zeros((2, n))
    for train, test in folds:
        kept_out = np.ones(n, dtype=bool)
        kept_out[train] = False
        error = left.errors(np.flatnonzero(kept_out), corrected=corrected)
        total[test] += target.y[test] - error[test]
        count[test] += 1
    return np.divide(total, count, out=np.full(n, np.nan), where=count > 0)


class _LeftOut:
    """Products with P of all rows, which every fold needs."""

    def __init__(
        self, kernels: Sequence[FloatArray], fit: KernelsFit, target: Target
    ) -> None:
        n = target.y.size
        self.n = n
        precision = fit.precision
        if target.fixed is not None:
            # the rest may know nothing of an effect, which the values have lost anyway
            ones = np.ones((n, 1))
            parts = (fit.genetic, fit.residual, target.weight)
            precision = precision_multi(kernels, ones, *parts)
        self.projection = precision.apply(np.eye(n))
        self.projected_y = precision.apply(target.y)
        self.noise = 1 / target.weight
        self.kernels = list(kernels)
        self.variance = np.append(fit.genetic, fit.residual)
        self.trace = np.array(
            [float(np.vdot(self.projection, kernel)) for kernel in self.kernels]
            + [float(np.diag(self.projection) @ self.noise)]
        )

    def errors(self, out: IntArray, *, corrected: bool) -> FloatArray:  # (n,)
        """Return y - prediction of the rows that are kept out, 0 of the others."""
        columns = self.projection[:, out]
        root = scipy.linalg.cho_factor(columns[out], lower=True, check_finite=False)
        error = scipy.linalg.cho_solve(root, self.projected_y[out])
        if corrected:
            rest = self.projected_y - columns @ error  # P y of the rest
            image = np.column_stack(
                [*(kernel @ rest for kernel in self.kernels), self.noise * rest]
            )
            reached = scipy.linalg.cho_solve(root, columns.T @ image)
            step = self._step(columns, root, rest, image, reached)
            error = error - reached @ step
        result = np.zeros(self.n)
        result[out] = error
        return result

    def _step(
        self,
        columns: FloatArray,  # (n, n_out) of P
        root: tuple[FloatArray, bool],  # Cholesky factor of P_BB
        rest: FloatArray,  # (n,) P y of the rest
        image: FloatArray,  # (n, n_component) K P y of the rest
        reached: FloatArray,  # (n_out, n_component) P_BB^-1 P_B. K P y
    ) -> FloatArray:  # (n_component,)
        """Return the change of the components when rows are left out."""
        lost = []
        for part in [*self.kernels, None]:
            moved = self.noise[:, None] * columns if part is None else part @ columns
            inside = scipy.linalg.cho_solve(root, columns.T @ moved)
            lost.append(float(np.trace(inside)))
        score = 0.5 * (rest @ image - (self.trace - np.array(lost)))
        projected = self.projection @ image - columns @ reached
        information = 0.5 * image.T @ projected
        found = parabola_top(information, score, self.variance)
        return found - self.variance
