"""What a fitted head offers, whatever it is made of."""

from __future__ import annotations

from typing import Protocol

from meristem.expression.panel import EmbeddedPanel
from meristem.records import FloatArray, IntArray


class FittedHead(Protocol):
    """Predicts expression of lines from their embedded haplotypes."""

    @property
    def kind(self) -> str:
        """Name of the head."""
        ...

    def predict(
        self, panel: EmbeddedPanel, rows: IntArray, genes: IntArray
    ) -> FloatArray:  # (n_row, n_gene)
        """Return predictions.

        Parameters
        ----------
        panel
            Embeddings as the head was trained on; lines and genes may be others.
        rows, genes
            Places within the panel.

        Returns
        -------
        array
            Expression of genes that the head was trained on, in the units of the
            training values; of other genes the deviation from the reference haplotype,
            in standard deviations. NaN where calls of a line are missing.
        """
        ...
