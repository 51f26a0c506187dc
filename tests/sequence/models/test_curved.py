import numpy as np
from tests.sequence.toys import fitted, rows

from meristem.sequence.features.kmers import canonical
from meristem.sequence.models.curved import (
    _n_kmer,
    left_out_error,
    squared_distance,
)


def test_error_of_groups_left_out_equals_refits() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(14, 3)).astype(np.float32)
    y = rng.normal(size=14)
    kernel = np.exp(-0.3 * squared_distance(x)).astype(float)
    group = np.array([0, 0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 7, 8, 9])
    members = [np.flatnonzero(group == name) for name in range(10)]
    inverse = np.linalg.inv(kernel + 0.5 * np.eye(14))
    error = 0.0
    for out in members:
        own = np.setdiff1d(np.arange(14), out)
        inside = kernel[np.ix_(own, own)] + 0.5 * np.eye(own.size)
        guess = kernel[np.ix_(out, own)] @ np.linalg.solve(inside, y[own])
        error += float(((y[out] - guess) ** 2).sum())
    assert np.isclose(left_out_error(inverse, y, members), error)


def test_number_of_kmers_is_that_of_the_features() -> None:
    assert [_n_kmer(k) for k in (1, 2, 3, 4, 5)] == [
        len(canonical(k)[1]) for k in (1, 2, 3, 4, 5)
    ]


def test_it_bends_where_a_straight_line_cannot() -> None:
    data = rows()
    guess = fitted("curved").predict(data.onehot)
    there = ~np.isnan(data.value[:, 0])
    assert np.corrcoef(guess[there, 0], data.value[there, 0])[0, 1] > 0.6
