"""What a run will need, by arithmetic on its sizes; figures are orders of magnitude."""

from __future__ import annotations

from dataclasses import dataclass

from meristem.config.models import (
    AnyModelOptions,
    BINNOptions,
    BoostingOptions,
    DenseOptions,
    ElasticNetOptions,
    ForestOptions,
    NetworkOptions,
)
from meristem.config.stages import AnalysisConfig
from meristem.records import Dataset, NetworkPlan

_MATRIX_RATE = 5e10  # FLOP/s of one busy core, large matrix products
_SPARSE_RATE = 2e9  # FLOP/s of one core, edge products (bound by memory)
_STEP_SECONDS = 4e-3  # interpreter time of one training step
_GIB = 2**30


@dataclass(frozen=True)
class Estimate:
    """Memory and time of a whole run, per process."""

    memory_bytes: float
    seconds: float
    n_fit: int
    model_seconds: tuple[tuple[str, float], ...]  # label, seconds for all its fits

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


def _network_seconds(
    options: NetworkOptions, n: int, p: int, plan: NetworkPlan | None
) -> float:
    members = options.seeds * options.inner_folds
    weights, rate = p * 64.0, _MATRIX_RATE / 4
    if isinstance(options, BINNOptions):
        edges = 0 if plan is None else plan.n_edge
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
    if isinstance(options, NetworkOptions):
        return kernel + _network_seconds(options, n, p, plan)
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
        if isinstance(options, BINNOptions) and plan is not None:
            width = max(1, *options.hidden, *options.variant_hidden, 1)
            members = options.seeds * options.inner_folds
            state = 4.0 * 6 * plan.n_edge * width * members
            memory = max(memory, 3.5e8 + 3.0 * n * p + state)
    each = tuple(
        (options.label, n_fit * _fit_seconds(options, dataset, plan))
        for options in config.models
    )
    total = sum(seconds for _, seconds in each) / config.run.jobs
    return Estimate(memory, 5.0 + total, n_fit, each)
