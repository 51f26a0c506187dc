"""Rates that depend on concentrations: recover the constants of an enzyme.

The log rates are ln k plus the log concentration of the ligand; ln k is what is sought.
Which combinations of constants the data can tell is read from the Fisher information.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.optimize import OptimizeResult, least_squares
from scipy.stats import chi2
from scipy.stats import t as student_t

from meristem.errors import DataError
from meristem.kinetics.scheme.scheme import Scheme
from meristem.kinetics.scheme.solve import log_observable
from meristem.records import FloatArray

BOUND = 15.0
"""Log constants are sought between minus and plus this."""

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
            out[:, index] = np.log(np.maximum(values, 1e-60))
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
    log_constants
        Best natural logs of the rate constants, in reaction order.
    sigma
        Residual standard deviation of the log rate.
    information
        Fisher information of the log constants.
    n
        Number of measurements.
    """

    scheme: Scheme
    log_constants: FloatArray  # (n_reaction,)
    sigma: float
    information: FloatArray  # (n_reaction, n_reaction)
    n: int


@dataclass(frozen=True)
class _Assay:
    """Least squares of one assay on the log scale."""

    scheme: Scheme
    terms: FloatArray  # (n, n_reaction)
    log_rate: FloatArray  # (n,)

    @classmethod
    def of(cls, scheme: Scheme, table: pd.DataFrame) -> _Assay:
        columns = {name: table[name].to_numpy(dtype=float) for name in scheme.ligands}
        terms = concentration_terms(scheme, columns)
        return cls(scheme, terms, np.log(table["rate"].to_numpy(dtype=float)))

    def residual(self, theta: FloatArray) -> FloatArray:
        value = log_observable(self.scheme, torch.as_tensor(self.terms + theta))
        return np.asarray(value) - self.log_rate

    def slope(self, theta: FloatArray) -> FloatArray:
        return sensitivity(self.scheme, self.terms + theta)

    def solve(
        self, start: FloatArray, fixed: tuple[int, float] | None = None
    ) -> OptimizeResult:
        """Return the best constants; one may be held at a value."""
        # bounds keep directions that the data do not see from running away
        low = np.full(len(start), -BOUND)
        high = -low
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
) -> Constants:
    """Fit the log rate constants to measured rates, least squares on the log.

    Parameters
    ----------
    scheme
        Its own log rates are not used.
    table
        One column per ligand, and ``rate`` (positive).
    rng
        Random starts; the best is kept.
    starts
        Number of starts.

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
    missing = [name for name in scheme.ligands if name not in table.columns]
    if missing:
        raise DataError(
            f"the assay has no column {missing[0]!r}",
            remedy=f"give a column for each of {', '.join(scheme.ligands)}",
        )
    problem = _Assay.of(scheme, table)
    n_reaction = len(scheme.reactions)
    best = None
    for _ in range(starts):
        start = rng.normal(problem.log_rate.mean() + 1.0, 1.5, n_reaction)
        solution = problem.solve(start)
        if best is None or solution.cost < best.cost:
            best = solution
    if best is None:
        raise DataError("no start was tried", remedy="use starts of at least 1")
    jacobian = problem.slope(best.x)
    free = max(len(rate) - int(np.linalg.matrix_rank(jacobian, tol=1e-6)), 1)
    sigma = float(np.sqrt(2 * best.cost / free))
    information = jacobian.T @ jacobian / max(sigma, 1e-12) ** 2
    return Constants(scheme, best.x, sigma, information, len(rate))


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
        Steps and how far to look on each side, in natural log units; the end is
        interpolated between two steps.

    Returns
    -------
    DataFrame
        Columns reaction, value, low, high (0 or infinite where the data set no end)
        and bounded.

    References
    ----------
    Raue et al. 2009, Bioinformatics 25:1923 (profile likelihood).
    """
    problem = _Assay.of(constants.scheme, table)
    best = float((problem.residual(constants.log_constants) ** 2).sum())
    worst = best + float(chi2.ppf(level, 1)) * constants.sigma**2
    rows = []
    for index, name in enumerate(constants.scheme.reaction_names):
        centre = float(constants.log_constants[index])
        ends = [
            _profile_end(problem, constants.log_constants, index, move, reach, worst)
            for move in (-step, step)
        ]
        low = 0.0 if ends[0] is None else float(np.exp(ends[0]))
        high = np.inf if ends[1] is None else float(np.exp(ends[1]))
        rows.append(
            {
                "reaction": name,
                "value": float(np.exp(centre)),
                "low": low,
                "high": high,
                "bounded": ends[0] is not None and ends[1] is not None,
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
    theta = start.copy()
    centre = float(start[index])
    floor = float((problem.residual(start) ** 2).sum())
    before = (centre, floor)
    while abs(before[0] - centre) < reach - 1e-9:
        value = before[0] + step
        if abs(value) >= BOUND:
            return None
        solution = problem.solve(theta, (index, value))
        theta = solution.x
        now = (value, 2.0 * float(solution.cost))
        if now[1] > worst:
            # the root of the excess is near linear where the sum is near quadratic
            excess = [max(v - floor, 0.0) ** 0.5 for v in (before[1], worst, now[1])]
            share = (excess[1] - excess[0]) / (excess[2] - excess[0])
            return before[0] + share * step
        before = now
    return None


def michaelis_constants(constants: Constants, *, level: float = 0.95) -> pd.DataFrame:
    r"""Return kcat, Ka, Kb, Kia and Ki of the two-substrate enzyme, with intervals.

    :math:`K_a = k_{cat}/k_{bind A}`, :math:`K_b = (k_{cat}+k_{leave B})/k_{bind B}`,
    :math:`K_{ia} = k_{leave A}/k_{bind A}`, :math:`K_i = k_{leave I}/k_{bind I}`;
    intervals by the delta method on the log scale.

    References
    ----------
    Segel 1975, Enzyme Kinetics, ch. 9 (ordered bireactant system).
    """
    place = {name: i for i, name in enumerate(constants.scheme.reaction_names)}

    def quantities(theta: torch.Tensor) -> torch.Tensor:
        value = {name: theta[i] for name, i in place.items()}
        return torch.stack(
            [
                value["cat"],
                value["cat"] - value["bind_A"],
                torch.logaddexp(value["cat"], value["leave_B"]) - value["bind_B"],
                value["leave_A"] - value["bind_A"],
                value["leave_I"] - value["bind_I"],
            ]
        )

    theta = torch.as_tensor(constants.log_constants)
    jacobian = np.asarray(torch.autograd.functional.jacobian(quantities, theta))
    covariance = np.linalg.pinv(constants.information, rcond=1e-8, hermitian=True)
    spread = np.sqrt(np.diag(jacobian @ covariance @ jacobian.T))
    value = np.asarray(quantities(theta))
    factor = float(student_t.ppf(0.5 + level / 2, max(constants.n - 5, 1)))
    return pd.DataFrame(
        {
            "constant": ["kcat", "Ka", "Kb", "Kia", "Ki"],
            "value": np.exp(value),
            "low": np.exp(value - factor * spread),
            "high": np.exp(value + factor * spread),
        }
    )
