"""Read a fitted kinetic network: rates, control, occupancies, maps, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from meristem.kinetics.cas9.align import BASES
from meristem.kinetics.cas9.channels import N_PAIR, PAIR_NAMES, channel_map
from meristem.kinetics.cas9.encode import EDIT_NAMES, N_POSITION
from meristem.kinetics.network.design import ABSENT_LOG_RATE
from meristem.kinetics.network.kinn import LN10, Kinn
from meristem.kinetics.scheme.decay import relaxation_rates
from meristem.kinetics.scheme.identify import Identifiability, identify
from meristem.kinetics.scheme.solve import (
    control_coefficients,
    log_flux,
    log_observable,
    log_occupancy,
)
from meristem.records import FloatArray
from meristem.stats.bootstrap import percentile_interval


@dataclass(frozen=True)
class PairKinetics:
    """Everything an ensemble says about some pairs, with ranges over its members.

    Attributes
    ----------
    rates
        Columns pair, quantity (a rate, ``observable``, ``passage_time``, ``lambda1``,
        ``time_scale_ratio``), log10 value, low, high.
    occupancy
        Columns pair, state, value, low, high.
    control
        Columns pair, reaction, value, low, high; values sum to one per pair.
    """

    rates: pd.DataFrame
    occupancy: pd.DataFrame
    control: pd.DataFrame


def _range(
    values: FloatArray, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    return values.mean(axis=0), *percentile_interval(values, level)


def _long(
    pairs: Sequence[str],
    names: Sequence[str],
    values: FloatArray,  # (n_member, n_pair, n_name)
    column: str,
    level: float,
) -> pd.DataFrame:
    mean, low, high = _range(values, level)
    return pd.DataFrame(
        {
            "pair": np.repeat(list(pairs), len(names)),
            column: np.tile(list(names), len(pairs)),
            "value": mean.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
        }
    )


def describe_pairs(
    kinns: Sequence[Kinn],
    pairs: Sequence[str],
    edits: np.ndarray,  # (n_pair, n_position, n_channel)
    *,
    level: float = 0.9,
) -> PairKinetics:
    """Return rates, occupancies and control coefficients of pairs.

    Parameters
    ----------
    kinns
        An ensemble over one scheme; ranges are over its members.
    pairs
        Names of the pairs.
    edits
        Their edit arrays.
    level
        Share of the members inside the ranges.

    References
    ----------
    Control coefficients: Kacser & Burns 1973; they sum to one because the observable
    is homogeneous of degree one in the rates.
    """
    scheme = kinns[0].scheme
    rates, occupancies, controls, others = [], [], [], []
    for kinn in kinns:
        log_rates = torch.as_tensor(kinn.log_rates(edits))
        value = log_observable(scheme, log_rates)
        slow = relaxation_rates(scheme, log_rates)
        flux = log_flux(scheme, log_rates)
        others.append(
            torch.stack(
                [
                    value / LN10,
                    -flux / LN10,
                    torch.log10(slow[:, 0].clamp_min(1e-300)),
                    torch.log10((slow[:, 0] / slow[:, 1]).clamp_min(1e-300)),
                ],
                dim=1,
            ).numpy()
        )
        rates.append(log_rates.numpy() / LN10)
        occupancies.append(log_occupancy(scheme, log_rates).exp().numpy())
        controls.append(control_coefficients(scheme, log_rates).numpy())
    names = scheme.reaction_names
    extra = ("observable", "passage_time", "lambda1", "time_scale_ratio")
    closed = scheme if scheme.observable == "flux" else scheme.closed()
    every = np.concatenate([np.stack(rates), np.stack(others)], axis=2)
    return PairKinetics(
        rates=_long(pairs, (*names, *extra), every, "quantity", level),
        occupancy=_long(pairs, closed.states, np.stack(occupancies), "state", level),
        control=_long(pairs, names, np.stack(controls), "reaction", level),
    )


def rate_table(
    kinns: Sequence[Kinn],
    *,
    channels: Sequence[str] = EDIT_NAMES,
    level: float = 0.9,
) -> pd.DataFrame:
    """Return the effect of every edit at every position on every log rate (kT).

    Rows whose window does not reach a position are left out. This is the position
    weight matrix of each rate.

    Returns
    -------
    DataFrame
        Columns reaction, position (0 is the outer base of the PAM), edit, value, low,
        high, members (how many members' windows reach it).
    """
    weights = np.stack([kinn.weights for kinn in kinns])
    reached = (weights != 0).any(axis=3).sum(axis=0)  # (n_reaction, n_position)
    mean, low, high = _range(weights, level)
    names = kinns[0].scheme.reaction_names
    shape = mean.shape
    grid = np.indices(shape).reshape(3, -1)
    table = pd.DataFrame(
        {
            "reaction": np.array(names)[grid[0]],
            "position": grid[1],
            "edit": np.array(channels)[grid[2]],
            "value": mean.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "members": np.repeat(reached.ravel(), shape[2]),
        }
    )
    return table[table["members"] > 0].reset_index(drop=True)


def matched_rates(kinns: Sequence[Kinn], *, level: float = 0.9) -> pd.DataFrame:
    """Return log10 rates of the perfectly matched pair with their ranges."""
    bias = np.stack([kinn.bias for kinn in kinns]) / LN10
    bias = np.where(bias <= ABSENT_LOG_RATE / LN10, np.nan, bias)
    mean, low, high = _range(bias, level)
    return pd.DataFrame(
        {
            "reaction": kinns[0].scheme.reaction_names,
            "value": mean,
            "low": low,
            "high": high,
        }
    )


def mutagenesis_map(
    kinns: Sequence[Kinn],
    guide: str = "",
    *,
    n_position: int = 23,
) -> pd.DataFrame:
    """Return the change of log10 of the observable by each single edit, in silico.

    Parameters
    ----------
    kinns
        An ensemble.
    guide
        Spacer and PAM; without it every base is tried as the guide's and the mean is
        returned.
    n_position
        Positions from the PAM outwards, when no guide is given.

    Returns
    -------
    DataFrame
        Columns position, guide_base, edit, change, low, high (range over members).
    """
    outwards = str(kinns[0].pam.last([guide.upper()])[0])[::-1] or "N" * n_position
    rows, features = [], []
    for position, base in enumerate(outwards[:N_POSITION]):
        bases = BASES if base not in BASES else base
        for old in bases:
            for new in (b for b in BASES if b != old):
                rows.append((position, old, f"sub_{new}"))
                features.append((position, PAIR_NAMES.index(f"{old}>{new}")))
        for edit in PAIR_NAMES[16:]:
            rows.append((position, base, edit))
            features.append((position, PAIR_NAMES.index(edit)))
    x = np.zeros((len(features) + 1, N_POSITION, N_PAIR))
    place = np.array(features)
    x[np.arange(len(features)) + 1, place[:, 0], place[:, 1]] = 1
    edits = x @ channel_map(kinns[0].channels).T
    value = np.stack([kinn.log10_rate(edits) for kinn in kinns])
    change = value[:, 1:] - value[:, :1]
    mean, low, high = _range(change, 0.9)
    table = pd.DataFrame(rows, columns=["position", "guide_base", "edit"])
    table["change"], table["low"], table["high"] = mean, low, high
    if not guide:
        table = table.groupby(["position", "edit"], as_index=False, sort=False)[
            ["change", "low", "high"]
        ].mean()
    return table


def fisher_information(
    kinn: Kinn,
    edits: np.ndarray,  # (n, n_position, n_channel)
    *,
    censored: np.ndarray | None = None,
) -> FloatArray:  # (n_reaction, n_reaction)
    """Return the information of the data about the matched log rates.

    Each row gives the outer product of its control coefficients, over the variance of
    a measurement; censored rows are left out (they bound, and do not fix).
    """
    rows = np.ones(len(edits), dtype=bool) if censored is None else ~censored
    log_rates = torch.as_tensor(kinn.log_rates(edits[rows]))
    control = control_coefficients(kinn.scheme, log_rates).numpy() / LN10
    variance = max(float(np.exp(2 * kinn.log_sigma)), 1e-6)
    return control.T @ control / variance


def identify_matched_rates(
    kinn: Kinn,
    edits: np.ndarray,  # (n, n_position, n_channel)
    *,
    censored: np.ndarray | None = None,
    tolerance: float = 1e-3,
) -> Identifiability:
    """State which matched rates the data fix, given the windows and weights."""
    information = fisher_information(kinn, edits, censored=censored)
    return identify(kinn.scheme.reaction_names, information, tolerance=tolerance)
