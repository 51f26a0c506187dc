"""What a plan holds and what a network on it costs, before one is made."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from meristem.plan.assemble import node_edges, node_labels, variant_edges
from meristem.records import IntArray, NetworkPlan

_FLOAT = 4  # bytes of a float32
_COPIES = 4  # weight, gradient and Adam's two moments
_PASSES = 3  # forward, and two products of the same size backward


@dataclass(frozen=True)
class LevelSummary:
    """Counts of one level."""

    level: int
    n_node: int
    n_variant_edge: int
    n_node_edge: int
    max_parents: int  # variants and nodes together, of the node with most


@dataclass(frozen=True)
class PlanSummary:
    """Counts of a plan, and estimates for one network on it."""

    hash: str
    n_variant: int
    n_claimed: int  # variants that some node reads
    n_node: int
    n_edge: int
    n_head: int
    nodes_by_kind: dict[str, int]
    levels: tuple[LevelSummary, ...]
    n_parameter: int
    weight_bytes: int  # with gradient and optimiser state, float32
    activation_bytes: int  # of one pass over n_sample rows, dosages included
    step_flop: int  # of one training step over n_sample rows

    @property
    def depth(self) -> int:
        """Number of levels."""
        return len(self.levels)

    def to_json(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return asdict(self)


def count_parents(plan: NetworkPlan) -> tuple[IntArray, IntArray]:
    """Return the numbers of variants and of nodes that each node reads.

    Both have shape (n_node,).
    """
    node, _ = variant_edges(plan)
    _, child = node_edges(plan)
    return (
        np.bincount(node, minlength=plan.n_node),
        np.bincount(child, minlength=plan.n_node),
    )


def _chain(inputs: IntArray, widths: tuple[int, ...]) -> tuple[int, int, int]:
    """Return products, parameters and activations of small nets of these inputs."""
    product = parameter = activation = 0
    width_in = inputs
    for width in widths:
        product += int(width_in.sum()) * width
        parameter += int(width_in.sum()) * width + width * inputs.size
        activation += width * inputs.size
        width_in = np.full(inputs.size, width, dtype=np.int64)
    return product, parameter, activation


def plan_summary(
    plan: NetworkPlan,
    hidden: tuple[int, ...] = (16,),
    width: int = 1,
    n_sample: int = 1,
    variant_hidden: tuple[int, ...] = (),
) -> PlanSummary:
    """Count a plan and estimate the network on it.

    Every node is a small net of its own over its parents: `hidden` widths where it
    reads nodes, `variant_hidden` where it reads variants alone, `width` outputs. A
    linear path over all variants and the weights from the heads are included.

    Parameters
    ----------
    plan
        The plan.
    hidden, width, variant_hidden
        Widths of the small nets, as in the options of the network.
    n_sample
        Rows of one step.

    Returns
    -------
    PlanSummary
        Counts are exact; parameters, bytes and operations are estimates.
    """
    n_variant_parent, n_node_parent = count_parents(plan)
    reads_nodes = n_node_parent > 0
    fan_in = n_variant_parent + n_node_parent * width
    inner = _chain(fan_in[reads_nodes], (*hidden, width))
    outer = _chain(fan_in[~reads_nodes], (*variant_hidden, width))
    ends = plan.variants.n_variant + plan.head_node.size * width
    n_parameter = inner[1] + outer[1] + ends + 1
    products = inner[0] + outer[0] + ends
    activations = inner[2] + outer[2] + plan.variants.n_variant
    total = n_variant_parent + n_node_parent
    levels = tuple(
        LevelSummary(
            number,
            level.n_node,
            int(level.variant_row.size),
            int(level.node_row.size),
            int(total[level.first_node : level.first_node + level.n_node].max()),
        )
        for number, level in enumerate(plan.levels)
    )
    return PlanSummary(
        hash=plan.hash,
        n_variant=plan.variants.n_variant,
        n_claimed=int(np.unique(variant_edges(plan)[1]).size),
        n_node=plan.n_node,
        n_edge=plan.n_edge,
        n_head=int(plan.head_node.size),
        nodes_by_kind=dict(sorted(Counter(plan.node_kind.tolist()).items())),
        levels=levels,
        n_parameter=n_parameter,
        weight_bytes=n_parameter * _FLOAT * _COPIES,
        activation_bytes=activations * n_sample * _FLOAT,
        step_flop=2 * _PASSES * products * n_sample,
    )


LEARNED = "learned from the training rows"
"""Source of a graph that a model learned."""


def network_json(plan: NetworkPlan) -> dict[str, Any]:
    """Return the plan for `network.json` of the run folder: names, no positions.

    Returns
    -------
    dict
        `nodes` (name, label, kind, level, n_variants, n_parents, head), `edges`
        (source, target), `counts`, `hash` and `learned`.
    """
    n_variant, n_parent = count_parents(plan)
    head = np.zeros(plan.n_node, dtype=bool)
    head[plan.head_node] = True
    columns = zip(
        plan.node_name.tolist(),
        node_labels(plan).tolist(),
        plan.node_kind.tolist(),
        plan.node_level.tolist(),
        n_variant.tolist(),
        n_parent.tolist(),
        head.tolist(),
        strict=True,
    )
    keys = ("name", "label", "kind", "level", "n_variants", "n_parents", "head")
    source, target = node_edges(plan)
    names = plan.node_name
    summary = plan_summary(plan)
    return {
        "nodes": [dict(zip(keys, values, strict=True)) for values in columns],
        "edges": [
            {"source": one, "target": other}
            for one, other in zip(
                names[source].tolist(), names[target].tolist(), strict=True
            )
        ],
        "counts": {
            "variants": summary.n_variant,
            "variants_read": summary.n_claimed,
            "nodes": summary.n_node,
            "edges": summary.n_edge,
            "heads": summary.n_head,
            "levels": [asdict(level) for level in summary.levels],
            "kinds": summary.nodes_by_kind,
        },
        "hash": plan.hash,
        "learned": LEARNED in plan.source,
    }
