import numpy as np
import pytest

from meristem.errors import ConfigError, DataError
from meristem.text.column_names import (
    ENVIRONMENT,
    alike_hints,
    find_column,
    is_label,
    line_column,
    named_column,
    written_alike,
)
from meristem.text.columns import Table


def table(*names):
    columns = tuple(np.array(["x"]) for _ in names)
    return Table("t.csv", names, columns, np.array([2]))


@pytest.mark.parametrize(
    "name", ["line", "Sample_ID", "germplasmName", "Taxa", "<IID>", "genotype", "GID"]
)
def test_usual_names_of_samples(name):
    assert line_column(table("year", name, "yield")) == name


def test_order_of_preference_not_of_columns():
    assert line_column(table("id", "germplasmDbId", "germplasmName")) == "germplasmName"
    assert find_column(table("study", "Environment"), ENVIRONMENT) == "Environment"
    assert find_column(table("yield"), ENVIRONMENT) is None


def test_of_two_spellings_the_first_column_is_taken():
    assert line_column(table("Line", "line")) == "Line"


def test_unnamed_first_column_holds_the_ids():
    assert line_column(table("", "yield")) == ""


def test_nothing_found_lists_what_is_there():
    with pytest.raises(DataError, match="no column of sample ids") as caught:
        line_column(table("year", "yield"), field="phenotypes.line")
    assert "set `phenotypes.line` to one of: year, yield" in caught.value.remedy


def test_named_columns_must_exist():
    assert named_column(table("a", "b"), "b", "f") == "b"
    with pytest.raises(ConfigError, match="phenotypes.line = 'c'"):
        line_column(table("line", "b"), "c", "phenotypes.line")
    many = table(*(f"c{i}" for i in range(20)))
    with pytest.raises(ConfigError, match="c11 and 8 more"):
        named_column(many, "x", "f")


def test_labels_are_told_by_name():
    for name in ("Sub-Population", "Entry No", "Plot_No", "Block", "Barcode", "Year"):
        assert is_label(name), name
    for name in ("Unnamed: 0", "index", "Nr.", "plot id"):
        assert is_label(name), name
    for name in ("yield", "days", "weight", "value", "kernel_no", "height"):
        assert not is_label(name), name


def test_names_that_differ_in_writing_alone():
    names = ["B 73", "b_73", "B73", "1", "1.0", "10", "x"]
    assert written_alike(names) == [["B 73", "b_73"], ["1", "1.0"]]
    assert alike_hints("labels", names[:2]) == [
        "labels 'B 73' and 'b_73' differ in writing alone, and are taken as different: "
        "write them alike if they are one"
    ]
