"""A network with a learned graph and its controls through every stage."""

from __future__ import annotations

import pytest
from tests.pipeline.inputs import QUICK_EXPLAIN, run_recovery

from meristem.pipeline.analysis import Analysis
from meristem.simulate.recovery import RecoveryConfig

PANEL = RecoveryConfig(
    n_train=60,
    n_test=5,
    n_chromosome=2,
    variants_per_chromosome=60,
    n_gene=30,
    n_regulator=3,
    n_pathway=5,
    pathway_size=6,
    causal_genes_per_pathway=4,
)
MODELS = """
[[models]]
kind = "gblup"

[[models]]
kind = "binn"
name = "net"
omics = "soft"
graph = "both"
fit = "descent"
epochs = 8
seeds = 1
inner_folds = 2

[models.learn]
n_genes = 12
variants_per_gene = 4

[[models]]
kind = "gfblup"
graph = "learned"

[models.learn]
n_genes = 12
variants_per_gene = 4
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    folder = tmp_path_factory.mktemp("learned")
    return run_recovery(
        folder, PANEL, MODELS + QUICK_EXPLAIN, folds="folds = 2\ncontrols = true"
    )


def test_every_control_is_a_row(finished: Analysis) -> None:
    table = finished.folder.read_table("controls.csv")
    graphs, omics = ("shuffled-graph", "random-graph"), ("shuffled-omics", "no-omics")
    arms = (*graphs, "dense-equal", *omics, "no-omics-loss")
    expected = {"gblup", *(f"net-{arm}" for arm in (*arms, "no-network"))}
    assert set(table["control"]) == expected
    assert table.loc[table["control"] == "gblup", "ingredient"].item() == "capacity"
    page = finished.folder.file("report.html").read_text(encoding="utf-8")
    assert "What its parts add" in page


def test_the_network_drawn_is_the_one_learned(finished: Analysis) -> None:
    network = finished.folder.read_json("network.json")
    assert network["learned"] is True
    kinds = network["counts"]["kinds"]
    assert kinds["gene"] == 12
    names = {node["name"] for node in network["nodes"]}
    nodes = finished.folder.read_table("nodes.csv")
    assert set(nodes["node"]) == names
    page = finished.folder.file("report.html").read_text(encoding="utf-8")
    assert "learned from the lines themselves" in page


def test_networks_that_never_saw_the_omics_are_validated(finished: Analysis) -> None:
    table = finished.folder.read_table("latent_validation.csv")
    how = table.drop_duplicates("model").set_index("model")["supervision"]
    assert how["net"] == "soft"
    assert how["net-no-omics"] == "none"
    assert how["net-no-omics-loss"] == "none"
    assert how["net-shuffled-omics"] == "shuffled"
    assert table["supervision"].iloc[0] == "none"


def test_rivals_of_the_learned_graph_are_judged(finished: Analysis) -> None:
    verdicts = finished.folder.read_json("verdicts.json")
    assert {"net", "gfblup"} <= {verdict["model"] for verdict in verdicts}
