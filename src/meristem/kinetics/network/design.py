"""Members of a batch laid out side by side: windows as stacked position bases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from meristem.errors import ConfigError
from meristem.kinetics.network.edit_rows import EditRows
from meristem.kinetics.network.features import position_basis
from meristem.kinetics.network.kinn import Architecture, FitOptions
from meristem.kinetics.scheme.scheme import Scheme

Parameters = dict[str, Tensor]

ABSENT_LOG_RATE = -200.0
"""Log rate of a reaction that an architecture leaves out: never, in effect."""


@dataclass(frozen=True)
class Design:
    """What does not change while the members are trained."""

    basis: Tensor  # (n_member, n_reaction, n_position, n_tap)
    filters: Tensor  # (n_member, n_reaction)
    outputs: Tensor  # (n_member, n_reaction)
    free: Tensor  # (n_member, n_reaction) 1 where weights are free, 0 where low rank
    inner: Tensor  # (n_member, n_reaction, n_rank) 1 where the rank exists
    hidden: Tensor  # (n_member, n_reaction, n_hidden) 1 where the unit exists
    absent: Tensor  # (n_member, n_reaction) True where the reaction is left out

    def take(self, members: Tensor) -> Design:
        """Return some of the members."""
        return Design(*(getattr(self, name)[members] for name in vars(self)))


def make_design(
    architectures: Sequence[Architecture], scheme: Scheme, n_position: int
) -> Design:
    """Lay out the windows of all members; refuse those that do not fit the scheme."""
    n_reaction = len(scheme.reactions)
    for architecture in architectures:
        if len(architecture.windows) != n_reaction:
            raise ConfigError(
                f"an architecture has {len(architecture.windows)} windows, "
                f"the scheme {n_reaction} reactions",
                remedy="give one window per reaction",
            )
    windows = [architecture.windows for architecture in architectures]
    flat = [window for row in windows for window in row if window is not None]
    n_tap = max(window.n_tap for window in flat)
    n_rank = max(window.rank for window in flat)
    n_hidden = max(window.hidden for window in flat)
    shape = (len(windows), n_reaction)
    basis = np.zeros((*shape, n_position, n_tap), dtype=np.float32)
    inner = np.zeros((*shape, n_rank), dtype=np.float32)
    hidden = np.zeros((*shape, n_hidden), dtype=np.float32)
    for i, row in enumerate(windows):
        for r, window in enumerate(row):
            if window is None:
                continue
            part = position_basis(window, n_position)
            basis[i, r, :, : part.shape[1]] = part
            inner[i, r, : window.rank] = 1.0
            hidden[i, r, : window.hidden] = 1.0
    nothing = (1, 1, False)
    grid = [
        [nothing if w is None else (w.filters, w.n_output, w.rank == 0) for w in row]
        for row in windows
    ]
    numbers = torch.tensor(grid, dtype=torch.float32)
    return Design(
        basis=torch.from_numpy(basis),
        filters=numbers[..., 0],
        outputs=numbers[..., 1],
        free=numbers[..., 2],
        inner=torch.from_numpy(inner),
        hidden=torch.from_numpy(hidden),
        absent=torch.tensor([[w is None for w in row] for row in windows]),
    )


def start_parameters(
    design: Design,
    scheme: Scheme,
    n_channel: int,
    options: FitOptions,
    rng: np.random.Generator,
) -> Parameters:
    """Return first parameters: the reference rates, and weights alive but small."""
    n_member, n_reaction, _, n_tap = design.basis.shape
    shape = (n_member, n_reaction, n_tap, n_channel)

    def draw(*size: int, scale: float) -> Tensor:
        return torch.from_numpy(rng.normal(0.0, scale, size).astype(np.float32))

    reference = torch.tensor(scheme.log_rates, dtype=torch.float32)
    start = {
        "weight": draw(*shape, scale=1.0) * options.start_scale,
        "bias": (reference / (design.filters * design.outputs)).clone(),
        "log_sigma": torch.zeros(n_member, 1),
    }
    n_rank, n_hidden = design.inner.shape[-1], design.hidden.shape[-1]
    if n_rank:
        start["tap"] = draw(*shape[:3], n_rank, scale=0.3)
        start["edit"] = torch.zeros(*shape[:2], n_rank, n_channel)
    if n_hidden:
        start["unit"] = draw(*shape[:2], n_hidden, *shape[2:], scale=0.3)
        start["offset"] = draw(*shape[:2], n_hidden, scale=0.1)
        start["outer"] = torch.zeros(*shape[:2], n_hidden)
    return start


def tap_weights(parameters: Parameters, design: Design) -> Tensor:
    """Return weights by tap: free, or the product of two narrow factors."""
    weight = parameters["weight"] * design.free[..., None, None]
    if "tap" in parameters:
        tap = parameters["tap"] * design.inner[..., None, :]
        weight = weight + tap @ parameters["edit"]
    return weight * design.filters[..., None, None]


def log_rates(
    parameters: Parameters,
    design: Design,
    data: EditRows,
    rows: Tensor,  # (n,)
) -> Tensor:  # (n, n_member, n_reaction)
    """Return the log rates of all members for some rows."""
    weight = tap_weights(parameters, design)
    spread = design.basis @ weight  # (n_member, n_reaction, n_position, n_channel)
    n_member, n_reaction = spread.shape[:2]
    flat = spread.reshape(n_member * n_reaction, -1)
    bias = parameters["bias"] * design.filters * design.outputs
    product = data.times(rows, flat.T.contiguous())
    rates = product.reshape(len(rows), n_member, n_reaction) + bias
    if "unit" in parameters:
        n_unit = design.hidden.shape[-1]
        unit = design.basis[:, :, None] @ parameters["unit"]
        flat = unit.reshape(n_member * n_reaction * n_unit, -1)
        inner = data.times(rows, flat.T.contiguous()).reshape(
            len(rows), n_member, n_reaction, n_unit
        )
        active = torch.relu(inner + parameters["offset"]) * design.hidden
        rates = rates + (active * parameters["outer"]).sum(-1)
    if bool(design.absent.any()):
        rates = rates.masked_fill(design.absent, ABSENT_LOG_RATE)
    return rates


def matched_log_rates(
    parameters: Parameters, design: Design
) -> Tensor:  # (n_member, n_reaction)
    """Return the log rates of all members for a row without edits."""
    rates = parameters["bias"] * design.filters * design.outputs
    if "unit" in parameters:
        active = torch.relu(parameters["offset"]) * design.hidden
        rates = rates + (active * parameters["outer"]).sum(-1)
    if bool(design.absent.any()):
        rates = rates.masked_fill(design.absent, ABSENT_LOG_RATE)
    return rates
