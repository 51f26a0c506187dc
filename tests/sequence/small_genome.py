"""A genome of two contigs with three genes, made of random bases by hand."""

from pathlib import Path

import numpy as np

CODONS = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"]
STOPS = {"TAA", "TAG", "TGA"}


def random_bases(rng, n):
    return "".join(rng.choice(list("ACGT"), n))


def random_coding(rng, n_codon):
    inside = [c for c in CODONS if c not in STOPS]
    return "ATG" + "".join(rng.choice(inside, n_codon - 2)) + "TAA"


def complement(text):
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def write_small_genome(folder: Path, seed: int = 5):
    """chr1: gene A (+, two coding parts, UTRs), gene B (-); chr2: ncRNA C (+)."""
    rng = np.random.default_rng(seed)
    a, b = random_coding(rng, 20), random_coding(rng, 30)
    part_1, part_2 = a[:25], a[25:]  # the intron splits a codon
    intron = "GT" + random_bases(rng, 36) + "AG"
    front, utr5, utr3 = random_bases(rng, 100), random_bases(rng, 12), "ACGTACGTA"
    between = random_bases(rng, 80)
    head = front + utr5 + part_1
    gene_a = head + intron + part_2 + utr3
    chr1 = gene_a + between + complement(b) + random_bases(rng, 60)
    chr2 = random_bases(rng, 150)
    (folder / "g.fa").write_text(f">chr1\n{chr1}\n>chr2\n{chr2}\n")
    a0, a1 = 100, len(gene_a)
    exon_1 = (a0, len(head))
    exon_2 = (len(head) + len(intron), a1)
    cds = [(a0 + 12, exon_1[1]), (exon_2[0], a1 - 9)]
    b0 = a1 + 80
    b1 = b0 + len(b)
    rows = [
        ("1", "gene", a0, a1, "+", "ID=gene:A"),
        ("1", "mRNA", a0, a1, "+", "ID=transcript:A.1;Parent=gene:A"),
        ("1", "exon", *exon_1, "+", "Parent=transcript:A.1"),
        ("1", "exon", *exon_2, "+", "Parent=transcript:A.1"),
        ("1", "CDS", *cds[0], "+", "Parent=transcript:A.1"),
        ("1", "CDS", *cds[1], "+", "Parent=transcript:A.1"),
        ("1", "gene", b0, b1, "-", "ID=B"),
        ("1", "CDS", b0, b1, "-", "Parent=B"),
        ("2", "transcript", 20, 90, "+", "ID=C.1;Parent=C"),
        ("2", "exon", 20, 90, "+", "Parent=C.1"),
    ]
    lines = ["##gff-version 3"]
    for contig, kind, start, end, strand, names in rows:
        place = [contig, "hand", kind, str(start + 1), str(end)]
        lines.append("\t".join([*place, ".", strand, ".", names]))
    (folder / "g.gff3").write_text("\n".join(lines) + "\n")
    return {
        "chr1": chr1,
        "chr2": chr2,
        "A": a,
        "B": b,
        "cds_A": cds,
        "span_B": (b0, b1),
    }


def write_variants(path: Path, rows, samples=(), phased=True):
    """Rows: contig, position (from 1), ref, alt, calls by sample ('0|1', ...)."""
    lines = ["##fileformat=VCFv4.2"]
    lines += ["##contig=<ID=1>", "##contig=<ID=2>"]
    lines.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    titles = "#CHROM POS ID REF ALT QUAL FILTER INFO".split()
    if samples:
        titles += ["FORMAT", *samples]
    lines.append("\t".join(titles))
    for contig, position, ref, alt, *calls in rows:
        cells = [contig, str(position), ".", ref, alt, ".", ".", "."]
        lines.append("\t".join([*cells, *(["GT", *calls] if samples else [])]))
    path.write_text("\n".join(lines) + "\n")
    return path
