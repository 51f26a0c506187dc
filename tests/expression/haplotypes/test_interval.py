import pytest
from tests.sequence.small_genome import write_variants

from meristem.errors import DataError
from meristem.expression.haplotypes.interval import read_personal_sequence


@pytest.fixture
def files(tmp_path):
    (tmp_path / "g.fa").write_text(">chr1\nAAAACCCCGGGGTTTT\n")
    rows = [
        ("1", 4, "A", "AT", "1|0", "0|0"),
        ("1", 6, "CCC", "C", "1|0", "1|1"),
        ("1", 10, "G", "A", "0|1", "./."),
    ]
    return tmp_path / "g.fa", write_variants(tmp_path / "v.vcf", rows, ["a", "b"])


def test_gives_every_copy_with_its_indels(files) -> None:
    found = read_personal_sequence(*files, "1:3-12", "a")
    assert found.copies == ("AATCCGGGG", "AACCCCGAGG")
    assert (found.n_variant, found.n_missing, found.n_unphased) == (3, 0, 0)
    back = read_personal_sequence(*files, "chr1:3-12:-", "b")
    assert back.copies == ("CCCCGGTT",) * 2
    assert back.n_missing == 1


def test_a_stretch_without_variants_is_the_reference(files) -> None:
    assert read_personal_sequence(*files, "1:13-16", "b").copies == ("TTTT", "TTTT")


@pytest.mark.parametrize(
    ("interval", "sample", "message"),
    [
        ("1:3", "a", "is no interval"),
        ("1:3-99", "a", "is not within chr1"),
        ("1:5-3", "a", "is not within chr1"),
        ("9:3-12", "a", "there is no contig '9'"),
        ("1:3-12", "z", "there is no line 'z'"),
    ],
)
def test_wrong_requests_are_refused(files, interval, sample, message) -> None:
    with pytest.raises(DataError, match=message):
        read_personal_sequence(*files, interval, sample)
