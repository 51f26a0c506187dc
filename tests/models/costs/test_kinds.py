"""Costs follow the rules that fits follow, and count what their loops run over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import OPTIONS, make_plan, panel

from meristem.models.catalog import cost
from meristem.records import ErrorCovariance


@pytest.mark.parametrize("label", list(OPTIONS))
def test_every_kind_has_a_cost_that_grows_with_the_lines(label):
    dataset = panel()
    plan = make_plan(dataset.genotypes.variants)
    half = dataset.take(list(range(20)))
    found = [cost(OPTIONS[label], one, plan).seconds for one in (half, dataset)]
    assert 0 < found[0] < found[1]


MORE = [  # an option, and by how much at least (at most) its cost grows
    ("gblup", {"variance": "inner"}, 1.5, 8),
    ("rkhs", {"bandwidths": (0.5, 1.0) * 5}, 1.5, 2),
    ("rkhs", {"variance": "inner"}, 2, 6),
    ("gwablup", {"prior": (0.05, 1.0) * 4}, 1.5, 4),
    ("prior_gblup", {"shares": (0.0, 0.5) * 4}, 1.3, 8),
    ("elastic_net", {"n_alphas": 80}, 1.2, 10),
    ("elastic_net", {"l1_ratio": (0.1, 0.5, 0.9)}, 1.1, 3),
    ("random_forest", {"trees": 120}, 2, 10),
    ("boosting", {"rounds": 120}, 5, 10),
    ("dense", {"patience": 400, "epochs": 1000}, 2, 40),
    ("dense", {"epochs": 2}, 0, 0.99),
    ("cnn", {"channels": 400}, 1.1, 200),
    ("binn", {"fit": "evidence", "rounds": 5}, 0, 0.9),
    ("core", {"inner_folds": 5}, 1.02, 2.5),
]


@pytest.mark.parametrize(("label", "change", "low", "high"), MORE)
def test_an_option_changes_the_cost_by_what_it_asks_for(label, change, low, high):
    dataset = panel()
    plan = make_plan(dataset.genotypes.variants)
    first = OPTIONS[label]
    if "rounds" in change and label == "binn":
        first = first.changed(fit="evidence", rounds=60)
    before, after = (
        cost(one, dataset, plan).seconds for one in (first, first.changed(**change))
    )
    assert low * before < after < high * before


@pytest.mark.parametrize("label", ["gblup", "kernels", "ridge"])
def test_covariances_of_errors_cost_those_that_read_them(label):
    dataset = panel()
    errors = ErrorCovariance(np.eye(1), np.zeros(dataset.n_sample, int), known=True)
    given = (errors,) * dataset.phenotypes.n_target
    told = replace(dataset, phenotypes=replace(dataset.phenotypes, errors=given))
    one, two = (cost(OPTIONS[label], data, None) for data in (dataset, told))
    assert (
        (two.seconds > one.seconds) == (two.memory > one.memory) == (label != "ridge")
    )
