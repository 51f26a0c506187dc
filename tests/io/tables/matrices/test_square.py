import numpy as np
import pytest

from meristem.errors import DataError
from meristem.io.tables.matrices.square import square_matrix
from meristem.text.columns import read_table


def read(tmp_path, text):
    path = tmp_path / "square.csv"
    path.write_text(text)
    return square_matrix(read_table(path), "number")


def test_columns_may_stand_in_another_order(tmp_path):
    names, matrix = read(tmp_path, 'x,c,a,b\n"a",3,1,2\n"b",5,2,4\n"c",6,3,5\n')
    assert names.tolist() == ["a", "b", "c"]
    assert np.array_equal(matrix, [[1, 2, 3], [2, 4, 5], [3, 5, 6]])


def test_names_stay_words_and_a_short_header_is_that_of_r(tmp_path):
    names, matrix = read(tmp_path, "007,8\n007,1,2\n8,2,1\n")
    assert names.tolist() == ["007", "8"]
    assert matrix[0, 1] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (",a,b,c\na,1,2,3\nb,2,1,3\n", "2 names in rows and 3 in columns differ: 'c'"),
        (",X7,b\n7,1,2\nb,2,1\n", "check.names = FALSE"),
        (",a,b\na,1,2\na,2,1\n", "2 names in rows and 2 in columns differ: 'b'"),
        (",a,b\na,1,\nb,2,1\n", "line 2, column 'b': a number is missing"),
        (",a,b\na,1,2\nb,3,1\n", "not symmetric: 2 for a and b, 3 the other way"),
    ],
)
def test_faults(tmp_path, text, message):
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert message in str(error.value)
