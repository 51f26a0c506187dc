"""Train many kinetic networks at once: one matrix product, one Adam, early stopping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from meristem.errors import ConfigError
from meristem.kinetics.features import position_basis
from meristem.kinetics.kinn import (
    LN10,
    Architecture,
    BatchFit,
    FitOptions,
    HiddenUnits,
    Kinn,
    Measurements,
)
from meristem.kinetics.likelihood import (
    censored_loss,
    censored_residual,
    soft_reading,
)
from meristem.kinetics.scheme import Scheme
from meristem.kinetics.solve import log_observable, tree_log_weights
from meristem.kinetics.trees import spanning_trees
from meristem.records import FloatArray

Parameters = dict[str, Tensor]

ABSENT_LOG_RATE = -200.0
"""Log rate of a reaction that an architecture leaves out: never, in effect."""


@dataclass(frozen=True)
class _Design:
    """What does not change while the members are trained."""

    basis: Tensor  # (n_member, n_reaction, n_position, n_tap)
    filters: Tensor  # (n_member, n_reaction)
    outputs: Tensor  # (n_member, n_reaction)
    free: Tensor  # (n_member, n_reaction) 1 where weights are free, 0 where low rank
    inner: Tensor  # (n_member, n_reaction, n_rank) 1 where the rank exists
    hidden: Tensor  # (n_member, n_reaction, n_hidden) 1 where the unit exists
    absent: Tensor  # (n_member, n_reaction) True where the reaction is left out

    def take(self, members: Tensor) -> _Design:
        return _Design(*(getattr(self, name)[members] for name in vars(self)))


def _design(
    architectures: Sequence[Architecture], scheme: Scheme, n_position: int
) -> _Design:
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
    return _Design(
        basis=torch.from_numpy(basis),
        filters=numbers[..., 0],
        outputs=numbers[..., 1],
        free=numbers[..., 2],
        inner=torch.from_numpy(inner),
        hidden=torch.from_numpy(hidden),
        absent=torch.tensor([[w is None for w in row] for row in windows]),
    )


def _start(
    design: _Design,
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


def _weights(parameters: Parameters, design: _Design) -> Tensor:
    """Return weights by tap: free, or the product of two narrow factors."""
    weight = parameters["weight"] * design.free[..., None, None]
    if "tap" in parameters:
        tap = parameters["tap"] * design.inner[..., None, :]
        weight = weight + tap @ parameters["edit"]
    return weight * design.filters[..., None, None]


def _log_rates(
    parameters: Parameters,
    design: _Design,
    x: Tensor,  # (n, n_position * n_channel)
) -> Tensor:  # (n, n_member, n_reaction)
    weight = _weights(parameters, design)
    spread = design.basis @ weight  # (n_member, n_reaction, n_position, n_channel)
    n_member, n_reaction = spread.shape[:2]
    flat = spread.reshape(n_member * n_reaction, -1)
    bias = parameters["bias"] * design.filters * design.outputs
    rates = (x @ flat.T).reshape(len(x), n_member, n_reaction) + bias
    if "unit" in parameters:
        n_unit = design.hidden.shape[-1]
        unit = design.basis[:, :, None] @ parameters["unit"]
        inner = (x @ unit.reshape(n_member * n_reaction * n_unit, -1).T).reshape(
            len(x), n_member, n_reaction, n_unit
        )
        active = torch.relu(inner + parameters["offset"]) * design.hidden
        rates = rates + (active * parameters["outer"]).sum(-1)
    if bool(design.absent.any()):
        rates = rates.masked_fill(design.absent, ABSENT_LOG_RATE)
    return rates


class Solver:
    """Log10 of the observable; trees are found once."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.cycle = scheme if scheme.observable == "flux" else scheme.closed()
        self.trees = (
            None if scheme.observable == "decay" else spanning_trees(self.cycle)
        )

    def __call__(
        self,
        log_rates: Tensor,  # (..., n_reaction)
    ) -> Tensor:  # (...,)
        """Return log10 of the observable."""
        if self.trees is None:
            return log_observable(self.scheme, log_rates) / LN10
        weight = tree_log_weights(log_rates, self.trees)
        parts = []
        for index in self.cycle.observed:
            source = self.cycle.links[index][0]
            place = (self.trees.root == source).nonzero()[0]
            part = weight[..., place] + log_rates[..., index, None]
            parts.append(part)
        made = torch.logsumexp(torch.cat(parts, dim=-1), dim=-1)
        return (made - torch.logsumexp(weight, dim=-1)) / LN10


def _loss(
    mean: Tensor,  # (n_member, n)
    y: Tensor,  # (n,)
    censored: Tensor,  # (n,)
    log_sigma: Tensor,  # (n_member, 1)
    options: FitOptions,
) -> Tensor:  # (n_member, n)
    if options.loss == "censored":
        return censored_loss(mean, y, censored, log_sigma)
    if options.loss == "reading":
        low, high = options.limits
        reading = soft_reading(mean, low, options.width)
        return (reading.clamp(max=high) - y) ** 2
    residual = censored_residual(mean, y, censored)
    above = y >= options.limits[1]
    residual = torch.where(above, residual.clamp_max(0.0), residual)
    return residual.abs() if options.loss == "absolute" else residual**2


def _penalty(parameters: Parameters, design: _Design, options: FitOptions) -> Tensor:
    weight = _weights(parameters, design)
    total = options.l2 * (weight**2).sum((1, 2, 3))
    if options.smooth:
        steps = weight[:, :, 1:] - weight[:, :, :-1]
        total = total + options.smooth * (steps**2).sum((1, 2, 3))
    return total


class _Adam:
    """Adam over stacked members, with the norm clipped per member and rate."""

    def __init__(self, parameters: Parameters) -> None:
        self.first = {k: torch.zeros_like(v) for k, v in parameters.items()}
        self.second = {k: torch.zeros_like(v) for k, v in parameters.items()}
        self.n_step = 0

    def step(
        self,
        parameters: Parameters,
        design: _Design,
        options: FitOptions,
    ) -> None:
        rate = options.learning_rate * options.decay ** (
            self.n_step // options.decay_steps
        )
        self.n_step += 1
        fix_1 = 1.0 - 0.9**self.n_step
        fix_2 = 1.0 - 0.999**self.n_step
        with torch.no_grad():
            for name, value in parameters.items():
                gradient = value.grad
                if gradient is None:
                    continue
                gradient = _clipped(name, gradient, design, options.clip_norm)
                first = self.first[name].mul_(0.9).add_(gradient, alpha=0.1)
                second = self.second[name].mul_(0.999)
                second.addcmul_(gradient, gradient, value=0.001)
                divisor = (second / fix_2).sqrt_().add_(1e-7)
                value.addcdiv_(first, divisor, value=-rate / fix_1)
                value.grad = None

    def take(self, members: Tensor) -> None:
        self.first = {k: v[members] for k, v in self.first.items()}
        self.second = {k: v[members] for k, v in self.second.items()}


def _clipped(name: str, gradient: Tensor, design: _Design, most: float) -> Tensor:
    """Clip per member and rate; a filter's own gradient is the sum's over filters."""
    if name == "log_sigma":
        return gradient.clamp(-most, most)
    shape = (*design.filters.shape, *([1] * (gradient.dim() - 2)))
    filters = design.filters.reshape(shape)
    gradient = gradient / filters
    norm = gradient.reshape(*design.filters.shape, -1).norm(dim=-1).reshape(shape)
    return gradient * (most / (norm * filters.sqrt() + 1e-12)).clamp(max=1.0)


def fit_kinns(
    scheme: Scheme,
    architectures: Sequence[Architecture],
    data: Measurements,
    train: FloatArray,  # (n_member, n) weight of a row in training
    valid: FloatArray,  # (n_member, n) weight of a row in validation
    *,
    rng: np.random.Generator,
    options: FitOptions = FitOptions(),  # noqa: B008 (frozen)
) -> BatchFit:
    """Fit several kinetic networks to the same rows as one batch.

    Parameters
    ----------
    scheme
        Reactions and observable, the same for all members.
    architectures
        One per member; the same one may stand there several times (folds, bootstraps).
    data
        Rows, with at most one copy of each sequence if speed matters.
    train, valid
        Weights of the rows, a row of each per member: 0 leaves a row out. A member
        without validation rows is trained to the end.
    rng
        Order of the batches and random starts.
    options
        How to train.

    Returns
    -------
    BatchFit
        Each member at its best epoch.

    Raises
    ------
    ConfigError
        If shapes disagree or a member has no training row.
    """
    n_row = len(data.y)
    if train.shape != (len(architectures), n_row) or valid.shape != train.shape:
        raise ConfigError(
            f"row weights of shape {train.shape} and {valid.shape} for "
            f"{len(architectures)} members and {n_row} rows",
            remedy="give one row of weights per member",
        )
    if not (train.sum(axis=1) > 0).all():
        raise ConfigError("a member has no training row", remedy="check the splits")
    n_position, n_channel = data.x.shape[1:]
    design = _design(architectures, scheme, n_position)
    # starts and batches draw apart, so that a member does not depend on the others
    order_rng, start_rng = (
        np.random.default_rng(int(seed)) for seed in rng.integers(2**62, size=2)
    )
    start = _start(design, scheme, n_channel, options, start_rng)
    rows = _Rows.make(data, train, valid)
    best, loss, epochs = _train(Solver(scheme), design, start, rows, options, order_rng)
    kinns = _kinns(scheme, architectures, best, design, options, data.channels)
    held_out = _held_out(kinns, data, valid)
    return BatchFit(kinns, held_out, loss.numpy().astype(np.float64), epochs)


@dataclass(frozen=True)
class _Rows:
    x: Tensor  # (n, n_position * n_channel)
    y: Tensor  # (n,)
    censored: Tensor  # (n,)
    train: Tensor  # (n_member, n)
    valid: Tensor  # (n_member, n)

    @classmethod
    def make(cls, data: Measurements, train: FloatArray, valid: FloatArray) -> _Rows:
        flat = data.x.reshape(len(data.y), -1).astype(np.float32)
        return cls(
            torch.from_numpy(flat),
            torch.from_numpy(data.y.astype(np.float32)),
            torch.from_numpy(data.censored.astype(bool)),
            torch.from_numpy(train.astype(np.float32)),
            torch.from_numpy(valid.astype(np.float32)),
        )


def _evaluate(
    parameters: Parameters,
    design: _Design,
    rows: _Rows,
    which: Tensor,
    weight: Tensor,  # (n_member, n) of the rows in `which`
    solver: Solver,
    options: FitOptions,
) -> Tensor:  # (n_member,)
    log_rates = _log_rates(parameters, design, rows.x[which])
    mean = solver(log_rates).T
    loss = _loss(
        mean, rows.y[which], rows.censored[which], parameters["log_sigma"], options
    )
    return (loss * weight).sum(-1) / weight.sum(-1).clamp_min(1e-9)


def _train(
    solver: Solver,
    design: _Design,
    parameters: Parameters,
    rows: _Rows,
    options: FitOptions,
    rng: np.random.Generator,
) -> tuple[Parameters, Tensor, int]:
    n_member, n_row = rows.train.shape
    best = {name: value.clone() for name, value in parameters.items()}
    best_loss = torch.full((n_member,), math.inf)
    waited = torch.zeros(n_member)
    alive = torch.arange(n_member)
    held = torch.nonzero(rows.valid.sum(0) > 0)[:, 0]
    used = np.flatnonzero(rows.train.sum(0).numpy() > 0)
    checks = rows.valid.sum(1) > 0
    adam = _Adam(parameters)
    epoch = 0
    for epoch in range(1, options.epochs + 1):
        order = torch.from_numpy(rng.permutation(used))
        _epoch(solver, design, parameters, rows, alive, order, adam, options)
        with torch.no_grad():
            now = torch.full((len(alive),), -float(epoch))
            if len(held):
                weight = rows.valid[alive][:, held]
                value = _evaluate(
                    parameters, design, rows, held, weight, solver, options
                )
                now = torch.where(checks[alive], value, now)
            better = now < best_loss[alive]
            place = alive[better]
            best_loss[place] = now[better]
            for name, value in parameters.items():
                best[name][place] = value.detach()[better]
            waited[alive] += 1
            waited[place] = 0
            going = waited[alive] < options.patience
            if not bool(going.any()):
                break
            if int(going.sum()) <= 0.7 * len(alive):
                keep = torch.nonzero(going)[:, 0]
                alive = alive[keep]
                design = design.take(keep)
                adam.take(keep)
                parameters = {k: v.detach()[keep] for k, v in parameters.items()}
    return best, best_loss, epoch


def _epoch(
    solver: Solver,
    design: _Design,
    parameters: Parameters,
    rows: _Rows,
    alive: Tensor,
    order: Tensor,
    adam: _Adam,
    options: FitOptions,
) -> None:
    for i in range(0, len(order), options.batch):
        which = order[i : i + options.batch]
        for value in parameters.values():
            value.requires_grad_(True)
        weight = rows.train[alive][:, which]
        loss = _evaluate(parameters, design, rows, which, weight, solver, options)
        if options.l2 > 0 or options.smooth > 0:
            loss = loss + _penalty(parameters, design, options)
        loss.sum().backward()
        adam.step(parameters, design, options)


def _kinns(
    scheme: Scheme,
    architectures: Sequence[Architecture],
    parameters: Parameters,
    design: _Design,
    options: FitOptions,
    channels: str,
) -> tuple[Kinn, ...]:
    with torch.no_grad():
        spread = (design.basis @ _weights(parameters, design)).double().numpy()
        rates = parameters["bias"] * design.filters * design.outputs
        bias = rates.masked_fill(design.absent, ABSENT_LOG_RATE).double().numpy()
    sigma = parameters["log_sigma"].double().numpy()[:, 0]
    if options.loss != "censored":
        sigma = np.full_like(sigma, -20.0)
    return tuple(
        Kinn(
            scheme=scheme,
            architecture=architecture,
            weights=spread[i],
            bias=bias[i],
            log_sigma=float(sigma[i]),
            limits=options.limits,
            hidden=_hidden_units(i, parameters, design),
            channels=channels,
        )
        for i, architecture in enumerate(architectures)
    )


def _hidden_units(
    member: int, parameters: Parameters, design: _Design
) -> tuple[HiddenUnits, ...]:
    if "unit" not in parameters:
        return ()
    found = []
    for reaction in range(design.filters.shape[1]):
        n_unit = int(design.hidden[member, reaction].sum())
        if not n_unit:
            continue
        unit = design.basis[member, reaction] @ parameters["unit"][member, reaction]
        found.append(
            HiddenUnits(
                reaction,
                unit[:n_unit].double().numpy(),
                parameters["offset"][member, reaction, :n_unit].double().numpy(),
                parameters["outer"][member, reaction, :n_unit].double().numpy(),
            )
        )
    return tuple(found)


def _held_out(
    kinns: Sequence[Kinn], data: Measurements, valid: FloatArray
) -> FloatArray:  # (n_member, n)
    """Return predictions of every member for its own validation rows."""
    out = np.full(valid.shape, np.nan)
    for index, kinn in enumerate(kinns):
        rows = np.flatnonzero(valid[index] > 0)
        if rows.size:
            out[index, rows] = kinn.predict(data.x[rows])
    return out
