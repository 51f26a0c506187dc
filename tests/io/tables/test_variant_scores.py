import pytest

from meristem.errors import DataError
from meristem.io.tables.variant_scores import read_variant_scores


def _write(tmp_path, text):
    path = tmp_path / "s.tsv"
    path.write_text(text)
    return path


TEXT = "variant\tgene\tscore\tkind\nv1\tg1\t.5\tleaf\nv2\t\t-1\troot\nv3\t\tNA\tleaf\n"


def test_rows_without_a_number_are_left_out(tmp_path):
    scores = read_variant_scores(_write(tmp_path, TEXT))
    assert scores.variant_id.tolist() == ["v1", "v2"]
    assert scores.gene_id.tolist() == ["g1", ""]
    leaf = read_variant_scores(_write(tmp_path, TEXT), kind="leaf")
    assert leaf.variant_id.tolist() == ["v1"]


def test_another_column_may_be_the_score(tmp_path):
    path = _write(tmp_path, "variant\tblosum62\nv1\t-3\nv2\t\n")
    scores = read_variant_scores(path, "blosum62")
    assert (scores.score.tolist(), scores.kind.tolist()) == ([-3.0], ["blosum62"])


@pytest.mark.parametrize(
    ("column", "kind", "what"),
    [("value", "", "no column 'value'"), ("score", "stem", "kinds: leaf, root")],
)
def test_faulty_tables_are_refused(tmp_path, column, kind, what):
    with pytest.raises(DataError, match=what):
        read_variant_scores(_write(tmp_path, TEXT), column, kind)
