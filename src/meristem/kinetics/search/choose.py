"""Search and choose architectures by the training rows alone.

Two rulers: sequences that were held out, which tell how well the rows are explained,
and kinds of mismatch that were held out, which ask what a new guide asks. The search
goes by the first (one fold, so that many are tried); the choice among its best,
different architectures goes by both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meristem.kinetics.network.kinn import Architecture, FitOptions, Measurements
from meristem.kinetics.search.folds import (
    SEARCH_OPTIONS,
    GroupedReward,
    kind_folds,
    sequence_folds,
)
from meristem.kinetics.search.space import Space
from meristem.records import FloatArray
from meristem.tune.optimisers import Trial, best_trials, make_optimiser, run_search


@dataclass(frozen=True)
class SearchPlan:
    """How architectures are searched and chosen.

    Attributes
    ----------
    method, generations, size
        Optimiser (see `search.METHODS`), generations, architectures in each.
    folds, kind_folds
        Sequences are cut into so many folds; so many folds hold out a kind of
        mismatch (0: none; only channels that name the kinds have them).
    shortlist, apart
        How many of the best are validated, and in how many variables each differs
        from every better one.
    options
        How the architectures that are tried are trained.
    """

    method: str = "evolution"
    generations: int = 30
    size: int = 20
    folds: int = 5
    kind_folds: int = 4
    shortlist: int = 16
    apart: int = 8
    options: FitOptions = SEARCH_OPTIONS


@dataclass(frozen=True)
class Chosen:
    """What a search found, best validated first.

    Attributes
    ----------
    trials
        Everything that was tried.
    shortlist
        The validated trials.
    value
        Their validated correlation: half by sequences, half by kinds of mismatch.
    architectures
        Their architectures.
    """

    trials: list[Trial]
    shortlist: list[Trial]
    value: FloatArray  # (n_shortlist,)
    architectures: list[Architecture]


def search_architectures(
    space: Space,
    train: Measurements,
    plan: SearchPlan,
    *,
    rng: np.random.Generator,
    state: str | Path | None = None,
    about: str = "",
    progress: Callable[[int, float], None] | None = None,
) -> Chosen:
    """Search architectures and put the best in order; see the module for how.

    Parameters
    ----------
    space
        What may be tried.
    train
        The only rows that are looked at.
    plan
        Budget and folds.
    rng
        Of everything.
    state, about
        File from which a search that was stopped goes on, and what that search must
        be about (see `search.run_search`).
    progress
        Called with the number of generations done and the best reward.

    Returns
    -------
    Chosen
    """
    sequences = sequence_folds(train, plan.folds, rng)
    kinds = np.zeros((0, len(train.y)))
    if train.channels == "chemistry" and plan.kind_folds:
        kinds = kind_folds(train, plan.kind_folds, rng)

    def reward(folds: FloatArray) -> GroupedReward:
        return GroupedReward(space.scheme, train, folds, rng, plan.options)

    trials = run_search(
        make_optimiser(plan.method, space, rng),
        space,
        reward(sequences[:1]),
        generations=plan.generations,
        size=plan.size,
        state=state,
        about=about,
        progress=progress,
    )
    shortlist = best_trials(trials, plan.shortlist, apart=plan.apart)
    architectures = [space.build(trial.point) for trial in shortlist]
    # folds that the search did not see
    value = reward(sequences[1:3])(architectures)
    if len(kinds):
        value = (value + reward(kinds)(architectures)) / 2
    order = np.argsort(-value, kind="stable")
    return Chosen(
        trials,
        [shortlist[i] for i in order],
        value[order],
        [architectures[i] for i in order],
    )
