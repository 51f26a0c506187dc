import numpy as np
import pytest
from scipy.stats import rankdata

from meristem.stats.ranks import average_ranks, ordinal_ranks


@pytest.mark.parametrize("shape", [(0,), (1,), (50,), (4, 9)])
def test_ranks_are_those_of_scipy(shape):
    values = np.random.default_rng(2).integers(0, 12, shape).astype(float)
    assert average_ranks(values).tolist() == rankdata(values).ravel().tolist()
    if values.ndim == 1:
        assert ordinal_ranks(values).tolist() == rankdata(values, "ordinal").tolist()
