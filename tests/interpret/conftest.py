"""The tiny plan, its lines and its network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.interpret.toys import TinyNetwork, genotypes, plan, tiny_data, tiny_plan

from meristem.records import Dataset

__all__ = ["genotypes", "plan"]


@pytest.fixture
def network() -> Callable[..., TinyNetwork]:
    def build(**options) -> TinyNetwork:
        return TinyNetwork(tiny_plan(), **options)

    return build


@pytest.fixture
def data_factory() -> Callable[..., Dataset]:
    return tiny_data
