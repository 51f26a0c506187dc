"""What a run will need, by arithmetic on its sizes and the speed of the machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from meristem.config.models import ModelOptions
from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError
from meristem.evaluate.controls import DenseOfLearned, WithoutOmics, control_arms
from meristem.models.catalog import cost, graph_networks, kind_of
from meristem.models.costs.kinds import adjusting
from meristem.records import Dataset, NetworkPlan, Split, Splits, is_streamed
from meristem.records.streamed import CHUNK

LEAN_SPLITS = 2
"""Inner splits of a network refitted as a control."""
_BASE = 2.95e8  # bytes of interpreter and libraries
_START = 4.0  # seconds of starting, reading, writing and the report
_TORCH_START, _TORCH = 2.0, 2.3e8  # further, of the library of networks
_PER_FIT = 0.03  # seconds of taking rows, keys and results
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


def estimate_run(
    config: AnalysisConfig,
    dataset: Dataset,
    plan: NetworkPlan | None,
    splits: Splits,
    *,
    slowness: float = 1.0,
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
    splits
        Outer splits: a fit costs what its own training rows ask for.
    slowness
        Of a core of this machine, see `models.speed.slowness`.

    Returns
    -------
    Estimate
        Peak bytes of the largest process, and CPU seconds shared among the jobs;
        wall time on cores that do nothing else. `benchmarks/tables/estimates` has
        what they are worth.
    """
    sizes = _sizes(dataset, splits)
    memory, each = 0.0, []
    for options in config.models:
        found = [(k, cost(options, rows, plan)) for k, rows in sizes]
        each.append((options.label, sum(k * one.seconds for k, one in found)))
        memory = max(memory, *(one.memory for _, one in found))
    folds = sum(k * adjusting(rows) for k, rows in sizes[:-1])
    adjusted = len(config.models) * folds + adjusting(dataset)
    each += [("covariates", adjusted)] if adjusted else []
    each += _refits(config, dataset, plan, sizes[:-1])
    n, p = dataset.n_sample, dataset.genotypes.n_variant
    memory += _BASE + _of_data(config, dataset)
    fixed = _START + _PER_FIT * len(splits) * len(config.models) + 3e-7 * n * p
    kinds = (member for options in config.models for member in options.members)
    if any(kind.loads_torch for kind in kinds):
        memory, fixed = memory + _TORCH, fixed + _TORCH_START
    parts = tuple((label, slowness * s) for label, s in each if s > 0)
    total = sum(seconds for _, seconds in parts) / config.run.jobs
    return Estimate(memory, slowness * fixed + total, len(splits) + 1, parts)


def _of_data(config: AnalysisConfig, dataset: Dataset) -> float:
    """Return the bytes of genotypes, of their kernels and of tables of variants."""
    n, p = dataset.n_sample, dataset.genotypes.n_variant
    if not is_streamed(dataset.genotypes.call_dosage):
        return 48.0 * n * n + 5.0 * n * p + 2e3 * p
    members = [one for options in config.models for one in options.members]
    whole = 0.0 if all(kind_of(one).shares for one in members) else 3.0 * n * p
    return 26.0 * n * n + 14.0 * n * CHUNK + 600.0 * p + whole


def refuse_too_large(
    config: AnalysisConfig, dataset: Dataset, plan: NetworkPlan | None
) -> None:
    """Raise ConfigError if a run asks for more memory than it was allowed.

    Of `run.max_memory`; without it nothing is refused.
    """
    allowed = config.run.max_memory
    if allowed is None:
        return
    needed = {o.label: cost(o, dataset, plan).memory for o in config.models}
    label = max(needed, key=lambda name: needed[name])
    torch = any(m.loads_torch for o in config.models for m in o.members)
    process = _BASE + needed[label] + _of_data(config, dataset) + _TORCH * torch
    if process * config.run.jobs > allowed:
        raise ConfigError(
            f"needs about {process / _GIB:.2f} GiB per process ({config.run.jobs}), "
            f"most of all {label!r}, and {allowed / _GIB:.2f} GiB are allowed",
            where="run.max_memory",
            remedy="allow more (--max-memory), use fewer processes (--jobs), or models "
            "that read genotypes in blocks (gblup, ridge)",
        )


def _sizes(dataset: Dataset, splits: Splits) -> list[tuple[int, Dataset]]:
    """Return training sets of about equal size once, with their number; all last."""
    alike: dict[int, list[Split]] = {}
    for split in splits:
        alike.setdefault(round(10 * np.log(split.train.size)), []).append(split)
    folds = [(len(found), dataset.take(found[0].train)) for found in alike.values()]
    return [*folds, (1, dataset)]


def _refits(
    config: AnalysisConfig,
    dataset: Dataset,
    plan: NetworkPlan | None,
    folds: list[tuple[int, Dataset]],
) -> list[tuple[str, float]]:
    """Return the seconds of all controls, and of refits that explain a network."""
    found = graph_networks(config.models, knowledge=plan is not None)
    if not found:
        return []
    controls = 0.0
    if config.evaluate.controls:
        arms = control_arms(found[-1], plan, _options)
        controls = sum(k * _arm(a, rows, plan) for _, a in arms for k, rows in folds)
    asked = [o for o in found if o.label == config.explain.model] or found[-1:]
    lean = {"seeds": 1, "inner_folds": LEAN_SPLITS, "off_graph": "none"}
    n_lean = config.explain.null_fits + config.explain.folds
    explained = n_lean * cost(asked[0].changed(**lean), dataset, plan).seconds
    return [("controls", controls), ("explanation", explained)]


def _options(options: ModelOptions, plan: NetworkPlan | None) -> Any:
    """Stand in for `catalog.build`: what is to be counted are the options."""
    del plan
    return options


def _arm(arm: Any, rows: Dataset, plan: NetworkPlan | None) -> float:
    """Return the seconds of one fit of a control."""
    if isinstance(arm, WithoutOmics):
        rows = replace(rows, omics=())
    # a dense network of a learned graph is as large as the network
    inside = arm.options if isinstance(arm, DenseOfLearned) else arm
    return cost(getattr(inside, "predictor", inside), rows, plan).seconds
