"""Known regions."""

from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.io.tables.regions import read_regions


def test_regions(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("QTL,chr,start,end\nq1,1,5,9\n")
    name, contig, start, end = read_regions(path)
    assert (name[0], contig[0], start[0], end[0]) == ("q1", "1", 5, 9)


@pytest.mark.parametrize(
    "text", ["name,start,end\nq,1,2\n", "name,contig,start,end\nq,1,9,2\n"]
)
def test_refusals(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.csv"
    path.write_text(text)
    with pytest.raises(DataError, match="contig|before the start"):
        read_regions(path)
