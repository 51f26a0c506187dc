"""What a run will need, by arithmetic on its sizes; figures are orders of magnitude."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.config.models import (
    AnyModelOptions,
    BINNOptions,
    BoostingOptions,
    DenseOptions,
    ElasticNetOptions,
    FeatureBLUPOptions,
    ForestOptions,
    MediatedOptions,
    NetworkOptions,
)
from meristem.config.stages import AnalysisConfig
from meristem.evaluate.controls import network_parameters
from meristem.plan.gene_sets import gene_variants, node_sets
from meristem.plan.off_graph import N_READER
from meristem.records import Dataset, NetworkPlan

_MATRIX_RATE = 5e10  # FLOP/s of one busy core, large matrix products
_SPARSE_RATE = 2e9  # FLOP/s of one core, edge products (bound by memory)
_STEP_SECONDS = 4e-3  # interpreter time of one training step
_CORE_SECONDS = 6.5e-8  # per cube of lines, one fit of the variance components
_SET_SECONDS = 3e-8  # per cube of lines, all fits of a mediated model
_SCAN_SECONDS = 2e-9  # per line, variant and gene of an eQTL scan
_CORE_GENES = 30  # measured genes from which a core is in charge by itself
_LARGEST_WORK = 8e9  # multiplications per Gauss-Newton step; beyond, descent
_DUAL = 2.0  # cost of solving over observations
_MOST_OFF_GRAPH = 2_000  # edges beside the graph, beyond which none are tried
_OFF_GRAPH_STARTS = 3  # networks per inner fold with a part beside the graph
_STEP_RATE = 5e9  # multiplications/s of Gauss-Newton steps
_LEAN_SPLITS = 2  # inner splits of a network refitted as a control
_ARMS = 5  # controls of a network
_GIB = 2**30


@dataclass(frozen=True)
class Estimate:
    """Memory and time of a whole run, per process."""

    memory_bytes: float
    seconds: float
    n_fit: int
    model_seconds: tuple[
        tuple[str, float], ...
    ]  # label, or a stage, and seconds for all its fits

    def lines(self) -> list[str]:
        """Return the estimate as lines for a person."""
        head = (
            f"estimate: {self.memory_bytes / _GIB:.2f} GiB per process, "
            f"{_duration(self.seconds)} ({self.n_fit} fits per model)"
        )
        parts = [f"  {label}: {_duration(s)}" for label, s in self.model_seconds]
        return [head, *parts]

    def to_json(self) -> dict:
        """Return the estimate as plain values."""
        return {
            "memory_bytes": round(self.memory_bytes),
            "seconds": round(self.seconds, 1),
            "fits_per_model": self.n_fit,
            "model_seconds": dict(self.model_seconds),
        }


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"


def _n_fit(config: AnalysisConfig) -> int:
    evaluate = config.evaluate
    folds = {
        "group": evaluate.folds,
        "cluster": evaluate.clusters,
        "parents": evaluate.folds,
    }.get(evaluate.scheme, evaluate.folds)
    sizes = 1 + len(evaluate.train_sizes)
    return folds * evaluate.replicates * sizes + 1


def _kernel_seconds(n: int, p: int, n_target: int) -> float:
    return 2.0 * n * n * p / _MATRIX_RATE + 1.4e-10 * n**3 + 1e-3 * n_target


def _phenotyped(dataset: Dataset) -> int:
    """Return the rows that variance components see; others teach omics alone."""
    return int((~np.isnan(dataset.phenotypes.value).all(axis=1)).sum())


def _learned_genes(options: BINNOptions, dataset: Dataset) -> int:
    """Return how many genes a learned graph has at most; 0 if none is learned."""
    if options.graph not in ("learned", "both"):
        return 0
    measured = sum(table.feature_id.size for table in dataset.omics)
    if options.learn.genes == "all":
        return measured
    return min(options.learn.n_genes * len(dataset.omics), measured)


def _n_edge(options: BINNOptions, dataset: Dataset, plan: NetworkPlan | None) -> int:
    learned = _learned_genes(options, dataset)
    if learned:
        return learned * options.learn.variants_per_gene
    return 0 if plan is None else plan.n_edge


def _has_core(options: BINNOptions, dataset: Dataset, plan: NetworkPlan | None) -> bool:
    """Tell whether variance components take the place of training."""
    if options.core != "auto":
        return options.core == "always"
    if options.omics != "soft" or options.omics_weight == 0:
        return False
    learned = _learned_genes(options, dataset)
    if learned:
        curated = options.graph == "both" and plan is not None
        above = curated or options.learn.gene_edges != "none"
        return learned >= _CORE_GENES and above
    if plan is None or node_sets(plan).n_group == 0:
        return False
    measured = {str(name) for table in dataset.omics for name in table.node_name}
    genes = gene_variants(plan).name.tolist()
    return sum(name in measured for name in genes) >= _CORE_GENES


def _binn_seconds(
    options: BINNOptions, dataset: Dataset, plan: NetworkPlan | None
) -> float:
    n, p = dataset.n_sample, dataset.genotypes.n_variant
    scan = _SCAN_SECONDS * n * p * _learned_genes(options, dataset)
    if _has_core(options, dataset, plan):
        fits = 1 + options.inner_folds
        return (
            scan
            + fits
            * _CORE_SECONDS
            * _phenotyped(dataset) ** 3
            * dataset.phenotypes.n_target
        )
    work = _evidence_work(options, dataset, plan)
    plain = options.omics in ("none", "soft") and options.omics_schedule == "constant"
    affordable = plain and work <= _LARGEST_WORK
    if options.fit == "evidence" or (options.fit == "auto" and affordable):
        beside = _off_graph_work(options, dataset, plan)
        work += beside if beside <= _LARGEST_WORK else 0.0
        return scan + options.rounds * work / _STEP_RATE
    return scan + _network_seconds(options, n, p, _n_edge(options, dataset, plan))


def _evidence_work(
    options: BINNOptions, dataset: Dataset, plan: NetworkPlan | None
) -> float:
    """Return the multiplications of one Gauss-Newton step of all networks."""
    parameters, observed = _evidence_sizes(options, dataset, plan)
    members = options.inner_folds + 2 * options.seeds
    return members * _solution(parameters, observed)


def _off_graph_work(
    options: BINNOptions, dataset: Dataset, plan: NetworkPlan | None
) -> float:
    """Return the same for the network with a part beside the graph, where tried."""
    edges = N_READER * dataset.genotypes.n_variant
    if options.off_graph != "auto" or edges > _MOST_OFF_GRAPH:
        return 0.0
    parameters, observed = _evidence_sizes(options, dataset, plan)
    members = _OFF_GRAPH_STARTS * options.inner_folds + 2 * options.seeds
    return members * _solution(parameters + edges, observed)


def _solution(parameters: float, observed: float) -> float:
    """Return the multiplications of a step of one network, over the fewer of both."""
    small, large = sorted((parameters, observed))
    return (_DUAL if parameters > observed else 1.0) * small * small * large


def _evidence_sizes(
    options: BINNOptions, dataset: Dataset, plan: NetworkPlan | None
) -> tuple[float, float]:  # parameters, observations
    learned = _learned_genes(options, dataset)
    measured = float(learned)
    if learned or plan is None:
        parameters = float(_n_edge(options, dataset, plan) + learned)
    else:
        parameters = float(network_parameters(options, plan))
        named = [np.isin(o.node_name, plan.node_name).sum() for o in dataset.omics]
        measured = float(sum(named))
    if options.omics == "none":
        measured = 0.0
    return parameters, dataset.n_sample * (dataset.phenotypes.n_target + measured)


def _refit_seconds(
    config: AnalysisConfig, dataset: Dataset, plan: NetworkPlan | None
) -> float:
    """Return the time of networks refitted to explain one: nulls, and folds."""
    networks = [o for o in config.models if isinstance(o, BINNOptions)]
    if not networks or (plan is None and networks[-1].graph != "learned"):
        return 0.0
    lean = networks[-1].model_copy(update={"seeds": 1, "inner_folds": _LEAN_SPLITS})
    n_fit = config.explain.null_fits + config.explain.folds
    return n_fit * _fit_seconds(lean, dataset, plan)


def _control_seconds(
    config: AnalysisConfig, dataset: Dataset, plan: NetworkPlan | None
) -> float:
    networks = [o for o in config.models if isinstance(o, BINNOptions)]
    if not config.evaluate.controls or not networks:
        return 0.0
    return _ARMS * (_n_fit(config) - 1) * _fit_seconds(networks[-1], dataset, plan)


def _network_seconds(options: NetworkOptions, n: int, p: int, edges: int) -> float:
    members = options.seeds * options.inner_folds
    weights, rate = p * 64.0, _MATRIX_RATE / 4
    if isinstance(options, BINNOptions):
        width = max(1, *options.hidden, *options.variant_hidden, 1)
        weights, rate = float(edges * width), _SPARSE_RATE
    elif isinstance(options, DenseOptions):
        weights = p * options.hidden[0] + sum(float(w) ** 2 for w in options.hidden)
    flop = 6.0 * weights * n * members
    return options.epochs * (flop / rate + _STEP_SECONDS)


def _fit_seconds(
    options: AnyModelOptions, dataset: Dataset, plan: NetworkPlan | None
) -> float:
    n, p = dataset.n_sample, dataset.genotypes.n_variant
    n_target = dataset.phenotypes.n_target
    kernel = _kernel_seconds(n, p, n_target)
    if isinstance(options, BINNOptions):
        return kernel + _binn_seconds(options, dataset, plan)
    if isinstance(options, NetworkOptions):
        return kernel + _network_seconds(options, n, p, 0)
    if isinstance(options, MediatedOptions | FeatureBLUPOptions):
        return 2 * kernel + _SET_SECONDS * _phenotyped(dataset) ** 3 * n_target
    if isinstance(options, ForestOptions):
        share = options.max_features
        return n_target * options.trees * share * n * p * 2e-8
    if isinstance(options, BoostingOptions):
        return n_target * options.rounds * n * p * 4e-9
    if isinstance(options, ElasticNetOptions):
        return n_target * 5 * len(options.l1_ratio) * options.n_alphas * n * p * 2e-9
    return 2 * kernel


def estimate_run(
    config: AnalysisConfig, dataset: Dataset, plan: NetworkPlan | None
) -> Estimate:
    """Estimate memory and time of a run before it starts.

    Parameters
    ----------
    config
        Resolved configuration.
    dataset
        The prepared data set.
    plan
        The compiled network, if any.

    Returns
    -------
    Estimate
        Bytes and seconds; trust it to a factor of about three.
    """
    n, p = dataset.n_sample, dataset.genotypes.n_variant
    n_fit = _n_fit(config)
    memory = 3.5e8 + 3.0 * n * p + 4 * 8.0 * n * n
    for options in config.models:
        if isinstance(options, BINNOptions) and not _has_core(options, dataset, plan):
            width = max(1, *options.hidden, *options.variant_hidden, 1)
            members = options.seeds * options.inner_folds
            edges = _n_edge(options, dataset, plan)
            state = 4.0 * 6 * edges * width * members
            memory = max(memory, 3.5e8 + 3.0 * n * p + state)
    each = tuple(
        (options.label, n_fit * _fit_seconds(options, dataset, plan))
        for options in config.models
    )
    further = (
        ("controls", _control_seconds(config, dataset, plan)),
        ("explanation", _refit_seconds(config, dataset, plan)),
    )
    each += tuple((name, seconds) for name, seconds in further if seconds > 0)
    total = sum(seconds for _, seconds in each) / config.run.jobs
    return Estimate(memory, 5.0 + total, n_fit, each)
