"""Genes, and the sparse network that knowledge is compiled into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from meristem.records.arrays import IntArray, StrArray
from meristem.records.genotypes import VariantTable


@dataclass(frozen=True)
class GeneTable:
    """Where the genes lie; end excluded."""

    gene_id: StrArray  # (n_gene,) unique
    gene_contig: StrArray  # (n_gene,)
    gene_start: IntArray  # (n_gene,) bp, 0-based
    gene_end: IntArray  # (n_gene,) bp, 0-based, excluded
    gene_strand: StrArray  # (n_gene,) "+", "-" or "."
    source: str = field(default="", compare=False)  # where from; no content


@dataclass(frozen=True)
class PlanLevel:
    """The nodes that can be computed once all lower levels are.

    Rows number the nodes of this level from 0 (row r is node `first_node + r`).
    Edges are sorted by row, then by source.
    """

    first_node: int
    n_node: int
    variant_row: IntArray  # (n_variant_edge,) row within the level
    variant_col: IntArray  # (n_variant_edge,) position in NetworkPlan.variants
    node_row: IntArray  # (n_node_edge,) row within the level
    node_col: IntArray  # (n_node_edge,) global number of a node of a lower level

    @property
    def n_edge(self) -> int:
        """Number of edges into this level."""
        return int(self.variant_row.size + self.node_row.size)


@dataclass(frozen=True)
class NetworkPlan:
    """A knowledge graph compiled for a variant table; pure data, no network.

    Nodes are numbered level by level; a node's parents are variants or nodes of
    lower levels (any lower level: skip edges are edges). `head_node` are the nodes
    the trait reads directly. Variants with no edge stay in `variants`: the
    polygenic path reads them all.
    """

    variants: VariantTable
    node_name: StrArray  # (n_node,) unique
    node_kind: StrArray  # (n_node,) "gene", "term", "metabolite", ...
    node_level: IntArray  # (n_node,) 0 = reads variants alone
    levels: tuple[PlanLevel, ...]
    head_node: IntArray  # (n_head,)
    source: str = field(default="", compare=False)  # where from; no content
    node_label: StrArray | None = None  # (n_node,) readable names; None: node_name

    @property
    def n_node(self) -> int:
        """Number of named nodes."""
        return int(self.node_name.size)

    @property
    def n_edge(self) -> int:
        """Number of edges, those into the trait left out."""
        return sum(level.n_edge for level in self.levels)

    @property
    def hash(self) -> str:
        """Digest of every name and edge: equal plans have equal hashes."""
        digest = hashlib.sha256()
        for names in (self.variants.variant_id, self.node_name, self.node_kind):
            digest.update("\0".join(map(str, names)).encode())
        for level in self.levels:
            for part in ("variant_row", "variant_col", "node_row", "node_col"):
                array = np.ascontiguousarray(getattr(level, part), dtype=np.int64)
                digest.update(part.encode() + array.tobytes())
        digest.update(np.ascontiguousarray(self.head_node, dtype=np.int64).tobytes())
        return digest.hexdigest()[:16]
