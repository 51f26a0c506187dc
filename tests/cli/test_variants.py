"""`meristem.cli.variants` below `meristem.cli.sequence`: variants on a genome."""

from pathlib import Path

import numpy as np
import pandas as pd
from tests.calls import Call
from tests.sequence.small_genome import write_small_genome, write_variants

from meristem.sequence.motifs.motif import Motif, write_meme


def test_consequences(call: Call, tmp_path: Path) -> None:
    known = write_small_genome(tmp_path)
    rows = [("1", 9, known["chr1"][8], "N", "0|1")]
    variants = write_variants(tmp_path / "v.vcf", rows, ("one",))
    words = ("sequence", "consequences", "--genome", tmp_path / "g.fa", "--quiet")
    words += ("--genes", tmp_path / "g.gff3", "--variants", variants)
    out, load = tmp_path / "t.tsv", tmp_path / "load.tsv"
    code, text, _ = call(*words, "--out", out, "--load", load)
    assert code == 0
    assert "1 variants" in text
    assert load.read_text() == "sample\none\n"
    code, _, err = call(*words, "--out", out)
    assert code == 2
    assert "is there already" in err


def test_a_load_without_lines_is_refused(call: Call, tmp_path: Path) -> None:
    known = write_small_genome(tmp_path)
    variants = write_variants(tmp_path / "v.vcf", [("1", 9, known["chr1"][8], "N")])
    words = ("sequence", "consequences", "--genome", tmp_path / "g.fa", "--quiet")
    words += ("--genes", tmp_path / "g.gff3", "--variants", variants)
    out = tmp_path / "t.tsv"
    code, _, err = call(*words, "--out", out, "--load", tmp_path / "load.tsv")
    assert code == 2
    assert "sites alone" in err
    assert not out.exists()


def test_effects_of_motifs(call: Call, tmp_path: Path) -> None:
    known = write_small_genome(tmp_path)
    variants = write_variants(tmp_path / "v.vcf", [("1", 9, known["chr1"][8], "N")])
    motif = Motif("M1", "flat", np.full((4, 6), 0.25))
    write_meme([motif], tmp_path / "m.meme")
    words = ("sequence", "effects", "--genome", tmp_path / "g.fa", "--quiet")
    words += ("--variants", variants, "--genes", tmp_path / "g.gff3")
    out = tmp_path / "e.tsv"
    code, text, _ = call(
        *words, "--model", "motif", "--motifs", tmp_path / "m.meme", "--out", out
    )
    assert code == 0
    assert "1 alternate alleles, 1 rows" in text
    for wrong, what in (
        ((), "there are no motifs"),
        (("--model", "cnn"), "no model 'cnn'"),
        ((tmp_path, "--motifs", tmp_path / "m.meme"), "its own motifs"),
    ):
        code, _, err = call(*words, "--out", tmp_path / "x.tsv", *wrong)
        assert code == 2
        assert what in err
        assert not (tmp_path / "x.tsv").exists()


def test_windows_and_regions(call: Call, tmp_path: Path) -> None:
    write_small_genome(tmp_path)
    genome, genes = tmp_path / "g.fa", tmp_path / "g.gff3"
    words = ("sequence", "windows", "--genome", genome, "--genes", genes)
    words += ("--upstream", "20", "--downstream", "5", "--out", tmp_path / "w.fa")
    code, text, _ = call(*words)
    assert code == 0
    assert "3 windows" in text
    assert len((tmp_path / "w.fa").read_text().splitlines()[1]) == 25
    (tmp_path / "s.bedgraph").write_text("1\t0\t80\t2\n1\t80\t120\t4\n")
    words = (*words[:-1], tmp_path / "w.csv", "--track")
    code, text, _ = call(*words, f"leaf={tmp_path / 's.bedgraph'}")
    assert code == 0
    table = pd.read_csv(tmp_path / "w.csv")
    assert list(table.columns) == ["sequence_id", "contig", "sequence", "leaf"]
    assert table["leaf"].between(2, 4).any()
    assert table["sequence"].str.len().eq(25).all()
    code, _, err = call(*words, "leaf")
    assert code == 2
    assert "NAME=FILE" in err
    code, _, err = call("sequence", "windows", "--genome", genome, "--out", "x.fa")
    assert code == 2
    assert "--bed" in err
    write_meme([Motif("M1", "", np.full((4, 6), 0.25))], tmp_path / "m.meme")
    words = ("sequence", "effects", "--genome", genome, "--quiet")
    words += ("--motifs", tmp_path / "m.meme", "--out", tmp_path / "r.tsv")
    code, text, _ = call(*words, "--region", "chr1:11-20")
    assert code == 0
    assert "30 alternate alleles" in text
    code, _, err = call(*words)
    assert code == 2
    assert "nothing to score" in err
