"""The tiny plan and its lines, which tests of readers of networks use as well."""

from __future__ import annotations

import pytest
from tests.interpret.toys import tiny_genotypes, tiny_plan

from meristem.records import Genotypes, NetworkPlan


@pytest.fixture
def plan() -> NetworkPlan:
    return tiny_plan()


@pytest.fixture
def genotypes() -> Genotypes:
    return tiny_genotypes()
