"""Rates of Cas9 at sites, from a kinetic model, handed to the choice of edits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.kinetics.cas9.pam import CAS9
from meristem.kinetics.cas9.sites import Sites
from meristem.kinetics.scoring.corrected import read_scorer
from meristem.records import FloatArray


def read_site_scores(path: Path) -> Callable[[str, np.ndarray], FloatArray]:
    """Return a function of a guide with PAM and sites of 23 nt: log10 rates.

    Parameters
    ----------
    path
        `model.json` of `meristem kinetics fit`, or the folder of a transfer.

    Raises
    ------
    DataError
        If it holds no network of guide-target pairs.
    """
    scorer = read_scorer(path)
    if scorer.pam.place != CAS9.place:
        raise DataError(
            f"is of an enzyme with the PAM {scorer.pam.pattern}",
            where=path,
            remedy="give a model of Cas9 guides (20 bases and NGG)",
        )

    def score(guide: str, targets: np.ndarray) -> FloatArray:  # (n,) -> (n,)
        n = len(targets)
        sites = Sites(
            np.full(n, guide),
            np.asarray(targets, dtype=np.str_),
            np.full(n, -1),
            np.full(n, ""),
        )
        return np.asarray(scorer.score_sites(sites).log10_rate)

    return score
