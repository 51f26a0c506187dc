import numpy as np
import pytest
from tests.sequence.toys import fitted, planted

from meristem.errors import ConfigError
from meristem.sequence.design.constraints import Constraints, learn_realism
from meristem.sequence.design.oracle import Oracle
from meristem.sequence.design.search import (
    STRATEGIES,
    Effort,
    beam_search,
    search_edits,
    single_edits,
)
from meristem.sequence.inputs.onehot import code_matrix, one_hot

EFFORT = Effort(beam=3, population=20, generations=5, steps=15)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, -1.0)])
def test_designs_gain_and_keep_to_every_constraint(
    strategy: str, weights: tuple[float, float]
) -> None:
    drawn = planted()
    oracle = fitted("cnn")
    bound = Constraints(3, ("GGTCTC",), (0.2, 0.7), None, learn_realism(drawn.sequence))
    weight = np.array(weights)
    for start in code_matrix(drawn.sequence[:2]):
        rng = np.random.default_rng(1)
        judge = Oracle((oracle,), weight)
        made = search_edits(strategy, start, judge, bound, EFFORT, rng)
        assert (made == start).all() or bound.kept(made[None], start)[0]
        both = oracle.predict(one_hot(np.vstack([start, made]))) @ weight
        if strategy != "gradient":
            assert both[1] > both[0]


def test_a_beam_finds_what_two_edits_need_together() -> None:
    start = code_matrix(["AAAAAAAA"])[0]

    def score(x: np.ndarray) -> np.ndarray:
        first, second = x[:, 1, 2], x[:, 2, 5]
        return first * second - 0.1 * (first + second)

    found = beam_search(start, score, Constraints(2), width=30)
    assert (found[2], found[5]) == (1, 2)


def test_single_edits_are_all_there_once() -> None:
    start = code_matrix(["ACGT"])[0]
    assert len(single_edits(start[None], start, Constraints(1))) == 12
    assert len(single_edits(start[None], start, Constraints(0))) == 0


def test_the_same_seed_gives_the_same_design() -> None:
    start = code_matrix(planted().sequence[:1])[0]
    one, other = (
        search_edits(
            "genetic",
            start,
            Oracle((fitted("kmer"),), np.array([1.0, 0.0])),
            Constraints(3),
            EFFORT,
            np.random.default_rng(7),
        )
        for _ in range(2)
    )
    assert np.array_equal(one, other)


def test_gradients_need_a_network() -> None:
    start = code_matrix(planted().sequence[:1])[0]
    with pytest.raises(ConfigError, match="has no gradients"):
        search_edits(
            "gradient",
            start,
            Oracle((fitted("motif"),), np.array([1.0, 0.0])),
            Constraints(3),
            EFFORT,
            np.random.default_rng(1),
        )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_forbidden_words_of_a_start_are_removed_first(strategy: str) -> None:
    text = planted().sequence[0]
    text = text[:4] + "GGTCTC" + text[10:20] + "GAGACC" + text[26:]
    start = code_matrix([text])[0]
    weight = np.array([1.0, 0.0])
    for edits in (3, 1):
        bound = Constraints(edits, ("GGTCTC",), (0.1, 0.9))
        made = search_edits(
            strategy,
            start,
            Oracle((fitted("cnn" if strategy == "gradient" else "kmer"),), weight),
            bound,
            EFFORT,
            np.random.default_rng(2),
        )
        assert (made != start).sum() <= edits
        assert bound.held(made, start) == (edits == 3)
        assert (bound.words(made[None])[0] == 0) == (edits == 3)
