"""Write a regulatory panel as the files a breeder would have, ready to run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.io.genotypes.vcf import write_vcf
from meristem.sequence.motifs.motif import write_meme
from meristem.sequence.simulation.regulatory import (
    TRAIT,
    RegulatoryPanel,
    SimulatedGene,
)
from meristem.simulate.folder import (
    CONFIG,
    config_head,
    simulation_folder,
    write_csv,
    write_omics,
)

_LETTERS = np.frombuffer(b"ACGTN", np.uint8)
_LINE = 80


_TITLE = "Which promoter variants matter"
_QUESTION = "Do scores of variants from their motifs help to predict lines?"


def write_regulatory(
    panel: RegulatoryPanel, folder: str | Path, *, seed: int = 1, force: bool = False
) -> Path:
    """Write a regulatory panel as files; return their configuration.

    `scores.tsv` holds what the true motifs say of the promoter variants. `truth.csv`
    (genetic values), `causal_genes.csv` and `causal_variants.csv` are named by no
    other file.
    """
    train, truth = panel.train, panel.truth
    names = np.concatenate([train.sample_id, panel.test.sample_id]).tolist()
    with simulation_folder(folder, force) as draft:
        (draft / "genome.fa").write_bytes(_fasta(panel))
        (draft / "genes.gff3").write_text(_gff(panel.genes), "utf-8")
        write_meme(panel.motifs, draft / "motifs.meme")
        write_vcf(train, draft / "genotypes.vcf.gz")
        write_vcf(panel.test, draft / "candidates.vcf.gz")
        rows = zip(train.sample_id.tolist(), panel.trait.tolist(), strict=True)
        write_csv(draft / "phenotypes.csv", ("line", TRAIT), rows)
        path = draft / "expression.parquet"
        write_omics(path, train.sample_id, panel.gene_id.tolist(), panel.measured)
        (draft / "scores.tsv").write_text(_scores(panel), "utf-8")
        genetic = zip(names, truth.genetic.tolist(), strict=True)
        write_csv(draft / "truth.csv", ("line", "genetic"), genetic)
        factors = {
            int(g): panel.motifs[f].name for f, g in enumerate(truth.factor_gene)
        }
        genes = (
            (name, float(effect), factors.get(row, ""))
            for row, (name, effect) in enumerate(
                zip(panel.gene_id.tolist(), truth.gene_effect.tolist(), strict=True)
            )
        )
        write_csv(draft / "causal_genes.csv", ("gene", "effect", "factor"), genes)
        write_csv(
            draft / "causal_variants.csv",
            ("variant", "gene", "motif", "occupancy", "expression", "trait"),
            _causal_variants(panel),
        )
        (draft / CONFIG).write_text(_config(panel, seed), "utf-8")
    return Path(folder) / CONFIG


def _fasta(panel: RegulatoryPanel) -> bytes:
    parts = []
    for name, codes in panel.contigs.items():
        letters = _LETTERS[codes].tobytes()
        parts.append(b">" + name.encode())
        parts += [letters[i : i + _LINE] for i in range(0, len(letters), _LINE)]
    return b"\n".join(parts) + b"\n"


def _gff(genes: tuple[SimulatedGene, ...]) -> str:
    lines = ["##gff-version 3"]
    for gene in genes:
        strand = "+" if gene.strand > 0 else "-"
        rna = f"{gene.name}.1"
        for kind, (start, end), names in (
            ("gene", gene.exon, f"ID={gene.name}"),
            ("mRNA", gene.exon, f"ID={rna};Parent={gene.name}"),
            ("exon", gene.exon, f"Parent={rna}"),
            ("CDS", gene.cds, f"Parent={rna}"),
        ):
            phase = "0" if kind == "CDS" else "."
            place = f"{gene.contig}\tsimulation\t{kind}\t{start + 1}\t{end}"
            lines.append(f"{place}\t.\t{strand}\t{phase}\t{names}")
    return "\n".join(lines) + "\n"


def _scores(panel: RegulatoryPanel) -> str:
    scores = panel.scores
    lines = ["variant\tgene\tscore\tkind\tsource"]
    for name, gene, score, kind in zip(
        scores.variant_id.tolist(),
        scores.gene_id.tolist(),
        scores.score.tolist(),
        scores.kind.tolist(),
        strict=True,
    ):
        lines.append(f"{name}\t{gene}\t{score:.6g}\t{kind}\t{scores.source}")
    return "\n".join(lines) + "\n"


def _causal_variants(
    panel: RegulatoryPanel,
) -> list[tuple[str, str, str, float, float, float]]:
    """Return what every variant in a site does: occupancy, expression, trait (cis)."""
    truth = panel.truth
    change = truth.change @ truth.activity
    return [
        (
            str(panel.train.variants.variant_id[place]),
            panel.genes[gene].name,
            panel.motifs[factor].name,
            float(truth.change[row, factor]),
            float(change[row]),
            float(change[row] * truth.gene_effect[gene]),
        )
        for row, (place, gene, factor) in enumerate(
            zip(
                truth.variant.tolist(),
                truth.variant_gene.tolist(),
                truth.variant_factor.tolist(),
                strict=True,
            )
        )
    ]


def _config(panel: RegulatoryPanel, seed: int) -> str:
    config = panel.config
    return f"""\
# Simulated inbred lines, {config.n_train} with phenotype, h2 = {config.h2:g}; promoter
# variants act through the sites of {config.n_factor} factors.
# Every field and its meaning: meristem schema

{config_head(_TITLE, _QUESTION, seed, groups=False)}
[[omics]]
name = "expression"
path = "expression.parquet"

[knowledge]
genes = "genes.gff3"

[priors]
scores = "scores.tsv"

[evaluate]
scheme = "kfold"
folds = 5
reference = "gblup"

[predict]
genotypes = "candidates.vcf.gz"

[[models]]
kind = "gblup"
"""
