"""`meristem.stats.choices`: rows are predicted at choices that they took no part in."""

import numpy as np
import pytest

from meristem.stats.choices import best_choice

N, N_CHOICE = 23, 7


def _tried(rng, replicates=1):
    tried = [
        (test, rng.normal(size=(N_CHOICE, test.size)))
        for _ in range(replicates)
        for test in np.array_split(rng.permutation(N), 4)
    ]
    return tried, rng.normal(size=N), rng.uniform(0.5, 2, N)


@pytest.mark.parametrize("replicates", [1, 3])
def test_it_equals_the_naive_loop(replicates):
    tried, y, weight = _tried(np.random.default_rng(1), replicates)

    def losses(rows):
        total = np.zeros(N_CHOICE)
        for test, predicted in tried:
            for at, row in enumerate(test):
                if row in rows:
                    total += weight[row] * (predicted[:, at] - y[row]) ** 2
        return total

    best, unseen = best_choice(tried, y, weight)
    assert best == np.argmin(losses(set(range(N))))
    said = {row: [] for row in range(N)}
    for test, predicted in tried:
        others = set(range(N)) - set(test.tolist())
        choice = int(np.argmin(losses(others)))
        for at, row in enumerate(test):
            said[row].append(predicted[choice, at])
    assert unseen == pytest.approx([np.mean(said[row]) for row in range(N)])


def test_a_row_takes_no_part_in_the_choice_it_is_predicted_at():
    tried, y, weight = _tried(np.random.default_rng(2))
    test = tried[0][0]
    spoiled = y.copy()
    spoiled[test] = 100 + np.arange(test.size)
    assert best_choice(tried, spoiled, weight)[0] != best_choice(tried, y, weight)[0]
    before, after = (best_choice(tried, v, weight)[1][test] for v in (y, spoiled))
    assert np.array_equal(before, after)


def test_rows_of_the_only_split_have_the_one_choice_and_others_none():
    test = np.arange(5, 9)
    predicted = np.arange(12.0).reshape(3, 4)
    best, unseen = best_choice([(test, predicted)], np.full(N, 5.5), np.ones(N))
    assert best == 1
    assert np.array_equal(unseen[test], predicted[1])
    assert np.isnan(np.delete(unseen, test)).all()


def test_the_error_of_the_best_of_many_choices_is_not_flattered():
    rng = np.random.default_rng(3)
    flattered, honest = [], []
    for _ in range(200):
        tried, y, _ = _tried(rng)  # no choice knows anything: mean square 2
        best, unseen = best_choice(tried, y, np.ones(N))
        held = np.concatenate([predicted[best] for _, predicted in tried])
        rows = np.concatenate([test for test, _ in tried])
        flattered.append(np.mean((held - y[rows]) ** 2))
        honest.append(np.mean((unseen - y) ** 2))
    assert np.mean(flattered) < 1.6
    assert np.mean(honest) == pytest.approx(2, abs=0.15)
