"""Fixed effects by generalised least squares beside a kernel and one random class.

The model is y = X b + g + Z c + e with g ~ N(0, s_g K), c ~ N(0, s_c I) and
e ~ N(0, s_e W^-1); Z tells the level of the class of every row. At a ratio
r = s_c / s_e the last two terms have the covariance s_e (W^-1 + r Z Z'), whose inverse
root is known level by level: what is left is a model of one kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from meristem.mixed.reml import (
    Components,
    decompose,
    estimate,
    fixed_effect,
    precision,
)
from meristem.records import FloatArray, IntArray

CLASS_SHARES = (0.0, 0.06, 0.12, 0.2, 0.3, 0.42, 0.56, 0.75)
"""Candidates of s_c / (s_c + s_e); the best and its neighbours give a parabola."""


@dataclass(frozen=True)
class Estimates:
    """What one trait says of fixed effects and of the levels of a class."""

    fixed: FloatArray  # (n_fixed,)
    covariance: FloatArray  # (n_fixed, n_fixed)
    level: FloatArray  # (n_level,) best linear unbiased predictions
    components: Components  # of kernel and residual
    between: float  # s_c


@dataclass(frozen=True)
class _Whitening:
    """L with L (W^-1 + r Z Z') L' = I."""

    root: FloatArray  # (n,) W^.5
    level: IntArray  # (n,) -1: none
    shrink: FloatArray  # (n_level,)
    log_determinant: float  # of W^.5 (W^-1 + r Z Z') W^.5

    def apply(self, columns: FloatArray) -> FloatArray:  # (n, k)
        """Return L columns."""
        scaled = self.root[:, None] * columns
        return scaled + self._within(scaled)

    def transpose(self, columns: FloatArray) -> FloatArray:  # (n, k)
        """Return L' columns."""
        return self.root[:, None] * (columns + self._within(columns))

    def _within(self, columns: FloatArray) -> FloatArray:
        if not self.shrink.size:
            return np.zeros_like(columns)
        known = self.level >= 0
        total = np.zeros((self.shrink.size, columns.shape[1]))
        summed = self.root[known, None] * columns[known]
        np.add.at(total, self.level[known], summed)
        out = np.zeros_like(columns)
        back = (self.shrink[:, None] * total)[self.level[known]]
        out[known] = self.root[known, None] * back
        return out


def generalised_effects(
    kernel: FloatArray,  # (n, n)
    y: FloatArray,  # (n, n_target)
    x: FloatArray,  # (n, n_fixed) of full column rank
    weight: FloatArray,  # (n,)
    level: IntArray | None = None,  # (n,) of a random class, -1 where not known
) -> list[Estimates]:
    """Return fixed effects and the levels of a class, variances by REML.

    Parameters
    ----------
    kernel
        Relationship of the rows.
    y
        Traits without missing values.
    x
        Fixed effects, the intercept among them.
    weight
        Relative precision of the rows.
    level
        Numbers of the levels from 0 on; None where there is no random class.

    Returns
    -------
    list of Estimates
        One per trait.

    References
    ----------
    Aitken 1936, Proc R Soc Edinb 55:42 (generalised least squares); Henderson 1975,
    Biometrics 31:423 (prediction of random levels); Patterson & Thompson 1971,
    Biometrika 58:545 (REML).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> z = rng.normal(size=(60, 30))
    >>> sex = np.repeat([0.0, 1.0], 30)
    >>> y = 2 * sex + z @ rng.normal(size=30) / 5 + rng.normal(size=60) / 5
    >>> x = np.column_stack([np.ones(60), sex])
    >>> found = generalised_effects(z @ z.T / 30, y[:, None], x, np.ones(60))
    >>> bool(abs(found[0].fixed[1] - 2) < 3 * found[0].covariance[1, 1] ** 0.5)
    True
    """
    if level is None or level.max(initial=-1) < 0:
        whitening = _whitening(weight, np.full(weight.size, -1), 0.0)
        return _solve(kernel, y, x, whitening, 0.0)
    shares = np.array(CLASS_SHARES)
    gain = np.empty((shares.size, y.shape[1]))
    for number, share in enumerate(shares):
        ratio = share / (1 - share)
        whitening = _whitening(weight, level, ratio)
        found = _solve(kernel, y, x, whitening, ratio)
        gain[number] = [
            one.components.log_likelihood - 0.5 * whitening.log_determinant
            for one in found
        ]
    estimates = []
    for column in range(y.shape[1]):
        share = _summit(shares, gain[:, column])
        ratio = share / (1 - share)
        whitening = _whitening(weight, level, ratio)
        estimates += _solve(kernel, y[:, [column]], x, whitening, ratio)
    return estimates


def _whitening(weight: FloatArray, level: IntArray, ratio: float) -> _Whitening:
    known = level >= 0
    size = np.bincount(level[known], weights=weight[known])
    size = np.where(size > 0, size, 1.0)
    root = 1 / np.sqrt(1 + ratio * size)
    return _Whitening(
        np.sqrt(weight), level, (root - 1) / size, float(np.log1p(ratio * size).sum())
    )


def _solve(
    kernel: FloatArray,
    y: FloatArray,
    x: FloatArray,
    whitening: _Whitening,
    ratio: float,
) -> list[Estimates]:
    white = whitening.apply(whitening.apply(kernel).T)
    split = decompose((white + white.T) / 2)
    design = whitening.apply(x)
    found = []
    for column in range(y.shape[1]):
        trait = whitening.apply(y[:, [column]])[:, 0]
        components = estimate(split, trait, design)
        fixed = fixed_effect(split, trait, design, components)
        fitted = precision(split, design, components)
        rotated = split.rotate(design)
        diagonal = components.genetic * split.values + components.residual
        information = rotated.T @ (rotated / diagonal[:, None])
        between = ratio * components.residual
        effect = np.zeros(whitening.shrink.size)
        if effect.size:
            dual = whitening.transpose(fitted.apply(trait)[:, None])[:, 0]
            known = whitening.level >= 0
            np.add.at(effect, whitening.level[known], between * dual[known])
        found.append(
            Estimates(fixed, scipy.linalg.inv(information), effect, components, between)
        )
    return found


def _summit(shares: FloatArray, gain: FloatArray) -> float:
    """Return where the parabola through the best share and its neighbours peaks."""
    best = int(np.argmax(gain))
    if best in (0, shares.size - 1):
        return float(shares[best])
    a, b, c = np.polyfit(shares[best - 1 : best + 2], gain[best - 1 : best + 2], 2)
    del c
    if a >= 0:
        return float(shares[best])
    return float(np.clip(-b / (2 * a), shares[best - 1], shares[best + 1]))
