"""One analysis: its configuration, its run folder, and what its stages share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from pydantic import ValidationError
from threadpoolctl import threadpool_limits

from meristem.config.models import (
    GraphNetworkOptions,
    ModelOptions,
)
from meristem.config.represent import RepresentOptions
from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError
from meristem.evaluate.controls import ARMS
from meristem.evaluate.fold import fit_fold
from meristem.genetics.products import Survey, survey, with_products
from meristem.io.tables.seasons.environments import read_environments
from meristem.knowledge.build import Knowledge, build_graph
from meristem.models.catalog import (
    build,
    graph_networks,
    has_nodes,
    kind_of,
    needs,
    reads_omics,
)
from meristem.models.protocol import Predictor
from meristem.models.tuned.space import can_tune
from meristem.models.tuned.spec import Tuned
from meristem.pipeline.inputs import Inputs, input_files
from meristem.pipeline.preparation import (
    DATASET,
    is_prepared,
    prepare_inputs,
    read_prepared,
)
from meristem.pipeline.represented import OnFactors
from meristem.plan.compile import Compilation, compile_plan
from meristem.plan.learned.of_options import is_learned
from meristem.prepare.by_environment import (
    EnvironmentMeans,
    environment_means,
    is_stacked,
)
from meristem.prepare.training import TakenOff, training_set
from meristem.records import Dataset, Environments, NetworkPlan, Phenotypes
from meristem.representation.sets.membership import measured_sets
from meristem.runs.folder import RunFolder
from meristem.runs.keys import digest
from meristem.runs.progress import Notify, silent
from meristem.runs.record import InputFile, Run
from meristem.runs.revision import revision_of
from meristem.runs.seeds import stage_rng


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
        notify: Notify = silent,
    ) -> None:
        self.config = config
        self.folder = folder
        self.command = command
        self.notify = notify
        _refuse_wrong_labels(config)

    @cached_property
    def inputs(self) -> tuple[InputFile, ...]:
        """Every input file with its digest."""
        return input_files(self.config)

    @cached_property
    def data_key(self) -> str:
        """Digest of what the prepared data set depends on: contents, not places."""
        config = self.config
        # companions (.bim and .fam of .bed) are named by no field
        files = [item.sha256 for item in self.inputs if item.role == "genotypes"]
        return digest(
            config.genotypes,
            config.phenotypes,
            config.omics,
            config.groups,
            config.fold_ids,
            config.covariates,
            files,
            revision_of(prepare_inputs),
        )

    def fit_key(self, label: str) -> str:
        """Digest of what the fit of one model on all rows depends on."""
        predictor = dict(self.predictors)[label]
        question = self.config.evaluate
        return digest(
            self.data_key,
            label,
            predictor,
            (question.scheme, question.group, question.clusters, question.inner_folds),
            self.config.run.seed,
            revision_of(fit_fold, predictor),
        )

    @cached_property
    def evaluation_key(self) -> str:
        """Digest of what the scores of all models depend on."""
        fits = [self.fit_key(label) for label, _ in self.predictors]
        return digest(fits, self.config.evaluate, self.config.explain.permutations)

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
            return self.stored
        return self.prepared.dataset

    @property
    def stored(self) -> Dataset:
        """The data set as the run folder has it."""
        return read_prepared(self.folder, self.config.run.max_memory)

    @cached_property
    def survey(self) -> Survey | None:
        """Products of all rows, which the folds share; None where none would ask.

        Rows of lines in environments repeat their line: their products would be large,
        and no model of them asks.
        """
        if is_stacked(self.dataset) or not any(
            kind_of(member).shares
            for options in self.config.models
            for member in options.members
        ):
            return None
        return survey(self.dataset.genotypes)

    @property
    def shared(self) -> Dataset:
        """The data set, with the products of its rows where calls are complete."""
        dataset = self.dataset
        if self.survey is None:
            return dataset
        genotypes = with_products(dataset.genotypes, self.survey)
        return replace(dataset, genotypes=genotypes)

    @cached_property
    def trained(self) -> tuple[Phenotypes, TakenOff]:
        """Values of all rows as models of all rows see them, and what they lost."""
        with threadpool_limits(limits=1):
            every = np.arange(self.dataset.n_sample)
            train, taken = training_set(self.dataset, every)
        return train.phenotypes, taken

    @property
    def levels(self) -> EnvironmentMeans:
        """Means of the environments that records stand in, covariates taken off."""
        means = self.trained[1].environments
        return environment_means(self.dataset) if means is None else means

    def keep_to_stored(self) -> None:
        """Take the data set that the fitted models saw, whatever became of the inputs.

        Raises
        ------
        DataError
            If it is gone, or not as it was written.
        """
        self.folder.refuse_lost([DATASET])
        self.folder.refuse_damaged([DATASET])
        self.dataset = self.stored

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

    @cached_property
    def environments(self) -> Environments | None:
        """Covariates of the environments; None where none are named."""
        if self.config.environments is None:
            return None
        return read_environments(self.config.environments)

    @property
    def plan(self) -> NetworkPlan | None:
        """The compiled network plan; None without a knowledge section."""
        return None if self.compiled is None else self.compiled.plan

    @cached_property
    def predictors(self) -> tuple[tuple[str, Predictor], ...]:
        """Every model of the configuration, with its label."""
        return tuple(
            (options.label, self.build(options, self.plan))
            for options in self.config.models
        )

    def build(self, options: ModelOptions, plan: NetworkPlan | None) -> Predictor:
        """Return a model; what it reads of omics is represented where asked for."""
        predictor = self._tuned(options, plan)
        if predictor is None:
            predictor = build(options, plan, self.environments)
        asked = tuple(
            (one.name, RepresentOptions(**one.model_dump(include=_REPRESENT)))
            for one in self.config.omics
        )
        plain = all(one.represent == "none" for _, one in asked)
        if plain or not reads_omics(options):
            return predictor
        graph = None if self.knowledge is None else self.knowledge.graph
        known = measured_sets(self.plan, graph)
        sets = {name: tuple(sorted(genes)) for name, genes in known.items()}
        work = self.folder.file("work/shapes")
        return OnFactors(
            predictor,
            asked,
            sets,
            self.config.run.seed,
            self._fits,
            groups=self.dataset.groups,
            folder=work,
        )

    def _tuned(
        self, options: ModelOptions, plan: NetworkPlan | None
    ) -> Predictor | None:
        """Return a model that searches its options; None if they stay as they are."""
        tune = self.config.tune
        if tune is None or options.label not in tuned_labels(self.config):
            return None
        share = self._fits * len(tuned_labels(self.config))
        seconds = 60 * (tune.minutes or 0.0) / share
        work = self.folder.file("work/tuning")
        return Tuned(options, tune, plan, self.environments, seconds, work)

    @property
    def _fits(self) -> int:
        """Fits of every model: of outer folds, and the one that is kept."""
        return self.config.evaluate.folds * self.config.evaluate.replicates + 1

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
        return stage_rng(self.config.run.seed, *purpose)

    def timed(self, stage: str) -> AbstractContextManager[None]:
        """Add the wall time of a stage to `run.json`."""
        return self.record.timed(stage)

    @cached_property
    def record(self) -> Run:
        """What `run.json` says of this run."""
        run = self.config.run
        return Run(
            self.folder,
            run.title,
            run.question,
            self.config.model_dump(mode="json"),
            {"run": run.seed},
            self.inputs,
            command=self.command,
            models=[
                {
                    "label": options.label,
                    "deployable": needs(options).deployable,
                    "nodes": options in self.networks,
                }
                for options in self.config.models
            ],
        )


_REPRESENT = set(RepresentOptions.model_fields)
"""What of an omics section says how it is represented."""


def _refuse_wrong_labels(config: AnalysisConfig) -> None:
    for fault in label_faults(config):
        raise fault


def tuned_labels(config: AnalysisConfig) -> tuple[str, ...]:
    """Return the labels of the models whose options are searched."""
    if config.tune is None:
        return ()
    able = tuple(options.label for options in config.models if can_tune(options))
    return tuple(name for name in able if name in (config.tune.models or able))


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
    yield from _question_faults(config)
    asked = config.explain.model
    networks = [o.label for o in config.models if has_nodes(o)]
    arms = {f"{network}-{arm}" for network in networks for arm in ARMS}
    for label in sorted(arms & set(labels)):
        yield ConfigError(
            f"{label!r} is what a control of a network is called",
            where="models",
            remedy="give that model another `name`",
        )
    if asked and asked not in networks:
        known = ", ".join(networks)
        yield ConfigError(
            f"{asked!r} is no network of this analysis, so it has no nodes to explain",
            where="explain.model",
            remedy=f"use one of {known}" if networks else "leave the field out",
        )


def _question_faults(config: AnalysisConfig) -> Iterator[ConfigError]:
    """Yield what sections ask for that the others do not allow."""
    members = [one for options in config.models for one in options.members]
    several = any(one.joins_traits for one in members)
    if several and config.phenotypes.by == "record":
        yield ConfigError(
            "several traits are modelled where every row is a line",
            where="models",
            remedy='set phenotypes.by = "line", or use kind = "gxe" for records',
        )
    new = config.predict
    if new.phenotypes is not None and new.genotypes is None and new.hybrids is None:
        yield ConfigError(
            "values of new lines are given, but no new lines",
            where="predict.phenotypes",
            remedy="name their genotypes in predict.genotypes",
        )
    if config.evaluate.assisted_by and config.phenotypes.by == "record":
        yield ConfigError(
            "tested lines keep traits where rows are lines, not records",
            where="evaluate.assisted_by",
            remedy='leave it out, or set phenotypes.by to "line"',
        )
    elif config.evaluate.assisted_by and not several:
        yield ConfigError(
            "traits stay known of tested lines, and no model reads them",
            where="evaluate.assisted_by",
            remedy='add a model of kind "multi_trait", or leave it out',
        )
    if config.tune is not None:
        lost = sorted(set(config.tune.models) - set(tuned_labels(config)))
        if lost or not tuned_labels(config):
            yield ConfigError(
                f"{', '.join(lost)} cannot be tuned"
                if lost
                else "no model can be tuned",
                where="tune.models",
                remedy="name models of kind dense, cnn, binn or boosting",
            )


def open_run(
    path: str | Path, *, force: bool = False, notify: Notify = silent
) -> Analysis:
    """Return the analysis of an existing run folder, from its own configuration.

    Raises
    ------
    ConfigError
        If the folder holds no run of an analysis, or its record is damaged.
    """
    folder = RunFolder.open(path, force=force)
    try:
        record = folder.record()
        if record.get("kind", "analysis") != "analysis":
            raise KeyError("config")
        config = AnalysisConfig.model_validate(record["config"])
    except (KeyError, ValidationError) as error:
        raise ConfigError(
            "holds no configuration of an analysis",
            where=folder.file("run.json"),
            remedy="give the folder that `meristem run` or `meristem train` wrote",
        ) from error
    folder.refuse_lost(())
    return Analysis(config, folder, notify=notify)
