"""Terms pruned and collapsed by size and redundancy; phenotypes are never seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from meristem.config.stages import PruneConfig
from meristem.errors import KnowledgeError
from meristem.knowledge.levels import node_levels
from meristem.knowledge.ontology.ontology import propagate, without
from meristem.knowledge.terms import TermGraph
from meristem.records import IntArray

_BLOCK = 1000  # rows of the overlap matrix that exist at one time


@dataclass(frozen=True)
class PruneCounts:
    """How many terms were removed, and why."""

    n_before: int
    n_small: int
    n_large: int
    n_redundant: int
    n_kept: int


def similar_pairs(
    member: sparse.csr_matrix,  # (n_term, n_gene) bool
    threshold: float,
) -> tuple[IntArray, IntArray, NDArray[np.float64]]:  # each (n_pair,)
    """Return the pairs of terms with a Jaccard index above a threshold.

    Examples
    --------
    >>> import numpy as np
    >>> member = sparse.csr_matrix(np.array([[1, 1, 1], [1, 1, 0], [0, 0, 1]], bool))
    >>> one, other, jaccard = similar_pairs(member, 0.5)
    >>> one.tolist(), other.tolist(), jaccard.round(2).tolist()
    ([0], [1], [0.67])
    """
    count = member.astype(np.int32).tocsr()
    size = np.diff(count.indptr)
    first, second, value = [], [], []
    for start in range(0, count.shape[0], _BLOCK):
        shared = (count[start : start + _BLOCK] @ count.T).tocoo()
        row = shared.row.astype(np.int64) + start
        col = shared.col.astype(np.int64)
        jaccard = shared.data / (size[row] + size[col] - shared.data)
        keep = (col > row) & (jaccard > threshold)
        first.append(row[keep])
        second.append(col[keep])
        value.append(jaccard[keep])
    empty = np.zeros(0)
    return (
        np.concatenate([empty.astype(np.int64), *first]),
        np.concatenate([empty.astype(np.int64), *second]),
        np.concatenate([empty, *value]),
    )


def _redundant(
    member: sparse.csr_matrix,  # (n_term, n_gene) bool, terms sorted by id
    level: IntArray,  # (n_term,) 0 = has no narrower term
    max_jaccard: float,
) -> NDArray[np.bool_]:  # (n_term,)
    """Return terms too similar to a larger one that stays.

    From the largest to the smallest: a term stays unless its index with one that
    stays is above the limit. The larger one stays, so that no gene loses its place;
    of equally large ones the more specific, then the first by id.
    """
    one, other, _ = similar_pairs(member, max_jaccard)
    size = np.diff(member.indptr)
    rank = np.empty(size.size, dtype=np.int64)
    rank[np.lexsort((np.arange(size.size), level, -size))] = np.arange(size.size)
    swap = rank[one] > rank[other]
    larger, smaller = np.where(swap, other, one), np.where(swap, one, other)
    removed = np.zeros(size.size, dtype=bool)
    for pair in np.lexsort((rank[larger], rank[smaller])):
        if not removed[larger[pair]]:
            removed[smaller[pair]] = True
    return removed


def _nearest_kept(
    start: sparse.csr_matrix,  # (n_row, n_term) bool
    up: sparse.csr_matrix,  # (n_term, n_term) bool, child by parent
    keep: NDArray[np.bool_],  # (n_term,)
) -> sparse.csr_matrix:  # (n_row, n_term) bool, kept columns alone
    """Return where edges end once they pass through removed terms."""
    kept = sparse.diags(keep, dtype=bool).tocsr()
    removed = sparse.diags(~keep, dtype=bool).tocsr()
    landed = (start @ kept).astype(bool).tocsr()
    travelling = (start @ removed).astype(bool).tocsr()
    while travelling.nnz:
        reached = (travelling @ up).astype(bool)
        landed = (landed + reached @ kept).astype(bool).tocsr()
        travelling = (reached @ removed).astype(bool).tocsr()
    return landed


def keep_terms(terms: TermGraph, keep: NDArray[np.bool_]) -> TermGraph:
    """Return the kept terms; children of removed ones go to the nearest kept above.

    An edge that another path already implies (a gene under a term and under that
    term's parent) is left out: by the true-path rule it says nothing new.

    Parameters
    ----------
    terms
        The term graph.
    keep
        Which terms stay, shape (n_term,).

    Returns
    -------
    TermGraph
        Terms and edges between them; genes that stand under no kept term stay in
        `gene_id`.
    """
    n_term = terms.term_id.size
    ones = np.ones(terms.child.size, dtype=bool)
    up = sparse.csr_matrix((ones, (terms.child, terms.parent)), shape=(n_term, n_term))
    own = _nearest_kept(terms.direct.T.tocsr(), up, keep)[:, keep]
    between = _nearest_kept(up, up, keep)[keep][:, keep]
    child, parent = between.nonzero()
    identity = sparse.identity(int(keep.sum()), dtype=bool, format="csr")
    # Row t of the closure: t and every term below it; transposed: all above it.
    above = without(propagate(identity, child, parent).T.tocsr(), identity)
    own = without(own, (own @ above).astype(bool))
    between = without(between, (between @ above).astype(bool))
    child, parent = between.nonzero()
    relation = {
        (one, other): kind
        for one, other, kind in zip(
            terms.child.tolist(),
            terms.parent.tolist(),
            terms.relation.tolist(),
            strict=True,
        )
    }
    place = np.flatnonzero(keep)
    ends = zip(place[child].tolist(), place[parent].tolist(), strict=True)
    return replace(
        terms,
        term_id=terms.term_id[keep],
        term_kind=terms.term_kind[keep],
        term_label=terms.term_label[keep],
        direct=own.T.tocsr(),
        child=child.astype(np.int64),
        parent=parent.astype(np.int64),
        relation=np.array(
            [relation.get(pair, "collapsed") for pair in ends], dtype=np.str_
        ),
    )


def prune_terms(
    terms: TermGraph,
    config: PruneConfig,
) -> tuple[TermGraph, PruneCounts]:
    """Remove terms that are too small, too large or too similar to a larger one.

    Sizes are counted after the true-path rule. Nothing but the annotation is used.

    Parameters
    ----------
    terms
        Terms, sets and their genes.
    config
        Limits.

    Returns
    -------
    TermGraph
        What stays, see `keep_terms`.
    PruneCounts
        How many were removed, and why.

    Raises
    ------
    KnowledgeError
        If no term stays.
    """
    member = propagate(terms.direct, terms.child, terms.parent)
    size = np.diff(member.indptr)
    small = size < config.min_genes
    large = size > config.max_genes
    fitting = np.flatnonzero(~small & ~large)
    if fitting.size == 0:
        raise KnowledgeError(
            f"no term has between {config.min_genes} and {config.max_genes} genes "
            f"(sizes run from {int(size.min())} to {int(size.max())})",
            where=terms.source,
            remedy="widen prune.min_genes and prune.max_genes",
        )
    level = node_levels(size.size, terms.child, terms.parent)
    redundant = _redundant(member[fitting], level[fitting], config.max_jaccard)
    keep = np.zeros(size.size, dtype=bool)
    keep[fitting[~redundant]] = True
    counts = PruneCounts(
        n_before=int(size.size),
        n_small=int(small.sum()),
        n_large=int(large.sum()),
        n_redundant=int(redundant.sum()),
        n_kept=int(keep.sum()),
    )
    return keep_terms(terms, keep), counts
