import numpy as np
import pytest

from meristem.errors import DataError
from meristem.sequence.motifs.motif import (
    Motif,
    information,
    read_meme,
    reverse_complement,
    write_meme,
)

HEAD = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1 one\n"
MATRIX = "letter-probability matrix: alength= 4 w= 3 nsites= 9 E= 0\n"


def _write(tmp_path, text):
    path = tmp_path / "motifs.meme"
    path.write_text(text)
    return path


def test_motifs_come_back_as_they_were_written(tmp_path):
    rng = np.random.default_rng(3)
    motifs = [
        Motif(f"M{i}", label, rng.dirichlet(np.ones(4), width).T)
        for i, (label, width) in enumerate([("one two", 5), ("", 11)])
    ]
    write_meme(motifs, tmp_path / "m.meme")
    back = read_meme(tmp_path / "m.meme")
    assert [(m.name, m.label, m.width) for m in back] == [
        ("M0", "one two", 5),
        ("M1", "", 11),
    ]
    for before, after in zip(motifs, back, strict=True):
        assert np.allclose(before.probability, after.probability, atol=2e-6)


def test_reverse_complement_twice_is_the_motif():
    p = np.random.default_rng(1).dirichlet(np.ones(4), 7).T
    motif = Motif("m", "", p)
    turned = reverse_complement(motif)
    assert np.array_equal(turned.probability[3, 0], p[0, 6])
    assert np.array_equal(reverse_complement(turned).probability, p)


def test_information_of_one_base_is_two_bits():
    p = np.zeros((4, 2))
    p[2, 0] = 1.0
    p[:2, 1] = 0.5
    assert np.allclose(information(Motif("m", "", p)), [2.0, 1.0])


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        (
            HEAD + MATRIX + "1 0 0 0\n.5 .5 .5 0\n1 0 0 0\n",
            "position 2 sum to 1.5",
            7 + 1,
        ),
        (HEAD + MATRIX + "1 0 0 0\n1 0 0 0\n", "has 2 rows", 6),
        (HEAD + MATRIX + "1 0 0 0\n1 0 0\n", "has 1 rows", 8),
        (HEAD + MATRIX + "1 0 0 0\n" * 4, "'M1' has more rows", 10),
        (HEAD + MATRIX + "1 0 0 0\n-1 1 1 0\n", "no probability", 8),
        (HEAD + "MOTIF M2\n", "'M1' has no letter-probability matrix", 5),
        (HEAD + "letter-probability matrix: alength= 4\n", "how wide", 6),
        ("MEME version 4\nALPHABET= ACDEFGHIKLMNPQRSTVWY\n", "the alphabet is", 2),
        ("MEME version 4\nMOTIF\n", "has no name", 2),
    ],
)
def test_a_faulty_file_is_refused_with_its_line(tmp_path, text, what, line):
    with pytest.raises(DataError, match=what) as caught:
        read_meme(_write(tmp_path, text))
    assert f"line {line}" in caught.value.where


def test_a_name_given_twice_is_refused(tmp_path):
    rows = "1 0 0 0\n" * 3
    text = HEAD + MATRIX + rows + "MOTIF M1 again\n" + MATRIX + rows
    with pytest.raises(DataError, match="twice"):
        read_meme(_write(tmp_path, text))


def test_a_file_without_motifs_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no motif"):
        read_meme(_write(tmp_path, "nothing here\n"))


def test_names_with_blanks_are_not_written(tmp_path):
    with pytest.raises(DataError, match="without blanks"):
        write_meme([Motif("a b", "", np.full((4, 3), 0.25))], tmp_path / "m.meme")
    assert not list(tmp_path.iterdir())


def test_a_record_of_counts_is_refused():
    with pytest.raises(DataError, match="sum to 40"):
        Motif("m", "", np.full((4, 2), 10.0))
    with pytest.raises(DataError, match="shape"):
        Motif("m", "", np.full((3, 2), 0.25))
