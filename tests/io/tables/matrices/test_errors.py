import numpy as np
import pytest

from meristem.errors import DataError
from meristem.io.tables.matrices.errors import read_error_covariance

SQUARE = ",a,b,c\na,2,.5,0\nb,.5,3,.1\nc,0,.1,1\n"


def read(tmp_path, text):
    path = tmp_path / "errors.csv"
    path.write_text(text)
    return read_error_covariance(path)


@pytest.mark.parametrize(
    "text",
    [
        "line_1,line_2,value\na,a,2\nb,b,3\nc,c,1\na,b,.5\nc,b,.1\n",
        "env,line_1,line_2,cov\nE,c,c,1\nE,a,a,2\nE,a,b,.5\nE,b,b,3\nE,b,c,.1\n",
        "Line1,Line2,cov\na,a,2\na,b,.5\nb,a,.5\nb,b,3\nb,c,.1\nc,b,.1\nc,c,1\n",
    ],
)
def test_the_long_form_says_what_the_square_one_does(tmp_path, text):
    long, square = read(tmp_path, text), read(tmp_path, SQUARE)
    order = np.argsort(long[0])
    assert long[0][order].tolist() == square[0].tolist() == ["a", "b", "c"]
    assert np.array_equal(long[1][np.ix_(order, order)], square[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (",a,b\na,0,0\nb,0,1\n", "the error variance of a is 0"),
        (",a,b\na,1,2\nb,3,1\n", "not symmetric"),
        ("line_1,line_2,value\na,a,1\na,b,.5\n", "b has no error variance"),
        (
            "line_1,line_2,value\na,a,1\nb,b,1\na,b,.5\nb,a,.4\n",
            "line 4, column 'value': the covariance of a and b is 0.5 here and 0.4",
        ),
        ("line_1,line_2,value\na,a,1\nb,b,\n", "line 3, column 'value': the cov"),
    ],
)
def test_faults(tmp_path, text, message):
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert message in str(error.value)
