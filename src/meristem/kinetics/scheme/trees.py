"""Spanning in-trees of a reaction scheme: the patterns of King and Altman."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from meristem.errors import ConfigError
from meristem.kinetics.scheme.scheme import Scheme
from meristem.records import IntArray

MAX_TREES = 20_000


@dataclass(frozen=True)
class Trees:
    """All spanning in-trees of a scheme.

    Attributes
    ----------
    pattern
        1 where the reaction is part of the tree.
    root
        Position of the root state of every tree.
    """

    pattern: IntArray  # (n_tree, n_reaction)
    root: IntArray  # (n_tree,)


def count_trees(scheme: Scheme) -> int:
    """Return the number of spanning in-trees, by the matrix-tree theorem.

    References
    ----------
    Tutte 1948, Proc Camb Phil Soc 44:463 (directed matrix-tree theorem).

    Examples
    --------
    >>> from meristem.kinetics.scheme.catalog import cas9
    >>> count_trees(cas9(4))
    10
    """
    size = len(scheme.states)
    laplacian = np.zeros((size, size))
    for source, target in scheme.links:
        laplacian[source, target] -= 1.0
        laplacian[source, source] += 1.0
    total = 0.0
    for root in range(size):
        keep = np.delete(np.arange(size), root)
        total += np.linalg.det(laplacian[np.ix_(keep, keep)])
    return round(float(total))


def _exits(links: tuple[tuple[int, int], ...], size: int) -> list[list[int]]:
    exits: list[list[int]] = [[] for _ in range(size)]
    for index, (source, _) in enumerate(links):
        exits[source].append(index)
    return exits


def _closes_cycle(state: int, target: int, parent: dict[int, int]) -> bool:
    """Tell whether the step `state` -> `target` closes a cycle of chosen steps."""
    while target in parent:
        target = parent[target]
    return target == state


def _grow(
    open_states: list[int],
    exits: list[list[int]],
    links: tuple[tuple[int, int], ...],
    parent: dict[int, int],
    chosen: list[int],
) -> Iterator[tuple[int, ...]]:
    if not open_states:
        yield tuple(chosen)
        return
    state, rest = open_states[0], open_states[1:]
    for reaction in exits[state]:
        target = links[reaction][1]
        if _closes_cycle(state, target, parent):
            continue
        parent[state] = target
        yield from _grow(rest, exits, links, parent, [*chosen, reaction])
        del parent[state]


def spanning_trees(scheme: Scheme) -> Trees:
    """Enumerate every spanning in-tree: one exit per non-root state, no cycle.

    Parameters
    ----------
    scheme
        A scheme; parallel reactions between two states make separate trees.

    Returns
    -------
    Trees
        Trees ordered by root.

    Raises
    ------
    ConfigError
        If there are more than `MAX_TREES`; use the elimination solver instead.

    References
    ----------
    King & Altman 1956, J Phys Chem 60:1375; Kirchhoff 1847.

    Examples
    --------
    >>> from meristem.kinetics.scheme.catalog import cas9
    >>> trees = spanning_trees(cas9(4))
    >>> [int((trees.root == root).sum()) for root in range(4)]
    [4, 3, 2, 1]
    """
    n_tree = count_trees(scheme)
    if n_tree > MAX_TREES:
        raise ConfigError(
            f"the scheme has {n_tree} spanning trees",
            where=f"scheme {scheme.name!r}",
            remedy="use method='elimination', which needs none",
        )
    size = len(scheme.states)
    links = scheme.links
    exits = _exits(links, size)
    rows: list[tuple[int, ...]] = []
    roots: list[int] = []
    for root in range(size):
        others = [state for state in range(size) if state != root]
        found = list(_grow(others, exits, links, {}, []))
        rows += found
        roots += [root] * len(found)
    pattern = np.zeros((len(rows), len(links)), dtype=np.int64)
    for index, row in enumerate(rows):
        pattern[index, list(row)] = 1
    return Trees(pattern, np.asarray(roots, dtype=np.int64))
