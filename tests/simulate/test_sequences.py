import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.simulate.sequences import NEAR, _occupied, activity, simulate_sequences


def _draw(seed: int = 1):
    return simulate_sequences(
        families=40,
        mutants=3,
        length=70,
        noise=0.5,
        missing=0.3,
        rng=np.random.default_rng(seed),
    )


def test_variants_differ_by_one_base_of_their_original() -> None:
    drawn = _draw()
    text = dict(zip(drawn.sequence_id, drawn.sequence, strict=True))
    for name, place, ref, alt, _ in drawn.variant:
        base = text[name.split(".")[0]]
        assert base[place] == ref
        assert text[name] == base[:place] + alt + base[place + 1 :]


def test_true_effects_are_differences_of_true_values() -> None:
    drawn = _draw()
    truth = dict(zip(drawn.sequence_id, drawn.truth[:, 0], strict=True))
    for name, *_, effect in drawn.variant:
        assert effect == pytest.approx(truth[name] - truth[name.split(".")[0]])


def test_occupancy_equals_a_naive_sum() -> None:
    rng = np.random.default_rng(3)
    p = rng.dirichlet(np.ones(4), size=5).T
    code = rng.integers(4, size=(2, 12))
    found = _occupied(code, p)
    odds = np.log(p / 0.25)
    for row in range(2):
        for start in range(8):
            bases = code[row, start : start + 5]
            forward = sum(odds[b, i] for i, b in enumerate(bases))
            other = sum(odds[3 - b, 4 - i] for i, b in enumerate(bases))
            wanted = 1 / (1 + np.exp(6 - max(forward, other)))
            assert found[row, start] == pytest.approx(wanted)


def test_the_bonus_is_for_motifs_near_one_another() -> None:
    drawn = _draw()
    letters = np.array(list("ACGT"))
    first, second = ("".join(letters[p.argmax(axis=0)]) for p in drawn.motif[:2])
    near = "A" * 5 + first + "A" * 5 + second + "A" * 44
    far = "A" * 5 + first + "A" * (NEAR + 20) + second + "A" * 9
    code = np.array([[list("ACGT").index(b) for b in text] for text in (near, far)])
    value = activity(code, drawn.motif[: drawn.n_planted])
    assert value[0, 0] > value[1, 0] + 0.3


def test_seeds_decide_and_values_are_missing_as_asked() -> None:
    assert _draw().sequence == _draw().sequence
    assert _draw().sequence != _draw(2).sequence
    assert 0.15 < np.isnan(_draw().value[:, 1]).mean() < 0.45
    assert not np.isnan(_draw().value[:, 0]).any()


def test_short_sequences_are_refused() -> None:
    with pytest.raises(ConfigError, match="too few"):
        simulate_sequences(
            families=2,
            mutants=1,
            length=20,
            noise=0,
            missing=0,
            rng=np.random.default_rng(1),
        )
