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


def test_words_are_no_scores_for_a_rule(tmp_path):
    path = tmp_path / "s.tsv"
    path.write_text("gene\tposition\tsift\tcall\ng\t1\t0.1\tbad\ng\t2\tNA\tgood\n")
    scores = read_user_scores(path)
    scores.refuse_words("sift", path)
    scores.refuse_words("blosum62", path)
    with pytest.raises(DataError, match="'bad' of g, 1 is no number"):
        scores.refuse_words("call", path)
