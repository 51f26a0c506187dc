import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.sequence.motifs.marginal import (
    Planted,
    marginal_effects,
    put_site,
    shuffled,
    spacing_effect,
)
from meristem.sequence.motifs.motif import Motif

G = Motif("G", "", np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]))
C = Motif("C", "", np.array([[0.0], [1.0], [0.0], [0.0]]))


def _background(n=5, length=21):
    x = np.zeros((n, 4, length), np.float32)
    x[:, 0] = 1
    return x


def test_only_pairs_at_the_liked_distance_interact():
    def predict(x):
        g, c = x[:, 2], x[:, 1]
        pairs = (g[:, 1:-4] * g[:, :-5] * c[:, 5:]).sum(axis=1)  # GG...C
        return np.column_stack([g.sum(axis=1) + 3 * pairs, c.sum(axis=1)])

    planted = Planted(predict, _background())
    together = spacing_effect(planted, (G, C), (0, 3, 5))
    assert together.shape == (3, 5, 2)
    assert np.ptp(together, axis=1).max() == 0  # the background is all A
    assert together[:, 0].tolist() == [[0, 0], [3, 0], [0, 0]]
    assert marginal_effects(planted, [G]).tolist() == [[[2, 0]] * 5]


def test_every_placement_is_predicted_once_and_is_that_of_its_own():
    asked = []

    def predict(x):
        asked.append(len(x))
        place = np.arange(1, x.shape[2] + 1) ** 2
        return ((x[:, 1] + 2 * x[:, 2]) * place).sum(axis=1, keepdims=True) ** 1.5

    x = _background()
    x[1, :, 3] = [0, 1, 0, 0]
    planted = Planted(predict, x)
    found = spacing_effect(planted, (G, C), (0, 1, 4))
    assert sum(asked) == len(x) * (1 + 3 + 2 + 3)  # C stands at 11 twice
    for distance, own in zip((0, 1, 4), found, strict=True):
        left = (21 - 3 - distance) // 2
        right = left + 2 + distance
        one, other = put_site(x, G, left), put_site(x, C, right)
        both = put_site(one, C, right)
        slow = predict(both) - predict(one) - predict(other) + predict(x)
        assert own == pytest.approx(slow)
    before = sum(asked)
    assert np.array_equal(spacing_effect(planted, (G, C), (0, 1, 4)), found)
    assert sum(asked) == before


def test_shuffles_keep_bases_and_padding():
    rng = np.random.default_rng(1)
    x = np.zeros((2, 4, 9), np.float32)
    x[0, rng.integers(0, 4, 7), np.arange(7)] = 1
    x[1, rng.integers(0, 4, 9), np.arange(9)] = 1
    made = shuffled(x, 3, rng)
    assert np.array_equal(made.sum(axis=2), x[[0, 1, 0]].sum(axis=2))
    assert np.array_equal(made.sum(axis=1), x[[0, 1, 0]].sum(axis=1))
    assert not np.array_equal(made[0], made[2])


def test_sites_that_do_not_fit_are_refused():
    with pytest.raises(ConfigError, match="does not fit"):
        put_site(_background(), G, 20)
    before = _background()
    put_site(before, G, 3)
    assert np.array_equal(before, _background())
