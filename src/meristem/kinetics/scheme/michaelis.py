"""Michaelis constants of the two-substrate enzyme from its rate constants."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from scipy.stats import t as student_t

from meristem.errors import ConfigError
from meristem.kinetics.scheme.assay import Constants
from meristem.kinetics.scheme.catalog import two_substrate_enzyme
from meristem.kinetics.scheme.scheme import Scheme


def has_michaelis(constants: Constants) -> bool:
    """Return whether the scheme is the two-substrate enzyme, whatever its numbers."""
    return _wiring(constants.scheme) == _wiring(two_substrate_enzyme())


def _wiring(scheme: Scheme) -> set[tuple[str, bool, bool, frozenset[str]]]:
    """Return of every step if it is observed, has a ligand, and what may follow."""
    return {
        (
            step.name,
            step.observed,
            bool(step.ligand),
            frozenset(r.name for r in scheme.reactions if r.source == step.target),
        )
        for step in scheme.reactions
    }


def michaelis_constants(constants: Constants, *, level: float = 0.95) -> pd.DataFrame:
    r"""Return kcat, Ka, Kb, Kia and Ki of the two-substrate enzyme, with intervals.

    :math:`K_a = k_{cat}/k_{bind A}`, :math:`K_b = (k_{cat}+k_{leave B})/k_{bind B}`,
    :math:`K_{ia} = k_{leave A}/k_{bind A}`, :math:`K_i = k_{leave I}/k_{bind I}`;
    intervals by the delta method on the log scale.

    Raises
    ------
    ConfigError
        If the scheme has other reactions.

    References
    ----------
    Segel 1975, Enzyme Kinetics, ch. 9 (ordered bireactant system).
    """
    place = {name: i for i, name in enumerate(constants.scheme.reaction_names)}
    if not has_michaelis(constants):
        raise ConfigError(
            "is no two-substrate enzyme",
            where=f"scheme {constants.scheme.name!r}",
            remedy="its reactions are "
            + ", ".join(two_substrate_enzyme().reaction_names),
        )

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

    theta = torch.as_tensor(constants.log_constants.copy())
    jacobian = np.asarray(torch.autograd.functional.jacobian(quantities, theta))
    covariance = constants.covariance[: len(place), : len(place)]
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
