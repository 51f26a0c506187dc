"""The benchmarks of off-target sites: parts and what they are compared with."""

from __future__ import annotations

import numpy as np

from meristem.bench import unseen_sites
from meristem.kinetics.off_target import Sites


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
