"""What was known of variants, beside what the trait says of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.config.stages import PriorConfig
from meristem.io.tables.variant_scores import read_variant_scores
from meristem.plan.known_scores import cached_scores
from meristem.prepare.reconcile import PairReport
from meristem.records import Genotypes


def with_prior_scores(
    variants: pd.DataFrame, priors: PriorConfig | None
) -> pd.DataFrame:
    """Return the table of variants with their scores, if the analysis has some.

    Parameters
    ----------
    variants
        `variants.csv`: effects and p values, by `variant_id`.
    priors
        The scores of the analysis.

    Returns
    -------
    DataFrame
        With the column `prior_score`, the largest in absolute value of each variant,
        empty without one; unchanged where there are no scores.
    """
    if priors is None:
        return variants
    scores = read_variant_scores(priors.scores, priors.column, priors.kind)
    names = variants["variant_id"].to_numpy().astype(np.str_)
    return variants.assign(prior_score=scores.largest(names))


def prior_pairs(
    priors: PriorConfig | None, genotypes: Genotypes
) -> tuple[PairReport, ...]:
    """Return how the names of scored variants agree with those of the genotypes.

    Raises
    ------
    DataError
        If the table of scores cannot be read.
    """
    if priors is None:
        return ()
    scored = np.unique(
        cached_scores(priors.scores, priors.column, priors.kind).variant_id
    )
    known = genotypes.variants.variant_id
    lost = tuple(np.setdiff1d(scored, known).tolist())
    return (
        PairReport(
            "genotyped variants",
            "scored variants",
            matched=scored.size - len(lost),
            dropped_left=tuple(np.setdiff1d(known, scored).tolist()),
            dropped_right=lost,
            duplicated_left=(),
            duplicated_right=(),
            offers={},
            rules=(),
            near=(),
        ),
    )
