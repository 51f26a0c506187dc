import numpy as np
import pytest
from tests.sequence.small_genome import write_small_genome

from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.transcripts import read_transcripts
from meristem.sequence.variants.amino_acids import translate
from meristem.sequence.variants.coding import (
    Edit,
    codon_window,
    describe,
    describe_edits,
    read_coding,
)


@pytest.fixture
def small(tmp_path):
    known = write_small_genome(tmp_path)
    genome = open_genome(tmp_path / "g.fa")
    found = read_transcripts(tmp_path / "g.gff3", genome).transcripts
    return known, {t.gene: read_coding(t, genome) for t in found}


def test_coding_sequences_are_spliced_and_turned(small):
    known, coding = small
    assert coding["A"].sequence == known["A"]
    assert coding["B"].sequence == known["B"]
    assert coding["C"].sequence == ""


def _whole_protein(known, gene, start, ref, alt):
    """The slow twin: change the genome, cut the gene again, translate all of it."""
    text = known["chr1"]
    assert text[start : start + len(ref)] == ref
    changed = text[:start] + alt + text[start + len(ref) :]
    grown = len(alt) - len(ref)
    if gene == "A":
        (a, b), (c, d) = known["cds_A"]
        if start < b:
            b, c, d = b + grown, c + grown, d + grown
        else:
            d += grown
        sequence = changed[a:b] + changed[c:d]
    else:
        a, b = known["span_B"]
        sequence = complement_strand(changed[a : b + grown])
    return translate(sequence).split("*", 1)[0]


def test_every_snp_says_what_the_whole_protein_says(small):
    known, coding = small
    n = 0
    for gene in "AB":
        spans = known["cds_A"] if gene == "A" else [known["span_B"]]
        before = translate(known[gene])[:-1]
        for position in (p for s in spans for p in range(*s)):
            ref = known["chr1"][position]
            for alt in set("ACGT") - {ref}:
                found = describe(coding[gene], position, ref, alt)
                after = _whole_protein(known, gene, position, ref, alt)
                number = int(found.protein_position) - 1
                terms = found.terms.split(",")
                if before == after:
                    assert {"synonymous_variant", "stop_retained_variant"} & {*terms}
                elif number == 0:
                    assert "start_lost" in terms
                elif len(after) < len(before):
                    assert "stop_gained" in terms
                    assert len(after) == number
                elif number == len(before):
                    assert "stop_lost" in terms
                else:
                    assert "missense_variant" in terms
                    old, new = found.amino_acids.split("/")
                    assert (before[number], after[number]) == (old, new)
                n += 1
    assert n == 3 * (60 + 90)


def test_every_short_indel_keeps_or_shifts_the_frame_as_the_protein_does(small):
    known, coding = small
    rng = np.random.default_rng(2)
    for gene in "AB":
        spans = known["cds_A"] if gene == "A" else [known["span_B"]]
        before = translate(known[gene])[:-1]
        for first, last in spans:
            for position in range(first + 4, last - 9):
                size = int(rng.integers(1, 5))
                deleted = known["chr1"][position : position + size]
                found = describe(coding[gene], position, deleted, "")
                after = _whole_protein(known, gene, position, deleted, "")
                if size % 3:
                    assert "frameshift_variant" in found.terms
                elif "stop_gained" not in found.terms and "start" not in found.terms:
                    assert "inframe_deletion" in found.terms
                    assert len(after) == len(before) - 1
                inserted = "".join(rng.choice(list("ACGT"), 3))
                found = describe(coding[gene], position, "", inserted)
                after = _whole_protein(known, gene, position, "", inserted)
                if "stop_gained" in found.terms:
                    assert len(after) < len(before)
                elif "start" not in found.terms and "stop" not in found.terms:
                    assert len(after) == len(before) + 1


def test_splice_sites_and_utr(small):
    known, coding = small
    first, last = known["cds_A"][0][1], known["cds_A"][1][0]
    base = known["chr1"]

    def terms(start, ref=None, alt="N"):
        return describe(coding["A"], start, ref or base[start], alt).terms

    assert terms(first) == "splice_donor_variant,intron_variant"
    assert terms(first + 1).startswith("splice_donor")
    assert terms(first + 2) == "splice_region_variant,intron_variant"
    assert terms(first + 8) == "intron_variant"
    assert terms(last - 2) == "splice_acceptor_variant,intron_variant"
    assert "splice_region_variant" in terms(last)
    assert terms(101) == "5_prime_UTR_variant"
    assert terms(known["cds_A"][1][1]) == "3_prime_UTR_variant"
    whole = base[100 : known["cds_A"][1][1] + 9]
    assert terms(100, whole, "") == "transcript_ablation"
    across = base[first - 2 : first + 3]
    assert terms(first - 2, across, "").startswith("splice_donor_variant")
    assert "coding_sequence_variant" in terms(first - 2, across, "")


def test_non_coding_genes(small):
    known, coding = small
    found = describe(coding["C"], 30, known["chr2"][30], "A")
    assert found.terms == "non_coding_transcript_exon_variant"


def test_a_start_that_is_made_anew_is_kept(small):
    known, coding = small
    first = known["cds_A"][0][0]
    # ATG -> AATG: the start codon moves up by one, the frame stays.
    assert describe(coding["A"], first + 1, "", "A").terms == "start_retained_variant"
    assert "start_lost" in describe(coding["A"], first + 1, "T", "").terms


def test_codons_are_written_as_vep_does(small):
    _, coding = small
    codon = coding["A"].sequence[3:6]
    found = describe_edits(coding["A"], [Edit(4, 5, "N")])
    assert found.cds_position == "5"
    assert found.protein_position == "2"
    assert found.codons.split("/")[0] == codon[0].lower() + codon[1] + codon[2].lower()
    between = describe_edits(coding["A"], [Edit(6, 6, "GCC")])
    assert (between.amino_acids, between.codons) == ("-/A", "-/GCC")
    assert (between.cds_position, between.protein_position) == ("6-7", "2-3")
    assert codon_window(5, 5, 0) == (3, 6)
