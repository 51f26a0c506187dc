"""`benchmarks.accuracy.calibration`: a stated chance happens as often as stated."""

import numpy as np
import pytest
from benchmarks.accuracy.calibration import (
    MODELS,
    counts,
    run_calibration,
    simulate_population,
)
from benchmarks.accuracy.cells import read_rows

from meristem.models.catalog import CATALOG
from meristem.records import Posterior


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    out = tmp_path_factory.mktemp("calibration")
    text = run_calibration(30, out, 5, models=("gblup", "ridge", "rkhs"))
    assert "gblup: stated" in text
    return read_rows(out / "summary.csv")


@pytest.mark.parametrize("model", ["gblup", "ridge", "rkhs"])
def test_stated_chances_happen(summary, model):
    own = [row for row in summary if row["model"] == model]
    assert abs(float(own[0]["inside_80"]) - 0.8) < 0.07
    assert abs(float(own[0]["inside_95"]) - 0.95) < 0.04
    for row in own:
        miss = float(row["happened"]) - float(row["stated"])
        assert abs(miss) < 0.03 + 3 * float(row["se"]), row["class"]
    likely = next(row for row in own if row["class"] == "0.7-0.9")
    assert 30 < float(likely["lines"]) < 300


def test_the_table_tells_a_sure_model_from_an_honest_one():
    rng = np.random.default_rng(1)
    value = rng.normal(size=60)
    mean = value + rng.normal(size=60)

    def inside(sd):
        belief = Posterior(
            np.arange(60).astype(str),
            np.array(["t"]),
            np.array([""]),
            mean[:, None],
            np.zeros((1, 60, 1)),
            np.full((60, 1), sd),
            np.full((60, 1), np.nan),
            np.ones(1),
        )
        return float(counts(belief, rng.random(60), value)["inside_80"])

    assert inside(0.3) < 0.5 < inside(1.0) < inside(5.0) == 1


def test_every_kind_that_predicts_from_genotypes_is_counted():
    counted = {options.kind for options in MODELS.values()}
    # a stack is the average of some; no scores, one trait, one environment
    left_out = {"measured_omics", "stack", "prior_gblup", "multi_trait"}
    left_out |= {"reaction_network"}
    assert counted == set(CATALOG) - left_out


def test_causal_loci_can_be_hidden():
    shown = simulate_population(np.random.default_rng(2))
    hidden = simulate_population(np.random.default_rng(2), hidden=True)
    assert shown.train.genotypes.n_variant == hidden.train.genotypes.n_variant + 100
    assert np.array_equal(shown.value, hidden.value)
