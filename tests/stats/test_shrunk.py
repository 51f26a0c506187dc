import pytest

from meristem.stats.shrunk import SMALLEST, shrunk_scale


def test_a_scale_is_believed_as_far_as_it_was_measured():
    assert shrunk_scale(3.0, 1e-6) == pytest.approx(3)
    assert shrunk_scale(3.0, 1e3) == pytest.approx(1, abs=1e-3)
    assert 1 < shrunk_scale(3.0, 1.0) < shrunk_scale(3.0, 0.3) < 3
    assert shrunk_scale(-5.0, 1e-6) == SMALLEST
