"""The command `embed`: every distinct haplotype as numbers, each computed once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meristem.config.expression.panel import ExpressionConfig
from meristem.expression.commands.haplotypes import expression_run, write_haplotypes
from meristem.expression.commands.inputs import (
    PanelInputs,
    panel_embedder,
    read_panel_inputs,
)
from meristem.expression.embedding.cache import embed_distinct
from meristem.expression.embedding.protocol import Embedder, bin_middles
from meristem.expression.haplotypes.counts import Workload, distinct_sequences
from meristem.expression.panel import EmbeddedPanel, Embedding
from meristem.expression.panel_file import write_embedding, write_panel
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.keys import digest
from meristem.runs.progress import Notify, silent
from meristem.runs.record import Run

SUMMARY = "embedding.json"
CACHE = "work/embeddings"
_PARALLEL = ("motif", "supervised")  # light enough to be sent to processes


@dataclass(frozen=True)
class EmbedReport:
    """What was embedded."""

    work: Workload
    n_new: int  # sequences computed; the others were known
    embedder: str

    def __str__(self) -> str:
        return (
            f"{self.work}; {self.embedder}: {self.n_new} sequences embedded, "
            f"{self.work.n_sequence - self.n_new} known already"
        )


@in_locked_folder
def embed_run(
    config: ExpressionConfig,
    to: Destination,
) -> EmbedReport:
    """Write the embedded panel: `panel.npz` and `embedding.npy`.

    A run that was stopped continues; one that is repeated embeds nothing.

    Parameters
    ----------
    config
        Genome, genes, variants, embedder.
    """
    run = expression_run(config, to)
    inputs = read_panel_inputs(config, to.notify)
    run.write(finished=False)
    report, _ = embed_panel(run, config, inputs, to.notify)
    run.write(finished=True)
    return report


def embed_panel(
    run: Run, config: ExpressionConfig, inputs: PanelInputs, notify: Notify = silent
) -> tuple[EmbedReport, EmbeddedPanel]:
    """Embed what is not known yet, and return the panel with a report."""
    embedder = panel_embedder(config, inputs)
    with run.timed("haplotypes"):
        work = write_haplotypes(run, config, inputs)
    row = distinct_sequences(inputs.haplotypes)
    new = 0

    def fill(array: Embedding) -> None:
        nonlocal new
        new = _fill(config, embedder, row, array, run.folder.path, notify)

    with run.timed("embed"):
        value = write_embedding(run.folder, (len(row), work.width), fill)
    panel = assemble_panel(inputs, config, embedder, value, row)
    write_panel(run.folder, panel)
    report = EmbedReport(work, new, embedder.name)
    content = {
        "embedder": embedder.name,
        "kind": config.embed.kind,
        "distinct_haplotypes": work.n_haplotype,
        "distinct_sequences": work.n_sequence,
        "embedded_now": new,
        "numbers_each": work.width,
        "settings": embed_settings(config),
    }
    run.folder.write_json(SUMMARY, content)
    return report, panel


def embed_settings(config: ExpressionConfig) -> str:
    """Return a digest of everything embeddings depend on, files by content."""
    asked = config.embed.model_copy(update={"cache": None, "device": "", "batch": 1})
    genome = config.genome.model_copy(update={"index": None})
    return digest(genome, config.genes, config.variants, asked, config.run.seed)


def embed_lines(
    config: ExpressionConfig, folder: Path, notify: Notify = silent
) -> EmbeddedPanel:
    """Return the panel of lines that are to be predicted, in memory.

    What `embed` knows already is taken from the run folder, or from `embed.cache`.
    """
    inputs = read_panel_inputs(config, notify)
    embedder = panel_embedder(config, inputs)
    row = distinct_sequences(inputs.haplotypes)
    width = embedder.n_bin * embedder.channels.size
    value = np.empty((len(row), width), np.float32)
    _fill(config, embedder, row, value, folder, notify)
    return assemble_panel(inputs, config, embedder, value, row)


def _fill(
    config: ExpressionConfig,
    embedder: Embedder,
    row: dict[str, int],
    array: Embedding,
    folder: Path,
    notify: Notify,
) -> int:
    """Fill in the numbers of all sequences; return how many were not known."""
    return embed_distinct(
        embedder,
        list(row),
        array,
        folder=config.embed.cache or folder / CACHE,
        jobs=config.run.jobs if config.embed.kind in _PARALLEL else 1,
        progress=lambda done, total: notify("sequences", done, total),
    )


def assemble_panel(
    inputs: PanelInputs,
    config: ExpressionConfig,
    embedder: Embedder,
    value: Embedding,
    row: dict[str, int],
) -> EmbeddedPanel:
    """Return the panel of embedded sequences."""
    genes = inputs.haplotypes
    return EmbeddedPanel(
        lines=inputs.calls.sample_id,
        genes=np.array([gene.gene for gene in genes]),
        contig=np.array([gene.contig for gene in genes]),
        tss=np.array([gene.tss for gene in genes], np.int64),
        strand=np.array([gene.strand for gene in genes], np.int64),
        embedding=value,
        reference_row=np.array([row[gene.reference] for gene in genes], np.int64),
        haplotype_row=tuple(
            np.array([row[text] for text in gene.sequence], np.int64) for gene in genes
        ),
        call=np.stack([gene.call for gene in genes]),
        missing=np.stack([gene.missing for gene in genes]),
        positions=bin_middles(embedder.length, embedder.n_bin, config.genes.upstream),
        channels=embedder.channels,
        embedder=embedder.name,
        key=digest(embedder.key, [gene.sequence for gene in genes]),
    )
