"""Every kind of model of DNA: what it is, what it needs, how it is built and restored.

No caller asks for a class or a kind by name; what differs is said here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
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
from meristem.sequence.models.stack import Stack
from meristem.sequence.models.store import read_model
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.training.fit import Rows
from meristem.sequence.training.options import TrainOptions


@dataclass(frozen=True)
class Kind:
    """One entry of the catalogue."""

    label: str  # for reports
    about: str
    options: type[ModelOptions]
    build: Build | None = None  # of networks
    needs_motifs: bool = False
    propagates: bool = False  # contributions pass through its layers (DeepLIFT)


KINDS: dict[str, Kind] = {
    "kmer": Kind("k-mers", "ridge on counts of k-mers", KmerOptions),
    "motif": Kind(
        "motifs and k-mers",
        "ridge on occupancies of known motifs and counts of k-mers",
        MotifOptions,
        needs_motifs=True,
    ),
    "curved": Kind(
        "curved motifs and k-mers",
        "Gaussian-kernel ridge on the features of `motif`",
        CurvedOptions,
        needs_motifs=True,
    ),
    "cnn": Kind(
        "convolutions",
        "convolutions and pooling (DeepBind, DeepSEA, Basset)",
        NetworkOptions,
        build_cnn,
        propagates=True,
    ),
    "dilated": Kind(
        "dilated convolutions",
        "residual convolutions whose reach doubles (Basenji, BPNet)",
        NetworkOptions,
        build_dilated,
        propagates=True,
    ),
    "recurrent": Kind(
        "convolution and LSTM",
        "a convolution read by a bidirectional LSTM (DanQ)",
        NetworkOptions,
        build_recurrent,
    ),
    "attention": Kind(
        "convolution and attention",
        "a convolution read by transformer encoder layers",
        NetworkOptions,
        build_attention,
    ),
    "residual": Kind(
        "residual blocks",
        "residual blocks with squeeze and excitation (EfficientNetV2)",
        NetworkOptions,
        build_residual,
    ),
    "stack": Kind(
        "weighted mean",
        "a weighted mean of models of other kinds",
        StackOptions,
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


@dataclass(frozen=True)
class Specification:
    """A model to be fitted: kind, options, and what it rests on."""

    kind: str
    options: ModelOptions
    train: TrainOptions = TrainOptions()
    motifs: tuple[Motif, ...] = ()
    start: Path | None = None  # folder of a model to continue from
    freeze: bool = False


def trains(name: str) -> bool:
    """Return whether options of training mean something to a kind."""
    kind = find_kind(name)
    return kind.build is not None or kind.options is StackOptions


def needs_motifs(kind: str, options: ModelOptions) -> bool:
    """Return whether a model cannot be fitted without a set of motifs."""
    if isinstance(options, StackOptions):
        return any(
            needs_motifs(member.kind, member_options(member))
            for member in options.members
        )
    asked = isinstance(options, NetworkOptions) and (options.motifs or options.offset)
    return find_kind(kind).needs_motifs or asked


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


def _fit_stack(
    specification: Specification,
    options: StackOptions,
    rows: Rows,
    *,
    tasks: Sequence[str],
    rng: np.random.Generator,
    pad: Pad,
) -> Stack:
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
            tasks=tasks,
            rng=rng,
            pad=pad,
        )
        for member in options.members
    ]
    return Stack(options, tuple(models))


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
    motifs = specification.motifs
    if needs_motifs(specification.kind, options) and not motifs:
        raise ConfigError(
            f"a model of kind {specification.kind!r} with these options needs motifs",
            where="motifs",
            remedy="name a MEME file (JASPAR gives one per taxon)",
        )
    if isinstance(options, StackOptions):
        return _fit_stack(specification, options, rows, tasks=tasks, rng=rng, pad=pad)
    if isinstance(options, NetworkOptions) and kind.build is not None:
        start = _earlier(specification.start)
        plan = NetworkPlan(
            specification.kind,
            kind.build,
            options,
            specification.train,
            tuple(tasks),
            pad,
            motifs,
        )
        return fit_networks(
            plan,
            rows,
            rng,
            start=start,
            freeze=specification.freeze,
            progress=progress,
        )
    if isinstance(options, NetworkOptions):
        raise ConfigError(f"{specification.kind!r} takes no options of a network")
    common: dict[str, Any] = {
        "tasks": tasks,
        "rng": rng,
        "pad": pad,
        "motifs": motifs if kind.needs_motifs else (),
    }
    given = (rows.onehot, rows.value, rows.group)
    if isinstance(options, CurvedOptions):
        return fit_curved(*given, options, **common)
    return fit_closed_form(*given, options, **common)


def redrawn(model: SequenceModel, seed: int) -> NetworkEnsemble:
    """Return the same networks with weights drawn anew, never trained.

    Raises
    ------
    ConfigError
        If the model is made of no networks.
    """
    build = find_kind(model.kind).build
    if not isinstance(model, NetworkEnsemble) or build is None:
        raise ConfigError(
            f"a model of kind {model.kind!r} has no weights that could be untrained",
            where="embed.model",
            remedy="name a run with a network (cnn, dilated, ...), or choose it with "
            "`label`",
        )
    networks = []
    for number in range(len(model.networks)):
        torch.manual_seed(seed + number)
        network = build(model.options, model.window, model.loss.n_output)
        networks.append(network.eval())
    return replace(model, networks=tuple(networks), offset=None)


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


def restore_model(folder: Path) -> SequenceModel:
    """Return the model that was saved in a folder.

    Raises
    ------
    ConfigError
        If the folder holds none, or one of an unknown kind.
    """
    record, arrays = read_model(Path(folder))
    kind = find_kind(record["kind"])
    if kind.build is None:
        options = kind.options.model_validate(record["options"])
        if isinstance(options, NetworkOptions):
            raise ConfigError("is no closed-form model", where=folder)
        if isinstance(options, StackOptions):
            places = [Path(folder) / f"part{n}" for n in range(len(options.members))]
            return Stack(options, tuple(restore_model(place) for place in places))
        if isinstance(options, CurvedOptions):
            return restore_curved(record, arrays)
        return restore_closed_form(record, arrays, options)
    offset = read_model(Path(folder) / "offset") if record["offset"] else None
    return restore_networks(record, arrays, kind.build, offset)
