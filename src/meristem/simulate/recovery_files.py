"""Write a recovery panel as the files a breeder would have, ready to run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.io.genotypes.vcf import write_vcf
from meristem.simulate.folder import (
    CONFIG,
    config_head,
    simulation_folder,
    write_csv,
    write_groups,
    write_omics,
)
from meristem.simulate.gene_files import write_gff, write_gmt
from meristem.simulate.recovery import TRAIT, RecoveryPanel

FLANK = 99_000
"""Distance in bp at which a gene reaches the ten variants on either side."""


_TITLE = "Pathways and expression behind a trait"
_QUESTION = (
    "Do known pathways and expression of the training lines help to predict lines from "
    "genotypes alone?"
)


def write_recovery(
    panel: RecoveryPanel, folder: str | Path, *, seed: int = 1, force: bool = False
) -> Path:
    """Write a recovery panel as files; return their configuration.

    Training lines become the phenotyped lines, test lines the candidates.
    `truth.csv` holds the genetic values of both and `causal.csv` the causal genes and
    pathways; no other file refers to them.
    """
    train, truth = panel.train, panel.truth
    names = np.concatenate([train.sample_id, panel.test.sample_id]).tolist()
    with simulation_folder(folder, force) as draft:
        write_vcf(train.genotypes, draft / "genotypes.vcf.gz")
        write_vcf(panel.test, draft / "candidates.vcf.gz")
        values = train.phenotypes.value[:, 0].tolist()
        rows = zip(train.sample_id.tolist(), values, strict=True)
        write_csv(draft / "phenotypes.csv", ("line", TRAIT), rows)
        if train.groups is not None:
            write_groups(draft / "groups.csv", train.groups)
        table = train.omics[0]
        path = draft / "expression.parquet"
        write_omics(path, table.sample_id, table.feature_id.tolist(), table.value)
        write_gff(draft / "genes.gff3", panel.genes)
        sets = {name: list(genes) for name, genes in panel.pathways}
        write_gmt(draft / "pathways.gmt", sets)
        genetic = zip(names, truth.genetic.tolist(), strict=True)
        write_csv(draft / "truth.csv", ("line", "genetic"), genetic)
        causal = [("gene", name) for name in truth.causal_gene.tolist()]
        causal += [("pathway", name) for name in truth.causal_pathway]
        write_csv(draft / "causal.csv", ("kind", "name"), causal)
        (draft / CONFIG).write_text(_config(panel, seed), "utf-8")
    return Path(folder) / CONFIG


def _config(panel: RecoveryPanel, seed: int) -> str:
    train = panel.train
    n_measured = int((~np.isnan(train.omics[0].value).all(axis=1)).sum())
    return f"""\
# Simulated lines, {train.n_sample} with phenotype, h2 = {panel.config.h2:g}; \
expression on {n_measured} of them.
# Every field and its meaning: meristem schema

{config_head(_TITLE, _QUESTION, seed)}
[[omics]]
name = "expression"
path = "expression.parquet"

[knowledge]
genes = "genes.gff3"
gene_sets = ["pathways.gmt"]

[knowledge.assign]
method = "flank"
flank_bp = {FLANK}

[evaluate]
scheme = "kfold"
folds = 5
reference = "gblup"

[predict]
genotypes = "candidates.vcf.gz"

[[models]]
kind = "gblup"

[[models]]
kind = "mediated"
name = "predicted expression"
method = "predicted_expression"

[[models]]
kind = "mediated"
name = "pathways"
method = "pathway_average"

[[models]]
kind = "auto"
name = "binn"
omics = "soft"
"""
