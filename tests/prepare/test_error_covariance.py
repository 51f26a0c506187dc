from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import toys

from meristem.errors import ConfigError, DataError
from meristem.interpret.importance.shuffled_labels import shuffle_labels
from meristem.prepare.adjust import adjusted_means, readjusted
from meristem.prepare.align import make_dataset
from meristem.prepare.error_covariance import (
    ErrorTable,
    attach_errors,
    with_error_weights,
)
from meristem.records import Observations

LINES = np.array([f"L{k}" for k in range(6)])


def observations(lines=LINES, traits=("yield",), **fields):
    n = lines.size
    trait = np.repeat(traits, n)
    value = np.random.default_rng(1).normal(8, 2, trait.size)
    empty = np.full(trait.size, "")
    table = Observations(
        np.tile(lines, len(traits)), empty, empty, trait, value, np.ones(trait.size)
    )
    return replace(table, **fields)


def covariance(n=6, seed=2):
    root = np.random.default_rng(seed).normal(size=(n, 9))
    return root @ root.T / 9 + np.diag(np.arange(1.0, n + 1) / 4)


def table(matrix=None, name=LINES):
    return ErrorTable(name, covariance() if matrix is None else matrix, Path("e.csv"))


def attach(seen=None, tables=None, **fields):
    seen = observations() if seen is None else seen
    tables = {"": table()} if tables is None else tables
    asked = {"known_scale": True} | fields
    return attach_errors(adjusted_means(seen), seen, tables, **asked)


def test_lines_are_matched_by_name_and_weights_are_those_of_the_diagonal():
    order = np.array([4, 0, 7, 2, 1, 5, 3, 6])
    name = np.array([f"L{k}" for k in order])
    matrix = covariance(8)
    found = attach(tables={"yield": table(matrix, name)})
    own = matrix[np.ix_(order.argsort()[:6], order.argsort()[:6])]
    (errors,) = found.errors
    assert np.array_equal(errors.matrix, own)
    assert errors.row.tolist() == list(range(6))
    expected = 1 / np.diag(own)
    assert found.weight[:, 0] == pytest.approx(expected / expected.mean())


def test_traits_have_their_own_lines_without_a_value_have_none():
    seen = observations(traits=("yield", "height"))
    seen.value[[2, 5]] = np.nan
    found = attach(seen, {"yield": table()})
    assert found.errors[1] is None
    assert found.errors[0].row.tolist() == [0, 1, -1, 2, 3, -1]
    assert np.array_equal(found.weight[:, 1], np.ones(6))
    assert found.errors[0].matrix.shape == (4, 4)


def test_rows_follow_the_genotypes_and_lines_without_them_need_no_error():
    genotypes = toys.genotypes(np.arange(12).reshape(4, 3) % 3, ["L3", "x", "L0", "L5"])
    some = table(covariance()[[0, 3, 5]][:, [0, 3, 5]], LINES[[0, 3, 5]])
    found = attach(tables={"": some}, genotyped=genotypes.sample_id)
    aligned = make_dataset(genotypes, found)[0].phenotypes
    (errors,) = aligned.errors
    assert errors.row.tolist() == [1, -1, 0, 2]
    moved = shuffle_labels(make_dataset(genotypes, found)[0], toys.rng(3)).phenotypes
    place = dict(zip(aligned.value[:, 0].tolist(), errors.row.tolist(), strict=True))
    kept = [0, 2, 3]
    expected = [place[value] for value in moved.value[kept, 0].tolist()]
    assert moved.errors[0].row[kept].tolist() == expected


def test_training_rows_alone_make_their_weights():
    found = attach()
    train = np.array([0, 2, 3])
    weight = readjusted(found.take_samples(train)).weight
    other = covariance()
    other[[1, 4, 5]] *= 30
    other[:, [1, 4, 5]] *= 30
    changed = attach(tables={"": table(other)}, known_scale=False)
    again = readjusted(changed.take_samples(train)).weight
    assert np.array_equal(weight, again)
    assert weight.mean() == pytest.approx(1)
    plain = adjusted_means(observations())
    assert with_error_weights(plain) is plain
    assert attach(tables={}).errors == ()


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"": table()}, "one table for 2 traits"),
        ({"yeild": table()}, "'yeild', which is no trait here"),
    ],
)
def test_traits_are_named(tables, message):
    with pytest.raises(ConfigError, match=message):
        attach(observations(traits=("yield", "height")), tables)


def singular():
    """Return the covariance of differences from the mean of all lines."""
    centre = np.eye(6) - 1 / 6
    return centre @ covariance() @ centre


@pytest.mark.parametrize(
    ("seen", "given", "message"),
    [
        (observations(LINES[[0, 1, 2, 3, 1]]), table(), "L1 has 2 values of yield"),
        (
            observations(environment=np.array(list("aabbab"))),
            table(),
            "the values of yield are of 2 environments",
        ),
        (
            observations(),
            table(covariance(4), LINES[:4]),
            "2 of 6 lines with a value are not there: L4, L5",
        ),
        (observations(), table(singular()), "is not positive definite.*L"),
        (
            observations(),
            table(np.array([[1, 2], [2, 1]]).repeat(3, 0).repeat(3, 1) + np.eye(6)),
            "is not positive definite",
        ),
        (observations(), table(100 * covariance()), 'error_scale = "estimated"'),
    ],
)
def test_what_is_no_covariance_of_one_mean_per_line_is_refused(seen, given, message):
    with pytest.raises(DataError, match=message):
        attach(seen, {"": given})


def test_an_unknown_scale_may_be_any():
    large = {"": table(100 * covariance())}
    (errors,) = attach(tables=large, known_scale=False).errors
    assert not errors.known
