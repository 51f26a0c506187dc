"""A table that is not there is explained."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from meristem.report.missing import missing_reasons
from meristem.report.view import View

NETWORK = {"label": "net", "nodes": True}


@pytest.mark.parametrize(
    ("file", "config", "says"),
    [
        ("controls.csv", {}, "evaluate --controls"),
        ("nodes.csv", {}, "no model of the run is a net"),
        ("gain.csv", {"explain": {"folds": 0}}, "no model of the run is a net"),
        ("latents.csv", {}, "names no omics"),
        ("latents.csv", {"omics": [{}]}, "no omics feature measures a node"),
        ("knowledge.json", {}, "names no knowledge"),
        ("candidates.csv", {}, "every genotyped line has a phenotype"),
        ("scores.csv", {}, "was compared"),
    ],
)
def test_reasons(small_view: View, file: str, config: dict, says: str) -> None:
    bare = replace(
        small_view.artefacts,
        absent=(file,),
        run={"config": config},
        nodes=pd.DataFrame(),
    )
    ((reason, names),) = missing_reasons(bare).items()
    assert names == [file]
    assert says in reason


def test_folds_that_were_not_asked_for(small_view: View) -> None:
    run = {
        "config": {
            "knowledge": {"genes": "g"},
            "explain": {"folds": 0},
        },
        "models": [NETWORK],
    }
    found = replace(
        small_view.artefacts, absent=("gain.csv", "enrichment.csv"), run=run
    )
    reasons = missing_reasons(found)
    assert reasons["explain.folds is 0"] == ["gain.csv"]
    assert any("20 genes" in reason for reason in reasons)


def test_one_reason_is_given_once(small_view: View) -> None:
    absent = ("nodes.csv", "genes.csv", "candidates.csv")
    run = {"config": {"models": [NETWORK], "predict": {"genotypes": "new.vcf"}}}
    found = replace(small_view.artefacts, absent=absent, run=run)
    assert list(missing_reasons(found).values()) == [
        ["nodes.csv", "genes.csv"],
        ["candidates.csv"],
    ]


def test_a_network_that_was_not_explained(small_view: View) -> None:
    bare = replace(
        small_view.artefacts,
        absent=("nodes.csv",),
        run={"config": {}, "models": [NETWORK]},
        nodes=pd.DataFrame(),
    )
    (reason,) = missing_reasons(bare)
    assert "meristem explain" in reason
