import pytest
from tests.sequence.small_genome import complement, write_small_genome

from meristem.errors import DataError
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.promoters import promoters
from meristem.sequence.genome.transcripts import read_transcripts
from meristem.sequence.genome.windows import (
    Window,
    cut,
    promoter_windows,
    read_bed,
)


def test_intervals_are_cut_along_their_strand(tmp_path):
    known = write_small_genome(tmp_path)
    genome = open_genome(tmp_path / "g.fa")
    path = tmp_path / "x.bed"
    path.write_text("track x\n1\t10\t20\n2\t5\t9\tb\t0\t-\n")
    pairs = list(cut(genome, read_bed(path, genome)))
    assert pairs[0][1] == known["chr1"][10:20]
    assert (pairs[1][0].name, pairs[1][1]) == ("b", complement(known["chr2"][5:9]))


def test_promoters_have_one_length_and_read_towards_the_gene(tmp_path):
    known = write_small_genome(tmp_path)
    genome = open_genome(tmp_path / "g.fa")
    genes = read_transcripts(tmp_path / "g.gff3", genome).transcripts
    windows = promoter_windows(promoters(genes, 40, 3), 40, 3)
    found = {window.name: text for window, text in cut(genome, windows, "pad")}
    assert {len(text) for text in found.values()} == {43}
    assert found["B"].endswith("ATG")
    assert found["A"] == known["chr1"][60:103]
    assert found["C"].startswith("N" * 20)
    with pytest.raises(DataError, match="lies beyond chr2"):
        list(cut(genome, windows))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1\t5\n", "no interval"),
        ("1\t9\t9\n", "is empty"),
        ("x\t1\t2\n", "none of"),
        ("1\t1\t9\ta\t0\t+\n1\t1\t9\tb\t0\tx\n", "line 2: 'x' is no strand"),
        ("1\t1\t9\n1\t9000\t9009\n", "line 2.*behind the end of chr1"),
    ],
)
def test_faulty_intervals_are_refused(tmp_path, text, what):
    write_small_genome(tmp_path)
    (tmp_path / "x.bed").write_text(text)
    with pytest.raises(DataError, match=what):
        read_bed(tmp_path / "x.bed", open_genome(tmp_path / "g.fa"))


def test_a_window_wholly_beyond_the_contig_is_unknown(tmp_path):
    write_small_genome(tmp_path)
    genome = open_genome(tmp_path / "g.fa")
    for start in (-9, 900):
        window = Window("w", "chr2", start, start + 4, 1)
        ((_, text),) = cut(genome, [window], "pad")
        assert text == "NNNN"
