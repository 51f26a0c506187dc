"""`meristem.cli.simulate`: populations as real files."""

from pathlib import Path

from tests.calls import Call


def test_shoot_branching(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    words = ("simulate", "shoot-branching", "--out", out, "--n", "20")
    code, text, _ = call(*words, "--candidates", "3", "--linkage", "linked")
    assert code == 0
    assert str(out / "meristem.toml") in text
    expected = {"genotypes.vcf.gz", "phenotypes.csv", "metabolites.parquet"}
    assert expected <= {path.name for path in out.iterdir()}
    code, _, err = call(*words)
    assert code == 2
    assert str(out) in err
    assert call(*words, "--force")[0] == 0


def test_additive(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "panel"
    code, _, _ = call(
        "simulate", "additive", "--out", out, "--n", "15", "--variants", "60"
    )
    assert code == 0
    assert call("check", out / "meristem.toml")[0] == 0


def test_impossible_settings_are_refused(call: Call, tmp_path: Path) -> None:
    code, _, err = call(
        "simulate", "shoot-branching", "--out", tmp_path / "x", "--h2", "1.5"
    )
    assert code == 2
    assert "h2" in err
    assert not (tmp_path / "x").exists()


def test_recovery(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "panel"
    sizes = ("--n", "20", "--candidates", "4", "--genes", "60", "--variants", "30")
    code, _, _ = call("simulate", "recovery", "--out", out, *sizes, "--pathways", "5")
    assert code == 0
    assert call("check", out / "meristem.toml")[0] == 0


def test_regulatory(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "reg"
    words = ("simulate", "regulatory", "--out", out, "--n", "30", "--genes", "12")
    code, text, _ = call(*words, "--variants", "900", "--candidates", "4")
    assert code == 0
    assert str(out / "meristem.toml") in text
    expected = {"genome.fa", "genes.gff3", "motifs.meme", "scores.tsv", "truth.csv"}
    assert expected <= {path.name for path in out.iterdir()}
    assert call("check", out / "meristem.toml")[0] == 0
