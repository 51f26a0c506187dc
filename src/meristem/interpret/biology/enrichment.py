"""Which gene sets hold more of the important genes than chance would put there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import hypergeom, rankdata

from meristem.records import FloatArray, IntArray, StrArray
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
                "p": float(hypergeom.sf(a - 1, n, len(members), k)),
                "genes": ";".join(sorted(hits)),
            }
        )
    columns = ["set", "size", "overlap", "expected", "odds_ratio", "p", "genes"]
    table = pd.DataFrame.from_records(records, columns=columns)
    table.insert(6, "q", benjamini_hochberg(table["p"].to_numpy(float)))
    return table.sort_values(["p", "set"], ignore_index=True)


def rank_enrichment(
    gene_id: StrArray,  # (n_gene,)
    importance: FloatArray,  # (n_gene,)
    sets: Sets,
    rng: np.random.Generator,
    *,
    n_permutation: int = 1000,
    exponent: float = 1.0,
    min_size: int = 3,
    max_size: int = 500,
) -> pd.DataFrame:
    """Test every set for a place near the top, or the bottom, of the ranking.

    Parameters
    ----------
    gene_id, importance
        The ranking; larger is more important. Genes without a value are left out.
    sets
        Name -> genes.
    rng
        Source of the permutations of genes.
    n_permutation
        Permutations per set size.
    exponent
        Weight of the importance in the running sum; 0 is Kolmogorov-Smirnov's.
    min_size, max_size
        Sets smaller or larger (within the ranking) are not tested.

    Returns
    -------
    DataFrame
        set, size, es (enrichment score), nes (over the mean of permutations of the
        same sign), p (among those), q, leading (genes up to the peak); largest nes
        first. Permuting genes ignores that genes of a set go together: read p as a
        ranking of sets, and confirm with the null networks of `stability`.

    References
    ----------
    Subramanian et al. 2005, PNAS 102:15545 (GSEA, preranked).
    """
    known = np.flatnonzero(~np.isnan(importance))
    order = known[np.argsort(-importance[known], kind="stable")]
    names, value = gene_id[order], np.abs(importance[order]) ** exponent
    place = {str(name): k for k, name in enumerate(names)}
    records = []
    null: dict[int, FloatArray] = {}
    for name, genes in sets.items():
        hits = np.sort([place[gene] for gene in genes if gene in place]).astype(int)
        if not min_size <= hits.size <= min(max_size, names.size - 1):
            continue
        if hits.size not in null:
            null[hits.size] = _null_scores(value, hits.size, n_permutation, rng)
        es, peak = enrichment_score(value, hits)
        nes, p = _normalise(es, null[hits.size])
        leading = hits[hits <= peak] if es >= 0 else hits[hits >= peak]
        records.append(
            {
                "set": name,
                "size": hits.size,
                "es": es,
                "nes": nes,
                "p": p,
                "leading": ";".join(map(str, names[leading])),
            }
        )
    columns = ["set", "size", "es", "nes", "p", "leading"]
    table = pd.DataFrame.from_records(records, columns=columns)
    table.insert(5, "q", benjamini_hochberg(table["p"].to_numpy(float)))
    return table.sort_values("nes", ascending=False, ignore_index=True)


def enrichment_score(
    value: FloatArray,  # (n_gene,) weights in ranked order
    hits: IntArray,  # (n_hit,) sorted places of the set's genes
) -> tuple[float, int]:
    """Return the largest deviation of the running sum, and its place.

    The sum goes up by the share of the set's weight at a gene of the set, down by
    1 / (n - n_hit) at any other.
    """
    scores, peaks = _scores(value, hits[None, :])
    return float(scores[0]), int(peaks[0])


def _scores(
    value: FloatArray,  # (n_gene,)
    hits: IntArray,  # (n_draw, n_hit) sorted along rows
) -> tuple[FloatArray, IntArray]:  # (n_draw,), (n_draw,)
    """Return the score of every draw; the extremes lie at or just before a hit."""
    n_draw, n_hit = hits.shape
    weight = value[hits]
    total = weight.sum(axis=1, keepdims=True)
    even = np.full_like(weight, 1 / n_hit)
    share = np.where(total > 0, weight / np.where(total > 0, total, 1.0), even)
    up = np.cumsum(share, axis=1)
    missed = (hits - np.arange(n_hit)) / (value.size - n_hit)
    after, before = up - missed, up - share - missed
    top, low = after.argmax(axis=1), before.argmin(axis=1)
    row = np.arange(n_draw)
    high_value, low_value = after[row, top], before[row, low]
    positive = high_value >= -low_value
    score = np.where(positive, high_value, low_value)
    return score, np.where(positive, hits[row, top], hits[row, low])


def _null_scores(
    value: FloatArray, n_hit: int, n_permutation: int, rng: np.random.Generator
) -> FloatArray:
    per_block = max(1, 4_000_000 // value.size)
    scores = []
    for start in range(0, n_permutation, per_block):
        size = min(per_block, n_permutation - start)
        keys = rng.random((size, value.size))
        hits = np.sort(np.argpartition(keys, n_hit - 1, axis=1)[:, :n_hit], axis=1)
        scores.append(_scores(value, hits)[0])
    return np.concatenate(scores)


def _normalise(es: float, null: FloatArray) -> tuple[float, float]:
    same = null[null >= 0] if es >= 0 else null[null < 0]
    if same.size == 0:
        return float("nan"), 1 / (1 + null.size)
    scale = float(np.abs(same.mean()))
    as_far = int((np.abs(same) >= abs(es) - 1e-12).sum())
    return es / scale if scale > 0 else float("nan"), (1 + as_far) / (1 + same.size)


def ranks_of(importance: FloatArray) -> FloatArray:
    """Return ranks from 1, the largest importance first; NaN stays NaN."""
    ranks: FloatArray = rankdata(-importance, method="min", nan_policy="omit")
    return ranks
