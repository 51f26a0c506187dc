from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import core_data, core_plan

from meristem.config.models import CoreOptions
from meristem.errors import DataError
from meristem.models.catalog import build
from meristem.models.mixture.restore import restore_mixture


def test_a_network_that_is_none_is_refused():
    data = core_data(n=60)[0]
    fitted = build(CoreOptions(inner_folds=2), core_plan()).fit(
        data, rng=np.random.default_rng(0)
    )
    wrong = replace(fitted, network=fitted.mixture)
    with pytest.raises(DataError, match="in place of a network"):
        restore_mixture(wrong.state())
