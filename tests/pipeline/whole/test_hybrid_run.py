"""Hybrids of which parents alone were genotyped and measured, through every stage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.pipeline.inputs import EXPRESSION_AND_SETS, GBLUP_AND_AUTO

from meristem.config import read_config
from meristem.errors import DataError
from meristem.evaluate.crossval import cross_validate
from meristem.genetics.hybrids import own_parents
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.check import check_analysis
from meristem.pipeline.evaluation import outer_splits
from meristem.pipeline.inputs import read_inputs
from meristem.pipeline.predicting.candidates import predict_new
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder

N_PARENT, N_GENE, PER_GENE = 24, 33, 2
CONFIG = """
[run]
seed = 3

[genotypes]
path = "parents.csv"
hybrids = "hybrids.csv"

[phenotypes]
path = "yield.csv"
"""
CONFIG += EXPRESSION_AND_SETS
CONFIG += """
[knowledge.prune]
min_genes = 2

[evaluate]
scheme = "parents"
folds = 2
inner_folds = 2

[explain]
null_fits = 0
folds = 0

[predict]
hybrids = "new.csv"
"""
CONFIG += GBLUP_AND_AUTO
CONFIG += """
[[models]]
kind = "combining"

[[models]]
kind = "mediated"
method = "goblup"

[[models]]
kind = "binn"
name = "learned"
graph = "learned"
omics = "soft"
epochs = 3
seeds = 1
inner_folds = 2
fit = "descent"
"""


def table(folder: Path, name: str, header: str, rows: list[str]) -> None:
    (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def write_hybrids(folder: Path) -> Path:
    """Write 12 x 12 parents, most of their hybrids, one parent never measured."""
    rng = np.random.default_rng(5)
    n_variant = N_GENE * PER_GENE
    names = [f"P{k:02d}" for k in range(N_PARENT)]
    dosage = 2 * rng.integers(0, 2, (N_PARENT, n_variant))
    genes = [f"g{k}" for k in range(N_GENE)]
    level = dosage.reshape(N_PARENT, N_GENE, PER_GENE).sum(axis=2) - 2.0
    level += 0.3 * rng.standard_normal(level.shape)
    table(
        folder,
        "parents.csv",
        ",".join(["variant", "contig", "position", "ref", "alt", *names]),
        [
            ",".join([f"v{k}", "1", str(10 * k + 1), "A", "G", *map(str, column)])
            for k, column in enumerate(dosage.T)
        ],
    )
    table(
        folder,
        "expression.csv",
        ",".join(["line", *genes]),
        [
            ",".join([n, *(f"{v:.4f}" for v in row)])
            for n, row in zip(names[1:], level[1:], strict=True)
        ],
    )
    table(
        folder,
        "genes.csv",
        "gene,contig,start,end",
        [f"g{k},1,{20 * k + 1},{20 * k + 15}" for k in range(N_GENE)],
    )
    sets = [rng.choice(N_GENE, 8, replace=False) for _ in range(6)]
    lines = [
        "\t".join([f"s{k}", "", *(genes[g] for g in s)]) for k, s in enumerate(sets)
    ]
    (folder / "sets.gmt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pairs = [(a, b) for a in range(12) for b in range(12, 24)]
    ids = [f"{names[a]}x{names[b]}" for a, b in pairs]
    rows = [f"{i},{names[a]},{names[b]}" for i, (a, b) in zip(ids, pairs, strict=True)]
    header = "sample,parent_1,parent_2"
    table(folder, "hybrids.csv", header, rows[:-10])
    table(folder, "new.csv", header, [f"new-{row}" for row in rows[-10:]])
    value = [level[[a, b]][:, sets[0]].sum() + rng.standard_normal() for a, b in pairs]
    seen = [f"{i},{v:.4f}" for i, v in zip(ids[:-13], value, strict=False)]
    table(folder, "yield.csv", "line,yield", seen)
    path = folder / "analysis.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hybrids(tmp_path_factory.mktemp("hybrids"))


@pytest.fixture(scope="module")
def finished(inputs: Path) -> Analysis:
    config = read_config(inputs)
    assert check_analysis(config).problems == ()
    analysis = Analysis(config, RunFolder(inputs.parent / "run"))
    run_stages(analysis)
    return analysis


def test_parents_teach_and_hybrids_have_their_mean(inputs: Path) -> None:
    dataset = read_inputs(read_config(inputs)).dataset
    (expression,) = dataset.omics
    row = {name: k for k, name in enumerate(dataset.sample_id.tolist())}
    both = expression.value[[row["P01"], row["P13"]]]
    assert np.allclose(expression.value[row["P01xP13"]], both.mean(axis=0))
    assert np.isnan(expression.value[row["P00xP13"]]).all()
    assert "P00" not in row  # neither measured nor phenotyped: of no use
    assert own_parents(dataset).sum() == N_PARENT - 1
    once = expression.direct().value
    assert (~np.isnan(once).all(axis=1) == own_parents(dataset)).all()


def test_no_parent_of_a_test_hybrid_teaches(finished: Analysis) -> None:
    """Other expression of the parents left out: the same predictions, bit by bit."""
    config, dataset = finished.config, finished.dataset
    split = outer_splits(finished)[0]
    names = set(dataset.groups.label[split.test].ravel().tolist())
    held = np.isin(dataset.groups.label, sorted(names)).any(axis=1)
    assert not held[split.train].any()

    def predicted(rows: np.ndarray) -> np.ndarray:
        value = dataset.omics[0].value.copy()
        value[rows] = np.random.default_rng(1).standard_normal(value[rows].shape)
        spoilt = replace(dataset, omics=(replace(dataset.omics[0], value=value),))
        result = cross_validate(
            spoilt,
            finished.predictors,
            (split,),
            config=config.evaluate,
            filters=config.genotypes.filter,
            seed=1,
        )
        return result.predictions.predicted

    none = np.zeros(0, dtype=int)
    honest = predicted(none)
    assert np.array_equal(honest, predicted(np.flatnonzero(held)))
    assert not np.array_equal(honest, predicted(split.train))


def test_new_crosses_are_predicted_and_parents_are_no_candidates(
    finished: Analysis,
) -> None:
    candidates = finished.folder.read_table("candidates.csv")
    own = candidates[candidates["model"] == "binn"]["sample_id"]
    assert sum(name.startswith("new-") for name in own) == 10
    assert len(own) == 13  # and three hybrids of the table without phenotype
    lines = finished.folder.read_table("line_explanations.csv")
    assert set(lines["sample_id"]) <= set(candidates["sample_id"])


def test_hybrids_have_omics_where_the_trait_needs_them(finished: Analysis) -> None:
    latents = finished.folder.read_table("latents.csv")
    assert len(latents) > 0
    assert all("x" in name for name in latents["sample_id"])
    twas = finished.folder.read_table("twas.csv")
    assert isinstance(twas, pd.DataFrame)
    assert len(twas) == N_GENE


def test_inbred_lines_are_no_candidates_of_a_run_of_hybrids(finished: Analysis) -> None:
    folder = finished.config.genotypes.path.parent
    with pytest.raises(DataError, match="24 of 24 new lines are inbred") as caught:
        predict_new(finished, folder / "parents.csv")
    assert "--hybrids" in caught.value.remedy
    crossed, _ = predict_new(
        finished, folder / "parents.csv", hybrids=folder / "new.csv"
    )
    assert crossed["sample_id"].nunique() == 10
