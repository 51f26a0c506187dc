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
