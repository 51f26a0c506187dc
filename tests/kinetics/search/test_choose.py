"""Choice within the training rows: in order, deterministic, blind to other rows."""

import numpy as np
import pytest

from meristem.kinetics.network.kinn import FitOptions, Measurements
from meristem.kinetics.network.simulate import planted_benchmark, simulate
from meristem.kinetics.search.choose import Chosen, SearchPlan, search_architectures
from meristem.kinetics.search.space import Space, simulated_space
from meristem.tune.optimisers import best_trials

PLAN = SearchPlan(
    generations=3,
    size=5,
    folds=4,
    shortlist=4,
    apart=2,
    options=FitOptions(epochs=4, batch=128, learning_rate=0.05),
)


@pytest.fixture(scope="module")
def planted() -> tuple[Space, Measurements]:
    rng = np.random.default_rng(0)
    simulation = planted_benchmark(rng)
    _, data = simulate(simulation, 300, n_change=(4,), rng=rng)
    starts = tuple(rate.start for rate in simulation.rates)
    return simulated_space(simulation.scheme, starts), data


def choose(space: Space, data: Measurements, seed: int = 1, **more: object) -> Chosen:
    rng = np.random.default_rng(seed)
    return search_architectures(space, data, PLAN, rng=rng, **more)


def test_best_validated_comes_first(planted: tuple) -> None:
    space, data = planted
    found = choose(space, data)
    assert len(found.trials) == 15
    assert len(found.shortlist) == len(found.architectures) <= 4
    assert (np.diff(found.value) <= 0).all()
    wanted = best_trials(found.trials, 4, apart=2)
    key = sorted(str(trial) for trial in wanted)
    assert sorted(str(trial) for trial in found.shortlist) == key
    for trial, architecture in zip(found.shortlist, found.architectures, strict=True):
        assert space.build(trial.point) == architecture


def test_same_seed_same_choice_also_when_resumed(planted: tuple, tmp_path) -> None:
    space, data = planted
    once = choose(space, data)
    again = choose(space, data, state=tmp_path / "search.json")
    resumed = choose(space, data, state=tmp_path / "search.json")
    assert once.trials == again.trials == resumed.trials
    assert once.architectures == again.architectures == resumed.architectures
