"""When variance components suit a graph and its measurements better than training."""

from __future__ import annotations

from meristem.config.models import TrainedNetworkOptions
from meristem.plan.gene_sets import gene_variants, node_sets
from meristem.records import Dataset, NetworkPlan

MIN_GENES = 30
"""Measured genes from which `auto` takes variance components."""


def core_suits(
    options: TrainedNetworkOptions, dataset: Dataset, plan: NetworkPlan
) -> bool:
    """Tell whether `auto` takes variance components on a compiled plan.

    Where omics supervise softly and the plan has enough measured genes that read
    variants, with nodes above them.
    """
    if not asks_for_core(options):
        return False
    measured = {str(name) for table in dataset.omics for name in table.node_name}
    genes = gene_variants(plan).name.tolist()
    n_measured = sum(name in measured for name in genes)
    return enough_genes(n_measured, node_sets(plan).n_group > 0)


def asks_for_core(options: TrainedNetworkOptions) -> bool:
    """Tell whether the options allow variance components in place of training.

    A schedule of the omics weight asks for epochs, which they do not have.
    """
    soft = options.omics == "soft" and options.omics_weight != 0
    return soft and options.omics_schedule == "constant"


def enough_genes(n_measured: int, sets_above: bool) -> bool:
    """Tell whether enough genes are measured, and sets stand above them."""
    return n_measured >= MIN_GENES and sets_above
