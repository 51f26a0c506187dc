"""Predicted expression as the omics table that analyses read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.errors import DataError
from meristem.records import FloatArray, OmicsTable, StrArray

LEAST = 0.01
"""Smallest reliability that is written: a table refuses 0."""


def reliability_of(r: FloatArray) -> FloatArray:  # (n_gene,)
    """Return the reliability of predicted genes from r on lines held out.

    The share of a gene's variance that predictions hold: r squared. Measured values
    have errors of their own, so that it is a lower bound.

    Examples
    --------
    >>> reliability_of(np.array([0.5, -0.2, np.nan])).tolist()
    [0.25, 0.01, 0.01]
    """
    known = np.clip(np.nan_to_num(r), 0.0, 1.0)
    return np.asarray(np.maximum(known**2, LEAST))


def predicted_table(
    name: str,
    line: StrArray,  # (n_line,)
    gene: StrArray,  # (n_gene,)
    node: StrArray,  # (n_gene,) node of the knowledge that the gene is
    value: FloatArray,  # (n_line, n_gene) NaN not predicted
    r: FloatArray,  # (n_gene,) on lines held out
    min_r: float = 0.0,
) -> OmicsTable:
    """Return the genes that can be told, with a reliability each.

    Raises
    ------
    DataError
        If no gene passes `min_r`.
    """
    kept = (r > min_r) & ~np.isnan(value).all(axis=0)
    if not kept.any():
        raise DataError(
            f"no gene has r > {min_r:g} on lines held out",
            where="predict.min_r",
            remedy="lower it; genes that cannot be told help no analysis",
        )
    return OmicsTable(
        name,
        line,
        gene[kept],
        node[kept],
        value[:, kept],
        reliability=reliability_of(r[kept]),
    )


def filled_table(measured: OmicsTable, predicted: OmicsTable) -> OmicsTable:
    """Return measured lines as they are, and the others as predicted.

    Predicted rows are derived: they repeat what the measured lines taught. Genes that
    were not predicted stay missing there. The reliability is that of the measured
    table, since what is learned of genes is learned on measured lines.

    Examples
    --------
    >>> def table(line, value, reliability=None):
    ...     gene = np.array(["g"])
    ...     return OmicsTable("e", np.array(line), gene, gene, np.array(value),
    ...         reliability=reliability)
    >>> both = filled_table(
    ...     table(["a", "b"], [[1.0], [np.nan]]), table(["b"], [[0.5]]))
    >>> both.value.ravel().tolist(), both.derived.tolist()
    ([1.0, 0.5], [False, True])
    """
    row = {name: k for k, name in enumerate(predicted.sample_id.tolist())}
    column = {name: k for k, name in enumerate(predicted.feature_id.tolist())}
    at = np.array([row.get(name, -1) for name in measured.sample_id.tolist()])
    of = np.array([column.get(name, -1) for name in measured.feature_id.tolist()])
    empty = np.isnan(measured.value).all(axis=1) & (at >= 0)
    value = measured.value.copy()
    told = predicted.value[at[empty]][:, of]
    value[empty] = np.where(of >= 0, told, np.nan)
    return OmicsTable(
        measured.name,
        measured.sample_id,
        measured.feature_id,
        measured.node_name,
        value,
        measured.source,
        measured.reliability,
        empty,
    )


def table_frame(table: OmicsTable) -> pd.DataFrame:
    """Return lines by genes, as `[[omics]]` reads it."""
    frame = pd.DataFrame(np.round(table.value, 6), columns=table.feature_id.tolist())
    frame.insert(0, "line", table.sample_id)
    return frame


def gene_frame(table: OmicsTable, about: pd.DataFrame) -> pd.DataFrame:
    """Return feature,node,reliability and what is known of each gene besides."""
    assert table.reliability is not None  # predicted tables have it
    frame = pd.DataFrame(
        {
            "feature": table.feature_id,
            "node": table.node_name,
            "reliability": np.round(table.reliability, 4),
        }
    )
    known = about.set_index("gene").reindex(table.feature_id)
    return frame.join(known.reset_index(drop=True).round(4))
