import numpy as np

from meristem.tune.halving import SHORT, halve

WORST = -5.0


def test_the_better_half_is_trained_in_full_and_stands_first() -> None:
    asked: list[tuple[int, float]] = []
    full = {0: 9.0, 1: -4.0, 2: 3.0, 3: 1.0, 4: 2.0}

    def score(one: int, share: float) -> float:
        asked.append((one, share))
        return float(one) if share < 1 else full[one]

    reward = halve(range(5), score, WORST)
    assert [one for one, share in asked if share == SHORT] == list(range(5))
    assert sorted(one for one, share in asked if share == 1.0) == [2, 3, 4]
    assert reward[2:].tolist() == [3.0, 1.0, 2.0]
    assert (reward[:2] < reward[2:].min()).all()
    assert (reward >= WORST).all()


def test_a_single_candidate_is_trained_in_full_at_once() -> None:
    assert np.array_equal(halve([7.0], lambda x, share: x * share, WORST), [7.0])
