"""The stages of an analysis, and what one table of it does to another."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from meristem.config.models import (
    BayesOptions,
    CoreOptions,
    GBLUPOptions,
    PriorOptions,
    StackOptions,
)
from meristem.config.run import MOST_JOBS, RunConfig
from meristem.config.stages.analysis import AnalysisConfig
from meristem.config.stages.data import GenotypeConfig, OmicsConfig, PhenotypeConfig
from meristem.config.stages.knowledge import NetworkFileConfig
from meristem.config.stages.questions import EvaluateConfig, ExplainConfig, PriorConfig
from meristem.config.stages.represent import RepresentConfig


def _analysis(**more: object) -> AnalysisConfig:
    return AnalysisConfig(
        genotypes=GenotypeConfig(path=Path("g.bed")),
        phenotypes=PhenotypeConfig(path=Path("p.csv")),
        **more,
    )


def test_scores_of_variants_bring_a_model_and_its_control() -> None:
    scores = Path("scores.csv")
    found = _analysis(priors=PriorConfig(scores=scores)).models
    assert found[0] == GBLUPOptions()
    added = [m for m in found if isinstance(m, PriorOptions)]
    assert [m.permuted for m in added] == [False, True]
    assert {m.scores for m in added} == {scores}
    alone = _analysis(priors=PriorConfig(scores=scores, control=False)).models
    assert len(alone) == 2
    named = PriorOptions(name="mine", scores=scores)
    kept = _analysis(models=(named,), priors=PriorConfig(scores=scores)).models
    assert kept == (named,)


def test_classes_by_scores_take_those_of_the_analysis() -> None:
    priors = PriorConfig(scores=Path("scores.csv"), column="effect", control=False)
    asked = BayesOptions(annotation="scores")
    own = asked.changed(name="own", scores=Path("own.csv"))
    stack = StackOptions(models=(asked.changed(name="within"), "bayes_c"))
    models = (BayesOptions(), asked, own, stack)
    found = _analysis(models=models, priors=priors).models
    plain, given, kept, averaged = found[:4]
    assert plain == BayesOptions()
    assert (given.files, given.column) == ((Path("scores.csv"),), "effect")
    assert kept == own
    assert averaged.members[0].files == given.files
    assert _analysis(models=(asked,)).models == (asked,)


def test_networks_of_variance_components_have_scores_too() -> None:
    priors = PriorConfig(scores=Path("scores.csv"))
    mine = CoreOptions(name="mine", graph="learned")
    found = _analysis(models=(mine,), priors=priors).models
    told, lied = (m for m in found if isinstance(m, CoreOptions) and m.priors)
    assert [m.name for m in (told, lied)] == [
        "mine with priors",
        "mine with permuted priors",
    ]
    assert lied.priors is not None
    assert lied.priors.permuted
    assert told.learn.priors == told.priors
    assert told.files == (Path("scores.csv"), Path("scores.csv"))
    curated = _analysis(models=(CoreOptions(),), priors=priors).models[3]
    assert isinstance(curated, CoreOptions)
    assert curated.learn.priors is None
    off = priors.model_copy(update={"networks": False})
    assert len(_analysis(models=(mine,), priors=off).models) == 3


def test_rules_of_ids_can_be_asked_for_in_one_word() -> None:
    assert _analysis(fold_ids=True).fold_ids == ("trim", "separators", "case")
    assert _analysis(fold_ids=False).fold_ids == ()


def test_the_omics_of_an_analysis_are_represented_beside_its_run() -> None:
    analysis = _analysis(
        run=RunConfig(out=Path("here/run")),
        omics=(OmicsConfig(name="leaf", path=Path("o.csv")),),
    )
    part = RepresentConfig.of(analysis)
    assert part.run.out == Path("here/run_represent")
    assert part.omics == analysis.omics
    assert part.genotypes == analysis.genotypes


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValidationError, match="jobs"):
        RunConfig(jobs=MOST_JOBS + 1)
    with pytest.raises(ValidationError, match="fewer"):
        ExplainConfig(null_fits=2)
    with pytest.raises(ValidationError, match="path"):
        NetworkFileConfig()


@pytest.mark.parametrize("what", [{"splits": Path("s.csv")}, {"group": "family"}])
def test_folds_that_no_scheme_reads_are_refused(what: dict) -> None:
    with pytest.raises(ValidationError, match="is read with scheme"):
        EvaluateConfig(scheme="kfold", **what)
    assert EvaluateConfig(scheme="file", **what).scheme == "file"
