"""Two selections of the same candidates: overlap, chance level, gain lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from meristem.errors import DataError
from meristem.records import FloatArray


@dataclass(frozen=True)
class Comparison:
    """Selections of k lines by two models (or indices), A and B."""

    k: int
    overlap: int  # lines in both
    chance: float  # expected overlap of random selections, k^2 / n
    chance_sd: float  # its standard deviation
    jaccard: float  # overlap / union
    lost_by_first: float  # gain that A's choice gives away under the beliefs of B
    lost_by_second: float
    share_lost_by_first: float  # of the gain that B expects of its own choice
    share_lost_by_second: float
    kendall: float  # tau_b within the union


def compare_selections(
    first: FloatArray,  # (n_sample,) values by A, large is good
    second: FloatArray,  # (n_sample,) values by B
    k: int,
) -> Comparison:
    """Compare what two models would select.

    Parameters
    ----------
    first, second
        Values of the same candidates by both models.
    k
        Lines selected.

    Raises
    ------
    DataError
        If k is not between 1 and the number of candidates.

    Examples
    --------
    >>> same = compare_selections(np.arange(10.0), np.arange(10.0), 3)
    >>> same.overlap, same.lost_by_first, round(same.chance, 2)
    (3, 0.0, 0.9)
    """
    n = first.size
    if not 1 <= k <= n:
        raise DataError(f"{k} of {n} candidates cannot be selected")
    one, two = best(first, k), best(second, k)
    overlap = int(np.isin(one, two).sum())
    union = np.union1d(one, two)
    # hypergeometric law
    variance = k * k / n * (n - k) / n * (n - k) / max(n - 1, 1)
    lost_one = float(second[two].mean() - second[one].mean())
    lost_two = float(first[one].mean() - first[two].mean())
    return Comparison(
        k,
        overlap,
        k * k / n,
        float(np.sqrt(variance)),
        overlap / (2 * k - overlap),
        lost_one,
        lost_two,
        _share(lost_one, second, two),
        _share(lost_two, first, one),
        float(scipy.stats.kendalltau(first[union], second[union]).statistic)
        if union.size > 1
        else np.nan,
    )


def best(value: FloatArray, k: int) -> np.ndarray:  # (k,)
    """Return the rows of the k largest values, the largest first; ties in order."""
    return np.argsort(-value, kind="stable")[:k]


def _share(lost: float, value: FloatArray, chosen: np.ndarray) -> float:
    gained = float(value[chosen].mean() - value.mean())
    return lost / gained if gained > 0 else 0.0
