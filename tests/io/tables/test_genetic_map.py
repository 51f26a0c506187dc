"""Genetic maps as tables and as .bim."""

from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.io.tables.genetic_map import read_genetic_map


def written(folder: Path, text: str, name: str = "map.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_table_with_names_and_places(tmp_path: Path) -> None:
    points = read_genetic_map(
        written(tmp_path, "SNP\tChrom\tbp\tcM\nm1\t1\t100\t0.5\nm2\t2\t7\t0\n", "m.tsv")
    )
    assert points.name.tolist() == ["m1", "m2"]
    assert points.contig.tolist() == ["1", "2"]
    assert points.position.tolist() == [100, 7]
    assert points.centimorgan.tolist() == [0.5, 0.0]


def test_a_bim_file(tmp_path: Path) -> None:
    points = read_genetic_map(
        written(tmp_path, "1 m1 0.31 100 A G\n1 m2 0.54 0 A G\n", "p.bim")
    )
    assert points.centimorgan.tolist() == [0.31, 0.54]
    assert points.position.tolist() == [100, 0]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "marker,chr\nm1,1\n", "no column of cM"),
        ("b.csv", "chr,cM\n1,2\n", "neither variants"),
        ("c.csv", "marker,cM\nm1,\n", "missing or negative"),
        ("d.csv", "marker,cM\nm1,-1\n", "missing or negative"),
        ("e.csv", "marker,cM\nm1,0\nm2,0\n", "every cM is 0"),
        ("e2.csv", "marker,cM\nm1,0\nm2,40000\n", "locus 2 lies at 40,000 cM"),
        ("e3.csv", "marker,cM\nm1,0\nm1,5\n", "m1 stands at 0 cM .locus 1. and at 5"),
        ("e4.csv", "marker,chr,cM\nm1,1,5\nm1,2,5\n", "of 1 and 2"),
        ("f.bim", "1 m1 x 3 A G\n", "line 1"),
        ("g.bim", "1 m1\n", "line 1"),
    ],
)
def test_refusals(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_genetic_map(written(tmp_path, text, name))
