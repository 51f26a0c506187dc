"""Configuration of sequence models: one TOML file, strict and frozen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from meristem.config.faults import checked, explain_faults
from meristem.config.strict import Strict
from meristem.config.toml import parse_toml
from meristem.errors import ConfigError
from meristem.sequence.inputs.measured import Source
from meristem.sequence.models.catalog import (
    KINDS,
    Specification,
    needs_motifs,
)
from meristem.sequence.models.options import ModelOptions
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.motifs.reading import read_motifs
from meristem.sequence.training.options import TrainOptions
from meristem.text.files import read_text


class DataSettings(Strict):
    """One table of sequences and measurements.

    ``tasks``: column of every task; ``sequence``, ``sequence_id``, ``group``: columns
    (the usual names are found); ``fasta``: sequences by the ids of the table;
    ``role``: ``test`` rows are predicted by the final models and train none.
    """

    path: Path
    tasks: dict[str, str] = Field(min_length=1)
    sequence: str = ""
    sequence_id: str = ""
    group: str = ""
    fasta: Path | None = None
    name: str = ""
    role: Literal["train", "test"] = "train"

    @model_validator(mode="after")
    def _different(self) -> DataSettings:
        columns = [*self.tasks.values()]
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            raise ValueError(f"two tasks read the column {twice[0]!r}")
        return self

    def source(self) -> Source:
        """Return where the rows stand."""
        return Source(**self.model_dump(exclude={"role"}))


class InputSettings(Strict):
    """How sequences are shown to models.

    ``length``: bp, 0 for the longest; ``pad``: side on which shorter ones are filled
    up (``left`` keeps their ends in line); ``centre_sources``: subtract the mean of
    each table, where assays differ in level.
    """

    length: int = Field(default=0, ge=0, le=1_000_000)
    pad: Literal["both", "left", "right"] = "both"
    centre_sources: bool = False


class SplitSettings(Strict):
    """How rows are divided (see `splits.divide`).

    ``within``: with ``each_group``, test every group by models of its own other rows
    as well.
    """

    scheme: Literal["group", "each_group", "identity", "hash", "random"] = "identity"
    folds: int = Field(default=5, ge=2, le=1000)
    replicates: int = Field(default=1, ge=1, le=100)
    tested: int = Field(default=0, ge=0, le=1000)
    identity: float = Field(default=0.8, ge=0.5, le=1)
    within: bool = False

    @model_validator(mode="after")
    def _of_groups(self) -> SplitSettings:
        if self.within and self.scheme != "each_group":
            raise ValueError("within needs scheme = 'each_group'")
        return self


class ModelSettings(Strict):
    """One model: its kind, its options, and its training where it differs.

    ``start``: model that it continues; ``freeze``: train its output and norms alone.
    """

    kind: str
    label: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9 _.+-]*)?$")
    options: dict[str, Any] = {}
    train: dict[str, Any] = {}
    start: Path | None = None
    freeze: bool = False

    @model_validator(mode="after")
    def _of_something(self) -> ModelSettings:
        if self.freeze and self.start is None:
            raise ValueError("freeze keeps the weights of `start`, and none is named")
        return self

    @property
    def name(self) -> str:
        """Label, or kind where there is none."""
        return self.label or self.kind


class SearchSettings(Strict):
    """Architecture search (see `search.choose`).

    ``kind``: of the networks; ``method``: how points are proposed; ``size`` points in
    each of ``generations``; ``keep``: share that goes on to the next rung of epochs;
    ``rungs``: epochs of every rung.
    """

    kind: str = "cnn"
    method: Literal["distribution", "evolution", "random", "optuna"] = "evolution"
    generations: Annotated[int, Field(ge=1, le=1000)] = 4
    size: Annotated[int, Field(ge=2, le=1000)] = 8
    rungs: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(
        default=(4, 12), min_length=1
    )
    keep: float = Field(default=0.34, gt=0, le=1)
    repeats: Annotated[int, Field(ge=1, le=20)] = 1

    @model_validator(mode="after")
    def _rising(self) -> SearchSettings:
        if list(self.rungs) != sorted(set(self.rungs)):
            raise ValueError("rungs: every rung has more epochs than the one before")
        return self


class SequenceSettings(Strict):
    """One run of ``meristem sequence train``."""

    title: str = "Sequence model"
    seed: int = Field(default=1, ge=0)
    data: tuple[DataSettings, ...] = Field(min_length=1)
    inputs: InputSettings = InputSettings()
    motifs: Path | None = None
    split: SplitSettings = SplitSettings()
    models: tuple[ModelSettings, ...] = ()
    train: TrainOptions = TrainOptions()
    search: SearchSettings | None = None

    @model_validator(mode="after")
    def _coherent(self) -> SequenceSettings:
        names = [model.name for model in self.models]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two models are called {twice[0]!r}; give labels")
        if not any(item.role == "train" for item in self.data):
            raise ValueError("no [[data]] has role = 'train'")
        return self


def specify(
    settings: SequenceSettings, model: ModelSettings, motifs: tuple[Motif, ...]
) -> Specification:
    """Return a model with its checked options.

    Raises
    ------
    ConfigError
        If the kind is unknown, an option is wrong, or motifs are missing.
    """
    where = f"models ({model.name!r})"
    if model.kind not in KINDS:
        raise ConfigError(
            f"there is no model of kind {model.kind!r}",
            where=where,
            remedy=f"use {', '.join(KINDS)}",
        )
    kind = KINDS[model.kind]
    try:
        options: ModelOptions = kind.options.model_validate(model.options)
        train = TrainOptions.model_validate(
            settings.train.model_dump() | dict(model.train)
        )
    except ValidationError as error:
        raise ConfigError(
            f"has options that cannot be used:\n{explain_faults(error, kind.options)}",
            where=where,
            remedy=f"its options are: {', '.join(kind.options.model_fields)}",
        ) from error
    if not kind.trained and (model.train or model.start):
        raise ConfigError(
            f"a model of kind {model.kind!r} is not trained by steps, and `train` or "
            "`start` would not be used",
            where=where,
            remedy="leave them out",
        )
    if needs_motifs(options) and not motifs:
        raise ConfigError(
            f"the kind {model.kind!r} needs a set of motifs",
            where="motifs",
            remedy="name a file of motifs, MEME or JASPAR: motifs = 'jaspar.meme'",
        )
    return Specification(model.kind, options, train, motifs, model.start, model.freeze)


def read_motif_set(settings: SequenceSettings) -> tuple[Motif, ...]:
    """Return the motifs of the configuration; none where none are named."""
    return () if settings.motifs is None else tuple(read_motifs(settings.motifs))


def listed_models(settings: SequenceSettings) -> tuple[ModelSettings, ...]:
    """Return the models of a run: those named, after the baseline `kmer`.

    Without any, the motif model is fitted where there are motifs.
    """
    models = settings.models
    if not models and settings.motifs is not None:
        models = (ModelSettings(kind="motif"),)
    if not any(model.kind == "kmer" for model in models):
        models = (ModelSettings(kind="kmer"), *models)
    return models


def read_settings(path: str | Path) -> SequenceSettings:
    """Read and check a configuration; relative paths start at its folder."""
    path = Path(path)
    text = read_text(path)
    content = parse_toml(text, path)
    remedy = "compare with examples/sequence/promoters.toml"
    settings = checked(SequenceSettings, content, text, path, remedy)
    return _anchored(settings, path.resolve().parent)


def _anchored(settings: SequenceSettings, folder: Path) -> SequenceSettings:
    """Take relative paths from the folder of the configuration file."""

    def place(path: Path | None) -> Path | None:
        return None if path is None else folder / path

    data = tuple(
        item.model_copy(update={"path": folder / item.path, "fasta": place(item.fasta)})
        for item in settings.data
    )
    models = tuple(
        item.model_copy(update={"start": place(item.start)}) for item in settings.models
    )
    return settings.model_copy(
        update={"data": data, "models": models, "motifs": place(settings.motifs)}
    )
