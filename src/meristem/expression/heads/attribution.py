"""Which variant, in which part of whose promoter, carries a prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from meristem.expression.embedding.protocol import Embedder
from meristem.expression.haplotypes.singles import SingleVariants
from meristem.expression.heads.protocol import FittedHead
from meristem.expression.panel import EmbeddedPanel
from meristem.records import IntArray

COLUMNS = ("gene variant distance ref alt effect frequency variance share").split()


def attribute_gene(
    head: FittedHead,
    panel: EmbeddedPanel,
    gene: int,
    singles: SingleVariants,
    embedder: Embedder,
    rows: IntArray,
) -> pd.DataFrame:
    """Return what every variant of a promoter does by itself to the prediction.

    The effect is the prediction for the reference sequence with this variant alone,
    minus that for the reference.

    Parameters
    ----------
    head
        A fitted head.
    panel
        What it was trained on.
    gene
        Place within the panel.
    singles
        The variants of the window, see `singles.single_variants`.
    embedder
        What the panel was embedded with.
    rows
        Lines over which frequency and variance are taken.

    Returns
    -------
    DataFrame
        By size of the effect: gene, variant, distance (bp from the start, negative
        upstream), ref, alt (along the strand), effect (units of expression), frequency
        of the allele, variance that the effect makes among the lines, and its share of
        the sum over the variants.
    """
    n = len(singles.name)
    if n == 0:
        return pd.DataFrame(columns=COLUMNS)
    value = embedder.embed([singles.reference, *singles.sequence])
    alone = replace(
        panel,
        lines=np.array(["", *singles.name]),
        genes=panel.genes[[gene]],
        contig=panel.contig[[gene]],
        tss=panel.tss[[gene]],
        strand=panel.strand[[gene]],
        embedding=value,
        reference_row=np.zeros(1, np.int64),
        haplotype_row=(np.arange(n + 1),),
        call=np.arange(n + 1, dtype=np.int16)[None, :, None],
        missing=np.zeros((1, n + 1), np.float32),
    )
    predicted = head.predict(alone, np.arange(n + 1), np.zeros(1, np.int64))[:, 0]
    effect = predicted[1:] - predicted[0]
    dosage = singles.dosage[:, rows]  # (n, n_row) share of the copies, NaN missing
    frequency = np.nanmean(dosage, axis=1)
    variance = effect**2 * np.nanvar(dosage, axis=1)
    total = variance.sum()
    table = pd.DataFrame(
        {
            "gene": str(panel.genes[gene]),
            "variant": singles.name,
            "distance": singles.distance,
            "ref": singles.ref,
            "alt": singles.alt,
            "effect": effect,
            "frequency": frequency,
            "variance": variance,
            "share": variance / total if total > 0 else np.zeros(n),
        }
    )
    return table.sort_values(
        "variance", ascending=False, kind="stable", ignore_index=True
    )
