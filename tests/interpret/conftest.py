"""The tiny plan, its lines and its network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.interpret.toys import TinyNetwork, tiny_data, tiny_genotypes, tiny_plan

from meristem.records import Dataset, Genotypes, NetworkPlan


@pytest.fixture
def plan() -> NetworkPlan:
    return tiny_plan()


@pytest.fixture
def genotypes() -> Genotypes:
    return tiny_genotypes()


@pytest.fixture
def network() -> Callable[..., TinyNetwork]:
    def build(**options) -> TinyNetwork:
        return TinyNetwork(tiny_plan(), **options)

    return build


@pytest.fixture
def data_factory() -> Callable[..., Dataset]:
    return tiny_data
