"""Which gene sets hold more of the important genes than chance would put there."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import scipy

from meristem.stats.discoveries import benjamini_hochberg

Sets = Mapping[str, frozenset[str]]


def over_representation(
    selected: frozenset[str],
    sets: Sets,
    background: frozenset[str],
    *,
    min_size: int = 3,
    max_size: int = 500,
) -> pd.DataFrame:
    """Test every set for more selected genes than expected.

    Parameters
    ----------
    selected
        Important genes; those outside the background are ignored.
    sets
        Name -> genes; genes outside the background are ignored.
    background
        All genes that could have been selected: those of the plan, not of the genome.
    min_size, max_size
        Sets smaller or larger (within the background) are not tested.

    Returns
    -------
    DataFrame
        set, size, overlap, expected, odds_ratio (sample odds ratio, 0.5 added to every
        cell), p (hypergeometric, one-sided), q, genes; smallest p first.
    """
    chosen = selected & background
    n, k = len(background), len(chosen)
    records = []
    for name, genes in sets.items():
        members = genes & background
        if not min_size <= len(members) <= max_size:
            continue
        hits = members & chosen
        a, b, c = len(hits), len(members) - len(hits), k - len(hits)
        d = n - a - b - c
        records.append(
            {
                "set": name,
                "size": len(members),
                "overlap": a,
                "expected": k * len(members) / n,
                "odds_ratio": (a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)),
                "p": float(scipy.stats.hypergeom.sf(a - 1, n, len(members), k)),
                "genes": ";".join(sorted(hits)),
            }
        )
    columns = ["set", "size", "overlap", "expected", "odds_ratio", "p", "genes"]
    table = pd.DataFrame.from_records(records, columns=columns)
    table.insert(6, "q", benjamini_hochberg(table["p"].to_numpy(float)))
    return table.sort_values(["p", "set"], ignore_index=True)
