"""Situations that users meet, as small inputs, and what `check` must say of them."""

from pathlib import Path

import pytest

from meristem.config.read import read_config
from meristem.config.stages import AnalysisConfig
from meristem.pipeline.checking.check import CheckResult, check_analysis

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="shared cases are not here")


def config_of(name: str, **sections: dict) -> AnalysisConfig:
    config = read_config(CASES / f"{name}.toml")
    changed = {
        section: getattr(config, section).model_copy(update=fields)
        for section, fields in sections.items()
    }
    return config.model_copy(update=changed)


def check(name: str, **sections: dict) -> CheckResult:
    return check_analysis(config_of(name, **sections))


REFUSED = {
    "09_nacodes/m9": 'phenotypes.missing = ["-9"]',
    "09_nacodes/m99": 'phenotypes.missing = ["-99"]',
    "09_nacodes/m999": 'phenotypes.missing = ["-999"]',
    "09_nacodes/nd": "phenotypes.missing",
    "09_nacodes/q": "line 2, column 'yield': '?' is not a number",
    "09_nacodes/inf": "the value is infinite",
    "18_decimalcomma/mix": "'11,53' is not a number as tables write it",
    "18_decimalcomma/thou": "thousands without a comma",
    "18_decimalcomma/long": "decimals with a point",
    "18_decimalcomma/unit": "phenotypes.units",
    "06_ensembl/tr": '12 more would match with `knowledge.match = ["transcript"]`',
    "06_ensembl/v5": "none of its 10 genes is in the gene table",
    "15_edges/self": "'gn03' has an edge to itself (line 7); 'gn08' has an edge",
    "15_edges/cycle": "gn01 -> gn02 -> gn04 -> gn01",
    "15_edges/r": "'gn03' has an edge to itself (line 6)",
    "21_ncbigff/xm": '12 more would match with `knowledge.match = ["transcript"]`',
    "21_ncbigff/ph_tr": '10 more would match with `knowledge.match = ["transcript"]`',
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_remedy(name: str) -> None:
    found = check(name)
    assert len(found.problems) == 1
    assert REFUSED[name] in found.problems[0]


SAID = {
    "09_nacodes/star": "phenotypes: trait yield: 54 of 60 lines have a value",
    "09_nacodes/hna": "phenotypes: trait yield: 54 of 60 lines have a value",
    "09_nacodes/zero": "0 stands in 6 of 60 cells",
    "17_stats/const": "left out: colour (all 60 values are 3)",
    "17_stats/out": "8709.57 of L005 far outside the rest",
    "17_stats/near": "59 of 60 values are the same",
    "17_stats/n8": "8 lines in 5 folds leave 1 or 2 to test in each",
    "18_decimalcomma/cols": "left out: Entry No, Plot_No, Block No, Date, Barcode",
    "18_decimalcomma/idx": "left out: (unnamed) (it has no name: row names)",
    "18_decimalcomma/idx2": "left out: Unnamed: 0",
    "18_decimalcomma/grade": "left out: rust (it holds words)",
    "06_ensembl/sym": "1 of 3 sets and terms have none",
    "06_ensembl/ids": "12 of 12 names are in the gene table",
    "15_edges/dup": "1 edges stand with both signs",
    "15_edges/unk": "8 of 10 names are in the gene table (not: TFX, TFX2)",
    "21_ncbigff/entrez": "12 of 12 names are in the gene table",
    "21_ncbigff/loc": "12 of 12 names are in the gene table",
    "21_ncbigff/pref": "12 of 12 names are in the gene table",
    "21_ncbigff/one": "2 of 3 sets and terms have none",
}


@pytest.mark.parametrize("name", SAID)
def test_said_and_gone_on_with(name: str) -> None:
    found = check(name)
    assert not found.problems
    assert SAID[name] in "\n".join(found.lines())


def test_the_remedies_that_are_named_work() -> None:
    found = check("09_nacodes/m9", phenotypes={"missing": ("-9",)})
    assert "yield: 54 of 60 lines have a value" in "\n".join(found.facts)
    assert not check("09_nacodes/m9", phenotypes={"missing": ()}).problems
    found = check("18_decimalcomma/unit", phenotypes={"traits": ("height",)})
    assert not found.problems
    for name in ("self", "cycle", "r"):
        found = check(f"15_edges/{name}", knowledge={"feedback": "break"})
        assert not found.problems
        assert any(fact.startswith("dropped ") for fact in found.facts)
    for name in ("06_ensembl/tr", "21_ncbigff/xm", "21_ncbigff/ph_tr"):
        found = check(name, knowledge={"match": ("transcript",)})
        assert not found.problems
        assert "0 of " in "\n".join(found.facts)
    found = check("21_ncbigff/one", knowledge={"match": ("case", "transcript")})
    assert "18 of 18 names" in "\n".join(found.facts)
