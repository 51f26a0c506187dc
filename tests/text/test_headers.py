from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.text.columns import read_table
from meristem.text.headers import delimiter_of, refuse_preamble

PATH = Path("t.csv")


def test_delimiter_is_the_most_frequent():
    assert delimiter_of("a;b;c,d") == ";"
    assert delimiter_of("a\tb") == "\t"
    assert delimiter_of("alone") == "\t"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Yields of 2021", "line,yield"),
        ("Yields of 2021,,", "line,yield,height"),
        ("Trial", "line,yield,height"),
        ('"Trial";;', "line;yield;height"),
        ("# exported", "line\tyield"),
    ],
)
def test_a_title_above_the_header_is_named(first, second):
    with pytest.raises(DataError, match="line 1: begins with") as refused:
        refuse_preamble(PATH, first, second)
    assert refused.value.remedy == "delete the lines above the header"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("yield", "L1\t3"),  # R writes no title above names of rows
        (",yield", "L1,3"),
        ("line,yield", "L1,3"),
        ("line", "L1"),
        ("line yield", "L1 3"),
    ],
)
def test_a_header_is_no_title(first, second):
    refuse_preamble(PATH, first, second)


def test_a_table_of_names_of_rows_and_one_column_is_read(tmp_path):
    path = tmp_path / "r.tsv"
    path.write_text("yield\nL1\t3\n")
    assert read_table(path).column_name == ("", "yield")
