"""Motifs out of attribution maps by TF-MoDISco, where the package is installed.

References
----------
Shrikumar et al. 2018, arXiv:1811.00416; `modisco-lite` (Schreiber) computes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from meristem.errors import ConfigError
from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.interpretation.seqlets import Pattern, trim
from meristem.sequence.motifs.motif import Motif

FEWEST = 20
"""Seqlets of a sign, and of a pattern, below which none is looked for."""


def modisco_patterns(
    attribution: FloatArray,  # (n, 4, length) at the bases that are there
    onehot: OneHot,  # (n, 4, length)
    prefix: str = "pattern",
) -> list[Pattern]:
    """Return the patterns of TF-MoDISco, the most frequent first.

    Parameters
    ----------
    attribution, onehot
        Maps and their sequences.
    prefix
        Of the names.

    Raises
    ------
    ConfigError
        If the package is not installed.
    """
    try:
        from modiscolite.tfmodisco import TFMoDISco  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "TF-MoDISco needs the package modisco-lite, which is not installed",
            where="--finder",
            remedy="pip install 'meristem[motifs]', or use the finder 'seqlets'",
        ) from error
    signs = TFMoDISco(
        np.ascontiguousarray(onehot.transpose(0, 2, 1), dtype=np.float64),
        np.ascontiguousarray(attribution.transpose(0, 2, 1)),
        min_metacluster_size=FEWEST,
        final_min_cluster_size=FEWEST,
    )
    grown = [one for patterns in signs for one in patterns or ()]
    found: list[Pattern] = []
    for one in sorted(grown, key=lambda own: -len(own.seqlets)):
        pattern = _pattern(one, f"{prefix}{len(found) + 1}")
        if pattern is not None:
            found.append(pattern)
    return found


def _pattern(one: Any, name: str) -> Pattern | None:
    """Return a pattern of the package as ours; None where it says too little."""
    raised = np.asarray(one.sequence, dtype=np.float64).T + 1e-3
    probability = trim(raised / raised.sum(axis=0))
    if probability is None:
        return None
    mean = float(np.asarray(one.contrib_scores).sum())
    return Pattern(Motif(name, "", probability), len(one.seqlets), mean)
