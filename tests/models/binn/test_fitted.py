"""What a trained network answers to readers of networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.binn.toys import make_network, untrained

from meristem.models.binn.fitted import FittedBINN
from meristem.models.protocol import as_network


@pytest.fixture(name="fitted")
def make_fitted(plan, genotypes) -> FittedBINN:
    return untrained(make_network(plan).float(), plan, genotypes)


def test_alone_it_has_all_of_the_prediction(fitted, genotypes):
    alone = fitted.alone()
    assert alone.share.tolist() == [1, 1]
    whole, half = alone.network_value(genotypes), fitted.network_value(genotypes)
    assert half == pytest.approx(whole * [0.5, 1.0])
    # there is no path beside this one
    assert fitted.predict(genotypes).value == pytest.approx(half, abs=1e-6)


def test_its_value_stays_within_limits(fitted, genotypes):
    narrow = replace(fitted, limits=np.array([[-0.1, -0.1], [0.1, 0.1]]))
    assert np.abs(narrow.network_value(genotypes)).max() <= 0.1


def test_it_says_what_it_is_made_of(fitted):
    assert as_network(fitted) is fitted
    assert fitted.nodes.tolist() == fitted.plan.node_name.tolist()
    assert fitted.inclusion() is None
    assert fitted.multiplied(0) == ()
    found = replace(fitted, meta={"fit": "evidence", "off_graph": True}).composition()
    assert (found.fit, found.off_graph) == ("evidence", True)
    assert found.network_share.tolist() == [0.5, 1.0]
    assert found.products_share is None
