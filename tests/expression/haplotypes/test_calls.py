import numpy as np
import pytest
from tests.sequence.small_genome import write_variants

from meristem.config.expression.panel import VariantsConfig
from meristem.errors import DataError
from meristem.expression.haplotypes.calls import read_calls
from meristem.io.genotypes.naming import make_variant_table
from meristem.io.genotypes.plink import write_bed
from meristem.records import Genotypes
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.windows import Window

WINDOW = [Window("g", "chr1", 0, 40, 1)]


@pytest.fixture
def genome(tmp_path):
    (tmp_path / "g.fa").write_text(">chr1\n" + "ACGT" * 1000 + "\n")
    return open_genome(tmp_path / "g.fa")


def read(genome, path, **options):
    return read_calls(VariantsConfig(path=path, **options), genome, WINDOW, seed=1)


def test_bed_alleles_are_turned_to_the_genome(tmp_path, genome) -> None:
    # m2: the genome has C, the file calls C the counted allele
    table = make_variant_table(
        ["m1", "m2", "far"],
        ["1"] * 3,
        [1, 2, 3001],
        ["A", "G", "A"],
        ["T", "C", "T"],
        "hand",
    )
    dosage = np.array([[0, 0, 0], [2, 2, 2], [1, -1, 0]], np.int8)
    write_bed(Genotypes(np.array(["a", "b", "c"]), table, dosage), tmp_path / "g.bed")
    calls = read(genome, tmp_path / "g.bed")
    one = calls.contigs["chr1"]
    assert one.name.tolist() == ["m1", "m2"]
    assert one.alt == ("T", "G")
    assert one.carried[:, :2].sum(axis=2).tolist() == [[0, 2], [2, 0]]
    assert one.carried[1, 2].tolist() == [-1, -1]
    assert one.unphased.tolist() == [[False, False, True], [False, False, False]]
    assert calls.n_read == 3


def test_alleles_of_another_strand_or_assembly_are_refused(tmp_path, genome) -> None:
    table = make_variant_table(["m1"], ["1"], [1], ["G"], ["T"], "hand")
    path = tmp_path / "g.bed"
    write_bed(Genotypes(np.array(["a"]), table, np.zeros((1, 1), np.int8)), path)
    with pytest.raises(DataError, match="the genome has A"):
        read(genome, path)


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        (["0", "0/1"], "mixes calls"),
        (["/".join("0" * 9)] * 2, "9 alleles"),
    ],
)
def test_ploidies_that_cannot_be_are_refused(tmp_path, genome, calls, message) -> None:
    vcf = write_variants(tmp_path / "v.vcf", [("1", 1, "A", "G", *calls)], ["a", "b"])
    with pytest.raises(DataError, match=message):
        read(genome, vcf)


def test_a_file_without_lines_or_near_variants_is_refused(tmp_path, genome) -> None:
    vcf = write_variants(tmp_path / "v.vcf", [("1", 1, "A", "G")])
    with pytest.raises(DataError, match="no lines"):
        read(genome, vcf)
    far = write_variants(tmp_path / "f.vcf", [("1", 3001, "A", "G", "0/1")], ["a"])
    with pytest.raises(DataError, match="none of its 1 variants lies near"):
        read(genome, far)


def test_several_alleles_of_a_record_are_told_apart(tmp_path, genome) -> None:
    vcf = write_variants(
        tmp_path / "v.vcf", [("1", 5, "A", "G,T", "1|2", "0|2")], ["a", "b"]
    )
    one = read(genome, vcf).contigs["chr1"]
    found = {alt: one.carried[i].tolist() for i, alt in enumerate(one.alt)}
    assert found == {"G": [[1, 0], [0, 0]], "T": [[0, 1], [0, 1]]}
    assert not one.unphased.any()
