"""How many weights a network over a plan has, counted without a network."""

from __future__ import annotations

import numpy as np

from meristem.config.models import TrainedNetworkOptions
from meristem.records import NetworkPlan


def network_parameters(options: TrainedNetworkOptions, plan: NetworkPlan) -> int:
    """Return the number of weights and biases of a network of one trait."""
    return node_parameters(options, plan) + plan.head_node.size * options.width + 1


def node_parameters(options: TrainedNetworkOptions, plan: NetworkPlan) -> int:
    """Return the number of weights and biases of the nodes, the trait left out.

    A node has a linear part and, beside it, a hidden part over its variants and one
    over its parent nodes.
    """
    total = 0
    for level in plan.levels:
        for row, hidden, units_in in (
            (level.variant_row, options.variant_hidden, 1),
            (level.node_row, options.hidden, options.width),
        ):
            n_reader = np.unique(row).size
            first = options.width + (hidden[0] if hidden else 0)
            total += row.size * units_in * first + n_reader * first
            for before, after in zip(hidden[:-1], hidden[1:], strict=True):
                total += n_reader * (before * after + after)
            if hidden:
                total += n_reader * hidden[-1] * options.width
    return total
