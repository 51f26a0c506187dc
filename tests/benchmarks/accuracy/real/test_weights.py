"""Shares by inner rows beside those of outer rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from benchmarks.accuracy.real import weights
from benchmarks.accuracy.real.weights import (
    _repeat,
    run_weights,
    summary_rows,
    summary_text,
)
from tests.models.toys import marker_panel

from meristem.config.models import GBLUPOptions
from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError
from meristem.evaluate.splits import make_splits
from meristem.models.catalog import build
from meristem.models.mixture.parts import Part


@dataclass(frozen=True)
class Silent:
    """A part that says the same of every line."""

    like: object

    def predict(self, genotypes):
        found = self.like.predict(genotypes)
        return replace(found, value=np.zeros_like(found.value))


def test_outer_rows_give_nothing_to_a_part_that_says_nothing(monkeypatch, tmp_path):
    data, _, _ = marker_panel(1, n=120, p=40)
    document = {"genotypes": {"path": "g"}, "phenotypes": {"path": "p"}}
    document["evaluate"] = {"scheme": "kfold", "folds": 3}
    config = AnalysisConfig.model_validate(document)
    splits = make_splits(data, config.evaluate, np.random.default_rng(0))

    def parts(problem, options, rng):
        known = problem.dataset.phenotypes.value
        blup = build(GBLUPOptions()).fit(problem.dataset, rng=rng)
        said = blup.predict(problem.dataset.genotypes).value
        noise = rng.normal(size=known.shape)
        return (
            Part("kernels", blup, said + 0.5 * noise),
            Part("scan", Silent(blup), np.zeros_like(known)),
        )

    monkeypatch.setattr(weights, "simple_parts", parts)
    rows = _repeat(data, splits, config, "toy", splits[0].replicate)
    assert [row["part"] for row in rows] == ["kernels", "scan"]
    assert float(rows[0]["prior"]) == pytest.approx(0.875)
    assert 0 < float(rows[0]["inner"]) <= 1
    assert float(rows[0]["outer"]) > 0.5
    assert float(rows[1]["outer"]) == pytest.approx(0.0, abs=0.15)
    assert rows[0]["rows"] == "120"


def test_slopes_are_of_outer_on_inner_shares():
    rows = [
        {"part": part, "prior": "0.5", "inner": str(x), "outer": str(at + slope * x)}
        for part, at, slope in (("kernels", 0.2, 0.8), ("forest", 0.0, 1.0))
        for x in (0.1, 0.4, 0.6, 0.9)
    ]
    found = {row["part"]: row for row in summary_rows(rows)}
    assert float(found["kernels"]["slope"]) == pytest.approx(0.8)
    assert float(found["forest"]["low"]) == pytest.approx(1.0)
    assert float(found["all"]["slope"]) == pytest.approx(0.9)
    assert found["all"]["pairs"] == "8"
    assert "0.80 (0.80 to 0.80)" in summary_text(list(found.values()))


def test_unknown_panels_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="unknown panels: none"):
        run_weights(tmp_path, tmp_path, panels=("none",))
