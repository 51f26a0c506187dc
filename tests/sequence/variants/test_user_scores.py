import pytest

from meristem.errors import DataError
from meristem.sequence.variants.user_scores import read_user_scores


def _write(tmp_path, text):
    path = tmp_path / "s.tsv"
    path.write_text(text)
    return path


def test_scores_by_position_and_amino_acid(tmp_path):
    text = "transcript\tposition\tamino_acid\tsift\tcall\nA.1\t3\tK\t.01\tbad\n"
    scores = read_user_scores(_write(tmp_path, text))
    assert scores.column_name == ("sift", "call")
    assert scores.find("v", ("A.1", "A"), "3", "K") == (".01", "bad")
    assert scores.find("v", ("A.1", "A"), "3", "R") == ("", "")


def test_scores_by_position_alone_and_by_variant(tmp_path):
    scores = read_user_scores(_write(tmp_path, "gene\tposition\tplddt\nA\t3\t91\n"))
    assert scores.find("v", ("A.1", "A"), "3", "K") == ("91",)
    scores = read_user_scores(_write(tmp_path, "variant\tesm\nv\t-7\n"))
    assert scores.find("v", ("", ""), "", "") == ("-7",)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a\tb\n1\t2\n", "what is scored"),
        ("variant\nv\n", "no column besides"),
        ("variant\tx\nv\t1\nv\t2\n", "twice"),
    ],
)
def test_faulty_tables_are_refused(tmp_path, text, what):
    with pytest.raises(DataError, match=what):
        read_user_scores(_write(tmp_path, text))
