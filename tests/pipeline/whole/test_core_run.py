"""A network whose core is in charge, through every stage, from files to report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.pipeline.inputs import GBLUP_AND_AUTO, QUICK_EXPLAIN, run_recovery

from meristem.models.core.fitted import FittedCore
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.cost import estimate_run
from meristem.pipeline.evaluation import outer_splits
from meristem.pipeline.fitting import load_fitted
from meristem.simulate.recovery import RecoveryConfig

PANEL = RecoveryConfig(
    n_train=110,
    n_test=9,
    n_chromosome=3,
    variants_per_chromosome=100,
    n_gene=48,
    n_regulator=4,
    n_pathway=7,
    pathway_size=10,
    causal_genes_per_pathway=8,
    h2=0.9,
    pathway_share=0.95,
)
MODELS = GBLUP_AND_AUTO + QUICK_EXPLAIN


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    folder = tmp_path_factory.mktemp("core")
    return run_recovery(folder, PANEL, MODELS, folds="folds = 3")


def test_the_core_is_in_charge(finished: Analysis) -> None:
    assert isinstance(load_fitted(finished, "binn").network, FittedCore)


@pytest.mark.parametrize(
    "name",
    [
        "nodes.csv",
        "genes.csv",
        "variants.csv",
        "evidence.csv",
        "twas.csv",
        "enrichment.csv",
        "parts.csv",
        "stability.csv",
        "interactions.csv",
        "line_explanations.csv",
        "attribution.csv",
        "gain.csv",
        "latents.csv",
        "agreement_by_sensitivity.csv",
        "candidates.csv",
        "intervals.csv",
    ],
)
def test_every_table_is_there_and_filled(finished: Analysis, name: str) -> None:
    assert not finished.folder.read_table(name).empty


def test_nodes_have_their_evidence(finished: Analysis) -> None:
    nodes = finished.folder.read_table("nodes.csv").set_index("node")
    assert len(nodes) == 48 + 7
    sets = nodes[nodes["kind"] != "gene"]
    genes = nodes[nodes["kind"] == "gene"]
    assert sets["inclusion"].between(0, 1).all()
    assert sets["inclusion_fdr"].between(0, 1).all()
    assert genes["inclusion"].isna().all()
    assert genes["agreement"].between(0, 1).all()
    assert nodes["null_q"].between(0, 1).all()
    assert nodes["held_q"].between(0, 1).all()
    # one network has no range over members
    assert nodes["sensitivity_low"].isna().all()
    assert nodes["sensitivity"].max() > 0


def test_sensitive_pathways_are_causal(finished: Analysis) -> None:
    causal = finished.config.genotypes.path.parent / "causal.csv"
    named = {line.split(",")[1] for line in causal.read_text().splitlines()}
    nodes = finished.folder.read_table("nodes.csv")
    sets = nodes[nodes["kind"] != "gene"].sort_values("inclusion", ascending=False)
    assert sets["node"].iloc[0] in named


def test_attributions_are_exact(finished: Analysis) -> None:
    table = finished.folder.read_table("attribution.csv")
    np.testing.assert_allclose(table["integrated"], table["deeplift"])
    assert (table["integrated_gap"].abs() < 1e-4).all()


def test_folds_and_shuffled_labels_are_compared(finished: Analysis) -> None:
    between = set(finished.folder.read_table("stability.csv")["between"])
    assert between == {"folds", "shuffled labels"}


def test_the_report_names_the_sets(finished: Analysis) -> None:
    page = finished.folder.file("report.html").read_text(encoding="utf-8")
    assert "posterior probability that the set acts" in page
    assert Path(finished.folder.file("figures/inclusion.svg")).is_file()


def test_latents_are_validated_on_lines_left_out(finished: Analysis) -> None:
    """`meristem.pipeline.explaining.validation` writes a row per node and network."""
    table = finished.folder.read_table("latent_validation.csv")
    assert set(table["model"]) == {"binn"}
    assert set(table["supervision"]) == {"soft"}
    assert len(table) == 48
    assert (table["agreement"] > table["null_mean"]).mean() > 0.8
    assert (table["sensitivity"] >= 0).all()
    assert table["n_folds"].eq(3).all()


def test_the_estimate_knows_cores_and_refits(finished: Analysis) -> None:
    """An order of magnitude; refits and controls are counted."""
    config = finished.config
    given = finished.dataset, finished.plan, outer_splits(finished)
    estimate = estimate_run(config, *given)
    parts = dict(estimate.model_seconds)
    assert set(parts) == {"gblup", "binn", "explanation"}
    taken = {
        item["stage"]: item["seconds"]
        for item in finished.folder.read_json("run.json")["timings"]
    }
    per_fit = parts["binn"] / estimate.n_fit
    assert taken["fit binn"] / 50 < per_fit < taken["fit binn"] * 10
    explain = config.explain.model_copy(update={"null_fits": 9, "folds": 6})
    more = estimate_run(config.model_copy(update={"explain": explain}), *given)
    assert dict(more.model_seconds)["explanation"] == pytest.approx(
        3 * parts["explanation"]
    )
    asked = config.evaluate.model_copy(update={"controls": True})
    controls = estimate_run(config.model_copy(update={"evaluate": asked}), *given)
    assert dict(controls.model_seconds)["controls"] > parts["binn"]
    assert controls.seconds > estimate.seconds
