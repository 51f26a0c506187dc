"""A small regulatory panel as files, and a configuration of it."""

from pathlib import Path

import numpy as np

from meristem.config.read import read_expression_config
from meristem.sequence.simulation.regulatory import (
    RegulatoryConfig,
    simulate_regulatory,
)
from meristem.sequence.simulation.regulatory_files import write_regulatory


def write_simulated(folder: Path, seed: int = 4, **sizes):
    """Return the panel and the path of a configuration of its files."""
    given = {
        "n_train": 120,
        "n_test": 20,
        "n_chromosome": 2,
        "n_gene": 20,
        "n_variant": 1500,
        "n_factor": 4,
        "n_causal_gene": 6,
        "trans_scale": 0.0,
        "reliability": 0.9,
        "measured_share": 1.0,
        "gene_gap": 2500,
    } | sizes
    panel = simulate_regulatory(
        RegulatoryConfig(**given), rng=np.random.default_rng(seed)
    )
    write_regulatory(panel, folder / "sim", seed=seed)
    path = folder / "expression.toml"
    path.write_text(
        """
[run]
out = "run"
[genome]
fasta = "sim/genome.fa"
annotation = "sim/genes.gff3"
[genes]
upstream = 400
downstream = 100
[variants]
path = "sim/genotypes.vcf.gz"
inbred = true
[expression]
path = "sim/expression.parquet"
[embed]
motifs = "sim/motifs.meme"
bins = 5
kmers = []
"""
    )
    return panel, path


def simulated_config(folder: Path, **sizes):
    panel, path = write_simulated(folder, **sizes)
    return panel, read_expression_config(path)
