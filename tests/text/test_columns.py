import gzip
import math
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.errors import DataError
from meristem.text.columns import parse_number, read_table
from meristem.text.files import compose


def written(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_text_stays_text_and_numbers_are_parsed_on_demand(tmp_path):
    table = read_table(written(tmp_path, "line,y\n007, 1.5 \n 8,NA\n"))
    assert table.identifiers("line").tolist() == ["007", " 8"]
    np.testing.assert_array_equal(table.numbers("y"), [1.5, np.nan])
    assert table.labels("y").tolist() == ["1.5", ""]


def test_a_comment_above_the_header_is_named(tmp_path):
    path = written(tmp_path, "# from a field book\n\nline,y\na,1\n")
    with pytest.raises(DataError, match="begins with a comment") as refused:
        read_table(path)
    assert "delete the lines above the header" in str(refused.value)
    assert read_table(written(tmp_path, "#line\ny\n")).column_name == ("#line",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_every_dress_of_the_same_table(tmp_path, delimiter, newline, compress, bom):
    rows = [["line", "a b", "y"], ["é1", "x", "2"], ["", "", ""], ["l2", "", "3"]]
    text = newline.join(delimiter.join(row) for row in rows) + newline
    raw = bom + text.encode()
    path = written(tmp_path, gzip.compress(raw) if compress else raw, "t.txt")
    table = read_table(path)
    assert table.column_name == ("line", "a b", "y")
    assert table.identifiers("line").tolist() == ["é1", "l2"]
    np.testing.assert_array_equal(table.numbers("y"), [2, 3])


def test_places_count_lines_with_blank_and_quoted_ones(tmp_path):
    text = '\nline,note,y\na,"two\nlines",1\n\nb,plain,oops\n'
    table = read_table(written(tmp_path, text))
    assert table.row_line.tolist() == [3, 6]
    with pytest.raises(DataError) as caught:
        table.numbers("y")
    assert caught.value.where == f"{tmp_path / 't.csv'}, line 6, column 'y'"
    assert caught.value.what == "'oops' is not a number"


def test_decimal_commas_are_named_as_such(tmp_path):
    table = read_table(written(tmp_path, "line;y\na;4,5\n"))
    with pytest.raises(DataError) as caught:
        table.numbers("y")
    assert "decimals with a point" in caught.value.remedy


def test_r_tables_with_unnamed_row_names(tmp_path):
    short = read_table(written(tmp_path, "g1 \tg2\nl1\t1\t2\nl2\t3\t4\n", "a.tsv"))
    quoted = read_table(written(tmp_path, '"","g1","g2"\n"l1",1,2\n"l2",3,4\n'))
    for table in (short, quoted):
        assert table.column_name == ("", "g1", "g2")
        assert table.identifiers("").tolist() == ["l1", "l2"]


@pytest.mark.parametrize("end", [",", ", "])
def test_rows_that_end_with_a_delimiter_are_not_those_of_r(tmp_path, end):
    rows = "".join(f"l{k},{k},{k}{end}\n" for k in range(3))
    with pytest.raises(DataError, match="rows end with a delimiter") as caught:
        read_table(written(tmp_path, "line,g1,g2\n" + rows))
    assert caught.value.where.endswith("line 2")


@pytest.mark.parametrize(
    ("word", "number"),
    [("1e3", 1000), ("-0.5", -0.5), (" 7 ", 7), ("N/A", math.nan), (".", math.nan)],
)
def test_numbers(word, number):
    assert parse_number(word) == pytest.approx(number, nan_ok=True)


@pytest.mark.parametrize("word", ["1_000", "0x10", "1,5", "yes", "1 2", "--"])
def test_not_numbers(word):
    with pytest.raises(ValueError):  # noqa: PT011 - the word is the message
        parse_number(word)


def test_label_columns_hold_words_and_no_number(tmp_path):
    text = "line,family,mixed,empty\na,f1,1\t,\nb,f2,x,NA\n"
    table = read_table(written(tmp_path, text))
    assert table.is_label_column("family")
    assert not table.is_label_column("mixed")
    assert not table.is_label_column("empty")


def test_parquet_of_every_type(tmp_path):
    path = tmp_path / "t.parquet"
    columns = {
        "line": pa.array([12345678901234567, 2, 3], pa.int64()),
        "y": pa.array([1.5, None, 3.0], pa.float32()),
        "n": pa.array([1, None, 3], pa.int32()),
        "word": pa.array(["a", None, "c"]).dictionary_encode(),
        "day": pa.array([0, 1, 2], pa.date32()),
        "flag": pa.array([True, False, None]),
    }
    pq.write_table(pa.table(columns), path)
    table = read_table(path)
    assert table.identifiers("line").tolist() == ["12345678901234567", "2", "3"]
    np.testing.assert_array_equal(table.numbers("y"), [1.5, np.nan, 3.0])
    np.testing.assert_array_equal(table.numbers("n"), [1, np.nan, 3])
    assert table.labels("word").tolist() == ["a", "", "c"]
    assert table.place(1, "y") == f"{path}, row 2, column 'y'"


def test_parquet_keeps_the_pandas_index_as_first_column(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"g": [1.0, 2.0]}, index=["l1", "l2"]).to_parquet(path)
    table = read_table(path)
    assert table.column_name == ("", "g")
    assert table.identifiers("").tolist() == ["l1", "l2"]


def test_float_ids_lose_a_trailing_zero(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"line": [101.0, 7.5], "y": [1.0, 2.0]}), path)
    assert read_table(path).identifiers("line").tolist() == ["101", "7.5"]


# Whatever a spreadsheet can hold, but control characters and line breaks. Characters
# are composed when they are read, so that equal names are equal.
cells = (
    st.text(
        st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")),
        min_size=1,
        max_size=8,
    )
    .map(compose)
    .filter(lambda text: text.strip() != "")
)


@given(
    st.lists(cells, min_size=1, max_size=6, unique_by=str.strip),
    st.lists(st.floats(allow_infinity=False), min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t"]),
)
def test_round_trip_of_any_id_and_number(tmp_path_factory, ids, numbers, delimiter):
    n = min(len(ids), len(numbers))
    frame = pd.DataFrame({"line": ids[:n], "y": numbers[:n], "z": 0.0})
    path = tmp_path_factory.mktemp("cells") / "t.csv"
    frame.to_csv(path, sep=delimiter, index=False, lineterminator="\n")
    table = read_table(path)
    assert table.identifiers("line").tolist() == ids[:n]
    np.testing.assert_array_equal(table.numbers("y"), numbers[:n])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("bytes") / "t.csv"
    path.write_bytes(raw)
    try:
        n_row = read_table(path).n_row
    except DataError as error:
        message = error.message
        n_row = None
    assert str(path) in message if n_row is None else n_row > 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("line yield\na 1\n", "divided by blanks"),
        ("line|yield\na|1\n", "divided by |"),
        ("sep=;\nline;yield\na;1\n", "begins with 'sep=;'"),
    ],
)
def test_other_delimiters_are_named(tmp_path, text, says):
    with pytest.raises(DataError, match=re.escape(says)):
        read_table(written(tmp_path, text))


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("12-Mar", "looks like a date"),
        ("2023-06-01", "looks like a date"),
        ("yield", "header stands in the middle"),
        ("TRUE", "write 1 and 0"),
        ("4.5 t", "without its unit"),
        ("what", "name its code in `phenotypes.missing`"),
    ],
)
def test_the_remedy_fits_the_cell(tmp_path, cell, remedy):
    path = tmp_path / "p.csv"
    path.write_text(f"line,yield\na,1\nb,{cell}\n")
    with pytest.raises(DataError, match="line 3") as refused:
        read_table(path).numbers("yield", setting="phenotypes.missing")
    assert remedy in refused.value.remedy
