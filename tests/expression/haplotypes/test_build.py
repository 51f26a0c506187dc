"""Against a naive builder that keeps one cell of text per base of the reference."""

import numpy as np
import pytest
from tests.sequence.small_genome import random_bases, write_variants

from meristem.config.expression.panel import VariantsConfig
from meristem.expression.haplotypes.build import build_haplotypes
from meristem.expression.haplotypes.calls import read_calls
from meristem.expression.haplotypes.genes import GeneWindows
from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.windows import Window


def naive(contig, edits, anchor, left, right, strand):
    """Write every change into the cells of its bases, first come first served."""
    cells, front = list(contig), [""] * (len(contig) + 1)
    free = 0
    for start, ref, alt in sorted(edits, key=lambda e: (e[0], e[0] + len(e[1]))):
        end = start + len(ref)
        if start < free:
            continue
        if ref:
            cells[start:end] = [alt] + [""] * (len(ref) - 1)
        else:
            front[start] = alt
        free = end
    joined = [a + b for a, b in zip(front, [*cells, ""], strict=True)]
    before, after = "".join(joined[:anchor]), "".join(joined[anchor:])
    if strand > 0 and front[anchor]:
        before += front[anchor]
        after = after[len(front[anchor]) :]
    text = before.rjust(left, "N")[-left:] if left else ""
    text += after.ljust(right, "N")[:right]
    return text if strand > 0 else complement_strand(text)


def random_variants(rng, contig, n, samples, ploidy):
    """SNPs, insertions, deletions in VCF spelling, and phased calls."""
    rows, truth = [], []
    for position in sorted(rng.choice(len(contig) - 12, n, replace=False) + 1):
        kind = rng.integers(3)
        ref = contig[position - 1]
        if kind == 0:
            alt = rng.choice([b for b in "ACGT" if b != ref])
            change = (position - 1, ref, alt)
        elif kind == 1:
            extra = random_bases(rng, int(rng.integers(1, 4)))
            alt, change = ref + extra, (position, "", extra)
        else:
            size = int(rng.integers(1, 6))
            lost = contig[position : position + size]
            ref, alt, change = ref + lost, ref, (position, lost, "")
        calls = rng.integers(0, 2, (len(samples), ploidy))
        cells = ["|".join(map(str, row)) for row in calls]
        rows.append(("1", position, ref, alt, *cells))
        truth.append((change, calls))
    return rows, truth


@pytest.mark.parametrize("ploidy", [1, 2, 4])
@pytest.mark.parametrize("strand", [1, -1])
def test_equals_the_naive_builder(tmp_path, ploidy, strand) -> None:
    rng = np.random.default_rng(10 * ploidy + strand)
    contig = random_bases(rng, 400)
    (tmp_path / "g.fa").write_text(f">chr1\n{contig}\n")
    samples = [f"s{i}" for i in range(6)]
    rows, truth = random_variants(rng, contig, 60, samples, ploidy)
    vcf = write_variants(tmp_path / "v.vcf", rows, samples)
    genome = open_genome(tmp_path / "g.fa")
    options = VariantsConfig(path=vcf)
    up, down = 70, 31
    anchors = [40, 150, 260, 370]  # the first and the last reach beyond the contig
    windows = []
    for number, anchor in enumerate(anchors):
        start = anchor - (up if strand > 0 else down)
        windows.append(Window(f"g{number}", "chr1", start, start + up + down, strand))
    genes = GeneWindows(tuple(windows), up, down, 0, ())
    calls = read_calls(options, genome, windows, seed=1)
    assert calls.ploidy == ploidy
    left, right = (up, down) if strand > 0 else (down, up)
    for anchor, gene in zip(
        anchors, build_haplotypes(genome, calls, genes, options), strict=True
    ):
        assert gene.tss == (anchor if strand > 0 else anchor - 1)
        assert len(set(gene.sequence)) == len(gene.sequence)
        assert gene.reference == naive(contig, [], anchor, left, right, strand)
        for line in range(len(samples)):
            for copy in range(ploidy):
                edits = [change for change, who in truth if who[line, copy]]
                expected = naive(contig, edits, anchor, left, right, strand)
                assert gene.sequence[gene.call[line, copy]] == expected


def small_case(tmp_path, rows, samples, **options):
    (tmp_path / "g.fa").write_text(">chr1\n" + "ACGTTGCA" * 20 + "\n")
    vcf = write_variants(tmp_path / "v.vcf", rows, samples)
    genome = open_genome(tmp_path / "g.fa")
    config = VariantsConfig(path=vcf, **options)
    window = Window("g", "chr1", 40, 80, 1)
    genes = GeneWindows((window,), 30, 10, 0, ())
    calls = read_calls(config, genome, [window], seed=3)
    return next(build_haplotypes(genome, calls, genes, config))


def test_missing_calls_are_reference_up_to_the_limit_then_flagged(tmp_path) -> None:
    # positions 49, 51, 57, 65: A G A A of the repeat
    rows = [
        ("1", 49, "A", "G", "0/0", "1/1", "./.", "./."),
        ("1", 57, "A", "G", "0/0", "1/1", "0/0", "./."),
        ("1", 65, "A", "G", "0/0", "1/1", "1/1", "./1"),
    ]
    gene = small_case(tmp_path, rows, ["a", "b", "c", "d"], max_missing=0.4)
    np.testing.assert_allclose(gene.missing, [0, 0, 1 / 3, 1], atol=1e-6)
    assert gene.call[3].tolist() == [-1, -1]
    own = gene.sequence[gene.call[2, 0]]
    assert [own[i - 41] for i in (49, 57, 65)] == ["A", "A", "G"]
    assert gene.n_variant == 3


def test_phase_that_is_not_known_is_dealt_or_flagged(tmp_path) -> None:
    samples = [f"s{i}" for i in range(30)]
    rows = [("1", p, "A", "G", *["0/1"] * 30) for p in (49, 57)]
    gene = small_case(tmp_path, rows, samples)
    assert gene.ambiguous.all()
    assert len(gene.sequence) == 4  # both phases turn up
    # each line carries every alternate allele once, whatever the phase
    for line in range(30):
        texts = [gene.sequence[c] for c in gene.call[line]]
        for place in (49, 57):
            assert sorted(text[place - 41] for text in texts) == ["A", "G"]
    again = small_case(tmp_path, [(*r[:4], *r[4:14]) for r in rows], samples[:10])
    for line in range(10):
        assert {again.sequence[c] for c in again.call[line]} == {
            gene.sequence[c] for c in gene.call[line]
        }
    flagged = small_case(tmp_path, rows, samples, unphased="missing")
    assert (flagged.call == -1).all()
    one = small_case(tmp_path, rows[:1], samples, unphased="missing")
    assert (one.call >= 0).all()


def test_inbred_lines_have_one_copy_and_no_heterozygous_call(tmp_path) -> None:
    rows = [("1", 49, "A", "G", "0/0", "1/1", "0/1")]
    gene = small_case(tmp_path, rows, ["a", "b", "c"], inbred=True)
    assert gene.call.shape == (3, 1)
    assert gene.missing.tolist() == [0, 0, 1]
    assert gene.call[2, 0] == -1


def test_indels_can_be_left_out(tmp_path) -> None:
    rows = [("1", 49, "A", "AGG", "1/1"), ("1", 57, "A", "G", "1/1")]
    gene = small_case(tmp_path, rows, ["a"], indels=False)
    assert [len(s) for s in gene.sequence] == [40]
    pairs = zip(gene.sequence[0], gene.reference, strict=True)
    assert sum(a != b for a, b in pairs) == 1


def test_a_window_without_variants_has_one_haplotype(tmp_path) -> None:
    rows = [("1", 155, "G", "A", "0|1", "1|1")]
    gene = small_case(tmp_path, rows, ["a", "b"])
    assert gene.sequence == (gene.reference,)
    assert not gene.call.any()
    assert gene.n_variant == 0
