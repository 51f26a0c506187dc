import pytest

from meristem.errors import DataError
from meristem.io.tables.trait_columns import MOST_TRAITS, choose_traits
from meristem.text.columns import read_table


def chosen(tmp_path, header, cell, n=12, missing=()):
    path = tmp_path / "p.csv"
    rows = [f"L{i};" + ";".join(str(c) for c in cell(i)) for i in range(n)]
    path.write_text("\n".join([f"line;{header}", *rows]) + "\n")
    return choose_traits(read_table(path), {"line"}, missing)


def test_labels_counts_and_words_are_no_traits_and_say_why(tmp_path):
    header = "Entry No;serial;colour;Barcode;yield"
    traits, left_out = chosen(
        tmp_path, header, lambda i: (i % 5, 500 + 2 * i, "red", 9 * i, i % 7 + 0.5)
    )
    assert traits == ["yield"]
    assert left_out == {
        "Entry No": "its name is that of a label",
        "serial": "its name is that of a label",
        "colour": "it holds words",
        "Barcode": "its name is that of a label",
    }
    traits, left_out = chosen(tmp_path, "a;y", lambda i: (500 + 2 * i, i % 7))
    assert (traits, left_out) == (["y"], {"a": "it counts the rows"})


@pytest.mark.parametrize(
    ("cell", "what", "remedy"),
    [
        ("{},53", "'0,53' is not a number as tables write it", "point"),
        ("1.00{},7", "'1.000,7' is not a number", "point"),
        ("{}.5 t/ha", "'0.5 t/ha' is a number with a unit", "phenotypes.units"),
        ("{}%", "'0%' is a number with a unit", "phenotypes.units"),
    ],
)
def test_numbers_in_disguise_are_refused(tmp_path, cell, what, remedy):
    with pytest.raises(DataError, match="line 2, column 'y'") as caught:
        chosen(tmp_path, "height;y", lambda i: (90 + i % 3, cell.format(i % 10)))
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert "phenotypes.traits" in caught.value.remedy


def test_words_with_digits_stay_labels(tmp_path):
    traits, left_out = chosen(
        tmp_path,
        "type;when;class;y",
        lambda i: (f"{2 + 4 * (i % 2)}row", f"2023-07-{i + 1:02}", f"{i}A{i}", i % 5),
    )
    assert traits == ["y"]
    assert list(left_out) == ["type", "when", "class"]


def test_too_many_columns_are_refused_before_they_are_read(tmp_path):
    n = MOST_TRAITS + 1
    header = ";".join(f"t{j}" for j in range(n))
    with pytest.raises(DataError, match=r"2,001 columns that could be traits"):
        chosen(tmp_path, header, lambda i: [1] * n, n=2)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["1\u00a0204", "2\u00a0390", "3\u00a0001"], "not a number as tables write it"),
        (["1\u202f204", "2\u202f390", "3\u202f001"], "not a number as tables write it"),
        (["1\u2019204", "2\u2019390", "3\u2019001"], "not a number as tables write it"),
        (["<0.1", "<0.1", "0.3 (high)"], "'<0.1' is a limit"),
        (["1.204", "987", "2.001", "412", "3.500", "777"], "point between thousands"),
    ],
)
def test_commas_limits_and_points_of_other_hands_are_refused(tmp_path, cells, says):
    rows = "".join(f"l{k};{cell};{k + 0.5}\n" for k, cell in enumerate(cells))
    path = tmp_path / "p.csv"
    path.write_text("line;yield;height\n" + rows, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        choose_traits(read_table(path), {"line"}, ())


def test_decimals_of_three_digits_are_numbers(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("line,yield\na,1.204\nb,98\nc,2.001\nd,41\ne,3.5\nf,777\n")
    assert choose_traits(read_table(path), {"line"}, ())[0] == ["yield"]


def test_errors_and_places_are_no_traits(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(
        "line,yield,yield_se,SD,latitude,harvest_year\na,4.5,.3,9,40.1,2001\n"
    )
    traits, left_out = choose_traits(read_table(path), {"line"}, ())
    assert traits == ["yield", "SD"]
    assert left_out["yield_se"] == "its name is that of an error of yield"
    assert {"latitude", "harvest_year"} < set(left_out)
