from pathlib import Path

import numpy as np
import pytest
from tests import toys

from meristem.config.models import (
    GBLUPOptions,
    TrialOptions,
)
from meristem.config.stages import (
    AnalysisConfig,
    EnvironmentConfig,
    EvaluateConfig,
    GenotypeConfig,
    KnowledgeConfig,
    PhenotypeConfig,
    PruneConfig,
)
from meristem.errors import DataError
from meristem.knowledge.build import build_graph
from meristem.pipeline.notes import (
    constant_hints,
    environment_notes,
    knowledge_notes,
    phenotype_notes,
)
from meristem.records import Split


def analysis(folder: Path, **sections: object) -> AnalysisConfig:
    return AnalysisConfig(
        genotypes=GenotypeConfig(path=folder / "g.vcf"),
        phenotypes=PhenotypeConfig(path=folder / "p.csv"),
        **sections,
    )


def test_traits_are_always_listed_and_thin_folds_are_said(tmp_path: Path) -> None:
    rows = "".join(f"L{i},{i % 3},{i % 7}.5\n" for i in range(8))
    (tmp_path / "p.csv").write_text(f"line,plot,yield\n{rows}")
    facts, hints = phenotype_notes(analysis(tmp_path))
    assert facts == [
        "phenotypes: trait yield: 8 of 8 lines have a value",
        "phenotypes: left out: plot (its name is that of a label)",
    ]
    assert "8 lines in 5 folds leave 1 or 2 to test" in hints[0]
    config = analysis(tmp_path, evaluate=EvaluateConfig(scheme="file"))
    assert phenotype_notes(config)[1] == []


def test_environments_are_read_and_what_uses_them_is_said(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    config = analysis(tmp_path, environments=EnvironmentConfig(path=path))
    with pytest.raises(DataError, match="does not exist"):
        environment_notes(config, None)
    path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(DataError, match="zero byte"):
        environment_notes(config, None)
    path.write_text("environment,rain\ndry,3\nwet,9\n")
    facts, hints = environment_notes(config, None)
    assert facts == ["environments: 2 with 1 covariates; no model listed reads them"]
    assert not hints
    models = (TrialOptions(structure="reaction_norm"), GBLUPOptions())
    facts, _ = environment_notes(config.model_copy(update={"models": models}), None)
    assert facts == ["environments: 2 with 1 covariates; read by gxe_reaction_norm"]
    assert environment_notes(analysis(tmp_path), None) == ((), ())


def test_partial_losses_of_genes_and_sets_are_said(tmp_path: Path) -> None:
    genes = "".join(f"g{i},1,{100 * i + 1},{100 * i + 50}\n" for i in range(6))
    (tmp_path / "g.csv").write_text(f"gene,contig,start,end\n{genes}")
    (tmp_path / "s.gmt").write_text("one\tna\tg1\tg2\ntwo\tna\tG3\tG4\n")
    (tmp_path / "e.csv").write_text("source,target\ng1,g2\ng2,g1\ng3,g3\n")
    section = KnowledgeConfig(
        genes=tmp_path / "g.csv",
        gene_sets=(tmp_path / "s.gmt",),
        edges=(tmp_path / "e.csv",),
        feedback="break",
        prune=PruneConfig(min_genes=1),
    )
    knowledge = build_graph(section)
    facts, hints = knowledge_notes(knowledge)
    assert any("2 of 4 names" in fact and "1 of 2 sets" in fact for fact in facts)
    assert any("g3 -> g3 (line 4)" in fact for fact in facts)
    assert any("g2 -> g1 (line 3)" in fact for fact in facts)
    assert any(fact.startswith("terms and sets: 1 with genes") for fact in facts)
    (hint,) = hints
    assert '2 more would match with `knowledge.match = ["case"]`' in hint
    found = build_graph(section.model_copy(update={"match": ("case",)}))
    assert knowledge_notes(found)[1] == []


def test_traits_of_one_value_in_training_rows_are_said() -> None:
    value = np.column_stack([np.arange(6.0), [3, 3, 3, 3, 5, 4], np.full(6, np.nan)])
    dataset = toys.dataset(np.zeros((6, 2)), value)
    every = np.arange(6)
    folds = [(every[:4], every[4:]), (every[2:], every[:2])]
    splits = tuple(Split("k", 0, fold, *rows) for fold, rows in enumerate(folds))
    (hint,) = constant_hints(dataset, splits)
    assert hint.startswith("t1: the values of the training rows are all equal in 1 of")
