"""Optimisers of discrete spaces behind one ask-and-tell interface, resumable."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from meristem.errors import ConfigError
from meristem.records import FloatArray
from meristem.text.files import read_text, write_text
from meristem.tune.space import Point, Space

FORMAT = 1

Reward = Callable[[Sequence[Any]], FloatArray]
"""Takes what a space builds of the points of one generation: one number each."""


@dataclass(frozen=True)
class Trial:
    """One point that was tried."""

    generation: int
    point: Point
    reward: float


class Optimiser(Protocol):
    """Proposes points, and learns from their rewards."""

    kind: str
    trials: list[Trial]

    def ask(self, n: int) -> list[Point]:
        """Propose `n` points."""
        ...

    def tell(self, points: Sequence[Point], rewards: FloatArray) -> None:
        """Take in the rewards of one generation; a reward that is no number is 0."""
        ...


@dataclass
class RandomSearch:
    """Draw every point from the prior."""

    space: Space
    rng: np.random.Generator
    trials: list[Trial] = field(default_factory=list)
    kind: str = "random"

    def ask(self, n: int) -> list[Point]:
        """Propose `n` points from the prior."""
        return [
            {
                name: variable.sample([], self.rng)
                for name, variable in self.space.variables.items()
            }
            for _ in range(n)
        ]

    def tell(self, points: Sequence[Point], rewards: FloatArray) -> None:
        """Remember the rewards."""
        _remember(self.trials, points, rewards)


@dataclass
class DistributionSearch:
    """Evolve independent distributions of the variables (EDA, PMBGA).

    Each generation the survivors are all remembered points that reach the mean reward
    of the latest generation; the posterior of every variable is its conjugate prior
    plus the survivors' counts, anew each time.

    Attributes
    ----------
    memory
        Number of latest generations that are remembered.

    References
    ----------
    Zhang et al. 2023, Nat Comput Sci 3:1056 (probabilistic model building genetic
    algorithm); Mühlenbein & Paass 1996, PPSN IV (independent marginals).
    """

    space: Space
    rng: np.random.Generator
    memory: int = 50
    trials: list[Trial] = field(default_factory=list)
    kind: str = "distribution"

    def survivors(self) -> list[Trial]:
        """Return the trials that the posterior rests on."""
        if not self.trials:
            return []
        last = self.trials[-1].generation
        recent = [t for t in self.trials if t.generation > last - self.memory]
        floor = np.mean([t.reward for t in recent if t.generation == last])
        return [t for t in recent if t.reward >= floor]

    def posterior(self) -> dict[str, FloatArray]:
        """Return the probabilities of the options of every variable."""
        points = [trial.point for trial in self.survivors()]
        return {
            name: variable.probabilities([point[name] for point in points])
            for name, variable in self.space.variables.items()
        }

    def ask(self, n: int) -> list[Point]:
        """Propose `n` points from the posterior predictive."""
        posterior = self.posterior()
        return [
            {
                name: int(self.rng.choice(variable.options, p=posterior[name]))
                for name, variable in self.space.variables.items()
            }
            for _ in range(n)
        ]

    def tell(self, points: Sequence[Point], rewards: FloatArray) -> None:
        """Take in one generation."""
        _remember(self.trials, points, rewards)


@dataclass
class EvolutionSearch(DistributionSearch):
    """Distribution search whose points are in part children of the best ones.

    A child takes every variable from one of two parents among the best, and one or
    two of its variables move to a neighbouring value. This sharpens the ends of the
    windows, which independent distributions only blur.

    Attributes
    ----------
    local
        Share of children; they begin once `elite` points are known.
    elite
        Number of best points that have children.
    """

    local: float = 0.7
    elite: int = 8
    kind: str = "evolution"

    def ask(self, n: int) -> list[Point]:
        """Propose `n` points, some from the posterior and some as children."""
        points = super().ask(n)
        parents = [trial.point for trial in best_trials(self.trials, self.elite)]
        if len(parents) < self.elite:
            return points
        for index in range(n):
            if self.rng.random() < self.local:
                points[index] = self._child(parents)
        return points

    def _child(self, parents: list[Point]) -> Point:
        first, second = self.rng.choice(len(parents), 2)
        names = list(self.space.variables)
        child = {
            name: parents[first if self.rng.random() < 0.5 else second][name]
            for name in names
        }
        for name in self.rng.choice(names, int(self.rng.integers(1, 3))):
            options = self.space.variables[name].options
            place = options.index(child[name]) + int(self.rng.choice([-1, 1]))
            child[name] = options[min(max(place, 0), len(options) - 1)]
        return child


@dataclass
class OptunaSearch:
    """Let a sampler of Optuna propose the points (optional extra ``tune``).

    With a journal the study is a file: processes that name the same one, on any
    machine that reaches it, propose in view of one another's trials.
    """

    space: Space
    rng: np.random.Generator
    trials: list[Trial] = field(default_factory=list)
    kind: str = "optuna"
    journal: Path | None = None
    study: Any = None
    open_trials: list[Any] = field(default_factory=list)

    def _ready(self) -> Any:
        if self.study is not None:
            return self.study
        try:
            import optuna  # noqa: PLC0415
        except ImportError as error:
            raise ConfigError(
                "Optuna is not installed",
                remedy="pip install 'meristem[tune]', or use method 'distribution'",
            ) from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        # processes that share a journal must not propose the same points
        seed = int(self.rng.integers(2**31)) if self.journal is None else None
        sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        storage = None
        if self.journal is not None:
            from optuna.storages.journal import JournalFileBackend  # noqa: PLC0415

            self.journal.parent.mkdir(parents=True, exist_ok=True)
            backend = JournalFileBackend(str(self.journal))
            storage = optuna.storages.JournalStorage(backend)
        self.study = optuna.create_study(
            direction="maximize",
            sampler=sampler,
            storage=storage,
            study_name="search",
            load_if_exists=True,
        )
        if not self.study.trials:
            self._add(self.trials)
        return self.study

    def _add(self, trials: Sequence[Trial]) -> None:
        """Add trials that the study did not propose."""
        import optuna  # noqa: PLC0415

        for trial in trials:
            self.study.add_trial(
                optuna.trial.create_trial(
                    params=trial.point,
                    distributions=self._distributions(),
                    value=trial.reward,
                )
            )

    def together(self) -> list[Trial]:
        """Return the finished trials of all processes that share the journal."""
        done = [t for t in self._ready().trials if t.value is not None]
        return [Trial(t.number, dict(t.params), float(t.value)) for t in done]

    def _distributions(self) -> dict[str, Any]:
        import optuna  # noqa: PLC0415

        return {
            name: optuna.distributions.CategoricalDistribution(variable.options)
            for name, variable in self.space.variables.items()
        }

    def ask(self, n: int) -> list[Point]:
        """Propose `n` points."""
        study = self._ready()
        distributions = self._distributions()
        self.open_trials = [study.ask(distributions) for _ in range(n)]
        return [
            {name: int(value) for name, value in trial.params.items()}
            for trial in self.open_trials
        ]

    def tell(self, points: Sequence[Point], rewards: FloatArray) -> None:
        """Hand the rewards of the points last asked for, or of others, to the study."""
        study = self._ready()
        if not self.open_trials:
            _remember(self.trials, points, rewards)
            self._add(self.trials[-len(points) :])
            return
        if len(points) != len(self.open_trials):
            raise ConfigError("tell must follow ask with the same points")
        _remember(self.trials, points, rewards)
        for trial, done in zip(
            self.open_trials, self.trials[-len(points) :], strict=True
        ):
            study.tell(trial, done.reward)
        self.open_trials = []


def _remember(
    trials: list[Trial], points: Sequence[Point], rewards: FloatArray
) -> None:
    generation = trials[-1].generation + 1 if trials else 0
    for point, reward in zip(points, rewards, strict=True):
        value = float(reward) if math.isfinite(reward) else 0.0
        trials.append(Trial(generation, dict(point), value))


Known = RandomSearch | DistributionSearch | EvolutionSearch | OptunaSearch

METHODS: dict[str, type[Known]] = {
    "distribution": DistributionSearch,
    "evolution": EvolutionSearch,
    "random": RandomSearch,
    "optuna": OptunaSearch,
}


def make_optimiser(
    method: str,
    space: Space,
    rng: np.random.Generator,
    trials: Sequence[Trial] = (),
    *,
    journal: Path | None = None,
) -> Known:
    """Return an optimiser by name, with what it already knows.

    A journal is shared by processes that search together; Optuna alone has one.
    """
    if method not in METHODS:
        raise ConfigError(
            f"there is no search method {method!r}", remedy=f"use {', '.join(METHODS)}"
        )
    if journal is not None:
        if method != "optuna":
            raise ConfigError(
                f"method {method!r} has no journal", remedy='use method = "optuna"'
            )
        return OptunaSearch(space, rng, trials=list(trials), journal=journal)
    return METHODS[method](space, rng, trials=list(trials))


def run_search(  # noqa: PLR0913 - every one is a named setting
    optimiser: Optimiser,
    space: Space,
    reward: Reward,
    *,
    generations: int,
    size: int = 10,
    patience: int | None = None,
    state: str | Path | None = None,
    about: str = "",
    progress: Callable[[int, float], None] | None = None,
    start: Sequence[Point] = (),
    until: Callable[[], bool] | None = None,
) -> list[Trial]:
    """Ask, evaluate and tell, generation by generation; continue where it was.

    Parameters
    ----------
    optimiser
        What proposes.
    space
        Turns points into what is rewarded.
    reward
        Takes what was built of one generation, returns one number each.
    generations, size
        Number of generations in all (those in `state` count) and points in each.
    patience
        Generations without a new best before it stops; None never stops early.
    state
        JSON file that is written after each generation and read at the start.
    about
        What the rewards rest on (rows, settings, seed); a saved search about
        something else is refused.
    progress
        Called with the number of generations done and the best reward.
    start
        Points of the first generation; empty: those that the optimiser proposes.
    until
        Asked before each generation but the first: no more once it is true.

    Returns
    -------
    list of Trial
        Everything tried; with a journal, by all processes that share it.
    """
    if state is not None and Path(state).exists():
        _load(optimiser, Path(state), about)
    done = optimiser.trials[-1].generation + 1 if optimiser.trials else 0
    for number in range(done, generations):
        if patience is not None and _stale(optimiser.trials) >= patience:
            break
        if number and until is not None and until():
            break
        points = list(start) if start and not number else optimiser.ask(size)
        optimiser.tell(points, reward([space.build(point) for point in points]))
        if state is not None:
            save_search(optimiser, state, about)
        if progress is not None:
            progress(number + 1, max(t.reward for t in optimiser.trials))
    if isinstance(optimiser, OptunaSearch) and optimiser.journal is not None:
        return optimiser.together()
    return optimiser.trials


def _stale(trials: Sequence[Trial]) -> int:
    if not trials:
        return 0
    best = max(trials, key=lambda t: (t.reward, -t.generation))
    return trials[-1].generation - best.generation


def save_search(optimiser: Optimiser, path: str | Path, about: str = "") -> None:
    """Write every trial and the state of the random numbers as JSON."""
    rng: np.random.Generator = optimiser.rng  # type: ignore[attr-defined]
    content = {
        "format": FORMAT,
        "kind": optimiser.kind,
        "about": about,
        "rng": rng.bit_generator.state,
        "trials": [[t.generation, t.point, t.reward] for t in optimiser.trials],
    }
    write_text(path, json.dumps(content, default=int))


def _load(optimiser: Optimiser, path: Path, about: str) -> None:
    try:
        content = json.loads(read_text(path))
        if content["format"] != FORMAT or content["kind"] != optimiser.kind:
            raise ConfigError(
                f"holds a search of kind {content['kind']!r}",
                where=path,
                remedy="choose another folder, or the same method",
            )
        if content["about"] != about:
            raise ConfigError(
                "holds a search with other rows, settings or seed",
                where=path,
                remedy="choose another folder, or remove the file to search anew",
            )
        trials = [Trial(int(g), p, float(r)) for g, p, r in content["trials"]]
        optimiser.rng.bit_generator.state = content["rng"]  # type: ignore[attr-defined]
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"is no saved search: {error}", where=path, remedy="remove the file"
        ) from error
    optimiser.trials[:] = trials


def best_trials(trials: Sequence[Trial], n: int, *, apart: int = 1) -> list[Trial]:
    """Return the `n` best different points, best first.

    Parameters
    ----------
    trials
        What was tried.
    n
        Most points to return.
    apart
        Number of variables in which each must differ from every better one. The best
        points of a search resemble one another; an ensemble needs different ones.
    """
    out: list[Trial] = []
    for trial in sorted(trials, key=lambda t: -t.reward):
        distances = [
            sum(trial.point[name] != value for name, value in kept.point.items())
            for kept in out
        ]
        if all(distance >= apart for distance in distances):
            out.append(trial)
        if len(out) == n:
            break
    return out
