"""What a run will need, by arithmetic on its sizes; figures are orders of magnitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meristem.config.models import ModelOptions
from meristem.config.stages import AnalysisConfig
from meristem.evaluate.controls import control_arms
from meristem.models.catalog import cost, graph_networks
from meristem.records import Dataset, NetworkPlan

LEAN_SPLITS = 2
"""Inner splits of a network refitted as a control."""
_BASE = 3.5e8  # bytes of interpreter and libraries
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


def _refits(
    config: AnalysisConfig, dataset: Dataset, plan: NetworkPlan | None
) -> list[tuple[str, float]]:
    """Return the seconds of all controls, and of refits that explain a network."""
    found = graph_networks(config.models, knowledge=plan is not None)
    if not found:
        return []
    network = found[-1]
    lean = network.changed(seeds=1, inner_folds=LEAN_SPLITS)
    n_lean = config.explain.null_fits + config.explain.folds
    explained = n_lean * cost(lean, dataset, plan).seconds
    n_arm = 0
    if config.evaluate.controls:
        n_arm = len(control_arms(network, plan, _unbuilt))
    n_fit = n_arm * (_n_fit(config) - 1)
    controls = n_fit * cost(network, dataset, plan).seconds
    return [("controls", controls), ("explanation", explained)]


def _unbuilt(options: ModelOptions, plan: NetworkPlan | None) -> Any:
    """Stand in for `catalog.build` where controls are only counted."""
    del options, plan


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
    costs = [(o.label, cost(o, dataset, plan)) for o in config.models]
    data = _BASE + 3.0 * n * p
    memory = max(data + 4 * 8.0 * n * n, *(data + one.memory for _, one in costs))
    each = tuple((label, n_fit * one.seconds) for label, one in costs)
    further = _refits(config, dataset, plan)
    each += tuple((name, seconds) for name, seconds in further if seconds > 0)
    total = sum(seconds for _, seconds in each) / config.run.jobs
    return Estimate(memory, 5.0 + total, n_fit, each)
