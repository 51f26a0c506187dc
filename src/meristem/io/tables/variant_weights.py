"""Read what is known of variants beforehand: a weight on their being causal."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.text.column_names import find_column
from meristem.text.columns import read_table

_VARIANT = "variant variantid id marker snp".split()
_WEIGHT = "weight score annotation".split()


def read_variant_weights(path: Path) -> dict[str, float]:
    """Return the weight of every variant named (columns `variant` and `weight`).

    Raises
    ------
    DataError
        If a column is not there, or a weight is missing or below 0.
    """
    table = read_table(path)
    variant = find_column(table, _VARIANT)
    weight = find_column(table, _WEIGHT, () if variant is None else (variant,))
    if variant is None or weight is None:
        raise DataError(
            f"has no columns of variants and weights; it has "
            f"{', '.join(table.column_name[:12])}",
            where=path,
            remedy="call them `variant` and `weight`",
        )
    values = table.numbers(weight, largest=1e12)
    wrong = np.flatnonzero(~(values >= 0))
    if wrong.size:
        raise DataError(
            "a weight is missing or below 0",
            where=table.place(int(wrong[0]), weight),
            remedy="give 0 for variants that cannot be causal, 1 for those of which "
            "nothing is known",
        )
    names = table.identifiers(variant).tolist()
    return dict(zip(names, values.tolist(), strict=True))
