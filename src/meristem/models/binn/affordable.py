"""How a network is trained, by its size alone: no network is made to ask this."""

from __future__ import annotations

from meristem.config.models import TrainedNetworkOptions
from meristem.plan.off_graph import N_READER

LARGEST_WORK = 8e9
"""Multiplications per Gauss-Newton step of all members; beyond, descent."""
MOST_EDGES = 100_000
"""Edges of a graph beyond which no Gauss-Newton step is tried."""
OFF_GRAPH_STARTS = 3
"""Networks of every inner fold where the graph is extended: half end poorly."""
_MOST_OFF_GRAPH = 2_000
"""Edges from variants to a part beside the graph, beyond which it is not tried."""
_DUAL = 2.0
"""Cost of solving over observations: each try of a step makes their kernel anew."""


def step_work(
    options: TrainedNetworkOptions,
    n_parameter: float,  # of one member, heads left out
    n_observation: float,  # of traits and of measured nodes
    n_network: int,  # of inner folds, all their starts
) -> float:
    """Return the multiplications of one Gauss-Newton step of all members."""
    members = n_network + 2 * options.seeds
    small, large = sorted((n_parameter, n_observation))
    side = _DUAL if n_parameter > n_observation else 1.0
    return side * members * small * small * large


def by_evidence(options: TrainedNetworkOptions, n_edge: int, work: float) -> bool:
    """Return whether a network is fitted by Gauss-Newton with learned variances.

    A schedule of the omics weight asks for epochs: never.
    """
    if options.fit != "auto":
        return options.fit == "evidence"
    plain = options.omics in ("none", "soft")
    return plain and affordable(options, n_edge, work)


def affordable(options: TrainedNetworkOptions, n_edge: int, work: float) -> bool:
    """Return whether a Gauss-Newton step of a network is affordable."""
    scheduled = options.omics_schedule != "constant"
    return n_edge <= MOST_EDGES and not scheduled and work <= LARGEST_WORK


def may_extend(options: TrainedNetworkOptions, n_variant: int) -> bool:
    """Return whether a part beside the graph may be tried: it reads all variants."""
    asked = options.off_graph == "auto" and options.polygenic == "stack"
    return asked and N_READER * n_variant <= _MOST_OFF_GRAPH
