"""The benchmarks of off-target sites: parts and what they are compared with."""

from __future__ import annotations

import numpy as np
import pandas as pd
from benchmarks.accuracy.kinetics import unseen_sites

from meristem.kinetics.cas9.sites import Sites


def sites(n: int) -> Sites:
    guide = np.array(["ACGTACGTACGTACGTACGTNGG"] * n)
    return Sites(guide, guide.copy(), np.arange(n) % 2, np.full(n, ""))


def test_parts_name_rows_and_what_they_are_compared_with() -> None:
    n = 40
    label = np.arange(n) % 2
    scores = {
        "kinetic": label.astype(float),
        "cnn": np.sin(np.arange(n) * 1.0),
        "edits": np.cos(np.arange(n) * 1.0),
    }
    near = np.arange(n) < 30
    rows = unseen_sites._parts(
        "site_seq", sites(n), scores, near, np.random.default_rng(0), 10
    )
    parts = {row["rows"] for row in rows}
    assert parts == {"all", "no bulge, <= 6 mismatches"}  # no bulge at all: not twice
    best = [r for r in rows if r["score"] == "kinetic" and r["metric"] == "AUROC"]
    assert {row["value"] for row in best} == {"1"}
    assert {row["against"] for row in best} == {"edits", "cnn"}
    assert {row["n"] for row in rows} == {"40", "30"}


def test_rows_of_a_ranking_name_what_they_are_compared_with() -> None:
    label = np.arange(30) % 2
    score = label + np.sin(np.arange(30.0))
    ranking = unseen_sites.compare_scores(
        label,
        {"a": score, "b": -score},
        reference=("b", "a"),
        rng=np.random.default_rng(0),
        n_bootstrap=5,
    )
    assert isinstance(ranking, pd.DataFrame)
    rows = unseen_sites._against(ranking, "7", "somewhere")
    assert len(rows) == 8  # two scores, two metrics, two references
    assert {(row["seed"], row["rows"]) for row in rows} == {("7", "somewhere")}
    own = [row for row in rows if row["score"] == row["against"]]
    assert {row["gain"] for row in own} == {"0"}
    turned = [float(row["gain"]) for row in rows if row["score"] != row["against"]]
    assert abs(sum(turned)) < 1e-5
