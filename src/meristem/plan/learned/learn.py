"""A network learned from the training rows, curated knowledge on top of it."""

from __future__ import annotations

import numpy as np

from meristem.config.models import LearnOptions
from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import KnowledgeGraph, make_graph
from meristem.knowledge.merge import unite
from meristem.plan.compile import make_plan
from meristem.plan.learned.curated import GENE, above_genes
from meristem.plan.learned.graph import LearnedGraph, learn_graph
from meristem.plan.summary import LEARNED
from meristem.records import (
    Dataset,
    GeneTable,
    NetworkPlan,
    Splits,
    VariantTable,
)

MODULE = "module"
"""Kind of a node that stands for co-expressed genes."""


def learn_plan(
    dataset: Dataset,
    options: LearnOptions,
    *,
    rng: np.random.Generator,
    knowledge: Knowledge | None = None,
    genes: GeneTable | None = None,
    inner: Splits = (),
    merge: bool = True,
) -> NetworkPlan:
    """Learn a network from the training rows, curated knowledge on top of it.

    Parameters
    ----------
    dataset, options, rng, knowledge, genes, inner
        As for `learn_graph`.
    merge
        Put what `knowledge` says of the learned genes (terms, wider terms, edges
        between genes) on top of them; otherwise it serves the cis windows alone.

    Returns
    -------
    NetworkPlan
        Every learned gene reads its own variants. Genes without variants, and terms
        with fewer learned genes than `min_genes_per_term`, are not in it.

    Raises
    ------
    DataError, PlanError
        As for `learn_graph`; and if no gene got any variant.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.records import Genotypes, OmicsTable, Phenotypes
    >>> rng = np.random.default_rng(1)
    >>> line = np.array([f"l{k}" for k in range(60)])
    >>> name = np.array([f"v{k}" for k in range(9)])
    >>> table = VariantTable(name, np.repeat("1", 9), np.arange(1, 10), name, name)
    >>> dosage = rng.integers(0, 3, (60, 9)).astype(np.int8)
    >>> level = dosage[:, [2, 7, 5]] + 0.1 * rng.normal(size=(60, 3))
    >>> gene = np.array(["a", "b", "c"])
    >>> data = Dataset(
    ...     Genotypes(line, table, dosage),
    ...     Phenotypes(line, np.array(["t"]), np.array([""]),
    ...         level[:, :2].sum(axis=1, keepdims=True), np.ones((60, 1))),
    ...     (OmicsTable("expression", line, gene, gene, level),))
    >>> options = LearnOptions(n_genes=2, variants_per_gene=1)
    >>> plan = learn_plan(data, options, rng=rng)
    >>> plan.node_name.tolist(), plan.levels[0].variant_col.tolist()
    (['a', 'b'], [2, 7])
    """
    learned = learn_graph(
        dataset, options, rng=rng, knowledge=knowledge, genes=genes, inner=inner
    )
    graph = to_graph(learned, dataset.genotypes.variants, knowledge)
    if knowledge is not None and merge:
        above = above_genes(
            knowledge.graph,
            set(learned.node_name.tolist()),
            min_genes=options.min_genes_per_term,
        )
        graph = unite([graph, above])
    return make_plan(Knowledge(graph), dataset.genotypes.variants)


def to_graph(
    learned: LearnedGraph,
    variants: VariantTable,
    knowledge: Knowledge | None = None,
) -> KnowledgeGraph:
    """Return a learned graph as knowledge: nodes, claims and edges by name."""
    kinds = dict.fromkeys(learned.node_name.tolist(), GENE)
    if knowledge is not None:
        names, kind = knowledge.graph.node_name, knowledge.graph.node_kind
        known = zip(names.tolist(), kind.tolist(), strict=True)
        kinds.update((name, kind) for name, kind in known if name in kinds)
    for name in learned.edge_target:
        kinds.setdefault(name, MODULE)
    names = learned.node_name[learned.gene].tolist()
    ids = variants.variant_id[learned.variant].tolist()
    return make_graph(
        kinds,
        learned.edge_source,
        learned.edge_target,
        edge_kind="learned",
        claims=list(zip(names, ids, strict=True)),
        source=LEARNED,
    )
