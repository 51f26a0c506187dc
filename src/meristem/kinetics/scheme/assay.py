"""Rates measured under conditions: recover the constants of any scheme.

The log rates are ln k plus the log concentration of the ligand, plus what columns of
the table (temperature, mutant, dose) shift them by; ln k and the shifts are sought.
Which combinations of them the data can tell is read from the Fisher information.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.optimize import OptimizeResult, least_squares
from scipy.stats import f as f_distribution

from meristem.errors import DataError
from meristem.kinetics.scheme.scheme import Scheme
from meristem.kinetics.scheme.solve import log_observable
from meristem.records import FloatArray

BOUND = 15.0
"""How far log constants are sought from what rates and concentrations of the assay
suggest, and how far a column may shift a log rate over its range."""

_TRACE = 1e-60
_ABSENT = np.log(_TRACE) + 1.0

Shifts = Mapping[str, tuple[str, ...]]
"""Column of the table -> reactions whose log rate it shifts."""

Concentrations = Mapping[str, FloatArray]


def concentration_terms(
    scheme: Scheme, concentrations: Concentrations
) -> FloatArray:  # (n, n_reaction)
    """Return the log concentration that each rate is multiplied by (0 for none)."""
    missing = [name for name in scheme.ligands if name not in concentrations]
    if missing:
        raise DataError(
            f"no concentration of {missing[0]!r} is given",
            where=f"scheme {scheme.name!r}",
            remedy=f"give a column for each of {', '.join(scheme.ligands)}",
        )
    n = len(next(iter(concentrations.values())))
    out = np.zeros((n, len(scheme.reactions)))
    for index, reaction in enumerate(scheme.reactions):
        if reaction.ligand:
            values = np.asarray(concentrations[reaction.ligand], dtype=float)
            if (values < 0).any() or not np.isfinite(values).all():
                raise DataError(
                    f"a concentration of {reaction.ligand!r} is negative or missing",
                    remedy="give zero or positive numbers",
                )
            # a ligand that is absent: the rate is as good as zero
            out[:, index] = np.log(np.maximum(values, _TRACE))
    return out


def predict_rate(
    scheme: Scheme,
    log_constants: FloatArray,  # (n_reaction,)
    concentrations: Concentrations,
) -> FloatArray:  # (n,)
    """Return the natural log of the observable at each set of concentrations."""
    terms = concentration_terms(scheme, concentrations)
    log_rates = torch.as_tensor(terms + np.asarray(log_constants))
    return np.asarray(log_observable(scheme, log_rates))


def simulate_assay(
    scheme: Scheme,
    grids: Mapping[str, FloatArray],
    *,
    rng: np.random.Generator,
    noise: float = 0.05,
    repeats: int = 1,
) -> pd.DataFrame:
    """Measure the scheme's own constants on a full grid of concentrations.

    Returns
    -------
    DataFrame
        One column per ligand and ``rate``, with multiplicative noise.
    """
    mesh = np.meshgrid(*grids.values(), indexing="ij")
    table = pd.DataFrame(
        {
            name: np.repeat(part.ravel(), repeats)
            for name, part in zip(grids, mesh, strict=True)
        }
    )
    columns = {name: table[name].to_numpy(dtype=float) for name in grids}
    log_rate = predict_rate(scheme, np.array(scheme.log_rates), columns)
    table["rate"] = np.exp(log_rate + rng.normal(0.0, noise, len(table)))
    return table


@dataclass(frozen=True)
class Constants:
    """Constants recovered from an assay, and what the data say about them.

    Attributes
    ----------
    scheme
        Whose constants.
    shifts
        Columns of the assay that shift log rates.
    theta
        Best natural logs of the rate constants, in reaction order, then the shifts
        per unit of their column.
    sigma
        Residual standard deviation of the log rate.
    information
        Fisher information of theta.
    n
        Number of measurements.
    basis
        Parameters by log rates at the mean of the columns, and by shifts over their
        range: free of units, well conditioned. None where nothing shifts.
    """

    scheme: Scheme
    shifts: Shifts
    theta: FloatArray  # (n_parameter,)
    sigma: float
    information: FloatArray  # (n_parameter, n_parameter)
    n: int
    basis: FloatArray | None = None  # (n_parameter, n_parameter)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters: reactions, then `<reaction>:<column>`."""
        return parameter_names(self.scheme, self.shifts)

    @property
    def log_constants(self) -> FloatArray:  # (n_reaction,)
        """Natural logs of the rate constants, where every column is zero."""
        return self.theta[: len(self.scheme.reactions)]

    @property
    def centred_information(self) -> FloatArray:  # (n_parameter, n_parameter)
        """Fisher information of what the basis is made of."""
        if self.basis is None:
            return self.information
        return np.asarray(self.basis.T @ self.information @ self.basis)

    @property
    def covariance(self) -> FloatArray:  # (n_parameter, n_parameter)
        """Of theta, in the directions that the data see."""
        inner = np.linalg.pinv(self.centred_information, rcond=1e-8, hermitian=True)
        if self.basis is None:
            return np.asarray(inner)
        return np.asarray(self.basis @ inner @ self.basis.T)

    def predict(
        self,
        table: pd.DataFrame,  # a column per ligand and per shift
    ) -> FloatArray:  # (n,)
        """Return the natural log of the observable under other conditions."""
        design = _Design.of(self.scheme, table, self.shifts)
        return np.asarray(log_observable(self.scheme, design.log_rates(self.theta)))


def parameter_names(scheme: Scheme, shifts: Shifts) -> tuple[str, ...]:
    """Return the names of the parameters, in the order of `Constants.theta`."""
    return (
        *scheme.reaction_names,
        *(f"{name}:{column}" for column, names in shifts.items() for name in names),
    )


@dataclass(frozen=True)
class _Design:
    """How the log rates of every row follow from the parameters."""

    terms: FloatArray  # (n, n_reaction) log concentrations
    column: FloatArray  # (n, n_shift) values of the shifting columns
    reaction: FloatArray  # (n_shift, n_reaction) 0/1

    @classmethod
    def of(cls, scheme: Scheme, table: pd.DataFrame, shifts: Shifts) -> _Design:
        ligands = {name: table[name].to_numpy(dtype=float) for name in scheme.ligands}
        terms = np.zeros((len(table), len(scheme.reactions)))
        if ligands:
            terms = concentration_terms(scheme, ligands)
        pairs = [(c, name) for c, names in shifts.items() for name in names]
        place = {name: i for i, name in enumerate(scheme.reaction_names)}
        column = np.zeros((len(table), len(pairs)))
        reaction = np.zeros((len(pairs), len(scheme.reactions)))
        for number, (name, target) in enumerate(pairs):
            column[:, number] = table[name].to_numpy(dtype=float)
            reaction[number, place[target]] = 1.0
        return cls(terms, column, reaction)

    def ranges(self) -> tuple[FloatArray, FloatArray]:  # (n_shift,) twice
        """Return the mean of every shifting column, and how far it goes from there."""
        middle = self.column.mean(axis=0)
        spread = np.abs(self.column - middle).max(axis=0, initial=0.0)
        return middle, np.where(spread > 0, spread, 1.0)

    def basis(self) -> FloatArray:  # (n_parameter, n_parameter)
        """Return parameters by rates at the mean columns, and shifts over a range."""
        middle, spread = self.ranges()
        n_reaction, n_shift = self.terms.shape[1], len(middle)
        out = np.eye(n_reaction + n_shift)
        out[:n_reaction, n_reaction:] = -self.reaction.T * (middle / spread)
        out[n_reaction:, n_reaction:] /= spread
        return out

    def log_rates(self, theta: FloatArray) -> torch.Tensor:  # (n, n_reaction)
        n_reaction = self.terms.shape[1]
        shifted = (self.column * theta[n_reaction:]) @ self.reaction
        return torch.as_tensor(self.terms + theta[:n_reaction] + shifted)


@dataclass(frozen=True)
class _Assay:
    """Least squares of one assay on the log scale, in units of the assay's own.

    Parameters are ``centre + unit * z``: the units of time, concentrations and columns
    change neither z nor where it is sought (`reach` times `BOUND` around zero).
    """

    scheme: Scheme
    design: _Design
    log_rate: FloatArray  # (n,)
    centre: FloatArray  # (n_parameter,)
    unit: FloatArray  # (n_parameter,)
    reach: FloatArray  # (n_parameter,)

    @classmethod
    def of(cls, scheme: Scheme, table: pd.DataFrame, shifts: Shifts) -> _Assay:
        design = _Design.of(scheme, table, shifts)
        log_rate = np.log(table["rate"].to_numpy(dtype=float))
        given = design.terms > _ABSENT
        usual = np.where(given, design.terms, 0.0).sum(axis=0)
        centre = log_rate.mean() - usual / np.maximum(given.sum(axis=0), 1)
        middle, spread = design.ranges()
        # a column far from zero carries the rate at its zero as far away
        far = 1.0 + design.reaction.T @ (np.abs(middle) / spread)
        return cls(
            scheme,
            design,
            log_rate,
            np.concatenate([centre, np.zeros(len(spread))]),
            np.concatenate([np.ones(len(far)), 1.0 / spread]),
            np.concatenate([far, np.ones(len(spread))]),
        )

    def theta(self, z: FloatArray) -> FloatArray:  # (n_parameter,)
        return np.asarray(self.centre + self.unit * z)

    def residual(self, z: FloatArray) -> FloatArray:
        value = log_observable(self.scheme, self.design.log_rates(self.theta(z)))
        return np.asarray(value) - self.log_rate

    def slope(self, z: FloatArray) -> FloatArray:
        log_rates = self.design.log_rates(self.theta(z)).numpy()
        of_rates = sensitivity(self.scheme, log_rates)
        of_shifts = (of_rates @ self.design.reaction.T) * self.design.column
        return np.concatenate([of_rates, of_shifts], axis=1) * self.unit

    def solve(
        self, start: FloatArray, fixed: tuple[int, float] | None = None
    ) -> OptimizeResult:
        """Return the best parameters; one may be held at a value."""
        # bounds keep directions that the data do not see from running away
        high = BOUND * self.reach
        low = -high
        if fixed is not None:
            index, value = fixed
            start = start.copy()
            start[index] = value
            low[index], high[index] = value - 1e-9, value + 1e-9
        start = np.clip(start, low, high)
        return least_squares(self.residual, start, jac=self.slope, bounds=(low, high))


def fit_constants(
    scheme: Scheme,
    table: pd.DataFrame,
    *,
    rng: np.random.Generator,
    starts: int = 8,
    shifts: Shifts | None = None,
) -> Constants:
    """Fit the log rate constants to measured rates, least squares on the log.

    Parameters
    ----------
    scheme
        Its own log rates are not used.
    table
        One column per ligand and per shift, and ``rate`` (positive).
    rng
        Random starts; the best is kept.
    starts
        Number of starts.
    shifts
        Columns that shift the log rate of reactions, in proportion to their value.

    Raises
    ------
    DataError
        If a column is missing or a rate is not positive.
    """
    if "rate" not in table.columns:
        raise DataError("the assay has no column 'rate'", remedy="name it so")
    rate = table["rate"].to_numpy(dtype=float)
    if not (rate > 0).all():
        line = int(np.flatnonzero(~(rate > 0))[0])
        raise DataError(
            f"rate {rate[line]} is not positive",
            where=f"assay, row {line + 1}",
            remedy="leave the row out, or give the detection limit",
        )
    shifts = dict(shifts or {})
    needed = (*scheme.ligands, *shifts)
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise DataError(
            f"the assay has no column {missing[0]!r}",
            remedy=f"give a column for each of {', '.join(needed)}",
        )
    problem = _Assay.of(scheme, table, shifts)
    n_reaction = len(scheme.reactions)
    best = None
    for _ in range(starts):
        start = np.zeros(len(parameter_names(scheme, shifts)))
        start[:n_reaction] = rng.normal(1.0, 1.5, n_reaction)
        solution = problem.solve(start)
        if best is None or solution.cost < best.cost:
            best = solution
    if best is None:
        raise DataError("no start was tried", remedy="use starts of at least 1")
    jacobian = problem.slope(best.x)
    free = max(len(rate) - int(np.linalg.matrix_rank(jacobian, tol=1e-6)), 1)
    sigma = float(np.sqrt(2 * best.cost / free))
    jacobian = jacobian / problem.unit
    information = jacobian.T @ jacobian / max(sigma, 1e-12) ** 2
    basis = problem.design.basis() if shifts else None
    theta = problem.theta(best.x)
    return Constants(scheme, shifts, theta, sigma, information, len(rate), basis)


def sensitivity(
    scheme: Scheme,
    log_rates: FloatArray,  # (n, n_reaction)
) -> FloatArray:  # (n, n_reaction)
    """Return the derivative of the log observable by each log rate, row by row."""
    leaf = torch.as_tensor(log_rates).requires_grad_(True)
    value = log_observable(scheme, leaf).sum()
    (gradient,) = torch.autograd.grad(value, leaf)
    return np.asarray(gradient)


def profile_intervals(
    constants: Constants,
    table: pd.DataFrame,
    *,
    level: float = 0.95,
    step: float = 0.5,
    reach: float = 6.0,
) -> pd.DataFrame:
    """Return likelihood intervals of every constant: which are bounded, which not.

    Each constant is moved away from its best value while the others are fitted anew;
    the interval ends where the fit is significantly worse.

    Parameters
    ----------
    constants
        The fit.
    table
        The assay that it was fitted to.
    level
        Coverage.
    step, reach
        Steps and how far to look on each side, in natural log units (of a shift: over
        the range of its column); the end is interpolated between two steps.

    Returns
    -------
    DataFrame
        Columns parameter, value, low, high, bounded. Of a rate constant in its unit,
        0 or infinite where the data set no end; of a shift in natural log units per
        unit of its column, minus infinite or infinite there.

    References
    ----------
    Raue et al. 2009, Bioinformatics 25:1923 (profile likelihood).
    """
    problem = _Assay.of(constants.scheme, table, constants.shifts)
    fitted = (constants.theta - problem.centre) / problem.unit
    best = float((problem.residual(fitted) ** 2).sum())
    rank = int(np.linalg.matrix_rank(constants.centred_information))
    free = max(constants.n - rank, 1)
    # sigma is estimated: F instead of chi squared
    worst = best + float(f_distribution.ppf(level, 1, free)) * constants.sigma**2
    rows = []
    n_reaction = len(constants.scheme.reactions)
    for index, name in enumerate(constants.names):
        found = [
            _profile_end(problem, fitted, index, move, reach, worst)
            for move in (-step, step)
        ]
        z_low = -np.inf if found[0] is None else found[0]
        z_high = np.inf if found[1] is None else found[1]
        ends = np.array([fitted[index], z_low, z_high])
        ends = problem.centre[index] + problem.unit[index] * ends
        value, low, high = np.exp(ends) if index < n_reaction else ends
        rows.append(
            {
                "parameter": name,
                "value": float(value),
                "low": float(low),
                "high": float(high),
                "bounded": None not in found,
            }
        )
    return pd.DataFrame(rows)


def _profile_end(
    problem: _Assay,
    start: FloatArray,
    index: int,
    step: float,
    reach: float,
    worst: float,
) -> float | None:
    """Return where the refitted sum of squares crosses `worst`, None if nowhere."""
    z, far = start.copy(), float(problem.reach[index])
    centre = float(start[index])
    floor = float((problem.residual(start) ** 2).sum())
    inside = (centre, floor)
    while abs(inside[0] - centre) < reach * far - 1e-9:
        value = inside[0] + step * far
        if abs(value) >= BOUND * far:
            return None
        solution = problem.solve(z, (index, value))
        outside = (value, 2.0 * float(solution.cost))
        if outside[1] > worst:
            return _crossing(problem, z, index, (inside, outside), (floor, worst))
        z, inside = solution.x, outside
    return None


_NARROWED = 3
"""Times that the interval around an end is narrowed."""


def _crossing(
    problem: _Assay,
    z: FloatArray,
    index: int,
    ends: tuple[tuple[float, float], tuple[float, float]],
    level: tuple[float, float],
) -> float:
    """Return the value between `ends`, each with its sum, where the sum is `worst`."""
    (inside, outside), (floor, worst) = ends, level
    for turn in range(_NARROWED + 1):
        # the root of the excess is near linear where the sum is near quadratic
        sums = (inside[1], worst, outside[1])
        low, at, high = (max(total - floor, 0.0) ** 0.5 for total in sums)
        value = inside[0] + (at - low) / (high - low) * (outside[0] - inside[0])
        if turn < _NARROWED:
            now = (value, 2.0 * float(problem.solve(z, (index, value)).cost))
            inside, outside = (inside, now) if now[1] > worst else (now, outside)
    return value
