"""One analysis: its configuration, its run folder, and what its stages share."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from meristem._version import __version__
from meristem.config.models import GraphNetworkOptions
from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError
from meristem.knowledge.build import Knowledge, build_graph
from meristem.models.catalog import build, graph_networks, has_nodes, needs
from meristem.models.protocol import Predictor
from meristem.pipeline.inputs import InputFile, Inputs, input_files
from meristem.pipeline.preparation import (
    is_prepared,
    prepare_inputs,
    read_prepared,
)
from meristem.plan.compile import Compilation, compile_plan
from meristem.plan.learned.of_options import is_learned
from meristem.records import Dataset, NetworkPlan
from meristem.runs.folder import CONTRACT_VERSION, RunFolder, digest

Notify = Callable[[str, int, int], None]

_REPORTED = ("numpy", "pandas", "scipy", "torch", "scikit-learn", "zarr", "cyvcf2")


def quiet(stage: str, done: int, total: int) -> None:
    """Notify nobody."""


class Analysis:
    """What the stages of one run share.

    Parameters
    ----------
    config
        Resolved configuration.
    folder
        Where the artefacts go.
    command
        The command line, for the record.
    notify
        Called as `notify(stage, done, total)` while long work goes on.
    """

    def __init__(
        self,
        config: AnalysisConfig,
        folder: RunFolder,
        *,
        command: str = "",
        notify: Notify = quiet,
    ) -> None:
        self.config = config
        self.folder = folder
        self.command = command
        self.notify = notify
        self.timings: dict[str, float] = {}
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        _refuse_wrong_labels(config)

    @cached_property
    def inputs(self) -> tuple[InputFile, ...]:
        """Every input file with its digest."""
        return input_files(self.config)

    @cached_property
    def data_key(self) -> str:
        """Digest of everything the prepared data set depends on."""
        data = self.config.model_dump(
            mode="json", include={"genotypes", "phenotypes", "omics", "groups"}
        )
        files = [(item.role, item.sha256) for item in self.inputs]
        return digest(__version__, data, self.config.fold_ids, files)

    @cached_property
    def model_key(self) -> str:
        """Digest of everything a fitted model depends on."""
        parts = self.config.model_dump(mode="json", include={"knowledge", "models"})
        return digest(self.data_key, parts, self.config.run.seed)

    @cached_property
    def evaluation_key(self) -> str:
        """Digest of everything the scores depend on."""
        parts = self.config.model_dump(mode="json", include={"evaluate"})
        return digest(self.model_key, parts)

    @cached_property
    def prepared(self) -> Inputs | None:
        """What was read from the input files; None if the run folder has it already."""
        if is_prepared(self.folder, self.data_key):
            return None
        with self.timed("read"):
            return prepare_inputs(self.config)

    @cached_property
    def dataset(self) -> Dataset:
        """The prepared data set: of the run folder, or of the inputs."""
        if self.prepared is None:
            return read_prepared(self.folder)
        return self.prepared.dataset

    @cached_property
    def knowledge(self) -> Knowledge | None:
        """The merged knowledge graph; None without a knowledge section."""
        if self.config.knowledge is None:
            return None
        return build_graph(self.config.knowledge)

    @cached_property
    def compiled(self) -> Compilation | None:
        """The graph compiled for the variants of the data set."""
        if self.knowledge is None or self.config.knowledge is None:
            return None
        variants = self.dataset.genotypes.variants
        return compile_plan(self.knowledge, variants, self.config.knowledge)

    @property
    def plan(self) -> NetworkPlan | None:
        """The compiled network plan; None without a knowledge section."""
        return None if self.compiled is None else self.compiled.plan

    @cached_property
    def predictors(self) -> tuple[tuple[str, Predictor], ...]:
        """Every model of the configuration, with its label."""
        return tuple(
            (options.label, build(options, plan=self.plan))
            for options in self.config.models
        )

    @property
    def networks(self) -> tuple[GraphNetworkOptions, ...]:
        """The models with named nodes that have a graph to take them from."""
        knowledge = self.config.knowledge is not None
        return graph_networks(self.config.models, knowledge=knowledge)

    @property
    def explained_label(self) -> str:
        """Label of the model that is explained; empty when there is no network."""
        asked = self.config.explain.model
        if asked:
            return asked
        return self.networks[-1].label if self.networks else ""

    @property
    def explains_learned(self) -> bool:
        """Tell whether the model explained learns its graph."""
        learning = [o.label for o in self.networks if is_learned(o)]
        return self.explained_label in learning

    def rng(self, *purpose: str) -> np.random.Generator:
        """Return a generator that depends on the seed and the purpose alone."""
        words = [int(digest(word), 16) & 0xFFFFFFFF for word in purpose]
        return np.random.default_rng([self.config.run.seed, *words])

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the wall time of a stage to `run.json`."""
        begin = time.perf_counter()
        yield
        self.timings[stage] = round(time.perf_counter() - begin, 3)

    def write_record(self, *, finished: bool) -> None:
        """Write `run.json`."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        content = {
            "contract_version": CONTRACT_VERSION,
            "title": self.config.run.title,
            "question": self.config.run.question,
            "config": self.config.model_dump(mode="json"),
            "models": [
                {
                    "label": options.label,
                    "deployable": needs(options).deployable,
                    "nodes": options in self.networks,
                }
                for options in self.config.models
            ],
            "versions": _versions(),
            "seeds": {"run": self.config.run.seed},
            "inputs": [
                {
                    "role": item.role,
                    "path": str(item.path),
                    "sha256": item.sha256,
                    "bytes": item.size,
                }
                for item in self.inputs
            ],
            "timings": [
                {"stage": stage, "seconds": seconds}
                for stage, seconds in self.timings.items()
            ],
            "started": self.started,
            "finished": now if finished else None,
            "command": self.command,
        }
        self.folder.write_json("run.json", content)


def _refuse_wrong_labels(config: AnalysisConfig) -> None:
    for fault in label_faults(config):
        raise fault


def label_faults(config: AnalysisConfig) -> Iterator[ConfigError]:
    """Yield what is wrong with the names of models and of omics tables."""
    labels = [options.label for options in config.models]
    if config.evaluate.reference not in labels:
        yield ConfigError(
            f"{config.evaluate.reference!r} is no model of this analysis",
            where="evaluate.reference",
            remedy=f"add a model of that name, or use one of {', '.join(labels)}",
        )
    for what, names in (
        ("models", labels),
        ("omics tables", [table.name for table in config.omics]),
    ):
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            yield ConfigError(
                f"two {what} are called {', '.join(repeated)}",
                where=what.split()[0],
                remedy="give each a `name` of its own",
            )
    asked = config.explain.model
    networks = [o.label for o in config.models if has_nodes(o)]
    if asked and asked not in networks:
        known = ", ".join(networks)
        yield ConfigError(
            f"{asked!r} is no network of this analysis, so it has no nodes to explain",
            where="explain.model",
            remedy=f"use one of {known}" if networks else "leave the field out",
        )


def _versions() -> dict[str, str]:
    found = {
        "meristem": __version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
    }
    for name in _REPORTED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def open_run(path: str | Path, **options: object) -> Analysis:
    """Return the analysis of an existing run folder, from its own configuration."""
    folder = RunFolder.open(path)
    config = AnalysisConfig.model_validate(folder.read_json("run.json")["config"])
    return Analysis(config, folder, **options)  # type: ignore[arg-type]
