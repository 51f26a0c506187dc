"""Deal names (of lines, groups or parents) into folds at random.

A part is the array of names that one fold holds out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.genetics.relationship import principal_axes, relationship_matrix
from meristem.records import Genotypes, StrArray


def deal(
    names: StrArray,
    n_part: int,
    rng: np.random.Generator,
) -> tuple[StrArray, ...]:
    """Deal names into parts as equal in size as can be.

    Examples
    --------
    >>> import numpy as np
    >>> parts = deal(np.array(list("abcde")), 2, np.random.default_rng(1))
    >>> [part.size for part in parts]
    [3, 2]
    """
    order = rng.permutation(names.size)
    return tuple(np.sort(names[order[part::n_part]]) for part in range(n_part))


def deal_groups(
    label: StrArray,  # (n_row,)
    n_part: int,
    rng: np.random.Generator,
) -> tuple[StrArray, ...]:
    """Deal group names into parts that hold about as many rows each.

    With `n_part` groups or fewer, each group is a part. Otherwise groups go, the
    large ones first, to the part that is smallest at the time.

    Raises
    ------
    DataError
        If there is only one group.
    """
    groups, size = np.unique(label, return_counts=True)
    if groups.size < 2:
        raise DataError(
            f"all rows belong to one group ({', '.join(map(str, groups))})",
            remedy="name a grouping with at least two groups, or use scheme = kfold",
        )
    if groups.size <= n_part:
        return tuple(groups[k : k + 1] for k in range(groups.size))
    part_size = np.zeros(n_part, dtype=np.int64)
    members: list[list[int]] = [[] for _ in range(n_part)]
    # the large ones first: a greedy fill then ends nearly level
    order = rng.permutation(groups.size)
    order = order[np.argsort(-size[order], kind="stable")]
    for group in order:
        smallest = int(rng.choice(np.flatnonzero(part_size == part_size.min())))
        members[smallest].append(int(group))
        part_size[smallest] += size[group]
    return tuple(groups[sorted(part)] for part in members)


def deal_parents(
    parent_1: StrArray,  # (n_hybrid,)
    parent_2: StrArray,  # (n_hybrid,)
    n_part: int,
    rng: np.random.Generator,
) -> tuple[StrArray, ...]:
    """Deal the parents of hybrids into parts, both pools at the same time.

    Part f holds a random part of the one pool and a random part of the other.
    Parents that occur in both roles make one pool.
    """
    pool_1, pool_2 = np.unique(parent_1), np.unique(parent_2)
    if np.intersect1d(pool_1, pool_2).size > 0:
        return deal(np.union1d(pool_1, pool_2), n_part, rng)
    parts_1 = deal(pool_1, n_part, rng)
    parts_2 = deal(pool_2, n_part, rng)
    return tuple(
        np.concatenate([one, two]) for one, two in zip(parts_1, parts_2, strict=True)
    )


def cluster_labels(
    genotypes: Genotypes,
    n_cluster: int,
    rng: np.random.Generator,
    n_axis: int = 10,
    *,
    among: NDArray[np.bool_] | None = None,  # (n_sample,)
) -> StrArray:  # (n_sample,)
    """Return k-means clusters of the relationship matrix's principal coordinates.

    Parameters
    ----------
    genotypes
        The lines; no phenotype is looked at.
    n_cluster
        Number of clusters.
    rng
        Starts of k-means.
    n_axis
        Leading coordinates used.
    among
        Lines that make the clusters, the others join the nearest; None: all. Parents
        of hybrids would else be a cluster of their own.
    """
    makers = np.ones(genotypes.n_sample, dtype=bool) if among is None else among
    n_cluster = min(n_cluster, int(makers.sum()))
    kernel = relationship_matrix(genotypes.call_dosage, ploidy=genotypes.ploidy)
    scores, _ = principal_axes(kernel, min(n_axis, genotypes.n_sample - 1))
    from sklearn.cluster import KMeans  # noqa: PLC0415 - loads slowly

    means = KMeans(n_cluster, n_init=10, random_state=int(rng.integers(2**31)))
    return _name_clusters(means.fit(scores[makers]).predict(scores))


def _name_clusters(number: NDArray) -> StrArray:
    # numbered by size, so that a name means the same whatever k-means called it
    _, index, size = np.unique(number, return_inverse=True, return_counts=True)
    rank = np.empty(size.size, dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(1, size.size + 1)
    return np.array([f"cluster {k}" for k in rank[index]])
