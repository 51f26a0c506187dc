import pytest

from meristem.config.stages import PhenotypeConfig
from meristem.errors import ConfigError
from meristem.io.tables.survey import survey_phenotypes


def survey(tmp_path, text, **options):
    path = tmp_path / "p.csv"
    path.write_text(text)
    return survey_phenotypes(PhenotypeConfig(path=path, **options))


ROWS = "".join(f"L{i},{i % 4},{i % 5}.5,3,\n" for i in range(12))
TABLE = f"line,plot,yield,colour,empty\n{ROWS}L12,1,,3,\n"


def test_traits_units_lines_and_what_is_left_out(tmp_path):
    found = survey(tmp_path, TABLE, units={"yield": "t/ha"})
    assert found.n_line_of == {"yield": 12}
    assert found.lines() == [
        "trait yield (t/ha): 12 of 13 lines have a value",
        "left out: plot (its name is that of a label)",
        "left out: colour (all 13 values are 3)",
        "left out: empty (it holds no value)",
    ]
    assert found.to_json()["traits"] == [
        {"trait": "yield", "unit": "t/ha", "lines": 12}
    ]


def test_named_traits_leave_the_rest_out_by_name(tmp_path):
    found = survey(tmp_path, TABLE, traits=("yield",))
    assert set(found.left_out.values()) == {"phenotypes.traits does not name it"}


def test_units_of_unknown_traits_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="units names 'yeild'"):
        survey(tmp_path, TABLE, units={"yeild": "t/ha"})


def test_columns_of_long_tables_are_listed(tmp_path):
    found = survey(tmp_path, "line,trait,value,note\na,y,1,x\nb,y,2,x\n")
    assert list(found.left_out) == ["note"]


def hints_of(tmp_path, rows, **options):
    return list(survey(tmp_path, "\n".join(rows) + "\n", **options).hints)


@pytest.mark.parametrize(
    ("head", "levels", "role"),
    [
        ("treatment", ["dry", "wet"], "is not used"),
        ("N_rate", ["0", "60", "120"], "is taken as a trait"),
    ],
)
def test_columns_that_tell_rows_of_a_line_apart(tmp_path, head, levels, role):
    rows = [
        f"l{k},{level},{k + number}.5"
        for number, level in enumerate(levels)
        for k in range(12)
    ]
    (hint,) = hints_of(tmp_path, [f"line,{head},yield", *rows])
    assert hint.startswith(f"{head} tells the rows of a line apart")
    assert role in hint
    table = [f"line,{head},yield", *rows]
    assert hints_of(tmp_path, table, environment=head) == []


def test_labels_written_in_two_ways_are_said(tmp_path):
    rows = [
        f"l{k},{place},{'Yield' if k % 2 else 'yield'},{k + 0.5}"
        for place in ("Ames", "ames")
        for k in range(12)
    ]
    found = hints_of(tmp_path, ["line,environment,trait,value", *rows])
    assert [hint.split(" differ")[0] for hint in found] == [
        "traits 'yield' and 'Yield'",
        "environments 'Ames' and 'ames'",
    ]


def test_one_trial_in_another_unit_is_said(tmp_path):
    rows = [
        f"l{k},{place},{(4 + k / 10) * (1000 if place == 'B' else 1)}"
        for place in "ABC"
        for k in range(12)
    ]
    (hint,) = hints_of(tmp_path, ["line,environment,yield", *rows])
    assert "yield in B runs 1e+03 times as high as elsewhere" in hint
