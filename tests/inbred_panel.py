"""Inbred lines with a genome, and a finished run on them, for tests of selection."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.toys import genotypes, numbered, variant_table

from meristem.cli.main import main
from meristem.genetics.inheritance.maps import even_map
from meristem.io.genotypes.vcf import write_vcf
from meristem.simulate.population import mosaics


@pytest.fixture(scope="session")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of 40 inbred lines, 6 of them without phenotypes, two traits."""
    folder = tmp_path_factory.mktemp("panel")
    rng = np.random.default_rng(12)
    size = (30, 25, 20)
    place = np.concatenate([np.sort(rng.choice(9000, n, False)) + 40 for n in size])
    contig = np.repeat(["1", "2", "3"], size)
    bases = np.array([rng.choice(list("ACGT"), 2, False) for _ in contig])
    names = numbered("m", contig.size)
    variants = variant_table(names, contig, place, *bases.T)
    halves = rng.integers(0, 2, (12, contig.size))
    lines = 2 * mosaics(halves.astype(np.int8), 46, 6, even_map(3, contig.size), rng)
    lines[3, 4] = -1
    write_vcf(genotypes(lines[:40], "line", variants), folder / "lines.vcf.gz")
    write_vcf(genotypes(lines[40:], "new", variants), folder / "new.vcf.gz")
    effect = np.zeros((contig.size, 2))
    effect[rng.choice(contig.size, 12, False)] = rng.normal(size=(12, 2))
    value = lines[:34] @ effect + rng.normal(size=(34, 2))
    rows = [f"line{k},{a:.4f},{b:.4f}" for k, (a, b) in enumerate(value)]
    text = "line,yield,height\n" + "\n".join(rows) + "\n"
    (folder / "phenotypes.csv").write_text(text)
    pools = [f"line{k},{('dent', 'flint', '')[k % 3]},c{k % 3}" for k in range(40)]
    text = "line,pool,flowers\n" + "\n".join(pools) + "\n"
    (folder / "groups.csv").write_text(text)
    (folder / "meristem.toml").write_text(CONFIG)
    genome = {}
    for name in ("1", "2", "3"):
        here = contig == name
        genome[name] = rng.choice(list("ACGT"), 9200)
        genome[name][place[here] - 1] = bases[here, 0]
    text = "".join(f">{name}\n{''.join(seq)}\n" for name, seq in genome.items())
    (folder / "genome.fa").write_text(text)
    genes = [
        f"g{c}{k},{c},{1 + 1000 * k},{1000 + 1000 * k}" for c in "123" for k in range(9)
    ]
    (folder / "genes.csv").write_text(
        "gene,contig,start,end\n" + "\n".join(genes) + "\n"
    )
    (folder / "qtl.csv").write_text("name,contig,start,end\nq1,1,1,1500\n")
    return folder


CONFIG = """
[run]
seed = 4
[genotypes]
path = "lines.vcf.gz"
[phenotypes]
path = "phenotypes.csv"
minimise = ["height"]
[groups]
path = "groups.csv"
[evaluate]
reference = "gblup"
[[models]]
kind = "gblup"
[[models]]
kind = "ridge"
[[models]]
kind = "rkhs"
"""


@pytest.fixture(scope="session")
def trained(panel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; tests copy it."""
    out = tmp_path_factory.mktemp("select") / "run"
    words = ["meristem", "train", panel / "meristem.toml", "--out", out, "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(word) for word in words])
        with pytest.raises(SystemExit) as stop:
            main()
    assert not stop.value.code
    return out
