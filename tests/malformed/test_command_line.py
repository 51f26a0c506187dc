"""Broken inputs through the command line: one message, exit code 2, nothing written."""

from __future__ import annotations

import gzip
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from meristem.cli.main import main
from meristem.simulate.shoot_branching import simulate_shoot_branching
from meristem.simulate.write import write_shoot_branching

Break = Callable[[Path], None]


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    population = simulate_shoot_branching(
        n_train=20, n_test=2, h2=0.8, labels=0.5, rng=np.random.default_rng(2)
    )
    folder = tmp_path_factory.mktemp("malformed") / "good"
    write_shoot_branching(population, folder)
    return folder


def _replace(name: str, old: str, new: str) -> Break:
    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _write(name: str, raw: bytes) -> Break:
    return lambda folder: (folder / name).write_bytes(raw) and None


def _cut(name: str) -> Break:
    def change(folder: Path) -> None:
        raw = (folder / name).read_bytes()
        (folder / name).write_bytes(raw[: len(raw) // 2])

    return change


def _folder(name: str) -> Break:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return change


def _vcf(old: str, new: str) -> Break:
    def change(folder: Path) -> None:
        path = folder / "genotypes.vcf.gz"
        text = gzip.decompress(path.read_bytes()).decode()
        assert old in text
        path.write_bytes(gzip.compress(text.replace(old, new).encode()))

    return change


CASES: dict[str, tuple[Break, str]] = {
    "truncated genotypes": (_cut("genotypes.vcf.gz"), "genotypes.vcf.gz"),
    "genotypes are a folder": (_folder("genotypes.vcf.gz"), "genotypes.vcf.gz"),
    "genotypes lost": (
        lambda folder: (folder / "genotypes.vcf.gz").unlink(),
        "genotypes.vcf.gz",
    ),
    "genotypes empty": (_write("genotypes.vcf.gz", b""), "genotypes.vcf.gz"),
    "no sample in common": (_vcf("train_", "other_"), "phenotypes"),
    "sample twice": (_vcf("train_00002", "train_00001"), "train_00001"),
    "text for a trait": (
        _replace("phenotypes.csv", "train_00003,", "train_00003,,,bud_delay,tall\nx,"),
        "phenotypes.csv",
    ),
    "phenotypes empty": (_write("phenotypes.csv", b"\n"), "phenotypes.csv"),
    "phenotypes not UTF-8": (
        _write("phenotypes.csv", "line,h\xf6he\na,1\n".encode("latin1")),
        "phenotypes.csv",
    ),
    "ragged phenotypes": (
        _write("phenotypes.csv", b"line,yield\na,1\nb,2,3\n"),
        "phenotypes.csv",
    ),
    "infinite phenotype": (
        _write("phenotypes.csv", b"line,yield\ntrain_00001,inf\ntrain_00002,1\n"),
        "phenotypes.csv",
    ),
    "omics are garbage": (_write("metabolites.parquet", b"PAR1??"), "metabolites"),
    "omics truncated": (_cut("metabolites.parquet"), "metabolites"),
    "groups without ids": (_write("groups.csv", b"a,b\n1,2\n"), "groups.csv"),
    "graph is no TOML": (_write("graph.toml", b"[[nodes\n"), "graph.toml"),
    "graph with a cycle": (
        lambda folder: _append(
            folder / "graph.toml", '[[edges]]\nsource = "I"\ntarget = "A"\n'
        ),
        "cycle",
    ),
    "edge to nowhere": (
        lambda folder: _append(
            folder / "graph.toml", '[[edges]]\nsource = "I"\ntarget = "ghost"\n'
        ),
        "ghost",
    ),
    "unknown field": (_replace("meristem.toml", "seed =", "sead ="), "sead"),
    "unknown model": (_replace("meristem.toml", '"dense"', '"oracle"'), "oracle"),
    "unknown reference": (
        _replace("meristem.toml", 'reference = "gblup"', 'reference = "magic"'),
        "magic",
    ),
    "more folds than lines": (
        _replace("meristem.toml", "folds = 5", "folds = 50"),
        "folds",
    ),
    "unknown grouping": (
        _replace("meristem.toml", '"kfold"', '"group"\ngroup = "clan"'),
        "clan",
    ),
    "lost split file": (
        _replace("meristem.toml", '"kfold"', '"file"\nsplits = "none.csv"'),
        "none.csv",
    ),
}


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as handle:
        handle.write(text)


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("case", CASES)
def test_one_message_exit_code_two_and_nothing_written(
    case: str,
    command: str,
    good: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil, said = CASES[case]
    folder = tmp_path / "broken"
    shutil.copytree(good, folder)
    spoil(folder)
    before = sorted(folder.rglob("*"))
    words = ["meristem", command, str(folder / "meristem.toml")]
    monkeypatch.setattr(sys, "argv", words + ["--quiet"] * (command == "run"))
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    assert stop.value.code == 2
    shown = captured.err + captured.out
    assert said in shown
    assert "remedy" in shown
    assert "Traceback" not in shown
    assert sorted(folder.rglob("*")) == before
