"""Ontologies: terms, their parents, and the true-path rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from meristem.errors import KnowledgeError
from meristem.knowledge.levels import find_cycle, node_levels
from meristem.knowledge.source import SourceText
from meristem.records import IntArray, StrArray

RELATIONS = ("is_a", "part_of")
"""Relations along which membership passes from child to parent."""

_NAMESPACES = {
    "p": "biological_process",
    "bp": "biological_process",
    "f": "molecular_function",
    "mf": "molecular_function",
    "c": "cellular_component",
    "cc": "cellular_component",
}


@dataclass(frozen=True)
class Ontology:
    """Terms and their parents; terms are sorted by id."""

    term_id: StrArray  # (n_term,) unique, sorted
    namespace: StrArray  # (n_term,) "" when unknown
    child: IntArray  # (n_edge,) position in term_id
    parent: IntArray  # (n_edge,) position in term_id
    relation: StrArray  # (n_edge,) of RELATIONS
    label: Mapping[str, str]  # term id -> readable name
    alias: Mapping[str, str]  # alternative id -> term id
    obsolete: frozenset[str]
    source: SourceText

    def __post_init__(self) -> None:
        level = node_levels(self.term_id.size, self.child, self.parent)
        if (level < 0).any():
            cycle = find_cycle(self.child, self.parent, level)
            path = " -> ".join(str(self.term_id[term]) for term in cycle)
            raise KnowledgeError(
                f"the ontology has a cycle: {path}",
                where=self.source.path,
                remedy="use a release without cycles (for GO: go-basic.obo)",
            )


def canonical_namespace(name: str) -> str:
    """Return the long name of a namespace: `P`, `BP` -> `biological_process`.

    Examples
    --------
    >>> canonical_namespace("BP"), canonical_namespace("plant_anatomy")
    ('biological_process', 'plant_anatomy')
    """
    return _NAMESPACES.get(name.strip().lower(), name.strip())


def canonical_relation(name: str) -> str:
    """Return a relation in one spelling: `isa`, `part of` -> `is_a`, `part_of`."""
    folded = name.strip().lower().replace(" ", "_").replace("-", "_")
    return "is_a" if folded == "isa" else folded


def make_ontology(
    namespace: Mapping[str, str],
    edges: Iterable[tuple[str, str, str]],
    source: SourceText,
    *,
    label: Mapping[str, str] | None = None,
    alias: Mapping[str, str] | None = None,
    obsolete: Iterable[str] = (),
) -> Ontology:
    """Make an ontology from names.

    Parameters
    ----------
    namespace
        Namespace of every term, "" when unknown.
    edges
        Triples (child, relation, parent); relations other than `is_a` and
        `part_of` are left out, because membership does not pass along them.
    source
        The file, for messages.
    label, alias, obsolete
        Readable names, alternative ids, withdrawn ids.

    Returns
    -------
    Ontology
        Terms sorted by id, double edges joined.

    Raises
    ------
    KnowledgeError
        If the ontology has a cycle.
    """
    term_id = np.array(sorted(namespace), dtype=np.str_)
    number = {name: position for position, name in enumerate(term_id.tolist())}
    kept: dict[tuple[int, int], str] = {}
    for child, relation, parent in edges:
        if relation in RELATIONS:
            kept.setdefault((number[child], number[parent]), relation)
    pairs = np.array(sorted(kept), dtype=np.int64).reshape(-1, 2)
    return Ontology(
        term_id,
        np.array([namespace[name] for name in term_id.tolist()], dtype=np.str_),
        pairs[:, 0],
        pairs[:, 1],
        np.array([kept[pair] for pair in sorted(kept)], dtype=np.str_),
        label or {},
        alias or {},
        frozenset(obsolete),
        source,
    )


def propagate(
    member: sparse.csr_matrix,  # (n_term, n_gene) direct annotation
    child: IntArray,  # (n_edge,)
    parent: IntArray,  # (n_edge,)
) -> sparse.csr_matrix:  # (n_term, n_gene)
    """Return membership after the true-path rule: a term has its children's genes.

    Parameters
    ----------
    member
        True where a gene is annotated to a term.
    child, parent
        Edges between terms, without cycles.

    Returns
    -------
    csr_matrix
        Boolean, one row per term.

    References
    ----------
    Gene Ontology Consortium, "Relations in the Gene Ontology": an annotation to a
    term implies annotation to all its is_a and part_of parents.

    Examples
    --------
    >>> import numpy as np
    >>> direct = sparse.csr_matrix(np.array([[1, 0], [0, 1], [0, 0]], dtype=bool))
    >>> both = propagate(direct, np.array([0, 1]), np.array([2, 2]))
    >>> both.toarray().astype(int).tolist()
    [[1, 0], [0, 1], [1, 1]]
    """
    n_term = member.shape[0]
    ones = np.ones(child.size, dtype=bool)
    up = sparse.csr_matrix((ones, (parent, child)), shape=(n_term, n_term))
    total = member.astype(bool).tocsr()
    gained = total
    while gained.nnz:
        # Only what is new travels on, so that a deep ontology costs its edges once.
        gained = without(up @ gained, total)
        total = (total + gained).tocsr()
    return total


def without(
    one: sparse.csr_matrix,
    other: sparse.csr_matrix,
) -> sparse.csr_matrix:
    """Return the entries of a boolean matrix that another one does not have."""
    left = one.astype(np.int8) - one.multiply(other).astype(np.int8)
    left.eliminate_zeros()
    return left.astype(bool).tocsr()
