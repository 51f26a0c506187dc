"""Every kind of model of DNA: what it is, what it needs, how it is built and restored.

No caller asks for a class or a kind by name; what differs is said here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from meristem.errors import ConfigError
from meristem.sequence.inputs.onehot import Pad
from meristem.sequence.models.closed_form import fit_closed_form, restore_closed_form
from meristem.sequence.models.curved import fit_curved, restore_curved
from meristem.sequence.models.networks.attention import build_attention
from meristem.sequence.models.networks.cnn import build_cnn
from meristem.sequence.models.networks.dilated import build_dilated
from meristem.sequence.models.networks.ensemble import (
    Build,
    NetworkEnsemble,
    NetworkPlan,
    fit_networks,
    restore_networks,
)
from meristem.sequence.models.networks.recurrent import build_recurrent
from meristem.sequence.models.networks.residual import build_residual
from meristem.sequence.models.options import (
    CurvedOptions,
    KmerOptions,
    ModelOptions,
    MotifOptions,
    NetworkOptions,
    StackMember,
    StackOptions,
)
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.models.space import NetworkSpace
from meristem.sequence.models.stack import Stack
from meristem.sequence.models.store import read_model
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.training.fit import Rows
from meristem.sequence.training.options import TrainOptions

Record = dict[str, Any]
Arrays = dict[str, NDArray]


@dataclass(frozen=True)
class Specification:
    """A model to be fitted: kind, options, and what it rests on."""

    kind: str
    options: ModelOptions
    train: TrainOptions = TrainOptions()
    motifs: tuple[Motif, ...] = ()
    start: Path | None = None  # folder of a model to continue from
    freeze: bool = False


@dataclass(frozen=True)
class Told:
    """What a fit is told beside its specification and its rows."""

    tasks: tuple[str, ...]
    rng: np.random.Generator
    pad: Pad
    progress: Callable[[int, int], None] | None = None


@dataclass(frozen=True)
class Kind:
    """One entry of the catalogue: what a kind is, is built by and can do."""

    label: str  # for reports
    about: str
    options: type[ModelOptions]
    fit: Callable[..., SequenceModel]  # (options, rows, specification, told)
    restore: Callable[..., SequenceModel]  # (options, folder, record, arrays)
    trained: bool = False  # by steps: options of training mean something to it
    propagates: bool = False  # contributions pass through its layers (DeepLIFT)
    space: type[NetworkSpace] | None = None  # of its architectures


def _fit_at_once(
    fit: Callable[..., SequenceModel],
    options: KmerOptions | MotifOptions,
    rows: Rows,
    specification: Specification,
    told: Told,
) -> SequenceModel:
    return fit(
        rows.onehot,
        rows.value,
        rows.group,
        options,
        tasks=told.tasks,
        rng=told.rng,
        pad=told.pad,
        motifs=specification.motifs if options.reads_motifs else (),
    )


def _restore_closed_form(
    options: KmerOptions | MotifOptions, folder: Path, record: Record, arrays: Arrays
) -> SequenceModel:
    return restore_closed_form(record, arrays, options)


def _restore_curved(
    options: CurvedOptions, folder: Path, record: Record, arrays: Arrays
) -> SequenceModel:
    return restore_curved(record, arrays)


def _fit_network(
    build: Build,
    options: NetworkOptions,
    rows: Rows,
    specification: Specification,
    told: Told,
) -> SequenceModel:
    plan = NetworkPlan(
        specification.kind,
        build,
        options,
        specification.train,
        told.tasks,
        told.pad,
        specification.motifs,
    )
    return fit_networks(
        plan,
        rows,
        told.rng,
        start=_earlier(specification.start),
        freeze=specification.freeze,
        progress=told.progress,
    )


def _earlier(folder: Path | None) -> NetworkEnsemble | None:
    """Return the networks to continue from; None without a folder."""
    if folder is None:
        return None
    model = restore_model(folder)
    if not isinstance(model, NetworkEnsemble):
        raise ConfigError(
            "holds no network to continue from",
            where=folder,
            remedy="name the model folder of a network",
        )
    return model


def _restore_network(
    build: Build, options: NetworkOptions, folder: Path, record: Record, arrays: Arrays
) -> SequenceModel:
    offset = read_model(folder / "offset") if record["offset"] else None
    return restore_networks(record, arrays, build, offset)


def _fit_stack(
    options: StackOptions, rows: Rows, specification: Specification, told: Told
) -> SequenceModel:
    if specification.train.loss != "regression":
        raise ConfigError(
            f"a stack averages measured values, not loss {specification.train.loss!r}",
            where="train.loss",
            remedy="use loss = 'regression', or one network",
        )
    models = [
        fit_model(
            replace(specification, kind=member.kind, options=member_options(member)),
            rows,
            tasks=told.tasks,
            rng=told.rng,
            pad=told.pad,
        )
        for member in options.members
    ]
    return Stack(options, tuple(models))


def _restore_stack(
    options: StackOptions, folder: Path, record: Record, arrays: Arrays
) -> SequenceModel:
    places = [folder / f"part{number}" for number in range(len(options.members))]
    return Stack(options, tuple(restore_model(place) for place in places))


def _network(label: str, about: str, build: Build, *, propagates: bool = False) -> Kind:
    return Kind(
        label,
        about,
        NetworkOptions,
        partial(_fit_network, build),
        partial(_restore_network, build),
        trained=True,
        propagates=propagates,
        space=NetworkSpace,
    )


KINDS: dict[str, Kind] = {
    "kmer": Kind(
        "k-mers",
        "ridge on counts of k-mers",
        KmerOptions,
        partial(_fit_at_once, fit_closed_form),
        _restore_closed_form,
    ),
    "motif": Kind(
        "motifs and k-mers",
        "ridge on occupancies of known motifs and counts of k-mers",
        MotifOptions,
        partial(_fit_at_once, fit_closed_form),
        _restore_closed_form,
    ),
    "curved": Kind(
        "curved motifs and k-mers",
        "Gaussian-kernel ridge on the features of `motif`",
        CurvedOptions,
        partial(_fit_at_once, fit_curved),
        _restore_curved,
    ),
    "cnn": _network(
        "convolutions",
        "convolutions and pooling (DeepBind, DeepSEA, Basset)",
        build_cnn,
        propagates=True,
    ),
    "dilated": _network(
        "dilated convolutions",
        "residual convolutions whose reach doubles (Basenji, BPNet)",
        build_dilated,
        propagates=True,
    ),
    "recurrent": _network(
        "convolution and LSTM",
        "a convolution read by a bidirectional LSTM (DanQ)",
        build_recurrent,
    ),
    "attention": _network(
        "convolution and attention",
        "a convolution read by transformer encoder layers",
        build_attention,
    ),
    "residual": _network(
        "residual blocks",
        "residual blocks with squeeze and excitation (EfficientNetV2)",
        build_residual,
    ),
    "stack": Kind(
        "weighted mean",
        "a weighted mean of models of other kinds",
        StackOptions,
        _fit_stack,
        _restore_stack,
        trained=True,
    ),
}


def find_kind(name: str) -> Kind:
    """Return an entry of the catalogue.

    Raises
    ------
    ConfigError
        If there is none of the name.
    """
    if name not in KINDS:
        raise ConfigError(
            f"there is no model of kind {name!r}",
            where="models.kind",
            remedy=f"use {', '.join(KINDS)}",
        )
    return KINDS[name]


def needs_motifs(options: ModelOptions) -> bool:
    """Return whether a model cannot be fitted without a set of motifs."""
    return options.reads_motifs or any(
        needs_motifs(member_options(member)) for member in options.averaged
    )


def architectures(specification: Specification) -> NetworkSpace:
    """Return the space of architectures of a kind.

    Raises
    ------
    ConfigError
        If it has none.
    """
    space = find_kind(specification.kind).space
    if space is None:
        raise ConfigError(
            f"a model of kind {specification.kind!r} has no architecture to search",
            where="search.kind",
            remedy=f"use {', '.join(name for name, k in KINDS.items() if k.space)}",
        )
    return space.of(specification.options)


def member_options(member: StackMember) -> ModelOptions:
    """Return the checked options of a member of a stack.

    Raises
    ------
    ConfigError
        If one is unknown or wrong.
    """
    kind = find_kind(member.kind)
    try:
        return kind.options.model_validate(member.options)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            f"options.{'.'.join(map(str, first['loc']))}: {first['msg']}",
            where=f"stack member {member.kind!r}",
            remedy=f"its options are: {', '.join(kind.options.model_fields)}",
        ) from error


def fit_model(
    specification: Specification,
    rows: Rows,
    *,
    tasks: Sequence[str],
    rng: np.random.Generator,
    pad: Pad = "both",
    progress: Callable[[int, int], None] | None = None,
) -> SequenceModel:
    """Fit a model on training rows; the specification stays as it is.

    Parameters
    ----------
    specification
        What to fit.
    rows
        Training rows and nothing else.
    tasks
        Names of the columns of values.
    rng
        Source of randomness.
    pad
        Side on which sequences were filled up; kept for prediction.
    progress
        Called with steps done and in all.
    """
    kind, options = find_kind(specification.kind), specification.options
    if needs_motifs(options) and not specification.motifs:
        raise ConfigError(
            f"a model of kind {specification.kind!r} with these options needs motifs",
            where="motifs",
            remedy="name a file of motifs, MEME or JASPAR (one per taxon)",
        )
    told = Told(tuple(tasks), rng, pad, progress)
    return kind.fit(options, rows, specification, told)


def restore_model(folder: Path) -> SequenceModel:
    """Return the model that was saved in a folder.

    Raises
    ------
    ConfigError
        If the folder holds none, or one of an unknown kind.
    """
    folder = Path(folder)
    record, arrays = read_model(folder)
    kind = find_kind(record["kind"])
    options = kind.options.model_validate(record["options"])
    return kind.restore(options, folder, record, arrays)
