import numpy as np
import pytest
from tests import toys
from tests.models.toys import QUICK

from meristem.config.models import DenseOptions, ReactionOptions, TrialOptions
from meristem.models.catalog import restore
from meristem.models.protocol import FittedTrials
from meristem.models.trials.reactions import ReactionNetwork, supported
from meristem.models.trials.spec import LinesByEnvironments, record_labels
from meristem.prepare.by_environment import stack_environments
from meristem.records import Environments

N, P = 36, 31
PLACES = tuple(f"e{k}" for k in range(7))
OPTIONS = ReactionOptions(
    network=DenseOptions(hidden=(6,), **(QUICK | {"epochs": 60})), factors=2
)


@pytest.fixture(scope="module")
def problem():
    """Records of lines whose slope on rain is in their markers; e6 has none."""
    rng = np.random.default_rng(2)
    dosage = rng.integers(0, 3, (N, P)).astype(np.int8)
    rain = np.linspace(-1.5, 1.5, 7)
    z = dosage - 1.0
    main, slope = z[:, :5].sum(axis=1), z[:, 5:10].sum(axis=1)
    y = main[:, None] + slope[:, None] * rain + 0.5 * rng.standard_normal((N, 7))
    y[:, 6] = np.nan
    y[rng.random(y.shape) < 0.1] = np.nan
    y += 10
    data = stack_environments(toys.dataset(dosage, y, "l", ["yield"] * 7, PLACES))
    table = Environments(np.array(PLACES), np.array(["rain"]), rain[:, None])
    fitted = ReactionNetwork(OPTIONS, None, table).fit(
        data, rng=np.random.default_rng(0)
    )
    return data, table, fitted, main, slope


def test_the_network_learns_means_and_slopes(problem):
    data, _, fitted, main, slope = problem
    assert isinstance(fitted, FittedTrials)
    first = np.unique(record_labels(data)[0], return_index=True)[1]
    found = fitted.networks[0].predict(data.genotypes.take_samples(first)).value
    order = [int(name[1:]) for name in record_labels(data)[0][first]]
    rain = fitted.factors.of(np.array(["e5"]))[0, 1]
    assert np.corrcoef(found[:, 0], main[order])[0, 1] > 0.7
    assert np.corrcoef(found[:, 1] * np.sign(rain), slope[order])[0, 1] > 0.7
    assert 0 <= fitted.share[0] <= 1


def test_without_a_share_the_reaction_norm_predicts(problem):
    data, table, fitted, *_ = problem
    alone = LinesByEnvironments(TrialOptions(structure="reaction_norm"), table).fit(
        data, rng=np.random.default_rng(0)
    )
    places = np.array(["e6", "e0", "e3"])
    rows = data.genotypes.take_samples(np.array([0, 50, 9]))
    lines = np.full(3, "")
    base = alone.posterior_at(rows, lines, places).mean
    moved = fitted.beside(rows, places, base)
    found = fitted.posterior_at(rows, lines, places).mean
    assert found == pytest.approx(base + fitted.share * moved)


def test_a_state_predicts_the_same(problem):
    data, _, fitted, *_ = problem
    again = restore(fitted.state())
    labels = record_labels(data)
    one = fitted.posterior_at(data.genotypes, *labels).mean
    two = again.posterior_at(data.genotypes, *labels).mean
    assert two == pytest.approx(one, abs=1e-5)
    assert again.components()["component"].tolist()[-1] == "network share"


def test_records_of_one_line_count_together():
    rng = np.random.default_rng(6)
    moved = np.repeat(rng.standard_normal(30), 10)
    missed = 0.3 * moved + np.repeat(rng.standard_normal(30), 10)
    apart = supported(moved, missed, np.arange(300))
    together = supported(moved, missed, np.repeat(np.arange(30), 10))
    assert together < apart


def test_more_factors_teach_more_slopes(problem):
    data, table, *_ = problem
    wide = Environments(
        table.environment_name,
        np.array(["rain", "sun"]),
        np.column_stack([table.value, table.value**2]),
    )
    slopes = []
    for factors in (1, 2):
        options = OPTIONS.model_copy(update={"factors": factors})
        spec = ReactionNetwork(options, None, wide)
        lines, networks, _ = spec._paths(data, (), np.random.default_rng(0))
        assert lines.environments.size == 6
        slopes.append(networks[0].trait_name.tolist())
    assert slopes[0] == ["yield mean", "yield slope 1"]
    assert slopes[1] == ["yield mean", "yield slope 1", "yield slope 2"]
