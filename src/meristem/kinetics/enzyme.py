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
from scipy.optimize import least_squares
from scipy.stats import t as student_t

from meristem.errors import DataError
from meristem.kinetics.scheme import Scheme
from meristem.kinetics.solve import log_observable
from meristem.records import FloatArray

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
    columns = {name: table[name].to_numpy(dtype=float) for name in scheme.ligands}
    terms = torch.as_tensor(concentration_terms(scheme, columns))
    log_rate = np.log(rate)

    def residual(theta: FloatArray) -> FloatArray:
        value = log_observable(scheme, terms + torch.as_tensor(theta))
        return np.asarray(value) - log_rate

    def slope(theta: FloatArray) -> FloatArray:
        return sensitivity(scheme, np.asarray(terms) + theta)

    n_reaction = len(scheme.reactions)
    best = None
    for _ in range(starts):
        start = rng.normal(log_rate.mean() + 1.0, 1.5, n_reaction)
        # bounds keep directions that the data do not see from running away
        found = least_squares(residual, start, jac=slope, bounds=(-15.0, 15.0))
        if best is None or found.cost < best.cost:
            best = found
    if best is None:
        raise DataError("no start was tried", remedy="use starts of at least 1")
    jacobian = slope(best.x)
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
