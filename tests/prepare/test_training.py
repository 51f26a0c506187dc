"""`meristem.prepare.training`: what a fold learns from."""

from __future__ import annotations

import numpy as np
import pytest
from tests import toys

from meristem.prepare.adjust import adjusted_means
from meristem.prepare.align import make_dataset
from meristem.prepare.by_environment import stack_environments
from meristem.prepare.training import training_set
from meristem.records import Dataset, Observations

LINES = np.array([f"L{k}" for k in range(8)])


def trial(by: str, spoilt: tuple[str, ...] = ()) -> Dataset:
    """Eight lines and a check without genotype, two replicates in two places."""
    rng = np.random.default_rng(3)
    names = np.array([*LINES, "check"])
    line, place, replicate = (part.ravel() for part in np.indices((9, 2, 2)))
    keep = rng.random(line.size) < 0.8
    keep[line == 8] = True
    line, place, replicate = line[keep], place[keep], replicate[keep]
    value = line + 10.0 * place + 3.0 * replicate * place + rng.normal(size=line.size)
    value = np.where(np.isin(names[line], spoilt), -1e6 * value, value)
    observations = Observations(
        names[line],
        np.array(["dry", "wet"])[place],
        np.array(["1", "2"])[replicate],
        np.full(line.size, "yield"),
        value,
        np.ones(line.size),
    )
    genotypes = toys.genotypes(np.zeros((8, 1)), LINES)
    adjusted = adjusted_means(observations, "line" if by == "line" else by)
    return make_dataset(genotypes, adjusted)[0]


@pytest.mark.parametrize("stacked", [False, True])
def test_other_rows_change_nothing(stacked: bool) -> None:
    found = []
    for spoilt in ((), ("L2", "L5")):
        data = trial("line_environment" if stacked else "line", spoilt)
        data = stack_environments(data) if stacked else data
        line = np.char.partition(data.sample_id, "@")[:, 0]
        train, taken = training_set(data, ~np.isin(line, ["L2", "L5"]))
        means = taken.environments
        assert (means is not None) == stacked
        found.append(train.phenotypes)
        if means is not None:
            assert np.nanmax(np.abs(train.phenotypes.value)) < 20
            again, zero = training_set(train, np.arange(train.n_sample))
            np.testing.assert_array_equal(again.phenotypes.value, found[-1].value)
            assert zero.environments is not None
            np.testing.assert_array_equal(zero.environments.mean, means.mean)
    assert found[0].value.tobytes() == found[1].value.tobytes()
    assert found[0].weight.tobytes() == found[1].weight.tobytes()


def test_lines_without_genotypes_connect_the_trials_of_every_set() -> None:
    data = trial("line")
    rows = np.array([0, 3, 4])
    with_check = training_set(data, rows)[0].phenotypes
    assert with_check.measurements is not None
    assert with_check.measurements.sample.max() == 3  # the check follows the rows
    whole = training_set(data, np.arange(8))[0].phenotypes
    np.testing.assert_allclose(whole.value, data.phenotypes.value)


def test_one_value_per_line_stays_as_it_is() -> None:
    data = trial("line")
    value = data.phenotypes.value
    plain = Dataset(
        data.genotypes,
        adjusted_means(
            Observations(
                LINES, *np.full((2, 8), ""), np.full(8, "y"), value[:, 0], np.ones(8)
            )
        ),
    )
    train, taken = training_set(plain, np.array([1, 2, 5]))
    assert taken.environments is None
    assert taken.covariates is None
    assert train.phenotypes.value.tobytes() == value[[1, 2, 5]].tobytes()
