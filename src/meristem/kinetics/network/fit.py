"""Train many kinetic networks at once: one matrix product, one Adam, early stopping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from meristem.errors import ConfigError
from meristem.kinetics.network.adam import StackedAdam
from meristem.kinetics.network.design import (
    ABSENT_LOG_RATE,
    Design,
    Parameters,
    log_rates,
    make_design,
    matched_log_rates,
    start_parameters,
    tap_weights,
)
from meristem.kinetics.network.edit_rows import EditRows
from meristem.kinetics.network.kinn import (
    LN10,
    Architecture,
    BatchFit,
    FitOptions,
    HiddenUnits,
    Kinn,
    Measurements,
)
from meristem.kinetics.network.likelihood import (
    censored_loss,
    censored_residual,
    soft_reading,
)
from meristem.kinetics.scheme.binding import Affinity, binding_loss
from meristem.kinetics.scheme.scheme import Scheme
from meristem.kinetics.scheme.solve import log_observable, tree_log_weights
from meristem.kinetics.scheme.trees import spanning_trees
from meristem.records import FloatArray

WIDTH_DECAY = 0.85
"""Factor per epoch by which the softness of the detection limit nears its end."""

MOST_CERTAIN = 1e-3
"""Smallest spread of measurements about a network, in log10 units."""

FIRST_BACKGROUND = -3.0
"""Log affinity that looks like none, before any is seen."""


class Solver:
    """Log10 of the observable; trees are found once."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.cycle = scheme if scheme.observable == "flux" else scheme.closed()
        self.trees = (
            None if scheme.observable == "decay" else spanning_trees(self.cycle)
        )
        self.parts: list[tuple[int, Tensor]] = []
        if self.trees is not None:
            for index in self.cycle.observed:
                at_source = self.trees.root == self.cycle.links[index][0]
                place = torch.from_numpy(at_source.nonzero()[0])
                self.parts.append((index, place))

    def __call__(
        self,
        log_rates: Tensor,  # (..., n_reaction)
    ) -> Tensor:  # (...,)
        """Return log10 of the observable."""
        if self.trees is None:
            return log_observable(self.scheme, log_rates) / LN10
        return self.of_weights(tree_log_weights(log_rates, self.trees), log_rates)

    def of_weights(
        self,
        weight: Tensor,  # (..., n_tree)
        log_rates: Tensor,  # (..., n_reaction)
    ) -> Tensor:  # (...,)
        """Return the same from tree weights that are known already."""
        parts = []
        for index, place in self.parts:
            part = weight.index_select(-1, place) + log_rates[..., index, None]
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


def _penalty(parameters: Parameters, design: Design, options: FitOptions) -> Tensor:
    weight = tap_weights(parameters, design)
    total = options.l2 * (weight**2).sum((1, 2, 3))
    if options.smooth:
        steps = weight[:, :, 1:] - weight[:, :, :-1]
        total = total + options.smooth * (steps**2).sum((1, 2, 3))
    return total


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
    design = make_design(architectures, scheme, n_position)
    # starts and batches draw apart, so that a member does not depend on the others
    order_rng, start_rng = (
        np.random.default_rng(int(seed)) for seed in rng.integers(2**62, size=2)
    )
    start = start_parameters(design, scheme, n_channel, options, start_rng)
    rows = _Rows.make(data, train, valid)
    affinity = None
    if options.binding > 0 and bool(rows.bound.any()):
        affinity = Affinity(scheme)
        start["background"] = torch.full((len(architectures), 1), FIRST_BACKGROUND)
    solvers = _Solvers(Solver(scheme), affinity)
    best, loss, epochs = _train(solvers, design, start, rows, options, order_rng)
    kinns = _kinns(scheme, architectures, best, design, options, data)
    if options.loss != "censored":
        kinns = tuple(
            _with_spread(kinn, data, valid[i] if valid[i].any() else train[i])
            for i, kinn in enumerate(kinns)
        )
    held_out = _held_out(kinns, data, valid)
    return BatchFit(kinns, held_out, loss.numpy().astype(np.float64), epochs)


@dataclass(frozen=True)
class _Solvers:
    rate: Solver
    affinity: Affinity | None


@dataclass(frozen=True)
class _Rows:
    x: EditRows
    y: Tensor  # (n,)
    censored: Tensor  # (n,)
    train: Tensor  # (n_member, n)
    valid: Tensor  # (n_member, n)
    binding: Tensor  # (n,) 0 where unknown
    bound: Tensor  # (n,) 1 where binding is known

    @classmethod
    def make(cls, data: Measurements, train: FloatArray, valid: FloatArray) -> _Rows:
        binding = np.full(len(data.y), np.nan) if data.binding is None else data.binding
        known = np.isfinite(binding)
        return cls(
            EditRows.of(data.x),
            torch.from_numpy(data.y.astype(np.float32)),
            torch.from_numpy(data.censored.astype(bool)),
            torch.from_numpy(train.astype(np.float32)),
            torch.from_numpy(valid.astype(np.float32)),
            torch.from_numpy(np.where(known, binding, 0.0).astype(np.float32)),
            torch.from_numpy(known.astype(np.float32)),
        )


def _evaluate(
    parameters: Parameters,
    design: Design,
    rows: _Rows,
    which: Tensor,
    weight: Tensor,  # (n_member, n) of the rows in `which`
    solvers: _Solvers,
    options: FitOptions,
) -> Tensor:  # (n_member,)
    rates = log_rates(parameters, design, rows.x, which)
    shared = None
    if solvers.affinity is not None and solvers.rate.trees is not None:
        shared = tree_log_weights(rates, solvers.rate.trees)
    mean = (
        solvers.rate(rates)
        if shared is None
        else solvers.rate.of_weights(shared, rates)
    )
    loss = _loss(
        mean.T,
        rows.y[which],
        rows.censored[which],
        parameters["log_sigma"],
        options,
    )
    total = (loss * weight).sum(-1) / weight.sum(-1).clamp_min(1e-9)
    if solvers.affinity is None:
        return total
    bound = (
        solvers.affinity(rates)
        if shared is None
        else solvers.affinity.of_weights(shared)
    )
    matched = solvers.affinity(matched_log_rates(parameters, design))
    expected = binding_loss(bound.T, matched[:, None], parameters["background"])
    known = weight * rows.bound[which]
    off = ((expected - rows.binding[which]) ** 2 * known).sum(-1)
    return total + options.binding * off / known.sum(-1).clamp_min(1e-9)


def _train(
    solvers: _Solvers,
    design: Design,
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
    adam = StackedAdam(parameters)
    epoch = 0
    for epoch in range(1, options.epochs + 1):
        order = torch.from_numpy(rng.permutation(used))
        # a wide limit at first, so that no member is caught below it without gradient
        wide = max(options.first_width - options.width, 0.0) * WIDTH_DECAY**epoch
        now_options = replace(options, width=options.width + wide)
        _epoch(solvers, design, parameters, rows, alive, order, adam, now_options)
        with torch.no_grad():
            now = torch.full((len(alive),), -float(epoch))
            if len(held):
                weight = rows.valid[alive][:, held]
                # the rate alone decides when to stop: it is what is predicted
                rate = replace(solvers, affinity=None)
                value = _evaluate(parameters, design, rows, held, weight, rate, options)
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
    solvers: _Solvers,
    design: Design,
    parameters: Parameters,
    rows: _Rows,
    alive: Tensor,
    order: Tensor,
    adam: StackedAdam,
    options: FitOptions,
) -> None:
    for i in range(0, len(order), options.batch):
        which = order[i : i + options.batch]
        for value in parameters.values():
            value.requires_grad_(True)
        weight = rows.train[alive][:, which]
        loss = _evaluate(parameters, design, rows, which, weight, solvers, options)
        if options.l2 > 0 or options.smooth > 0:
            loss = loss + _penalty(parameters, design, options)
        loss.sum().backward()
        adam.step(parameters, design, options)


def _kinns(
    scheme: Scheme,
    architectures: Sequence[Architecture],
    parameters: Parameters,
    design: Design,
    options: FitOptions,
    data: Measurements,
) -> tuple[Kinn, ...]:
    with torch.no_grad():
        spread = (design.basis @ tap_weights(parameters, design)).double().numpy()
        rates = parameters["bias"] * design.filters * design.outputs
        bias = rates.masked_fill(design.absent, ABSENT_LOG_RATE).double().numpy()
    sigma = parameters["log_sigma"].double().numpy()[:, 0]
    return tuple(
        Kinn(
            scheme=scheme,
            architecture=architecture,
            weights=spread[i],
            bias=bias[i],
            log_sigma=float(sigma[i]),
            limits=options.limits,
            hidden=_hidden_units(i, parameters, design),
            channels=data.channels,
            pam=data.pam,
        )
        for i, architecture in enumerate(architectures)
    )


def _hidden_units(
    member: int, parameters: Parameters, design: Design
) -> tuple[HiddenUnits, ...]:
    if "unit" not in parameters:
        return ()
    fitted = []
    for reaction in range(design.filters.shape[1]):
        n_unit = int(design.hidden[member, reaction].sum())
        if not n_unit:
            continue
        unit = design.basis[member, reaction] @ parameters["unit"][member, reaction]
        fitted.append(
            HiddenUnits(
                reaction,
                unit[:n_unit].double().numpy(),
                parameters["offset"][member, reaction, :n_unit].double().numpy(),
                parameters["outer"][member, reaction, :n_unit].double().numpy(),
            )
        )
    return tuple(fitted)


def _with_spread(kinn: Kinn, data: Measurements, weight: FloatArray) -> Kinn:
    """Set the spread of measurements about the network from rows above the limit."""
    rows = np.flatnonzero((weight > 0) & ~data.censored)
    if not rows.size:
        return replace(kinn, log_sigma=math.log(MOST_CERTAIN))
    low, high = kinn.limits
    reading = np.clip(kinn.log10_rate(data.x[rows]), low, high)
    spread = math.sqrt(float(np.mean((reading - data.y[rows]) ** 2)))
    return replace(kinn, log_sigma=math.log(max(spread, MOST_CERTAIN)))


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
