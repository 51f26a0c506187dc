"""Genomes, genes and variants that cannot be laid over each other."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from tests.malformed.hostile import (
    PNG,
    Case,
    call,
    change,
    cut,
    each,
    folder_at,
    gone,
    nothing,
    pipe,
    put,
    refused,
)

FILES = "--genome genome.fa --genes genes.gff3"
CONSEQUENCES = f"sequence consequences {FILES} --variants genotypes.vcf.gz --quiet"
TABLE = CONSEQUENCES + " --out t.tsv"
MOTIF = "sequence effects --genome genome.fa --model motif --motifs motifs.meme --quiet"
EFFECTS = MOTIF + " --variants genotypes.vcf.gz --out e.tsv"
REGION = MOTIF + " --out e.tsv --region"
WINDOWS = "sequence windows --genome genome.fa --out w.fa"
SCORES = "transcript,position,amino_acid,sift\n"


def make_genome(folder: Path) -> None:
    """Write a genome with genes, motifs and the variants of a few lines."""
    folder.parent.mkdir(exist_ok=True)
    sizes = "--n 12 --candidates 2 --genes 12 --variants 200 --factors 3"
    made = call(f"simulate regulatory --out {folder} {sizes}", folder.parent)
    assert made.code == 0, made.err
    made = call(WINDOWS + " --genes genes.gff3", folder)  # and the index beside it
    assert made.code == 0, made.err
    (folder / "w.fa").unlink()


MAKE = make_genome


CASES: dict[str, Case] = {
    "genome absent": (TABLE, gone("genome.fa"), "genome.fa"),
    "genome empty": (TABLE, put("genome.fa", ""), "genome.fa"),
    "genome a PNG": (TABLE, put("genome.fa", PNG), "genome.fa"),
    "genome a folder": (TABLE, folder_at("genome.fa"), "genome.fa"),
    "genome a pipe": (TABLE, pipe("genome.fa"), "genome.fa"),
    "genome of proteins": (TABLE, put("genome.fa", ">chr1\nMLEKVWQS\n"), "genes.gff3"),
    "genome without a name": (TABLE, put("genome.fa", "ACGT\n"), "genome.fa"),
    "genome of a name twice": (
        TABLE,
        put("genome.fa", ">chr1\nACGT\n>chr1\nACGT\n"),
        "chr1",
    ),
    "genome of uneven lines": (
        TABLE,
        put("genome.fa", ">chr1\nACGTACGT\nAC\nACGTACGT\n"),
        "genome.fa",
    ),
    "genome of other contigs": (
        TABLE,
        change("genome.fa", ">chr", ">scaffold"),
        "contig",
    ),
    "genome too short": (TABLE, put("genome.fa", ">chr1\nACGT\n"), "chr1"),
    "genome of another assembly": (
        EFFECTS,
        put("genome.fa", "".join(f">chr{i}\n{'A' * 30_000}\n" for i in range(1, 11))),
        "genome.fa",
    ),
    "genome gz cut": (
        TABLE.replace("genome.fa", "genome.fa.gz"),
        each(lambda f: _gzip(f / "genome.fa"), cut("genome.fa.gz")),
        "genome.fa.gz",
    ),
    "index of another genome": (
        TABLE + " --index i.fai",
        put("i.fai", "chr9\t10\t6\t10\t11\n"),
        "i.fai",
    ),
    "index a PNG": (TABLE + " --index i.fai", put("i.fai", PNG), "i.fai"),
    "index a folder": (TABLE + " --index i.fai", put("i.fai/a", ""), "i.fai"),
    "genes absent": (TABLE, gone("genes.gff3"), "genes.gff3"),
    "genes empty": (TABLE, put("genes.gff3", ""), "genes.gff3"),
    "genes a PNG": (TABLE, put("genes.gff3", PNG), "genes.gff3"),
    "genes on other contigs": (
        TABLE,
        change("genes.gff3", "chr", "scaffold"),
        "contig",
    ),
    "variants absent": (TABLE, gone("genotypes.vcf.gz"), "genotypes.vcf.gz"),
    "variants a PNG": (TABLE, put("genotypes.vcf.gz", PNG), "genotypes.vcf.gz"),
    "variants cut": (TABLE, cut("genotypes.vcf.gz"), "genotypes.vcf.gz"),
    "variants the genome": (
        TABLE.replace("genotypes.vcf.gz", "genome.fa"),
        nothing,
        "genome.fa",
    ),
    "load without lines": (
        TABLE.replace("genotypes.vcf.gz", "sites.vcf") + " --load l.tsv",
        put(
            "sites.vcf",
            "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n"
            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t3\t.\tT\tA\t.\t.\t.\n",
        ),
        "sites",
    ),
    "out the genes": (CONSEQUENCES + " --out genes.gff3", nothing, "genes.gff3"),
    "out and load one file": (
        CONSEQUENCES + " --out t.tsv --load t.tsv",
        nothing,
        "--load",
    ),
    "out below a file": (
        CONSEQUENCES + " --out genes.gff3/t.tsv",
        nothing,
        "genes.gff3",
    ),
    "scores absent": (TABLE + " --scores s.csv", nothing, "s.csv"),
    "scores a PNG": (TABLE + " --scores s.csv", put("s.csv", PNG), "s.csv"),
    "scores without a place": (
        TABLE + " --scores s.csv",
        put("s.csv", "sift\n0.1\n"),
        "s.csv",
    ),
    "scores of strangers": (
        TABLE + " --scores s.csv",
        put("s.csv", SCORES + "ghost,3,A,0.1\n"),
        "s.csv",
    ),
    "scores at no place": (
        TABLE + " --scores s.csv",
        put("s.csv", SCORES + "gene_0001.1,-3,A,0.1\n"),
        "s.csv",
    ),
    "damaging by no score": (TABLE + " --damaging ghost<0.05", nothing, "ghost"),
    "damaging by text": (TABLE + " --damaging sift_is_low", nothing, "sift_is_low"),
    "damaging by NaN": (
        TABLE + " --scores s.csv --damaging sift<nan",
        put("s.csv", SCORES + "gene_0001.1,3,A,0.1\n"),
        "nan",
    ),
    "flank negative": (TABLE + " --flank -3", nothing, "--flank"),
    "contig names absent": (TABLE + " --contig-names c.csv", nothing, "c.csv"),
    "contig names a PNG": (TABLE + " --contig-names c.csv", put("c.csv", PNG), "c.csv"),
    "contig names to nowhere": (
        TABLE + " --contig-names c.csv",
        put("c.csv", "name,contig\nchr1,ghost\n"),
        "ghost",
    ),
    "contig names twice": (
        TABLE + " --contig-names c.csv",
        put("c.csv", "name,contig\nchr1,chr1\nchr1,chr2\n"),
        "chr1",
    ),
    "effects without variants": (MOTIF + " --out e.tsv", nothing, "--region"),
    "effects of both": (EFFECTS + " --region chr1:1-9", nothing, "--region"),
    "effects without motifs": (
        EFFECTS.replace("--motifs motifs.meme", ""),
        nothing,
        "motifs",
    ),
    "effects by motifs of a PNG": (EFFECTS, put("motifs.meme", PNG), "motifs.meme"),
    "effects of no run": (
        "sequence effects ghost --genome genome.fa --out e.tsv --region chr1:1-9",
        nothing,
        "ghost",
    ),
    "region of no contig": (REGION + " ghost:1-9", nothing, "ghost"),
    "region of text": (REGION + " chr1", nothing, "chr1"),
    "region backwards": (REGION + " chr1:9-1", nothing, "chr1:9-1"),
    "region at zero": (REGION + " chr1:0-9", nothing, "chr1:0-9"),
    "region beyond the end": (REGION + " chr1:1-99999999999", nothing, "chr1"),
    "window negative": (EFFECTS + " --window -1", nothing, "--window"),
    "windows of nothing": (WINDOWS, nothing, "--bed"),
    "windows of both": (
        WINDOWS + " --bed b.bed --genes genes.gff3",
        put("b.bed", "chr1\t1\t9\n"),
        "--bed",
    ),
    "windows of no length": (
        WINDOWS + " --genes genes.gff3 --upstream 0 --downstream 0",
        nothing,
        "a length",
    ),
    "windows beyond the contig": (
        WINDOWS + " --genes genes.gff3 --upstream 9000000",
        nothing,
        "--edge",
    ),
    "windows of a PNG": (WINDOWS + " --bed b.bed", put("b.bed", PNG), "b.bed"),
    "windows of empty intervals": (WINDOWS + " --bed b.bed", put("b.bed", ""), "b.bed"),
    "windows backwards": (
        WINDOWS + " --bed b.bed",
        put("b.bed", "chr1\t9\t1\n"),
        "b.bed",
    ),
    "windows at text": (
        WINDOWS + " --bed b.bed",
        put("b.bed", "chr1\ta\tb\n"),
        "b.bed",
    ),
    "windows at negative places": (
        WINDOWS + " --bed b.bed",
        put("b.bed", "chr1\t-9\t9\n"),
        "b.bed",
    ),
    "windows on no contig": (
        WINDOWS + " --bed b.bed",
        put("b.bed", "ghost\t1\t9\n"),
        "ghost",
    ),
    "windows at another edge": (
        WINDOWS + " --genes genes.gff3 --edge wrap",
        nothing,
        "--edge",
    ),
}


def _gzip(path: Path) -> None:
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))


@pytest.mark.parametrize("case", CASES)
def test_variants_that_do_not_fit(case: str, good: Path, tmp_path: Path) -> None:
    command, spoil, said = CASES[case]
    folder = tmp_path / "hostile"
    shutil.copytree(good, folder)
    spoil(folder)
    if not case.startswith("index"):
        (folder / "genome.fa.fai").unlink()  # of the genome as it was
    refused(command, folder, said, may_change=("genome.fa.fai",))
