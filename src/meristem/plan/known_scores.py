"""What is known of variants, as weights among those of each gene.

Of the variance of a gene's variants a share a (the strength) follows their scores:
the weight of variant v is w_v = 1 - a + a |s_v| / mean |s|, of mean 1 within the gene.
A gene without scores has equal weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from meristem.config.models import KnownScoreOptions
from meristem.errors import DataError
from meristem.genetics.frequency import dosage_moments, frequency_permutation
from meristem.io.tables.variant_scores import read_variant_scores
from meristem.records import FloatArray, Genotypes, IntArray, VariantScores


def cached_scores(path: Path, column: str, kind: str) -> VariantScores:
    """Return a table of scores, read once for all folds while it does not change."""
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    return _read(path, column, kind, stamp)


@lru_cache(maxsize=4)
def _read(path: Path, column: str, kind: str, stamp: int) -> VariantScores:
    del stamp
    return read_variant_scores(path, column, kind)


def score_sizes(
    scores: VariantScores, genotypes: Genotypes, where: Path
) -> FloatArray:  # (n_variant,)
    """Return the largest absolute score of every variant, 0 without one.

    Raises
    ------
    DataError
        If no variant of the genotypes has a score other than zero.
    """
    names = genotypes.variants.variant_id
    size = np.nan_to_num(scores.largest(names))
    if not (size > 0).any():
        if not scores.score.any():
            raise DataError(
                "every score is 0, and none can weigh a variant",
                where=where,
                remedy="name another column or kind, or leave out [priors]",
            )
        raise DataError(
            f"none of its variants ({scores.variant_id[0]}, ...) has a score and is "
            f"among the genotypes ({names[0]}, ...)",
            where=where,
            remedy="score the variants of the genotype file: names are matched",
        )
    return size


def known_sizes(
    options: KnownScoreOptions, genotypes: Genotypes, rng: np.random.Generator
) -> FloatArray:  # (n_variant,)
    """Return the scores of the variants as the options ask for them; see `score_sizes`.

    Parameters
    ----------
    options
        Which table, and whether its scores are permuted.
    genotypes
        Training rows, whose allele frequencies bound a permutation.
    rng
        Permutes.
    """
    scores = cached_scores(options.scores, options.column, options.score_kind)
    size = score_sizes(scores, genotypes, options.scores)
    if options.permuted:
        mean = dosage_moments(genotypes.call_dosage).mean
        size = size[frequency_permutation(mean, rng)]
    return size


def variant_weights(
    size: FloatArray,  # (n_variant,)
    gene: IntArray,  # (n_pair,) from 0
    variant: IntArray,  # (n_pair,)
    strength: float,
) -> FloatArray:  # (n_pair,) mean 1 within every gene
    """Return the weight of every variant of every gene.

    Examples
    --------
    >>> size, pair = np.array([0.0, 3.0, 0.0]), np.array([0, 1, 2])
    >>> variant_weights(size, np.array([0, 0, 1]), pair, 0.5).tolist()
    [0.5, 1.5, 1.0]
    """
    own = size[variant]
    count = np.maximum(np.bincount(gene), 1)
    mean = (np.bincount(gene, weights=own) / count)[gene]
    relative = np.where(mean > 0, own / np.where(mean > 0, mean, 1.0), 1.0)
    return np.asarray(1 - strength + strength * relative)


def choose_strength(
    error: FloatArray,  # (n_strength, n_gene) of inner test rows, NaN not measured
    strengths: Sequence[float],  # the first is 0: no scores
    caution: float,
) -> float:
    """Return the strength of the smallest error, or 0 where it is not clearly smaller.

    Parameters
    ----------
    error
        Of predicted expression, on one scale for all genes.
    strengths
        Candidates.
    caution
        Standard errors over genes that the mean gain must exceed.

    Examples
    --------
    >>> error = np.array([[1.0, 1.0, 1.0], [0.8, 0.7, 0.75], [0.9, 1.2, 0.7]])
    >>> choose_strength(error, (0.0, 0.5, 0.9), 2.5)
    0.5
    >>> choose_strength(error[[0, 2]], (0.0, 0.9), 2.5)
    0.0
    """
    best, most = 0.0, 0.0
    for strength, own in zip(strengths[1:], error[1:], strict=True):
        gain = error[0] - own
        gain = gain[np.isfinite(gain)]
        if gain.size < 2:
            continue
        mean = float(gain.mean())
        spread = float(gain.std(ddof=1) / np.sqrt(gain.size))
        if mean > most and mean > caution * spread:
            best, most = strength, mean
    return best


def candidate_strengths(options: KnownScoreOptions) -> tuple[float, ...]:
    """Return the strengths that are tried, 0 first."""
    return (0.0, *sorted(s for s in set(options.strengths) if s > 0))
