"""What a fit of a network needs, by arithmetic on its sizes; see `models.cost`.

Which way a network is fitted is asked of the rules that the fit itself follows; how
many rounds it takes until it rests is what it usually takes.
"""

from __future__ import annotations

import numpy as np

from meristem.config.models import (
    AutoOptions,
    CNNOptions,
    CoreOptions,
    DenseOptions,
    GraphNetworkOptions,
    NetworkOptions,
    ReactionOptions,
    TrainedNetworkOptions,
    TrialOptions,
)
from meristem.models.binn.affordable import (
    LARGEST_WORK,
    OFF_GRAPH_STARTS,
    by_evidence,
    may_extend,
    step_work,
)
from meristem.models.core.entry import asks_for_core, core_suits, enough_genes
from meristem.models.core.settings import CoreSettings
from meristem.models.costs.kinds import Size, borrowed, mixture, size_of, trials
from meristem.models.protocol import Cost
from meristem.plan.gene_sets import gene_variants, node_sets
from meristem.plan.learned.of_options import is_learned
from meristem.plan.network_size import node_parameters
from meristem.plan.off_graph import N_READER
from meristem.records import Dataset, NetworkPlan

_SCAN_SECONDS = 2e-9  # per line, variant and gene of an eQTL scan
_STEP_SECONDS = 5e-11  # per multiplication of a Gauss-Newton step
_SLOPE_SECONDS = 4e-8  # per derivative of an observation by a parameter, per step
_OUTPUT_SECONDS = 2e-3  # of the interpreter, per trait or measured node, per step
_SLOPES = 8
"""Copies of the derivatives that a step holds."""
_EDGE_RATE = 2e9  # FLOP/s of edge products, bound by memory
_DENSE_RATE = 1e11  # FLOP/s of dense layers, their AdamW included
_EPOCH_SECONDS = 4e-3  # of the interpreter
_EPOCHS = 1.5
"""Epochs that a fit takes, in terms of its patience; on a graph, four times that."""
_ROUNDS = 30
"""Gauss-Newton rounds until three members of four rest."""
_EXTENDED = {"taught": 0.05, "plain": 0.35, "wrong": 0.75}
"""How often nodes beside the graph are tried, where they may be: of networks whose
nodes are measured, of others, and of graphs that are wrong on purpose. Such a fit
hardly ever rests."""
_GROUP_ROUNDS = 20
"""Passes of the spike and slab over the sets of a core."""


def dense(options: DenseOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of a fully connected network."""
    del plan
    widths = (dataset.genotypes.n_variant, *options.hidden)
    weights = sum(a * b for a, b in zip(widths, widths[1:], strict=False))
    return _descent(options, dataset, weights, _DENSE_RATE)


def cnn(options: CNNOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of a convolutional network."""
    del plan
    n_variant = dataset.genotypes.n_variant
    places = n_variant / options.stride
    weights = places * options.channels * (options.kernel * 4 + options.hidden)
    return _descent(options, dataset, weights, _DENSE_RATE / 4)


def reactions(
    options: ReactionOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of a network and a reaction norm, on all rows and inner folds."""
    path = trials(TrialOptions(structure="reaction_norm"), dataset, plan)
    chosen = options.network
    if isinstance(chosen, DenseOptions):
        network = dense(chosen, dataset, plan)
    elif isinstance(chosen, CNNOptions):
        network = cnn(chosen, dataset, plan)
    else:
        network = binn(chosen, dataset, plan)
    once = path + network
    return Cost((1 + options.network.inner_folds) * once.seconds, once.memory)


def auto(options: AutoOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of the kind that the rule of the fit chooses."""
    if options.graph == "none" or (plan is None and not is_learned(options)):
        return mixture(dataset)
    chosen = core if _is_core(options, dataset, plan) else binn
    return chosen(options, dataset, plan)


def core(
    options: CoreOptions | AutoOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of genes, sets and paths, on all rows and on inner folds."""
    size, settings = size_of(dataset), CoreSettings()
    n_gene, n_read, n_set, n_member = _core_sizes(options, dataset, plan)
    beside = mixture(dataset) if options.polygenic == "stack" else Cost(borrowed(size))
    k = min(settings.max_regulators, n_gene)

    def fit(one: Size) -> float:
        m = n_read / max(n_gene, 1)
        gene = 1.2e-4 + 1e-9 * one.n * m**2 + 3e-10 * m**3 + 4e-9 * one.n * m
        regulators = settings.regulators.rounds * (1e-7 * k * n_gene + 1e-9 * k**3)
        latents = 2 * (n_gene * gene + regulators)
        pass_ = 6e-11 * one.n**3 + 2e-8 * one.n**2  # inverses of the covariance
        pass_ += n_set * 2e-4 + 4e-11 * one.n**2 * n_member
        return latents + one.n_target * _GROUP_ROUNDS * pass_

    inner = options.inner_folds * fit(size.inner)
    memory = 8.0 * size.n * (size.n * 6 + size.p + n_member)
    # a graph is learned again in every inner split
    scans = (1 + options.inner_folds) * _scan_seconds(options, dataset)
    return beside + Cost(scans + fit(size) + inner, memory)


def _core_sizes(
    options: CoreOptions | AutoOptions, dataset: Dataset, plan: NetworkPlan | None
) -> tuple[int, int, int, int]:
    """Return genes, variants that they read, sets, and genes of all sets."""
    learned = _learned_genes(options, dataset)
    if learned or plan is None:
        return (
            learned,
            learned * options.learn.variants_per_gene,
            learned // 20,
            learned,
        )
    genes, above = gene_variants(plan), node_sets(plan)
    return genes.n_group, genes.member.size, above.n_group, above.member.size


def binn(
    options: TrainedNetworkOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of an ensemble, by Gauss-Newton or by descent."""
    size = size_of(dataset)
    # linear paths of all rows and of inner folds, of what the network leaves
    linear = 2 * size.blup + options.inner_folds * size.inner.decomposition
    before = Cost(linear + _scan_seconds(options, dataset))
    if options.polygenic == "stack":
        before += mixture(dataset)
    again = 0.0
    if is_learned(options) and options.polygenic == "stack":
        # a graph and one network of it for every inner split, of one start
        before += Cost(options.inner_folds * _scan_seconds(options, dataset))
        again = (
            options.inner_folds
            * (1 + options.inner_folds)
            / (2 * options.seeds + options.inner_folds)
        )
    n_edge, n_variant = _n_edge(options, dataset, plan), dataset.genotypes.n_variant
    beside = N_READER * n_variant, OFF_GRAPH_STARTS
    first = beside if options.off_graph == "always" else (0, 1)
    work, fit = _evidence(options, dataset, plan, *first)
    if not by_evidence(options, n_edge, work):
        parameters = _parameters(options, dataset, plan)
        trained = _descent(options, dataset, parameters, _EDGE_RATE, 4)
        return before + Cost((1 + again) * trained.seconds, trained.memory)
    if may_extend(options, n_variant):
        work, wider = _evidence(options, dataset, plan, *beside)
        if work <= LARGEST_WORK:
            wrong = options.graph in ("shuffled", "random")
            taught = "plain" if options.omics == "none" else "taught"
            how_often = _EXTENDED["wrong" if wrong else taught]
            fit += Cost(how_often * wider.seconds, how_often * wider.memory)
    return before + Cost((1 + again) * fit.seconds, fit.memory)


def _is_core(options: AutoOptions, dataset: Dataset, plan: NetworkPlan | None) -> bool:
    if not is_learned(options):
        return plan is not None and core_suits(options, dataset, plan)
    curated = options.graph == "both" and plan is not None
    above = curated or options.learn.gene_edges != "none"
    enough = enough_genes(_learned_genes(options, dataset), above)
    return asks_for_core(options) and enough


def _evidence(
    options: TrainedNetworkOptions,
    dataset: Dataset,
    plan: NetworkPlan | None,
    n_beside: int,  # edges beside the graph
    starts: int,
) -> tuple[float, Cost]:
    """Return the multiplications of a Gauss-Newton step, and the cost of a fit."""
    learned = _learned_genes(options, dataset)
    measured = learned
    if not learned and plan is not None:
        named = [np.isin(o.node_name, plan.node_name).sum() for o in dataset.omics]
        measured = int(sum(named))
    outputs = dataset.phenotypes.n_target
    outputs += 0 if options.omics == "none" else measured
    parameters = _parameters(options, dataset, plan) + n_beside
    observed = float(dataset.n_sample * outputs)
    networks = options.inner_folds * starts
    work = step_work(options, parameters, observed, networks)
    members = networks + 2 * options.seeds
    slopes = members * parameters * observed
    # over observations every try of a step makes their kernel anew
    tries = 2 if parameters > observed else 1
    each = work * _STEP_SECONDS + outputs * _OUTPUT_SECONDS
    each += tries * slopes * _SLOPE_SECONDS
    grams = members * (outputs + 3) * min(parameters, observed) ** 2
    rounds = options.rounds if n_beside else min(options.rounds, _ROUNDS)
    return work, Cost(rounds * each, 8.0 * (_SLOPES * slopes + grams))


def _descent(
    options: NetworkOptions,
    dataset: Dataset,
    weights: float,
    rate: float,
    longer: int = 1,
) -> Cost:
    size = size_of(dataset)
    members = options.seeds * options.inner_folds
    each = 6.0 * weights * size.n * members / rate
    steps = -(-size.n // options.batch_size) if options.batch_size else 1
    epochs = min(options.epochs, longer * _EPOCHS * options.patience)
    # AdamW keeps two moments, the best weights are kept, gradients come and go
    state = 4.0 * (6 * weights * members + size.n * (2 * size.p + weights / size.p))
    trained = Cost(epochs * (each + steps * _EPOCH_SECONDS), state)
    return trained + Cost(borrowed(size))


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


def _parameters(
    options: TrainedNetworkOptions, dataset: Dataset, plan: NetworkPlan | None
) -> float:
    """Return the weights of one member, heads left out."""
    learned = _learned_genes(options, dataset)
    if learned or plan is None:
        return float(_n_edge(options, dataset, plan) + learned)
    return float(node_parameters(options, plan))


def _scan_seconds(options: GraphNetworkOptions, dataset: Dataset) -> float:
    size = dataset.n_sample * dataset.genotypes.n_variant
    return _SCAN_SECONDS * size * _learned_genes(options, dataset)
