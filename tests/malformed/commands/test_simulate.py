"""Requests that no simulated population can meet."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.malformed.hostile import Case, nothing, put, refused

SHOOT = "simulate shoot-branching --out new"
ADDITIVE = "simulate additive --out new"
RECOVERY = "simulate recovery --out new"
CASES: dict[str, Case] = {
    "no folder": ("simulate additive", nothing, "--out"),
    "no such population": ("simulate weather --out new", nothing, "weather"),
    "lines negative": (ADDITIVE + " --n -5", nothing, "--n"),
    "lines of 10^12": (ADDITIVE + " --n 1000000000000", nothing, "--n"),
    "lines of 10^30": (SHOOT + " --n 1" + "0" * 30, nothing, "--n"),
    "lines of text": (SHOOT + " --n many", nothing, "--n"),
    "candidates of 10^12": (
        SHOOT + " --candidates 1000000000000",
        nothing,
        "--candidates",
    ),
    "candidates of none": (RECOVERY + " --candidates 0", nothing, "--candidates"),
    "variants of 10^12": (
        ADDITIVE + " --variants 1000000000000",
        nothing,
        "--variants",
    ),
    "variants of 10^10": (RECOVERY + " --variants 10000000000", nothing, "--variants"),
    "heritability NaN": (ADDITIVE + " --h2 nan", nothing, "h2"),
    "heritability above one": (SHOOT + " --h2 1.5", nothing, "h2"),
    "heritability negative": (RECOVERY + " --h2 -0.5", nothing, "h2"),
    "heritability zero": (ADDITIVE + " --h2 0", nothing, "h2"),
    "heritability infinite": (SHOOT + " --h2 inf", nothing, "h2"),
    "labels above one": (SHOOT + " --labels 2", nothing, "labels"),
    "labels NaN": (RECOVERY + " --labels nan", nothing, "measured_share"),
    "labels negative": (RECOVERY + " --labels -1", nothing, "measured_share"),
    "noise NaN": (SHOOT + " --noise nan", nothing, "noise"),
    "noise infinite": (SHOOT + " --noise inf", nothing, "noise"),
    "noise of 1e308": (SHOOT + " --noise 1e308", nothing, "noise"),
    "null loci of 10^12": (SHOOT + " --null 1000000000000", nothing, "--null"),
    "effects unknown": (SHOOT + " --effects magic", nothing, "effects"),
    "linkage unknown": (SHOOT + " --linkage 7", nothing, "linkage"),
    "genes of 10^12": (RECOVERY + " --genes 1000000000000", nothing, "--genes"),
    "pathways of 10^12": (
        RECOVERY + " --pathways 1000000000000",
        nothing,
        "--pathways",
    ),
    "seed negative": (ADDITIVE + " --seed -1", nothing, "--seed"),
    "seed of text": (ADDITIVE + " --seed x", nothing, "--seed"),
    "out a file": (
        "simulate additive --n 10 --variants 10 --out a.txt",
        put("a.txt", "mine"),
        "a.txt",
    ),
    "out a file, forced": (
        "simulate additive --n 10 --variants 10 --force --out a.txt",
        put("a.txt", "mine"),
        "a.txt",
    ),
    "out below a file": (
        "simulate shoot-branching --n 10 --out a.txt/x",
        put("a.txt", "mine"),
        "a.txt",
    ),
    "out of others": (
        "simulate shoot-branching --n 10 --out o",
        put("o/genotypes.vcf.gz", "mine"),
        "o",
    ),
    "out of a long name": (
        f"simulate additive --n 10 --variants 10 --out {'z' * 300}",
        nothing,
        "zzz",
    ),
    "recovery onto others": (
        "simulate recovery --n 20 --variants 200 --genes 200 --pathways 5 --out o",
        put("o/phenotypes.csv", "mine"),
        "o",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_populations_that_cannot_be(case: str, tmp_path: Path) -> None:
    command, spoil, said = CASES[case]
    spoil(tmp_path)
    refused(command, tmp_path, said)
