"""A knowledge graph and a variant table to a `NetworkPlan`; no torch here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.config.stages import KnowledgeConfig
from meristem.errors import PlanError
from meristem.knowledge.build import Knowledge
from meristem.knowledge.claims import Claims
from meristem.plan.assemble import PlanParts, assemble_plan, take_apart
from meristem.plan.assign import claim_variants
from meristem.records import NetworkPlan, VariantTable


@dataclass(frozen=True)
class Compilation:
    """A plan, the claims it was made from, and what did not get in."""

    plan: NetworkPlan
    claims: Claims
    n_dropped: int  # nodes that no variant reaches
    dropped: tuple[str, ...]  # examples of them
    lost_trait_parents: tuple[str, ...]  # named in the graph, but not reached


def compile_plan(
    knowledge: Knowledge,
    variants: VariantTable,
    config: KnowledgeConfig,
) -> Compilation:
    """Compile a graph for a variant table, and say what was left out.

    Any acyclic graph will do: any depth, many parents, edges that skip levels.
    Nodes that no variant reaches are dropped. The trait reads the graph's
    `trait_parents` (default: nodes without children) and, so that nothing is
    computed in vain, every node that no other node reads.

    Parameters
    ----------
    knowledge
        The graph and gene positions.
    variants
        The variants, in any order.
    config
        Its `assign` part says how variants find their genes.

    Returns
    -------
    Compilation
        The plan with the variants in the order given, and counts.

    Raises
    ------
    PlanError
        If no node reads any variant.
    """
    graph = knowledge.graph
    claims = claim_variants(knowledge, variants, config.assign)
    parts = PlanParts(
        variants,
        graph.node_name,
        graph.node_kind,
        graph.node_label,
        np.searchsorted(graph.node_name, claims.node_name),
        claims.variant,
        graph.edge_source,
        graph.edge_target,
        np.isin(graph.node_name, np.array(graph.trait_parents, dtype=np.str_)),
        graph.source,
    )
    plan = assemble_plan(parts)
    lost = np.setdiff1d(graph.node_name, plan.node_name)
    wanted = np.array(graph.trait_parents, dtype=np.str_)
    return Compilation(
        plan,
        claims,
        int(lost.size),
        tuple(lost[:10].tolist()),
        tuple(np.intersect1d(wanted, lost).tolist()),
    )


def make_plan(
    knowledge: Knowledge,
    variants: VariantTable,
    config: KnowledgeConfig | None = None,
) -> NetworkPlan:
    """Compile a graph for a variant table; see `compile_plan`.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.knowledge.graph import make_graph
    >>> graph = make_graph({"g": "gene", "t": "term"}, ["g"], ["t"],
    ...                    claims=[("g", "v2")])
    >>> table = VariantTable(np.array(["v1", "v2"]), np.array(["1", "1"]),
    ...     np.array([5, 90]), np.array(["A", "A"]), np.array(["C", "C"]))
    >>> plan = make_plan(Knowledge(graph), table)
    >>> plan.node_name.tolist(), plan.node_level.tolist(), plan.n_edge
    (['g', 't'], [0, 1], 2)
    """
    return compile_plan(knowledge, variants, config or KnowledgeConfig()).plan


def restrict_plan(plan: NetworkPlan, variants: VariantTable) -> NetworkPlan:
    """Return the plan for another variant table, matched by variant id.

    Variants the plan does not know get no edge; nodes left without any input are
    dropped, and levels are counted anew. Heads stay heads.

    Parameters
    ----------
    plan
        A plan over more, fewer or other variants.
    variants
        The table the network will see, in its order.

    Returns
    -------
    NetworkPlan
        A plan whose `variants` is the table given.

    Raises
    ------
    PlanError
        If none of the plan's claimed variants is in the table.
    """
    parts = take_apart(plan)
    place = {name: number for number, name in enumerate(variants.variant_id.tolist())}
    number = np.array(
        [place.get(name, -1) for name in plan.variants.variant_id.tolist()],
        dtype=np.int64,
    )
    claim_variant = number[parts.claim_variant]
    known = claim_variant >= 0
    if not known.any():
        raise PlanError(
            f"none of the {variants.n_variant} variants is read by the network",
            where=plan.source,
            remedy="keep the variant ids of the plan, or compile it for this table",
        )
    return assemble_plan(
        replace(
            parts,
            variants=variants,
            claim_node=parts.claim_node[known],
            claim_variant=claim_variant[known],
        )
    )
