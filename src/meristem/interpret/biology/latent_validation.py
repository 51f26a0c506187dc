"""Whether a latent tracks the quantity it stands for, on rows never seen in training.

A latent is identified up to sign and scale, and its sign may differ between folds.
Agreement is therefore the mean over folds of ``|r|``, which is above 0 by chance; the
permutation null, not the distance from 0, says what is real.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from meristem.records import FloatArray
from meristem.stats.correlation import columnwise_r, counted_r, permuted_r

COLUMNS = (
    "node",
    "omics",
    "agreement",
    "agreement_low",
    "agreement_high",
    "agreement_p",
    "rank_agreement",
    "null_mean",
    "n_rows",
    "n_folds",
)


@dataclass(frozen=True)
class _Fold:
    """Latents and measurements of one fold; columns are pairs of node and omics."""

    latent: FloatArray  # (n_row, n_pair)
    measured: FloatArray  # (n_row, n_pair) NaN missing

    @property
    def n_row(self) -> int:
        return int(self.latent.shape[0])


def latent_agreement(
    latents: pd.DataFrame,
    rng: np.random.Generator,
    *,
    n_permutation: int = 200,
    n_bootstrap: int = 200,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the agreement of every latent with its measurement on held-out rows.

    Parameters
    ----------
    latents
        Columns of `latents.csv`: sample_id, node, omics, latent, measured, replicate,
        fold; of one model.
    rng
        Source of permutations and bootstrap draws.
    n_permutation
        Permutations of the measured rows within folds; the same for all nodes, so
        that their correlation stays.
    n_bootstrap
        Draws of rows within folds for the interval.
    level
        Of the interval.

    Returns
    -------
    DataFrame
        One row per node and omics table: `agreement`, the mean over folds of
        ``|r|``, its bootstrap interval, `agreement_p` (share of permutations with at
        least this agreement, the observed one counted), `rank_agreement` (mean
        ``|rank r|``), `null_mean`, rows and folds. Best first.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> x = np.arange(12.0)
    >>> frame = pd.DataFrame({
    ...     "sample_id": x.astype(str), "node": "auxin", "omics": "metabolites",
    ...     "latent": -x, "measured": 3 * x + 1, "replicate": 0, "fold": 0,
    ... })
    >>> latent_agreement(frame, np.random.default_rng(1))["agreement"].item()
    1.0
    """
    pairs = latents[["node", "omics"]].drop_duplicates(ignore_index=True)
    if pairs.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    folds = list(_folds(latents, pairs))
    r = [columnwise_r(fold.latent, fold.measured) for fold in folds]
    observed = _mean_folds([np.abs(values) for values in r])
    null = _null(folds, n_permutation, rng)
    low, high = _interval(folds, r, n_bootstrap, level, rng)
    counted = [(~np.isnan(fold.measured)).sum(axis=0) for fold in folds]
    known = [~np.isnan(values) for values in r]
    table = pairs.assign(
        agreement=observed,
        agreement_low=low,
        agreement_high=high,
        agreement_p=_p_value(observed, null),
        rank_agreement=_mean_folds([np.abs(_rank_r(fold)) for fold in folds]),
        null_mean=null.mean(axis=0) if n_permutation else np.nan,
        n_rows=np.sum([n * k for n, k in zip(counted, known, strict=True)], axis=0),
        n_folds=np.sum(known, axis=0),
    )
    return table.sort_values("agreement", ascending=False, ignore_index=True)


def agreement_by_sensitivity(nodes: pd.DataFrame, n_bin: int = 5) -> pd.DataFrame:
    """Return the agreement of latents in classes of their sensitivity.

    The published claim is that latents the prediction depends on track their
    quantity.

    Parameters
    ----------
    nodes
        Columns sensitivity and agreement; rows without either are left out.
    n_bin
        Classes of equal size.

    Returns
    -------
    DataFrame
        One row per class, least sensitive first: sensitivity and agreement (means),
        n; `rank_r` repeats the rank correlation over all nodes.
    """
    known = nodes[["sensitivity", "agreement"]].dropna()
    n_bin = min(n_bin, len(known))
    if n_bin == 0:
        return pd.DataFrame(columns=["sensitivity", "agreement", "n", "rank_r"])
    order = known["sensitivity"].rank(method="first").to_numpy()
    place = np.ceil(order * n_bin / len(known)).astype(int)
    grouped = known.groupby(place)
    table = grouped.mean().assign(n=grouped.size()).reset_index(drop=True)
    ranks = known.rank().to_numpy()
    return table.assign(rank_r=float(columnwise_r(ranks[:, :1], ranks[:, 1:])[0]))


def _folds(latents: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[_Fold]:
    """Yield a matrix of latents and one of measurements for every fold."""
    keys = (
        ["split", "replicate", "fold"] if "split" in latents else ["replicate", "fold"]
    )
    columns = pd.MultiIndex.from_frame(pairs)
    place = columns.get_indexer(pd.MultiIndex.from_frame(latents[["node", "omics"]]))
    frame = latents.assign(place=place)
    for _, rows in frame.groupby(keys, sort=True):
        line, sample = np.unique(rows["sample_id"].to_numpy(str), return_inverse=True)
        latent = np.zeros((line.size, len(pairs)))
        measured = np.full((line.size, len(pairs)), np.nan)
        at = rows["place"].to_numpy()
        latent[sample, at] = rows["latent"].to_numpy()
        measured[sample, at] = rows["measured"].to_numpy()
        yield _Fold(latent, measured)


def _mean_folds(values: list[FloatArray]) -> FloatArray:
    """Return the mean over folds, those without a value left out."""
    stacked = np.stack(values)
    known = ~np.isnan(stacked)
    total = np.where(known, stacked, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _null(
    folds: list[_Fold], n_permutation: int, rng: np.random.Generator
) -> FloatArray:  # (n_permutation, n_pair)
    """Return the agreement of permuted measurements, all pairs permuted alike."""
    n_pair = folds[0].latent.shape[1]
    if n_permutation == 0:
        return np.empty((0, n_pair))
    total = np.zeros((n_permutation, n_pair))
    count = np.zeros((n_permutation, n_pair))
    for fold in folds:
        for draw, values in enumerate(
            permuted_r(fold.latent, fold.measured, n_permutation, rng)
        ):
            known = ~np.isnan(values)
            total[draw] += np.where(known, np.abs(values), 0.0)
            count[draw] += known
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _p_value(observed: FloatArray, null: FloatArray) -> FloatArray:
    if null.shape[0] == 0:
        return np.full(observed.size, np.nan)
    as_good = (null >= observed - 1e-12).sum(axis=0)
    return np.where(np.isnan(observed), np.nan, (1 + as_good) / (1 + null.shape[0]))


def _interval(
    folds: list[_Fold],
    r: list[FloatArray],
    n_bootstrap: int,
    level: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Return the bootstrap interval; a draw keeps the sign that the fold has."""
    empty = np.full(r[0].size, np.nan)
    if n_bootstrap == 0:
        return empty, empty
    total = np.zeros((n_bootstrap, empty.size))
    count = np.zeros((n_bootstrap, empty.size))
    for fold, fold_r in zip(folds, r, strict=True):
        even = np.full(fold.n_row, 1 / fold.n_row)
        counts = rng.multinomial(fold.n_row, even, n_bootstrap)
        drawn = counted_r(counts, fold.latent, fold.measured)
        total += np.nan_to_num(np.where(fold_r < 0, -drawn, drawn))
        count += ~np.isnan(drawn)
    stacked = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    # a pair too sparse for any draw has no interval
    known = np.asarray(~np.isnan(stacked).all(axis=0))
    tail = (1 - level) / 2
    low, high = empty.copy(), empty.copy()
    if known.any():
        bounds = np.nanquantile(stacked[:, known], [tail, 1 - tail], axis=0)
        low[known], high[known] = bounds
    return low, high


def _rank_r(fold: _Fold) -> FloatArray:
    known = ~np.isnan(fold.measured)
    latent = np.where(known, fold.latent, np.nan)
    ranks = [
        scipy.stats.rankdata(values, axis=0, nan_policy="omit")
        for values in (latent, fold.measured)
    ]
    return columnwise_r(np.where(known, ranks[0], 0.0), ranks[1])
