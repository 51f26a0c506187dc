"""Omics and settings that `meristem represent` cannot turn into factors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.malformed.hostile import (
    PNG,
    Case,
    change,
    cut,
    each,
    folder_at,
    gone,
    header,
    nothing,
    pipe,
    put,
    refused_in_copy,
)

REPRESENT = "represent a.toml --quiet"
CONFIG = """[run]
out = "out"

[[omics]]
name = "rna"
path = "rna.csv"
represent = "pca"
k = [2, 3]
confounders = ["batch"]
deconfound = "regression"

[groups]
path = "batches.csv"

[knowledge]
gene_sets = ["sets.gmt"]

[knowledge.prune]
min_genes = 1

[network]
path = "pairs.tsv"
"""
SETS = CONFIG[CONFIG.index("[knowledge]") : CONFIG.index("[network]")]
FACTORS = CONFIG[CONFIG.index("represent =") : CONFIG.index("\n[groups]")]
N, GENES = 24, 10


def table(n: int = N, cell: str = "", genes: int = GENES, name: str = "l") -> str:
    """Return a table of random expression; `cell` stands in every place of gene 1."""
    values = np.random.default_rng(5).normal(size=(n, genes)).round(3)
    rows = [",".join(["line", *(f"g{j}" for j in range(genes))])]
    for i in range(n):
        cells = [str(value) for value in values[i]]
        if cell:
            cells[1] = cell
        rows.append(",".join([f"{name}{i}", *cells]))
    return "\n".join(rows) + "\n"


def batches(label=lambda i: "ab"[i % 2], name: str = "l") -> str:
    return "line,batch\n" + "".join(f"{name}{i},{label(i)}\n" for i in range(N))


def make_omics(folder: Path) -> None:
    """Write expression in two batches, sets and pairs of genes."""
    folder.mkdir(parents=True)
    each(
        put("a.toml", CONFIG),
        put("rna.csv", table()),
        put("batches.csv", batches()),
        put("sets.gmt", "s1\t\tg0\tg1\tg2\ns2\t\tg3\tg4\tg5\n"),
        put("pairs.tsv", "a\tb\ng0\tg1\ng1\tg2\ng3\tg4\n"),
    )(folder)


MAKE = make_omics


def config(old: str, new: str):
    return change("a.toml", old, new)


STACK = each(
    config(FACTORS, ""),
    config(
        "[groups]",
        '[[omics]]\nname = "other"\npath = "other.csv"\n\n[stack]\nk = [2]\n\n[groups]',
    ),
)


COUNTS = config('represent = "pca"', 'represent = "vae"\nlikelihood = "nb"')
WHOLE_ROWS = "".join(f"l{i},{i},{i % 5}\n" for i in range(1, N))

CASES: dict[str, Case] = {
    "config absent": ("represent ghost.toml", nothing, "ghost.toml"),
    "config empty": (REPRESENT, put("a.toml", ""), "a.toml"),
    "config unclosed": (REPRESENT, put("a.toml", "a = 1\n[run\n"), "line 2"),
    "unknown key": (REPRESENT, config("k = [2, 3]", "kk = [2]"), "kk"),
    "kind unknown": (REPRESENT, config('"pca"', '"umap"'), "represent"),
    "nothing to represent": (REPRESENT, config('represent = "pca"\n', ""), "represent"),
    "no factors": (REPRESENT, config("[2, 3]", "[]"), "k"),
    "zero factors": (REPRESENT, config("[2, 3]", "[0]"), "k"),
    "more factors than lines": (REPRESENT, config("[2, 3]", "[900]"), "900"),
    "more factors than features": (REPRESENT, config("[2, 3]", "[11]"), "11"),
    "confounder unknown": (REPRESENT, config('["batch"]', '["plate"]'), "plate"),
    "confounders without groups": (
        REPRESENT,
        config('[groups]\npath = "batches.csv"\n', ""),
        "batch",
    ),
    "confounder constant": (
        REPRESENT,
        put("batches.csv", batches(lambda i: "a")),
        "batch",
    ),
    "confounder of one line each": (
        REPRESENT,
        put("batches.csv", batches(lambda i: f"b{i}")),
        "batch",
    ),
    "confounder of no label": (
        REPRESENT,
        put("batches.csv", batches(lambda i: "")),
        "batch",
    ),
    "combat of one line in a batch": (
        REPRESENT,
        each(
            config('"regression"', '"combat"'),
            put("batches.csv", batches(lambda i: f"b{i}")),
        ),
        "batch",
    ),
    "groups of strangers": (REPRESENT, put("batches.csv", batches(name="x")), "batch"),
    "groups a PNG": (REPRESENT, put("batches.csv", PNG), "batches.csv"),
    "omics absent": (REPRESENT, gone("rna.csv"), "rna.csv"),
    "omics a PNG": (REPRESENT, put("rna.csv", PNG), "rna.csv"),
    "omics a folder": (REPRESENT, folder_at("rna.csv"), "rna.csv"),
    "omics a pipe": (REPRESENT, pipe("rna.csv"), "rna.csv"),
    "omics empty": (REPRESENT, put("rna.csv", ""), "rna.csv"),
    "omics header alone": (REPRESENT, header("rna.csv"), "rna.csv"),
    "omics of one line": (REPRESENT, put("rna.csv", table(1)), "batch"),
    "omics of three lines": (REPRESENT, put("rna.csv", table(3)), "batch"),
    "omics of one feature": (REPRESENT, put("rna.csv", table(genes=2)), "factors"),
    "omics infinite": (REPRESENT, put("rna.csv", table(cell="inf")), "rna.csv"),
    "omics of text": (REPRESENT, put("rna.csv", table(cell="high")), "rna.csv"),
    "omics of 1e308": (REPRESENT, put("rna.csv", table(cell="1e308")), "rna.csv"),
    "omics of decimal commas": (
        REPRESENT,
        put("rna.csv", table(cell='"1,5"')),
        "rna.csv",
    ),
    "omics all missing": (
        REPRESENT,
        put("rna.csv", "line,g0,g1\n" + "".join(f"l{i},,\n" for i in range(N))),
        "rna",
    ),
    "omics all constant": (
        REPRESENT,
        put("rna.csv", "line,g0,g1\n" + "".join(f"l{i},1,2\n" for i in range(N))),
        "rna",
    ),
    "omics of a line twice": (
        REPRESENT,
        put("rna.csv", table() + table(1).split("\n")[1] + "\n"),
        "l0",
    ),
    "omics names twice": (
        REPRESENT,
        config("[groups]", '[[omics]]\nname = "rna"\npath = "rna.csv"\n[groups]'),
        "rna",
    ),
    "counts below zero": (REPRESENT, COUNTS, "sample l"),
    "counts that are fractions": (
        REPRESENT,
        each(COUNTS, put("rna.csv", "line,g0,g1\n" + "l0,3,2.5\n" + WHOLE_ROWS)),
        "l0, feature g1",
    ),
    "counts after a logarithm": (
        REPRESENT,
        each(
            config('represent = "pca"', 'represent = "vae"\nlikelihood = "zinb"'),
            config('path = "rna.csv"', 'path = "rna.csv"\ntransform = "log1p"'),
            put("rna.csv", "line,g0,g1\n" + WHOLE_ROWS),
        ),
        "transform",
    ),
    "counts for components": (
        REPRESENT,
        config('represent = "pca"', 'represent = "pca"\nlikelihood = "nb"'),
        "likelihood",
    ),
    "log of negative values": (
        REPRESENT,
        each(
            config('represent = "pca"', 'represent = "pca"\ntransform = "log1p"'),
            put("rna.csv", table(cell="-5")),
        ),
        "log1p",
    ),
    "epochs of none": (
        REPRESENT,
        config('represent = "pca"', 'represent = "vae"\nepochs = 0'),
        "epochs",
    ),
    "strength NaN": (
        REPRESENT,
        config('represent = "pca"', 'represent = "vae"\nstrength = nan'),
        "strength",
    ),
    "strength infinite": (
        REPRESENT,
        config('represent = "pca"', 'represent = "vae"\nstrength = inf'),
        "strength",
    ),
    "hidden of 10^9": (
        REPRESENT,
        config('represent = "pca"', 'represent = "vae"\nhidden = 1000000000'),
        "hidden",
    ),
    "sets without sets": (
        REPRESENT,
        each(config('represent = "pca"', 'represent = "sets"'), config(SETS, "")),
        "sets",
    ),
    "sets of strangers": (
        REPRESENT,
        each(
            config('represent = "pca"', 'represent = "sets"'),
            put("sets.gmt", "s1\t\tx0\tx1\tx2\n"),
        ),
        "sets",
    ),
    "sets a PNG": (REPRESENT, put("sets.gmt", PNG), "sets.gmt"),
    "network absent": (REPRESENT, gone("pairs.tsv"), "pairs.tsv"),
    "network a PNG": (REPRESENT, put("pairs.tsv", PNG), "pairs.tsv"),
    "network empty": (REPRESENT, put("pairs.tsv", ""), "pairs.tsv"),
    "network of one column": (REPRESENT, put("pairs.tsv", "a\ng0\n"), "pairs.tsv"),
    "network score unknown": (
        REPRESENT,
        config('path = "pairs.tsv"', 'path = "pairs.tsv"\nscore = "trust"'),
        "trust",
    ),
    "network scores of text": (
        REPRESENT,
        each(
            config('path = "pairs.tsv"', 'path = "pairs.tsv"\nscore = "s"'),
            put("pairs.tsv", "a\tb\ts\ng0\tg1\thigh\n"),
        ),
        "pairs.tsv",
    ),
    "network scores all below": (
        REPRESENT,
        each(
            config(
                'path = "pairs.tsv"', 'path = "pairs.tsv"\nscore = "s"\nmin_score = 9'
            ),
            put("pairs.tsv", "a\tb\ts\ng0\tg1\t1\n"),
        ),
        "min_score",
    ),
    "samples negative": (REPRESENT, config("[run]", "samples = -1\n[run]"), "samples"),
    "genotypes cut": (
        REPRESENT,
        each(
            config("[groups]", '[genotypes]\npath = "m.vcf.gz"\n[groups]'),
            put("m.vcf.gz", b"\x1f\x8b\x08\x04"),
        ),
        "m.vcf.gz",
    ),
    "phenotypes of strangers": (
        REPRESENT,
        each(
            config("[groups]", '[phenotypes]\npath = "p.csv"\n[groups]'),
            put("p.csv", "line,y\n" + "".join(f"x{i},{i}\n" for i in range(N))),
        ),
        "p.csv",
    ),
    "stack of one table": (
        REPRESENT,
        each(STACK, config('[[omics]]\nname = "other"\npath = "other.csv"\n', "")),
        "stack",
    ),
    "stack of other features": (
        REPRESENT,
        each(STACK, put("other.csv", table().replace("g", "h"))),
        "feature",
    ),
    "stack of represented tables": (
        REPRESENT,
        each(
            config(
                "[groups]",
                '[[omics]]\nname = "other"\npath = "other.csv"\n[stack]\n[groups]',
            ),
            put("other.csv", table(name="m")),
        ),
        "stack",
    ),
    "out a file": ("represent a.toml --quiet --out rna.csv", nothing, "rna.csv"),
    "out of others": (REPRESENT, put("out/rna.factors.csv", "mine"), "rna.factors.csv"),
    "out below a file": (
        "represent a.toml --quiet --out rna.csv/x",
        nothing,
        "rna.csv",
    ),
    "omics cut": (
        REPRESENT,
        each(config("rna.csv", "rna.parquet"), put("rna.parquet", b"PAR1aaaa")),
        "rna.parquet",
    ),
    "omics half a table": (REPRESENT, cut("rna.csv", 0.515), "rna.csv"),
}


@pytest.mark.parametrize("case", CASES)
def test_omics_that_do_not_fit(case: str, good: Path, tmp_path: Path) -> None:
    refused_in_copy(CASES[case], good, tmp_path)
