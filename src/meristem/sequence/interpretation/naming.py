"""Names for motifs that were found: the nearest known ones by Tomtom, with q values.

References
----------
Gupta et al. 2007, Genome Biol 8:R24 (Tomtom).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from meristem.errors import ConfigError
from meristem.sequence.interpretation.seqlets import Pattern
from meristem.sequence.motifs.motif import Motif
from meristem.stats.discoveries import benjamini_hochberg

COLUMNS = ("pattern", "rank", "motif", "label", "p", "q")


def name_patterns(
    patterns: Sequence[Pattern], known: Sequence[Motif], top: int = 3
) -> pd.DataFrame:
    """Return the nearest known motifs of every pattern.

    Parameters
    ----------
    patterns
        What was found.
    known
        Motifs with names.
    top
        Matches that are listed by pattern.

    Returns
    -------
    DataFrame
        pattern, rank, motif, label, p, q; q is over the best match of every pattern
        with every known motif (Benjamini-Hochberg by pattern).

    Raises
    ------
    ConfigError
        If memelite is not installed.
    """
    if not patterns or not known:
        return pd.DataFrame(columns=list(COLUMNS))
    try:
        from memelite import tomtom  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "comparing motifs needs the package memelite, which is not installed",
            where="--motifs",
            remedy="pip install 'meristem[sequence]', or leave --motifs out",
        ) from error
    queries = [np.ascontiguousarray(p.motif.probability) for p in patterns]
    targets = [np.ascontiguousarray(motif.probability) for motif in known]
    p_value = np.asarray(tomtom(queries, targets, n_jobs=1)[0])
    rows = []
    for number, pattern in enumerate(patterns):
        own = np.clip(p_value[number], 0.0, 1.0)
        q = benjamini_hochberg(own)
        for rank, place in enumerate(np.argsort(own, kind="stable")[:top], start=1):
            motif = known[int(place)]
            rows.append(
                (
                    pattern.motif.name,
                    rank,
                    motif.name,
                    motif.label,
                    own[place],
                    q[place],
                )
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))
