import numpy as np
from tests.sequence.small_genome import write_variants

from meristem.config.expression.panel import VariantsConfig
from meristem.expression.haplotypes.calls import read_calls
from meristem.expression.haplotypes.genes import GeneWindows
from meristem.expression.haplotypes.singles import single_variants
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.windows import Window


def test_each_variant_stands_alone_on_the_strand_of_the_gene(tmp_path) -> None:
    (tmp_path / "g.fa").write_text(">chr1\nAAAACCCCGGGGTTTTACGT\n")
    rows = [
        ("1", 6, "C", "T", "0|1", "1|1", "./."),
        ("1", 10, "GG", "G", "0|1", "0|0", "0|0"),
        ("1", 19, "G", "A", "1|1", "1|1", "1|1"),  # beyond the window
    ]
    vcf = write_variants(tmp_path / "v.vcf", rows, ["a", "b", "c"])
    genome = open_genome(tmp_path / "g.fa")
    window = Window("g", "chr1", 4, 14, -1)  # starts at base 11, reads backwards
    genes = GeneWindows((window,), 4, 6, 0, ())
    calls = read_calls(VariantsConfig(path=vcf), genome, [window], seed=1)
    found = single_variants(genome, calls, genes, window)
    assert genes.tss(window) == 9
    assert found.reference == "AACCCCGGGG"
    assert found.ref == ["G", "C"]
    assert found.alt == ["A", ""]
    assert found.distance.tolist() == [4, -1]
    assert found.sequence == ["AACCCCGGAG", "AAACCCGGGG"]
    np.testing.assert_array_equal(found.dosage, [[0.5, 1, np.nan], [0.5, 0, 0]])
