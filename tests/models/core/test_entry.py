"""On which graphs, measurements and options `auto` takes variance components."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.models.toys import core_data, core_plan

from meristem.config.models import AutoOptions
from meristem.models.core.entry import MIN_GENES, core_suits, enough_genes

SOFT = AutoOptions(omics="soft")


@pytest.fixture(scope="module")
def training():
    return core_data(n=60)[0]


def test_soft_omics_of_enough_genes_below_sets(training):
    plan = core_plan()
    assert core_suits(SOFT, training, plan)
    for options in (
        AutoOptions(omics="none"),
        AutoOptions(omics="hard"),
        AutoOptions(omics="soft", omics_weight=0.0),
        AutoOptions(omics="soft", omics_schedule="staged"),
    ):
        assert not core_suits(options, training, plan)


def test_too_few_measured_genes(training):
    table = training.omics[0]
    few = replace(
        table,
        feature_id=table.feature_id[: MIN_GENES - 1],
        node_name=table.node_name[: MIN_GENES - 1],
        value=table.value[:, : MIN_GENES - 1],
    )
    assert not core_suits(SOFT, replace(training, omics=(few,)), core_plan())


def test_sets_have_to_stand_above():
    assert enough_genes(MIN_GENES, sets_above=True)
    assert not enough_genes(MIN_GENES, sets_above=False)
