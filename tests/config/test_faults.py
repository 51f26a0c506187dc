import pytest
from pydantic import ValidationError

from meristem.config.faults import explain_faults
from meristem.config.stages import AnalysisConfig
from meristem.config.toml import parse_toml

GOOD = """
[genotypes]
path = "g.vcf"

[phenotypes]
path = "p.csv"

[[models]]
kind = "gblup"

[[models]]
kind = "random_forest"
{model}

[evaluate]
{evaluate}
"""


def faults(model="", evaluate=""):
    text = GOOD.format(model=model, evaluate=evaluate)
    with pytest.raises(ValidationError) as caught:
        AnalysisConfig.model_validate(parse_toml(text, "a.toml"))
    return explain_faults(caught.value, AnalysisConfig, text)


@pytest.mark.parametrize(
    ("model", "evaluate", "said"),
    [
        (
            "",
            "fold = 3",
            "  line 16, evaluate.fold: is no field here; did you mean folds? "
            "(given: 3)",
        ),
        (
            "tree = 3",
            "",
            "  line 13, models.1.random_forest.tree: is no field here; did you mean "
            "trees? (given: 3)",
        ),
        (
            "trees = 0",
            "",
            "  line 13, models.1.random_forest.trees: Input should be greater than or "
            "equal to 1 (given: 0)",
        ),
        ("", "zzzz = 1", "  line 16, evaluate.zzzz: is no field here (given: 1)"),
    ],
)
def test_line_field_fault_and_what_may_be_meant(model, evaluate, said):
    assert faults(model, evaluate) == said


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ('{kind = "rkhs", bandwith = 1}', "rkhs.bandwith: is no field here; did you"),
        ('{kind = "rkhs", bandwith = "x"}', "rkhs.bandwith: is no field here; did you"),
        ('{kind = "stack"}', "tag 'stack' found using 'kind' does not match"),
    ],
)
def test_of_a_choice_between_words_and_tables_the_fault_meant_is_told(member, said):
    model = f'[[models]]\nkind = "stack"\nmodels = ["gblup", {member}]'
    told = faults(model)
    assert said in told
    assert "line 15, models.2.stack.models.1" in told
    assert len(told.splitlines()) == 1
    assert "tagged-union" not in told


def test_what_is_missing_is_named_at_its_section():
    text = "[genotypes]\nploidy = 2\n[phenotypes]\npath = 'p.csv'\n"
    with pytest.raises(ValidationError) as caught:
        AnalysisConfig.model_validate(parse_toml(text, "a.toml"))
    said = explain_faults(caught.value, AnalysisConfig, text)
    assert "  line 1, genotypes.path: is needed" in said.splitlines()


def test_without_a_text_the_field_alone_is_named():
    with pytest.raises(ValidationError) as caught:
        AnalysisConfig.model_validate({"genotypes": {"path": "g"}})
    assert "  phenotypes: is needed" in explain_faults(caught.value)
