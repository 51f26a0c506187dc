import gzip

import numpy as np
import pyfaidx
import pytest

from meristem.errors import DataError
from meristem.sequence.genome.fasta import open_genome

TEXT = ">one first\nACGTN\nacg\n>two\nGGu\n"


def test_plain_and_packed_give_the_same(tmp_path):
    (tmp_path / "g.fa").write_text(TEXT)
    with gzip.open(tmp_path / "g.fa.gz", "wt") as handle:
        handle.write(TEXT)
    plain, packed = open_genome(tmp_path / "g.fa"), open_genome(tmp_path / "g.fa.gz")
    assert plain.length == packed.length == {"one": 8, "two": 3}
    for name in plain.length:
        assert np.array_equal(plain.bases(name), packed.bases(name))
    assert plain.text("one", 2, 7) == "GTNAC"
    assert plain.text("two", 0, 3) == "GGT"


def test_an_index_that_cannot_be_written_names_the_remedy(tmp_path, monkeypatch):
    (tmp_path / "g.fa").write_text(TEXT)

    def refuse(*args, **kwargs):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(pyfaidx, "Faidx", refuse)
    with pytest.raises(DataError, match="has no index") as caught:
        open_genome(tmp_path / "g.fa")
    assert "--index" in caught.value.remedy


def test_the_index_may_lie_elsewhere(tmp_path):
    (tmp_path / "g.fa").write_text(TEXT)
    (tmp_path / "elsewhere").mkdir()
    place = tmp_path / "elsewhere" / "g.fai"
    assert open_genome(tmp_path / "g.fa", place).text("two", 0, 2) == "GG"
    assert place.exists()
    assert not (tmp_path / "g.fa.fai").exists()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (">a\nAC1T\n", "position 3 holds '1'"),
        ("ACGT\n", "is no FASTA"),
        (">a\nAC\n>a\nAC\n", "cannot be indexed"),
        (">a\nACG\nAC\nACG\n", "cannot be indexed"),
    ],
)
def test_faulty_files_are_refused(tmp_path, text, what):
    (tmp_path / "g.fa").write_text(text)
    with pytest.raises(DataError, match=what):
        open_genome(tmp_path / "g.fa").bases("a")


def test_faulty_packed_files_are_refused(tmp_path):
    for text, what in ((">a\nA\n>a\nC\n", "twice"), ("ACGT\n", "no FASTA")):
        with gzip.open(tmp_path / "g.fa.gz", "wt") as handle:
            handle.write(text)
        with pytest.raises(DataError, match=what):
            open_genome(tmp_path / "g.fa.gz")


def test_an_unknown_contig_is_refused(tmp_path):
    (tmp_path / "g.fa").write_text(TEXT)
    with pytest.raises(DataError, match="no contig 'three'"):
        open_genome(tmp_path / "g.fa").bases("three")
