import pytest
from tests.sequence.small_genome import write_small_genome, write_variants

from meristem.errors import DataError
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.variants.sites import open_stream, trim


@pytest.fixture
def small(tmp_path):
    known = write_small_genome(tmp_path)
    return known, open_genome(tmp_path / "g.fa")


def test_alleles_come_one_by_one(small, tmp_path):
    known, genome = small
    ref = known["chr1"][6:8]
    path = write_variants(
        tmp_path / "v.vcf",
        [("1", 7, ref, f"{ref[0]},<DEL>,{ref}A"), ("2", 3, known["chr2"][2], "N")],
    )
    with open_stream(path, genome) as stream:
        sites = list(stream.sites())
    assert [(s.contig, s.allele, s.alt) for s in sites] == [
        ("chr1", 1, ref[0]),
        ("chr1", 3, ref + "A"),
        ("chr2", 1, "N"),
    ]
    assert sites[0].name == f"1:7:{ref}:{ref[0]}"
    assert sum(stream.skipped.values()) == 1


def test_a_ref_that_is_not_the_genome_is_refused_with_its_line(small, tmp_path):
    known, genome = small
    wrong = "A" if known["chr1"][9] != "A" else "C"
    rows = [("1", 5, known["chr1"][4], "N"), ("1", 10, wrong, "N")]
    path = write_variants(tmp_path / "v.vcf", rows)
    with (
        open_stream(path, genome) as stream,
        pytest.raises(DataError, match=f"REF is {wrong}, the genome has") as caught,
    ):
        list(stream.sites())
    assert "line 7" in caught.value.where


def test_beyond_the_contig_and_empty_files_are_refused(small, tmp_path):
    _, genome = small
    path = write_variants(tmp_path / "v.vcf", [("2", 151, "A", "C")])
    with (
        open_stream(path, genome) as stream,
        pytest.raises(DataError, match=r"beyond the end of chr2 \(150 bp\)"),
    ):
        list(stream.sites())
    path = write_variants(tmp_path / "v.vcf", [])
    with (
        open_stream(path, genome) as stream,
        pytest.raises(DataError, match="no variant that could be used"),
    ):
        list(stream.sites())


def test_shared_bases_are_trimmed_from_the_left():
    assert trim(5, "CTT", "C") == (5, "TT", "")
    assert trim(5, "C", "CAA") == (5, "", "AA")
    assert trim(5, "GATAT", "GAT") == (7, "AT", "")
    assert trim(5, "ACG", "TCG") == (4, "A", "T")
