"""Tables of hybrids and parents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.io.tables.crosses import read_crosses

LINES = np.array(["A", "B", "7"])


@pytest.mark.parametrize(
    "header",
    ["sample,parent_1,parent_2", "Hybrid,Mother,Father", "line,dam,sire"],
)
def test_usual_names(tmp_path: Path, header: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\nAxB,A,B\n7xA,7,A\nAxB,A,B\n")
    found = read_crosses(path)
    assert found.sample_id.tolist() == ["AxB", "7xA"]
    assert found.parent_1.tolist() == ["A", "7"]
    assert found.parent_2.tolist() == ["B", "A"]


def test_columns_of_genotyped_lines_are_the_parents(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("line,env,dent,flint,GY\nAxB,E,A,B,7\n7xA,E,7,A,7\n")
    found = read_crosses(path, LINES)
    assert (found.parent_1.tolist(), found.parent_2.tolist()) == (
        ["A", "7"],
        ["B", "A"],
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("line,dent,flint\nAxB,A,X\n", "columns of the two parents were not found"),
        ("line,p1,p2\nAxB,A,B\nAxB,A,7\n", "line 3: hybrid AxB has other parents"),
        ("line,p1,p2\nAxB,A,\n", "line 2, column 'p2': the id is empty"),
        ("x,p1,p2\nAxB,A,B\n", "no column of sample ids"),
        ("line,p1,p2,Parent_3\nAxB,A,B,7\n", "'Parent_3' names a third parent"),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_crosses(path, LINES)


def test_maize_hybrids(shared_data: Path) -> None:
    folder = shared_data / "gp" / "maize_technow_hybrids"
    parents = (folder / "parents_genotypes.fam").read_text().split("\n")
    lines = np.array([line.split("\t")[1] for line in parents if line])
    found = read_crosses(folder / "phenotypes.csv.gz", lines)
    assert found.sample_id.size == 1254
    assert found.sample_id[0] == f"{found.parent_1[0]}.{found.parent_2[0]}"
