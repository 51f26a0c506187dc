import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.sequence.motifs.marginal import (
    marginal_effect,
    put_site,
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

    together = spacing_effect(predict, _background(), (G, C), (0, 3, 5))
    assert together.tolist() == [[0, 0], [3, 0], [0, 0]]
    assert marginal_effect(predict, _background(), G).tolist() == [2, 0]


def test_sites_that_do_not_fit_are_refused():
    with pytest.raises(ConfigError, match="does not fit"):
        put_site(_background(), G, 20)
    before = _background()
    put_site(before, G, 3)
    assert np.array_equal(before, _background())
