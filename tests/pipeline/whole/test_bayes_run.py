"""Models by sampling through the whole chain, values and classes."""

from __future__ import annotations

import numpy as np
import pytest

from meristem.config import read_config
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.check import check_analysis
from meristem.pipeline.predicting.posterior import CLASSES, CONVERGENCE, INCLUSION
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder

SHORT = "chains = 2\nburn_in = 100\nthin = 1\ndraws = 100\nmost_draws = 100"
CONFIG = f"""
[genotypes]
path = "markers.csv"
[phenotypes]
path = "trials.csv"
[knowledge]
genes = "genes.csv"
[knowledge.assign]
method = "table"
table = "pairs.csv"
[evaluate]
folds = 2
[[models]]
kind = "gblup"
[[models]]
kind = "bayes"
window = 7
{SHORT}
[[models]]
kind = "bayes"
annotation = "genes"
{SHORT}
[[models]]
kind = "bayes"
name = "classes"
response = "ordinal"
prior = "brr"
{SHORT}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    folder = tmp_path_factory.mktemp("bayes")
    rng = np.random.default_rng(4)
    dosage = rng.integers(0, 3, (62, 31))
    liability = 1.5 * (dosage[:, 3] - 1) + rng.standard_normal(62)
    header = ",".join(["sample", *(f"snp{k}" for k in range(31))])
    rows = [",".join([f"l{k}", *map(str, row)]) for k, row in enumerate(dosage)]
    (folder / "markers.csv").write_text("\n".join([header, *rows]) + "\n")
    rows = [f"l{k},{int(value > 0)}" for k, value in enumerate(liability[:60])]
    (folder / "trials.csv").write_text("\n".join(["line,resistant", *rows]) + "\n")
    (folder / "genes.csv").write_text("gene,contig,start,end\ng1,1,1,9\ng2,1,20,30\n")
    pairs = [f"snp{k},g{1 + k % 2}" for k in range(6)]
    (folder / "pairs.csv").write_text("\n".join(["variant,gene", *pairs]) + "\n")
    path = folder / "analysis.toml"
    path.write_text(CONFIG, encoding="utf-8")
    config = read_config(path)
    assert check_analysis(config).problems == ()
    analysis = Analysis(config, RunFolder(folder / "run"))
    run_stages(analysis)
    return analysis


def test_convergence_is_written_and_reported(finished: Analysis) -> None:
    table = finished.folder.read_table(CONVERGENCE)
    assert set(table["model"]) == {"bayes_c", "bayes_c_genes", "classes"}
    own = table[table["model"] == "bayes_c"]["quantity"]
    assert {"residual", "genetic", "inclusion_rate", "prediction_1"} <= set(own)
    assert not own.str.startswith("threshold").any()
    html = finished.folder.file("report.html").read_text(encoding="utf-8")
    assert 'id="sampling"' in html
    assert "R-hat" in html
    assert "Chains do not agree yet" in html  # so few draws


def test_variants_have_chances_to_act(finished: Analysis) -> None:
    table = finished.folder.read_table(INCLUSION)
    assert set(table["model"]) == {"bayes_c", "bayes_c_genes"}
    assert len(table) == 2 * 31
    inside = table[table["class"] == "in a gene"]
    assert inside["variant_id"].tolist() == [f"snp{k}" for k in range(6)]
    table = table[table["model"] == "bayes_c"]
    assert (table["class"].fillna("") == "").all()
    best = table.loc[table["inclusion"].idxmax()]
    assert best["variant_id"] == "snp3"
    assert (table["window_inclusion"] >= table["inclusion"] - 1e-9).all()
    assert table["window"].nunique() == 5


def test_classes_are_predicted_as_probabilities(finished: Analysis) -> None:
    table = finished.folder.read_table("predictions.csv")
    own = table[table["model"] == "classes"]
    assert own["predicted"].between(0, 1).all()
    assert (own["spread"] > 0).all()
    assert np.corrcoef(own["observed"], own["predicted"])[0, 1] > 0.25
    new = finished.folder.read_table("candidates.csv")
    assert set(new[new["model"] == "classes"]["sample_id"]) == {"l60", "l61"}


def test_classes_of_variants_are_written_and_reported(finished: Analysis) -> None:
    table = finished.folder.read_table(CLASSES)
    assert table["model"].unique().tolist() == ["bayes_c_genes"]
    assert table["class"].tolist() == ["in no gene", "in a gene"]
    assert table["variants"].tolist() == [25, 6]
    assert table["share"].sum() == pytest.approx(1)
    assert table["share"].iloc[1] > 0.5  # snp3 acts
    html = finished.folder.file("report.html").read_text(encoding="utf-8")
    assert "share of the genetic variance" in html
