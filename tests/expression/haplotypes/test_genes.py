import pytest
from tests.sequence.small_genome import write_small_genome

from meristem.config.expression.panel import GenesConfig
from meristem.errors import DataError
from meristem.expression.haplotypes.genes import gene_windows
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.transcripts import read_transcripts


@pytest.fixture
def small(tmp_path):
    facts = write_small_genome(tmp_path)
    genome = open_genome(tmp_path / "g.fa")
    return facts, genome, read_transcripts(tmp_path / "g.gff3", genome)


def test_windows_lie_around_starts_on_both_strands(small) -> None:
    facts, genome, annotation = small
    genes = gene_windows(annotation, genome, GenesConfig(upstream=30, downstream=12))
    by_name = {w.name: w for w in genes.windows}
    a, b = by_name["A"], by_name["B"]
    assert (a.start, a.end, a.strand) == (70, 112, 1)
    end = facts["span_B"][1]
    assert (b.start, b.end, b.strand) == (end - 12, end + 30, -1)
    assert (genes.anchor(a), genes.tss(a), genes.sides(a)) == (100, 100, (30, 12))
    assert (genes.anchor(b), genes.tss(b), genes.sides(b)) == (end, end - 1, (12, 30))


def test_measured_starts_win_and_absent_genes_are_told(small, tmp_path) -> None:
    _, genome, annotation = small
    (tmp_path / "tss.csv").write_text("gene,TSS\nA,91\nB,\n")
    options = GenesConfig(starts=tmp_path / "tss.csv", upstream=30)
    genes = gene_windows(annotation, genome, options, measured=["A", "Q", "B"])
    assert [w.name for w in genes.windows] == ["A", "B"]
    assert genes.tss(genes.windows[0]) == 90
    assert (genes.n_measured, genes.absent) == (1, ("Q",))


def test_starts_and_names_that_cannot_be_are_refused(small, tmp_path) -> None:
    _, genome, annotation = small
    (tmp_path / "tss.csv").write_text("gene,tss\nA,90000\n")
    with pytest.raises(DataError, match="beyond chr1"):
        gene_windows(annotation, genome, GenesConfig(starts=tmp_path / "tss.csv"))
    (tmp_path / "only.txt").write_text("nothing\n")
    with pytest.raises(DataError, match="none of the 1 genes"):
        gene_windows(annotation, genome, GenesConfig(only=tmp_path / "only.txt"))
