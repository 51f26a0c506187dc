"""The table of shares: what variants and nodes account for, by two attributions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.models.protocol import Contributions, FittedNetwork
from meristem.records import FloatArray, Genotypes, Phenotypes

ATTRIBUTION_COLUMNS = (
    "kind",
    "name",
    "trait",
    "environment",
    "integrated",
    "deeplift",
    "rank",
    "integrated_gap",
    "deeplift_gap",
    "n_lines",
)

MOST_NUMBERS = 20_000_000
"""Shares of single lines held at a time; fewer lines are explained beyond."""

MOST_LINES = 200


def attribution_table(
    fitted: FittedNetwork,
    genotypes: Genotypes,
    phenotypes: Phenotypes,
    *,
    top: int = 30,
    steps: int = 32,
) -> pd.DataFrame:
    """Return `attribution.csv`: the top variants and nodes of every target.

    Parameters
    ----------
    fitted
        A fitted network. Of an explicit one both attributions are exact and equal.
    genotypes
        Lines to average over; at most 200 of them, evenly spread, are used.
    phenotypes
        Names of the targets, in the order of the network's outputs.
    top
        Variants, and nodes, per target.
    steps
        Points on the path of the integrated gradients.

    Returns
    -------
    DataFrame
        `integrated` and `deeplift` are means over lines of absolute shares, in units
        of the trait; ranks are by the first. The gaps are what the shares of all
        variants miss of the predicted differences, relative to those.
    """
    genotypes = genotypes.take_samples(_spread(genotypes, phenotypes.n_target))
    paths = fitted.contributions(genotypes, steps=steps)
    chords = fitted.contributions(genotypes, rule="deeplift")
    frames = []
    for target in range(phenotypes.n_target):
        common = {
            "trait": str(phenotypes.trait_name[target]),
            "environment": str(phenotypes.environment_name[target]),
            "integrated_gap": _relative_gap(paths, target),
            "deeplift_gap": _relative_gap(chords, target),
            "n_lines": genotypes.n_sample,
        }
        for kind, name, one, two in (
            ("node", paths.node_name, paths.node, chords.node),
            ("variant", paths.variant_id, paths.variant, chords.variant),
        ):
            integrated = np.abs(one[:, :, target]).mean(axis=0)
            order = np.argsort(-integrated, kind="stable")[:top]
            order = order[integrated[order] > 0]
            frames.append(
                pd.DataFrame(
                    {
                        "kind": kind,
                        "name": name[order],
                        "integrated": integrated[order],
                        "deeplift": np.abs(two[:, order, target]).mean(axis=0),
                        "rank": np.arange(1, order.size + 1),
                        **common,
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)[list(ATTRIBUTION_COLUMNS)]


def _spread(genotypes: Genotypes, n_target: int) -> np.ndarray:
    """Return evenly spread rows, as many as memory allows."""
    affordable = MOST_NUMBERS // max(genotypes.n_variant * n_target, 1)
    most = int(np.clip(affordable, 8, MOST_LINES))
    n = genotypes.n_sample
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))


def _relative_gap(found: Contributions, target: int) -> float:
    size = np.abs(found.difference[:, target]).mean()
    gap: FloatArray = np.abs(found.gap[:, target]).mean()
    return float(gap / size) if size > 0 else 0.0
