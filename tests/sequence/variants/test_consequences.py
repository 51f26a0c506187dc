import csv
import gzip

import numpy as np
import pytest
from tests.sequence.shared_data import YEAST, needs_data
from tests.sequence.small_genome import write_small_genome, write_variants

from meristem.errors import DataError
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.transcripts import read_transcripts
from meristem.sequence.variants.consequences import (
    ConsequenceOptions,
    write_consequences,
)
from meristem.sequence.variants.load import read_rule
from meristem.sequence.variants.sites import open_stream
from meristem.sequence.variants.user_scores import read_user_scores


def _rows(path):
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def _run(folder, rows, samples=(), options=None):
    genome = open_genome(folder / "g.fa")
    annotation = read_transcripts(folder / "g.gff3", genome)
    path = write_variants(folder / "v.vcf", rows, samples)
    out = folder / "t.tsv"
    with open_stream(path, genome) as stream:
        summary = write_consequences(
            stream, annotation, out, options or ConsequenceOptions(flank=50)
        )
    return _rows(out), summary


def _codon(known, number):
    """Positions (from 1) and bases of a codon in the first part of gene A."""
    first = known["cds_A"][0][0] + 3 * (number - 1)
    return first + 1, known["chr1"][first : first + 3]


def _other(base):
    return "ACGT"["ACGT".index(base) - 1]


def test_two_changes_of_one_codon_are_read_together(tmp_path):
    known = write_small_genome(tmp_path)
    at, codon = _codon(known, 4)
    rows = [
        ("1", at, codon[0], _other(codon[0]), "0|1", "1|1", "0|1", "0/1"),
        ("1", at + 1, codon[1], _other(codon[1]), "1|0", "1|1", "0|1", "0/1"),
    ]
    table, summary = _run(tmp_path, rows, ("trans", "both", "cis", "vague"))
    (joint,) = [row for row in table if row["joint"]]
    new = _other(codon[0]) + _other(codon[1]) + codon[2]
    assert joint["codons"] == f"{codon[:2]}{codon[2].lower()}/{new[:2]}{new[2].lower()}"
    assert joint["carriers"] == "3"  # two copies of `both`, one of `cis`
    assert summary.n_unphased == 1
    assert [row["carriers"] for row in table if not row["joint"]] == ["5", "5"]


def test_load_counts_copies_and_joint_changes_replace_their_members(tmp_path):
    known = write_small_genome(tmp_path)
    at, codon = _codon(known, 5)
    far, other = _codon(known, 7)
    # One base out, one base in: each alone shifts the frame, together they do not.
    rows = [
        ("1", at, codon[:2], codon[0], "1|0|0|0", "1|1|0|0", "0|0|0|0"),
        ("1", far, other[0], other[0] + "A", "0|1|0|0", "1|1|0|0", "0|0|0|0"),
    ]
    table, summary = _run(tmp_path, rows, ("apart", "together", "none"))
    joint = [row for row in table if row["joint"]]
    load = dict(zip(("apart", "together", "none"), summary.load.gene["A"], strict=True))
    assert load["apart"] == 2
    if joint:  # no stop arises in between
        assert load["together"] == 0
    assert load["none"] == 0


def test_variants_between_genes_name_the_gene_they_may_regulate(tmp_path):
    known = write_small_genome(tmp_path)
    after_a, before_b = known["cds_A"][1][1] + 9, known["span_B"][1]
    rows = [
        ("1", after_a + 5, known["chr1"][after_a + 4], "N"),
        ("1", before_b + 7, known["chr1"][before_b + 6], "N"),
        ("1", 3, known["chr1"][2], "N"),
        ("2", 149, known["chr2"][148], "N"),
    ]
    table, _ = _run(tmp_path, rows)
    said = [(row["gene"], row["consequence"], row["distance"]) for row in table]
    assert said == [
        ("A", "downstream_gene_variant", "5"),
        ("B", "upstream_gene_variant", "7"),
        ("", "intergenic_variant", ""),
        ("", "intergenic_variant", ""),
    ]


def test_scores_of_the_user_and_rules_make_damage(tmp_path):
    known = write_small_genome(tmp_path)
    at, codon = _codon(known, 4)
    row = ("1", at, codon[0], _other(codon[0]), "1|1")
    plain, _ = _run(tmp_path, [row], ("one",))
    (tmp_path / "s.tsv").write_text("transcript\tposition\tsift\nA.1\t4\t0.01\n")
    scores = (read_user_scores(tmp_path / "s.tsv"),)
    rules = (read_rule("sift<0.05", ["sift"]),)
    options = ConsequenceOptions(50, scores, rules)
    table, summary = _run(tmp_path, [row], ("one",), options)
    if plain[0]["consequence"] == "missense_variant":
        assert table[0]["sift"] == "0.01"
        assert summary.load.gene["A"].tolist() == [2]
        assert plain[0]["blosum62"] != ""
        assert summary.n_scored[0] == 1
        (tmp_path / "s.tsv").write_text("transcript\tposition\tsift\nA.1\t999\t0.01\n")
        far = ConsequenceOptions(50, (read_user_scores(tmp_path / "s.tsv"),), rules)
        assert _run(tmp_path, [row], ("one",), far)[1].n_scored[0] == 0


def test_unsorted_genotypes_are_refused_and_nothing_is_left(tmp_path):
    known = write_small_genome(tmp_path)
    rows = [
        ("1", 9, known["chr1"][8], "N", "0|1"),
        ("1", 5, known["chr1"][4], "N", "0|1"),
    ]
    with pytest.raises(DataError, match="is not sorted"):
        _run(tmp_path, rows, ("one",))
    assert not (tmp_path / "t.tsv").exists()


@needs_data
def test_yeast_consequences_agree_with_vep(tmp_path):
    genome = open_genome(YEAST / "sacCer3.fa.gz")
    annotation = read_transcripts(YEAST / "genes_R64-1-1.81.gff3.gz", genome)
    with open_stream(YEAST / "by_rm_variants.vcf.gz", genome) as stream:
        write_consequences(stream, annotation, tmp_path / "t.tsv", ConsequenceOptions())
    ours = {
        (row["variant"], row["gene"]): row
        for row in _rows(tmp_path / "t.tsv")
        if not row["joint"]
    }
    with gzip.open(YEAST / "vep_sift.csv.gz", "rt") as handle:
        vep = [row for row in csv.DictReader(handle) if row["amino_acids"]]
    same = {"snp": [], "indel": [], "amino": []}
    for row in vep:
        found = ours[row["id"], row["gene"]]
        snp = len(found["ref"]) == len(found["alt"]) == 1
        same["snp" if snp else "indel"].append(
            found["consequence"] == row["consequence"]
        )
        if snp:
            same["amino"].append(
                (found["amino_acids"], found["protein_position"])
                == (row["amino_acids"], row["protein_position"])
            )
    assert len(same["snp"]) > 25_000
    assert all(same["snp"])
    assert np.mean(same["amino"]) >= 0.999
    assert np.mean(same["indel"]) >= 0.97
