"""Pedigrees and tables of relationships."""

from pathlib import Path

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.io.tables.pedigree import read_kernel, read_pedigree


def written(folder: Path, text: str) -> Path:
    path = folder / "a.csv"
    path.write_text(text)
    return path


def test_usual_columns_and_unknown_parents(tmp_path):
    text = "id,sire,dam,selfing\n7,0,NA,4\n12,7,x,\n"
    found = read_pedigree(written(tmp_path, text))
    assert sorted(found.line.tolist()) == ["12", "7", "x"]
    place = {name: k for k, name in enumerate(found.line.tolist())}
    assert found.parent[place["7"]].tolist() == [-1, -1]
    assert set(found.parent[place["12"]].tolist()) == {place["7"], place["x"]}
    assert found.selfing[place["7"]] == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("line,a,b\nx,y,z\n", "columns of the two parents were not found"),
        ("line,p1,p2,selfing\nx,y,z,1.5\n", "1.5 is no number of generations"),
        ("line,p1,p2\nx,x,z\n", "x is its own ancestor"),
    ],
)
def test_faults_of_pedigrees(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_pedigree(written(tmp_path, text))


def test_a_square_table_is_a_kernel(tmp_path):
    names, kernel = read_kernel(written(tmp_path, ",a,b\na,1,.25\nb,.25,2\n"))
    assert names.tolist() == ["a", "b"]
    assert np.array_equal(kernel, [[1, 0.25], [0.25, 2]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (",a,b\na,1,.2\n", "1 names in rows and 2 in columns differ"),
        (",a,b\na,1,.2\nb,.3,1\n", "not symmetric"),
        (",a,b\na,1,NA\nb,.3,1\n", "line 2, column 'b': a relationship is missing"),
        (",a,b\na,1,2\nb,2,1\n", "is no covariance"),
    ],
)
def test_faults_of_kernels(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_kernel(written(tmp_path, text))
