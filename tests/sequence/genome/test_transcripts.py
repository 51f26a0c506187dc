import pytest
from tests.sequence.small_genome import write_small_genome

from meristem.errors import DataError
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.transcripts import by_place, read_transcripts


def _read(tmp_path, rows):
    (tmp_path / "x.gff").write_text("\n".join("\t".join(r) for r in rows) + "\n")
    return read_transcripts(tmp_path / "x.gff", open_genome(tmp_path / "g.fa"))


def _row(kind, start, end, names, strand="+", contig="chr1", phase="."):
    return (contig, "x", kind, str(start), str(end), ".", strand, phase, names)


def test_genes_get_their_parts(tmp_path):
    small = write_small_genome(tmp_path)
    genome = open_genome(tmp_path / "g.fa")
    found = read_transcripts(tmp_path / "g.gff3", genome)
    a, b, c = found.transcripts
    assert (a.name, a.gene, a.contig, a.strand) == ("A.1", "A", "chr1", 1)
    assert a.cds == tuple(small["cds_A"])
    assert (a.tss, b.tss) == (100, small["span_B"][1] - 1)
    assert b.exons == b.cds == (small["span_B"],)
    assert (c.gene, c.cds) == ("C", ())
    assert found.faults == ()


def test_broken_transcripts_are_listed_and_skipped(tmp_path):
    write_small_genome(tmp_path)
    found = _read(
        tmp_path,
        [
            _row("CDS", 11, 40, "Parent=good"),
            _row("CDS", 5, 12, "Parent=overlaps"),
            _row("CDS", 9, 20, "Parent=overlaps"),
            _row("CDS", 5, 12, "Parent=both"),
            _row("CDS", 30, 41, "Parent=both", strand="-"),
            _row("CDS", 5, 4000, "Parent=beyond"),
            _row("CDS", 5, 10, "Parent=nowhere", contig="chr9"),
            _row("exon", "5", "", "Parent=cut"),
            _row("CDS", 5, 10, "Parent=strandless", strand="."),
            _row("CDS", 5, 11, "Parent=odd"),
        ],
    )
    assert {t.name for t in found.transcripts} == {"good", "odd"}
    said = {fault.transcript: (fault.skipped, fault.what) for fault in found.faults}
    assert found.n_skipped == 6
    assert not said["odd"][0]
    assert "overlap" in said["overlaps"][1]
    assert "two contigs or strands" in said["both"][1]
    assert "another version" in said["beyond"][1]
    assert "chr9" in said["nowhere"][1]
    assert "line 8" in said["cut"][1]


def test_gtf_gets_its_stop_codon(tmp_path):
    write_small_genome(tmp_path)
    names = 'gene_id "g1"; transcript_id "t1";'
    found = _read(
        tmp_path,
        [
            _row("exon", 1, 60, names),
            _row("CDS", 10, 30, names, phase="0"),
            _row("stop_codon", 31, 33, names),
        ],
    )
    (one,) = found.transcripts
    assert (one.name, one.gene, one.cds) == ("t1", "g1", ((9, 33),))


def test_missing_phase_is_none_and_a_stated_one_counts(tmp_path):
    write_small_genome(tmp_path)
    rows = [
        _row("CDS", 10, 29, "Parent=m", strand="-", phase="0"),
        _row("CDS", 40, 60, "Parent=m", strand="-", phase="2"),
    ]
    (one,) = _read(tmp_path, rows).transcripts
    assert one.skip == 2


def test_a_transcript_shared_by_exons_of_several_parents(tmp_path):
    write_small_genome(tmp_path)
    found = _read(tmp_path, [_row("exon", 10, 29, "Parent=m1,m2")])
    assert [t.name for t in found.transcripts] == ["m1", "m2"]


def test_bins_hold_the_flank():
    assert by_place((), 5) == {}


def test_a_file_without_transcripts_is_refused(tmp_path):
    write_small_genome(tmp_path)
    with pytest.raises(DataError, match="no usable transcript"):
        _read(tmp_path, [_row("gene", 1, 9, "ID=g")])
    (tmp_path / "x.gff").write_text("chr1 1 9\n")
    with pytest.raises(DataError, match="1 tab-separated columns"):
        read_transcripts(tmp_path / "x.gff", open_genome(tmp_path / "g.fa"))
