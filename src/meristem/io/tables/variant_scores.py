"""Read scores of variants: the table of `meristem sequence effects`, or any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.records import VariantScores
from meristem.text.columns import read_table

_VARIANT = ("variant", "variant_id", "id", "snp", "marker")
_GENE = ("gene", "gene_id")
_LARGEST = 1e9  # its square still is a weight in single precision


def read_variant_scores(
    path: str | Path, column: str = "score", kind: str = ""
) -> VariantScores:
    r"""Read a table with a row for every variant, gene and kind of score.

    Parameters
    ----------
    path
        Columns `variant` and `score`; `gene` and `kind` where they differ.
    column
        The column of scores, such as `blosum62` of a table of consequences. Rows
        without a number there are left out.
    kind
        Keep the rows of this kind alone; "": all.

    Returns
    -------
    VariantScores
        Scores by variant name.

    Raises
    ------
    DataError
        If a column is absent, a score is no number, or no row is left.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "s.tsv"
    ...     _ = file.write_text("variant\tgene\tscore\nsnp_1\tg1\t.5\n")
    ...     read_variant_scores(file).score.tolist()
    [0.5]
    """
    table = read_table(path)
    low = {name.lower(): name for name in table.column_name}
    variant = next((low[name] for name in _VARIANT if name in low), "")
    gene = next((low[name] for name in _GENE if name in low), "")
    if not variant or column not in table.column_name:
        missing = "variant" if not variant else column
        raise DataError(
            f"has no column {missing!r} (it has {', '.join(table.column_name[:12])})",
            where=path,
            remedy="give a table with the columns variant and score, or name the "
            "column of scores",
        )
    score = table.numbers(column, largest=_LARGEST)
    keep = ~np.isnan(score)
    kinds = table.labels(low["kind"]) if "kind" in low else np.full(score.size, column)
    if kind:
        keep &= kinds == kind
    if not keep.any():
        known = ", ".join(sorted(set(kinds.tolist()))[:5])
        raise DataError(
            f"has no score in column {column!r}"
            + (f" of the kind {kind!r}; kinds: {known}" if kind else ""),
            where=path,
            remedy="name a column and a kind that the table has",
        )
    genes = table.labels(gene) if gene else np.full(score.size, "")
    return VariantScores(
        table.identifiers(variant)[keep],
        genes[keep],
        score[keep],
        kinds[keep],
        str(path),
    )
