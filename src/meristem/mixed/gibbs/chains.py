"""Chains of any sampler: swept together until they agree, then summarised.

A sampler has the shape `init / sweep / summary`. Quantities to watch decide when to
stop: rank-normalised split R-hat and the effective sample size of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray
from meristem.stats.convergence import ess_bulk, ess_tail, rhat

N_WATCHED = 20
"""Predictions of rows that are watched."""


HYPER = ("inclusion_rate", "effect_variance", "marker_variance", "lambda")
"""Parameters of priors (also with a number): told, but no chain is prolonged for them.

The share of markers with an effect hardly changes what is predicted, and mixes tens of
times as slowly as the predictions.
"""


class Sampler(Protocol):
    """What a Gibbs sampler offers; a column is a chain, or a chain of one fold."""

    def init(self, rng: np.random.Generator) -> Any:
        """Return a state to start from."""
        ...

    def sweep(self, state: Any, rng: np.random.Generator) -> None:
        """Draw everything once, in place."""
        ...

    def summary(self, state: Any) -> dict[str, FloatArray]:
        """Return the quantities to watch, (n_column,) each."""
        ...

    def values(self, state: Any) -> FloatArray:
        """Return what the rows are predicted, (n_column, n)."""
        ...

    def coefficients(self, state: Any) -> NDArray[np.floating[Any]]:
        """Return what predicts other rows, (n_column, n_coefficient)."""
        ...

    def inclusion(self, state: Any) -> FloatArray | None:
        """Return 1 where something has an effect, or None."""
        ...


@dataclass(frozen=True)
class Schedule:
    """How long chains run.

    They are looked at after `draws`, then each time their number has doubled, and end
    when every watched quantity satisfies both limits, or at `most_draws`.
    """

    chains: int = 4
    burn_in: int = 500
    draws: int = 400
    most_draws: int = 6400
    thin: int = 5
    rhat: float = 1.01
    ess: float = 400.0
    kept: int = 400  # coefficients kept for joint draws, all chains together


@dataclass(frozen=True)
class Watched:
    """Posterior of a quantity, and how well the chains know it."""

    name: str
    mean: float
    sd: float
    rhat: float
    ess_bulk: float
    ess_tail: float


@dataclass(frozen=True)
class Chains:
    """What the chains of one fit say."""

    watched: tuple[Watched, ...]
    trace: dict[str, FloatArray]  # each (n_chain, n_draw)
    mean: float  # mu
    coefficient: FloatArray  # (n_coefficient,) posterior mean
    coefficient_draw: FloatArray  # (n_kept, n_coefficient)
    kept: dict[str, FloatArray]  # each (n_kept,) of the draws kept
    value: FloatArray  # (n,) posterior mean of the rows' values
    inclusion: FloatArray | None  # (n_marker + n_window,) posterior probabilities
    n_sweep: int
    converged: bool

    @property
    def worst(self) -> tuple[float, float]:
        """Largest R-hat and smallest bulk effective sample size of what is watched."""
        rhats = [one.rhat for one in self.watched]
        sizes = [one.ess_bulk for one in self.watched]
        return float(np.max(rhats)), float(np.min(sizes))


class _Sums:
    """What is added up over the draws of all columns."""

    def __init__(self, kept: int) -> None:
        self.kept = max(kept, 2)
        self.every = 1
        self.number = 0
        self.trace: dict[str, list[FloatArray]] = {}
        self.total: dict[str, FloatArray] = {}
        self.draws: list[FloatArray] = []
        self.at: list[int] = []  # which draws are kept

    def add(self, sampler: Sampler, state: Any, rows: IntArray) -> None:
        values = sampler.values(state)
        watched = sampler.summary(state)
        for k, row in enumerate(rows.T):  # (n_column,) one row of every column
            watched[f"prediction_{k + 1}"] = values[np.arange(row.size), row]
        for name, value in watched.items():
            self.trace.setdefault(name, []).append(value)
        coefficient = sampler.coefficients(state)
        found: dict[str, NDArray[np.floating[Any]]]
        found = {"coefficient": coefficient, "value": values}
        included = sampler.inclusion(state)
        if included is not None:
            found["inclusion"] = included
        for name, new in found.items():
            if name not in self.total:
                self.total[name] = np.zeros(new.shape)
            self.total[name] += new
        if self.number % self.every == 0:
            self.draws.append(np.array(coefficient, dtype=np.float32))
            self.at.append(self.number)
        self.number += 1
        if len(self.draws) > self.kept:  # every second one, evenly spaced as ever
            self.draws, self.at = self.draws[::2], self.at[::2]
            self.every *= 2


Step = Callable[[Sampler, Any, np.random.Generator], None]


def run_chains(
    sampler: Sampler,
    schedule: Schedule,
    rng: np.random.Generator,
    *,
    rows: IntArray | None = None,
    before: Step | None = None,
) -> tuple[Chains, ...]:
    """Run the chains of one or several fits until they agree.

    Parameters
    ----------
    sampler
        Its columns are the fits one after the other, `schedule.chains` each.
    schedule
        How long.
    rng
        Source of randomness.
    rows
        Rows whose predictions are watched, (n_column, n_watched), observed in the
        column; default: evenly spaced ones, of a sampler that masks no row.
    before
        Called before every sweep (to draw liabilities).

    Returns
    -------
    tuple of Chains
        One per fit.
    """
    state = sampler.init(rng)
    if rows is None:
        n_column, n = sampler.values(state).shape
        spaced = np.linspace(0, n - 1, min(N_WATCHED, n)).astype(np.int64)
        rows = np.tile(spaced, (n_column, 1))

    def advance(number: int) -> None:
        for _ in range(number):
            if before is not None:
                before(sampler, state, rng)
            sampler.sweep(state, rng)

    advance(schedule.burn_in)
    n_column = rows.shape[0]
    n_fit = n_column // schedule.chains
    sums = _Sums(-(-schedule.kept // schedule.chains))
    aim = schedule.draws
    while True:
        while sums.number < aim:
            advance(schedule.thin)
            sums.add(sampler, state, rows)
        found = [_watch(sums, f, schedule) for f in range(n_fit)]
        good = [
            all(_holds(w, schedule) for w in watched if not w.name.startswith(HYPER))
            for watched in found
        ]
        if all(good) or aim >= schedule.most_draws:
            break
        aim = min(2 * aim, schedule.most_draws)
    n_sweep = schedule.burn_in + sums.number * schedule.thin
    return tuple(
        _chains(sums, f, schedule, (watched, n_sweep, fine))
        for f, (watched, fine) in enumerate(zip(found, good, strict=True))
    )


def _columns(fit: int, schedule: Schedule) -> slice:
    return slice(fit * schedule.chains, (fit + 1) * schedule.chains)


def _watch(sums: _Sums, fit: int, schedule: Schedule) -> tuple[Watched, ...]:
    columns = _columns(fit, schedule)
    found = []
    for name, values in sums.trace.items():
        draws = np.stack(values, axis=1)[columns]
        if np.ptp(draws) > 0:
            checks = (rhat(draws), ess_bulk(draws), ess_tail(draws))
            found.append(
                Watched(name, float(draws.mean()), float(draws.std()), *checks)
            )
    return tuple(found)


def _holds(one: Watched, schedule: Schedule) -> bool:
    return one.rhat < schedule.rhat and one.ess_bulk >= schedule.ess


def _chains(
    sums: _Sums,
    fit: int,
    schedule: Schedule,
    run: tuple[tuple[Watched, ...], int, bool],
) -> Chains:
    columns = _columns(fit, schedule)
    mean = {
        name: total[columns].mean(axis=0) / sums.number
        for name, total in sums.total.items()
    }
    trace = {name: np.stack(v, axis=1)[columns] for name, v in sums.trace.items()}
    draws = np.concatenate([one[columns] for one in sums.draws])
    return Chains(
        run[0],
        {name: v for name, v in trace.items() if not name.startswith("prediction_")},
        float(trace["mean"].mean()),
        mean["coefficient"],
        draws,
        {name: value[:, sums.at].T.ravel() for name, value in trace.items()},
        mean["value"],
        mean.get("inclusion"),
        run[1],
        run[2],
    )
