"""What a model of sequences says of lines without any expression of theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.errors import ConfigError
from meristem.expression.panel import EmbeddedPanel
from meristem.records import FloatArray, IntArray

CHANNEL = "predicted "
"""How the channels begin that hold what the model predicts."""


@dataclass(frozen=True)
class ZeroShot:
    """The mean prediction over the windows of a gene, minus that of the reference."""

    kind: str = "zero_shot"

    def predict(
        self, panel: EmbeddedPanel, rows: IntArray, genes: IntArray
    ) -> FloatArray:  # (n_row, n_gene)
        """Return predictions, see `heads.protocol.FittedHead`; levels are unknown.

        Raises
        ------
        ConfigError
            If the embeddings hold no predictions.
        """
        told = np.array([name.startswith(CHANNEL) for name in panel.channels.tolist()])
        if not told.any():
            raise ConfigError(
                "the embeddings hold no predictions of a sequence model",
                where="train.zero_shot",
                remedy='set embed.kind = "supervised", embed.model to a run of '
                "`meristem sequence train`, and run `meristem expression embed`",
            )
        mean = np.tile(told / told.sum() / panel.n_bin, panel.n_bin)  # (d,)
        out = np.empty((len(rows), len(genes)))
        for column, gene in enumerate(genes):
            share = panel.dosage(int(gene))[rows] / panel.ploidy
            out[:, column] = share @ (panel.haplotypes(int(gene)) @ mean)
        return out
