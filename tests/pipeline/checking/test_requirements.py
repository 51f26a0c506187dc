"""`meristem.pipeline.checking.requirements`: what stops a graph, said at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meristem.config import AnalysisConfig
from meristem.config.models import (
    AutoOptions,
    BINNOptions,
    CoreOptions,
    FeatureBLUPOptions,
    GBLUPOptions,
    LearnOptions,
    MeasuredOmicsOptions,
    MediatedOptions,
)
from meristem.errors import MeristemError
from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.requirements import graph_faults, graph_notes
from meristem.pipeline.run import read_everything
from meristem.records import Dataset
from meristem.runs.folder import RunFolder
from meristem.simulate.recovery import RecoveryConfig, simulate_recovery

KNOWN = Knowledge(make_graph({}))


@pytest.fixture(scope="module")
def data() -> Dataset:
    config = RecoveryConfig(
        n_train=24,
        n_test=2,
        n_chromosome=1,
        variants_per_chromosome=40,
        n_gene=20,
        n_regulator=2,
        n_pathway=5,
        pathway_size=4,
        causal_genes_per_pathway=2,
    )
    return simulate_recovery(config, rng=np.random.default_rng(1)).train


def faults(options, dataset, knowledge=None) -> list[str]:
    models = (GBLUPOptions(), options)
    config = AnalysisConfig.model_validate(
        {"genotypes": {"path": "x.vcf"}, "phenotypes": {"path": "y.csv"}}
    ).model_copy(update={"models": models})
    return [fault.message for fault in graph_faults(config, dataset, knowledge)]


def learned(**learn: object) -> BINNOptions:
    return BINNOptions(graph="learned", learn=LearnOptions(**learn))


def test_sound_configurations_have_no_fault(data: Dataset) -> None:
    for options in (
        learned(),
        AutoOptions(),
        MediatedOptions(),
        MediatedOptions(method="pathway_reml", graph="learned"),
        MeasuredOmicsOptions(),
    ):
        assert faults(options, data) == []
    assert faults(FeatureBLUPOptions(), data, KNOWN) == []
    assert faults(BINNOptions(graph="both"), data, KNOWN) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (learned(omics="proteome"), "no omics table called 'proteome'"),
        (BINNOptions(graph="both"), "needs curated knowledge"),
        (AutoOptions(graph="shuffled"), '"shuffled" needs curated knowledge'),
        (learned(variants="table"), "none is named"),
        (learned(variants="table", table=Path("none.csv")), "none.csv"),
        (learned(variants="cis"), "no gene positions"),
        (learned(gene_edges="regulators"), "no gene positions"),
        (FeatureBLUPOptions(), "needs genes or gene sets"),
        (BINNOptions(), "needs genes or gene sets"),
        (CoreOptions(), "needs genes or gene sets"),
        (MediatedOptions(method="pathway_reml"), "needs genes or gene sets"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_missing_is_named(options, words: str, data: Dataset) -> None:
    (found,) = faults(options, data)
    assert words in found


def test_omics_are_asked_for(data: Dataset) -> None:
    none = replace(data, omics=())
    for options in (
        learned(),
        MediatedOptions(),
        MeasuredOmicsOptions(),
        CoreOptions(),
    ):
        assert "no" in faults(options, none)[0]
    value = data.omics[0].value.copy()
    value[9:] = np.nan
    few = replace(data, omics=(replace(data.omics[0], value=value),))
    assert "9 lines have values" in faults(learned(), few)[0]


def test_a_run_stops_before_it_writes(config: AnalysisConfig, tmp_path: Path) -> None:
    options = learned(omics="proteome")
    models = (*config.models, options)
    analysis = Analysis(
        config.model_copy(update={"models": models}), RunFolder(tmp_path / "run")
    )
    with pytest.raises(MeristemError, match="proteome"):
        read_everything(analysis)
    assert not (tmp_path / "run" / "run.json").exists()


def test_a_mixture_without_a_graph_says_so_and_what_it_does_not_read(
    tmp_path: Path,
) -> None:
    plain = AutoOptions(omics="soft")
    shaped = AutoOptions(name="mix", polygenic="none", rounds=3)
    models = (GBLUPOptions(), plain, shaped, BINNOptions(rounds=3))
    config = AnalysisConfig(
        genotypes={"path": tmp_path / "g.vcf"},
        phenotypes={"path": tmp_path / "p.csv"},
    ).model_copy(update={"models": models})
    facts, hints = graph_notes(config, knowledge=False)
    assert facts == [f"{name}: no graph, and so no network" for name in ("auto", "mix")]
    assert hints == [
        "mix: has no graph, and so no network: polygenic, rounds of it is not read"
    ]
    assert graph_notes(config, knowledge=True) == ([], [])
