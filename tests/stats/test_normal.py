import numpy as np
import pytest
from scipy.stats import norm

from meristem.stats.normal import normal_density


def test_the_density_is_that_of_scipy():
    x = np.linspace(-4, 4, 9)
    assert normal_density(x) == pytest.approx(norm.pdf(x), rel=1e-12)
