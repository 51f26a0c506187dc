"""Successive halving: every architecture is trained a little, the better ones more.

The reward is the correlation on inner rows kept aside from the training rows of an
outer fold. Outer test rows are never seen by a search.

References
----------
Jamieson & Talwalkar 2016, AISTATS (successive halving); Zhang et al. 2021, Nat Mach
Intell 3:392 (AMBER: architecture search for genomic sequences).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from meristem.records import FloatArray
from meristem.runs.seeds import derived_rng
from meristem.sequence.models.catalog import Specification, architectures, fit_model
from meristem.sequence.models.options import NetworkOptions
from meristem.sequence.training.fit import Rows
from meristem.stats.folds import grouped_folds
from meristem.stats.metrics import pearson
from meristem.tune.optimisers import Trial, make_optimiser, run_search

INNER = 4
"""One of so many inner folds is kept aside for the rewards."""


@dataclass(frozen=True)
class Budget:
    """What a search may spend: the same for every method."""

    generations: int
    size: int
    rungs: tuple[int, ...]  # epochs of every rung
    keep: float  # share that goes on to the next rung


@dataclass(frozen=True)
class Inner:
    """Rows of a search: some train, others give the reward."""

    train: Rows
    held: Rows


def inner_rows(rows: Rows, rng: np.random.Generator) -> Inner:
    """Return training rows with some of their groups kept aside."""
    number = min(INNER, np.unique(rows.group).size)
    aside = grouped_folds(rows.group, number, rng) == 0
    return Inner(rows.take(~aside), rows.take(aside))


def search_architecture(
    method: str,
    specification: Specification,
    inner: Inner,
    budget: Budget,
    *,
    seed: int,
    state: Path | None = None,
    about: str = "",
    progress: Callable[[int, float], None] | None = None,
) -> list[Trial]:
    """Return every architecture that was tried, with its reward.

    Parameters
    ----------
    method
        Of `tune.optimisers.METHODS`.
    specification
        Kind and training; its options are where nothing is searched.
    inner
        Rows of the search.
    budget
        What may be spent.
    seed
        Of proposals and trainings.
    state, about
        As of `tune.optimisers.run_search`: a search that was stopped continues.
    progress
        Called with generations done and the best reward.
    """
    space = architectures(specification)
    optimiser = make_optimiser(method, space, derived_rng(seed, method))

    def reward(options: Sequence[NetworkOptions]) -> FloatArray:
        return halve(specification, options, inner, budget, seed)

    return run_search(
        optimiser,
        space,
        reward,
        generations=budget.generations,
        size=budget.size,
        state=state,
        about=about,
        progress=progress,
    )


def halve(
    specification: Specification,
    options: Sequence[NetworkOptions],
    inner: Inner,
    budget: Budget,
    seed: int,
) -> FloatArray:  # (n,)
    """Return rewards: those that fall out keep the reward of their last rung."""
    reward = np.full(len(options), -1.0)
    alive = np.arange(len(options))
    for rung, epochs in enumerate(budget.rungs):
        for place in alive:
            one = replace(
                specification,
                options=options[int(place)],
                train=specification.train.model_copy(
                    update={"epochs": epochs, "members": 1}
                ),
            )
            reward[place] = trained_reward(one, inner, seed)
        if rung + 1 < len(budget.rungs):
            kept = max(1, round(budget.keep * len(alive)))
            alive = alive[np.argsort(-reward[alive], kind="stable")[:kept]]
    return reward


def trained_reward(specification: Specification, inner: Inner, seed: int) -> float:
    """Return the mean r over tasks on the inner rows kept aside."""
    tasks = tuple(str(n) for n in range(inner.train.value.shape[1]))
    rng = derived_rng(seed, "training")
    model = fit_model(specification, inner.train, tasks=tasks, rng=rng)
    guess = model.predict(inner.held.onehot)
    found = [
        pearson(inner.held.value[there, task], guess[there, task])
        for task in range(len(tasks))
        for there in [~np.isnan(inner.held.value[:, task])]
    ]
    return float(np.nan_to_num(np.nanmean(found)))
