from pathlib import Path

import pytest
from tests.pipeline.test_represented import panel

from meristem.config.models import BINNOptions, GBLUPOptions, MediatedOptions
from meristem.config.stages import (
    AnalysisConfig,
    GenotypeConfig,
    OmicsConfig,
    PhenotypeConfig,
)
from meristem.pipeline.checking.represented import represented_notes


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        ("factors", "3 or 29 factors in place of 30 features"),
        ("cleaned", "30 features anew, from 3 or 29 factors"),
        ("both", "30 features anew and 3 or 29 factors"),
    ],
)
def test_what_models_get_of_represented_omics(
    tmp_path: Path, gives: str, said: str
) -> None:
    table = OmicsConfig.model_validate(
        {"path": "r.csv", "name": "rna", "represent": "pca"}
        | {"k": (3, 900), "gives": gives}
    )
    models = (GBLUPOptions(), MediatedOptions(), BINNOptions(omics="soft"))
    config = AnalysisConfig(
        genotypes=GenotypeConfig(path=tmp_path / "g.vcf"),
        phenotypes=PhenotypeConfig(path=tmp_path / "p.csv"),
        omics=(table,),
        models=models,
    )
    facts, hints = represented_notes(config, panel(), None, None)
    assert facts == [f"rna (pca): mediated, binn will read {said}"]
    assert len(hints) == (gives == "factors")
    alone = config.model_copy(update={"models": models[:1]})
    _, hints = represented_notes(alone, panel(), None, None)
    assert hints == ["no model listed reads omics: rna serves nothing"]
