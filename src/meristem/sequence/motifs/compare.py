"""Which known motif a motif is: Tomtom with q values."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meristem.errors import ConfigError
from meristem.sequence.motifs.motif import Motif, information
from meristem.stats.discoveries import benjamini_hochberg

_LOG = logging.getLogger(__name__)

FEWEST_TARGETS = 25
"""Known motifs whose columns make a background for p values."""

FEWEST_BITS = 4.0
"""Motifs with less information match anything."""


@dataclass(frozen=True)
class Match:
    """A known motif that resembles a motif."""

    query: str
    target: str
    label: str  # of the target
    p: float
    q: float  # false discovery rate among all pairs compared
    rank: int  # from 1


def match_motifs(
    queries: Sequence[Motif], targets: Sequence[Motif], n_best: int = 5
) -> list[Match]:
    """Return the targets that resemble every query most, by Tomtom.

    Parameters
    ----------
    queries
        Motifs to be named; those with less than 4 bits are left out.
    targets
        Known motifs.
    n_best
        Targets given for every query.

    Returns
    -------
    list of Match
        By query, the best first.

    Raises
    ------
    ConfigError
        If the library of the comparison is not installed.

    References
    ----------
    Gupta S et al. (2007) Genome Biology 8:R24 (Tomtom); memelite computes it.
    """
    try:
        from memelite import tomtom  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "comparing motifs needs memelite, which is not installed",
            remedy='install the extra: pip install "meristem[sequence]"',
        ) from error
    queries = [m for m in queries if information(m).sum() >= FEWEST_BITS]
    if not queries or not targets:
        return []
    if len(targets) < FEWEST_TARGETS:
        _LOG.warning(
            "p values among %d known motifs depend on which these are: give a whole "
            "collection (JASPAR) to believe them",
            len(targets),
        )
    with warnings.catch_warnings():  # said above in our words
        warnings.filterwarnings("ignore", message="tomtom was given")
        p = np.asarray(
            tomtom(
                [m.probability for m in queries],
                [m.probability for m in targets],
                n_jobs=1,
            )[0]
        )
    q = benjamini_hochberg(p.ravel()).reshape(p.shape)
    found = []
    for row, motif in enumerate(queries):
        order = np.argsort(p[row], kind="stable")[:n_best]
        for rank, place in enumerate(order, start=1):
            target = targets[place]
            found.append(
                Match(
                    motif.name,
                    target.name,
                    target.label,
                    float(p[row, place]),
                    float(q[row, place]),
                    rank,
                )
            )
    return found
