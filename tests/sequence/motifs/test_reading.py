from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.sequence.motifs.motif import Motif, write_meme
from meristem.sequence.motifs.reading import read_motifs

# the matrix that documents the format, https://jaspar.elixir.no/docs/
AGL3 = """>MA0001.1\tAGL3
A  [ 0  3 79 40 66 48 65 11 65  0 ]
C  [94 75  4  3  1  2  5  2  3  3 ]
G  [ 1  0  3  4  1  0  5  3 28 88 ]
T  [ 2 19 11 50 29 47 22 81  1  6 ]
"""


def read(folder: Path, text: str) -> list[Motif]:
    path = folder / "motifs.jaspar"
    path.write_text(text)
    return read_motifs(path)


def test_counts_are_shares_of_their_position(tmp_path: Path) -> None:
    other = ">MA2 two words\r\n1 0\r\n1 0\r\n1 0\r\n1 4\r\n"
    one, two = read(tmp_path, AGL3 + "\n" + other)
    assert (one.title, one.width) == ("MA0001.1 AGL3", 10)
    assert one.probability[:, 1] == pytest.approx(np.array([3, 75, 0, 19]) / 97)
    assert (two.name, two.label) == ("MA2", "two words")
    assert two.probability.T.tolist() == [[0.25] * 4, [0, 0, 0, 1]]


def test_meme_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "one.meme"
    write_meme([Motif("M1", "flat", np.full((4, 5), 0.25))], path)
    assert read_motifs(path)[0].width == 5


@pytest.mark.parametrize(
    ("change", "said", "line"),
    [
        (("C  [94 75", "C  [94"), "of 10, 9, 10, 10 positions", 1),
        (("C  [94", "G  [94"), "counts of G stand where those of C belong", 3),
        (("A  [ 0", "A  [-1"), "no row of counts of A", 2),
        (("A  [ 0", "A  [ x"), "no row of counts of A", 2),
        ((">MA0001.1\tAGL3", ">"), "no name", 1),
        (("T  [ 2 19 11 50 29 47 22 81  1  6 ]\n", ""), "has 3 rows", 1),
        (("\nT", "\nT  [ 1 1 1 1 1 1 1 1 1 1 ]\nT"), "has 5 rows", 1),
    ],
)
def test_what_is_no_matrix_of_counts_is_refused_with_its_line(
    tmp_path: Path, change: tuple[str, str], said: str, line: int
) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read(tmp_path, AGL3.replace(*change))
    assert f"line {line}" in str(caught.value)


def test_empty_positions_and_names_given_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="position 2 has no counts"):
        read(tmp_path, ">m\n1 0\n1 0\n1 0\n1 0\n")
    with pytest.raises(DataError, match="twice"):
        read(tmp_path, AGL3 + AGL3)
