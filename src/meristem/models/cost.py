"""What a fit of each kind needs, by arithmetic on sizes; orders of magnitude.

Which way a network is fitted is asked of the rules that the fit itself follows.
"""

from __future__ import annotations

import numpy as np

from meristem.config.models import (
    AutoOptions,
    BoostingOptions,
    CNNOptions,
    CoreOptions,
    DenseOptions,
    ElasticNetOptions,
    ForestOptions,
    GraphNetworkOptions,
    LinearPlanOptions,
    ModelOptions,
    NetworkOptions,
    TrainedNetworkOptions,
)
from meristem.models.binn.affordable import (
    LARGEST_WORK,
    OFF_GRAPH_STARTS,
    by_evidence,
    may_extend,
    step_work,
)
from meristem.models.core.entry import asks_for_core, core_suits, enough_genes
from meristem.models.protocol import Cost
from meristem.plan.learned.of_options import is_learned
from meristem.plan.network_size import node_parameters
from meristem.plan.off_graph import N_READER
from meristem.records import Dataset, NetworkPlan

_MATRIX_RATE = 5e10  # FLOP/s of one busy core, large matrix products
_SPARSE_RATE = 2e9  # FLOP/s of one core, edge products (bound by memory)
_STEP_RATE = 5e9  # multiplications/s of Gauss-Newton steps
_STEP_SECONDS = 4e-3  # interpreter time of one training step
_CORE_SECONDS = 6.5e-8  # per cube of lines, one fit of the variance components
_SET_SECONDS = 3e-8  # per cube of lines, all fits of a mediated model
_SCAN_SECONDS = 2e-9  # per line, variant and gene of an eQTL scan


def kernels(options: ModelOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of a model of relationship kernels."""
    del options, plan
    return Cost(2 * _kernel_seconds(dataset))


def elastic_net(
    options: ElasticNetOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of a path of penalties."""
    del plan
    n_fit = 5 * len(options.l1_ratio) * options.n_alphas
    return Cost(n_fit * _values(dataset) * 2e-9)


def random_forest(
    options: ForestOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of the trees of a forest."""
    del plan
    return Cost(options.trees * options.max_features * _values(dataset) * 2e-8)


def boosting(
    options: BoostingOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of the rounds of boosting."""
    del plan
    return Cost(options.rounds * _values(dataset) * 4e-9)


def sets(
    options: LinearPlanOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of a model with a kernel per set of genes."""
    del options, plan
    return Cost(2 * _kernel_seconds(dataset) + _SET_SECONDS * _cubes(dataset))


def dense(options: DenseOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of a fully connected network."""
    del plan
    hidden = options.hidden
    weights = dataset.genotypes.n_variant * hidden[0] + sum(w**2.0 for w in hidden)
    trained = _descent(options, dataset, weights, _MATRIX_RATE / 4)
    return trained + Cost(_kernel_seconds(dataset))


def cnn(options: CNNOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of a convolutional network."""
    del plan
    weights = dataset.genotypes.n_variant * 64.0
    trained = _descent(options, dataset, weights, _MATRIX_RATE / 4)
    return trained + Cost(_kernel_seconds(dataset))


def auto(options: AutoOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of the kind that the rule of the fit chooses."""
    if plan is None and not is_learned(options):
        return Cost(_kernel_seconds(dataset))
    chosen = core if _is_core(options, dataset, plan) else binn
    return chosen(options, dataset, plan)


def core(
    options: CoreOptions | AutoOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of variance components on all rows and on inner folds."""
    del plan
    fits = (1 + options.inner_folds) * _CORE_SECONDS * _cubes(dataset)
    return Cost(_kernel_seconds(dataset) + _scan_seconds(options, dataset) + fits)


def binn(
    options: TrainedNetworkOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of an ensemble, by Gauss-Newton or by descent."""
    before = Cost(_kernel_seconds(dataset) + _scan_seconds(options, dataset))
    n_edge = _n_edge(options, dataset, plan)
    work = _evidence_work(options, dataset, plan, 0, 1)
    width = max(1, *options.hidden, *options.variant_hidden, 1)
    members = options.seeds * options.inner_folds
    state = Cost(0.0, 4.0 * 6 * n_edge * width * members)
    if not by_evidence(options, n_edge, work):
        trained = _descent(options, dataset, float(n_edge * width), _SPARSE_RATE)
        return before + trained + state
    if may_extend(options, dataset.genotypes.n_variant):
        edges = N_READER * dataset.genotypes.n_variant
        wider = _evidence_work(options, dataset, plan, edges, OFF_GRAPH_STARTS)
        work += wider if wider <= LARGEST_WORK else 0.0
    return before + state + Cost(options.rounds * work / _STEP_RATE)


def _is_core(options: AutoOptions, dataset: Dataset, plan: NetworkPlan | None) -> bool:
    if not is_learned(options):
        return plan is not None and core_suits(options, dataset, plan)
    curated = options.graph == "both" and plan is not None
    above = curated or options.learn.gene_edges != "none"
    enough = enough_genes(_learned_genes(options, dataset), above)
    return asks_for_core(options) and enough


def _evidence_work(
    options: TrainedNetworkOptions,
    dataset: Dataset,
    plan: NetworkPlan | None,
    n_beside: int,  # edges beside the graph
    starts: int,
) -> float:
    """Return the multiplications of one Gauss-Newton step of all networks."""
    learned = _learned_genes(options, dataset)
    measured = float(learned)
    if learned or plan is None:
        parameters = float(_n_edge(options, dataset, plan) + learned)
    else:
        parameters = float(node_parameters(options, plan))
        named = [np.isin(o.node_name, plan.node_name).sum() for o in dataset.omics]
        measured = float(sum(named))
    if options.omics == "none":
        measured = 0.0
    observed = dataset.n_sample * (dataset.phenotypes.n_target + measured)
    networks = options.inner_folds * starts
    return step_work(options, parameters + n_beside, observed, networks)


def _descent(
    options: NetworkOptions, dataset: Dataset, weights: float, rate: float
) -> Cost:
    members = options.seeds * options.inner_folds
    flop = 6.0 * weights * dataset.n_sample * members
    return Cost(options.epochs * (flop / rate + _STEP_SECONDS))


def _learned_genes(options: GraphNetworkOptions, dataset: Dataset) -> int:
    """Return how many genes a learned graph has at most; 0 if none is learned."""
    if not is_learned(options):
        return 0
    measured = sum(table.feature_id.size for table in dataset.omics)
    if options.learn.genes == "all":
        return measured
    return min(options.learn.n_genes * len(dataset.omics), measured)


def _n_edge(
    options: GraphNetworkOptions, dataset: Dataset, plan: NetworkPlan | None
) -> int:
    learned = _learned_genes(options, dataset)
    if learned:
        return learned * options.learn.variants_per_gene
    return 0 if plan is None else plan.n_edge


def _scan_seconds(options: GraphNetworkOptions, dataset: Dataset) -> float:
    size = dataset.n_sample * dataset.genotypes.n_variant
    return _SCAN_SECONDS * size * _learned_genes(options, dataset)


def _kernel_seconds(dataset: Dataset) -> float:
    n, p = dataset.n_sample, dataset.genotypes.n_variant
    n_target = dataset.phenotypes.n_target
    return 2.0 * n * n * p / _MATRIX_RATE + 1.4e-10 * n**3 + 1e-3 * n_target


def _values(dataset: Dataset) -> float:
    """Return the genotype calls read for all targets."""
    size = dataset.n_sample * dataset.genotypes.n_variant
    return float(size * dataset.phenotypes.n_target)


def _cubes(dataset: Dataset) -> float:
    """Return the cube of the rows that variance components see, for all targets."""
    observed = ~np.isnan(dataset.phenotypes.value).all(axis=1)
    return float(observed.sum()) ** 3 * dataset.phenotypes.n_target
