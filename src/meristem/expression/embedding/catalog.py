"""Every kind of embedder: how it is built from its options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meristem.config.expression.panel import EmbedConfig
from meristem.errors import ConfigError
from meristem.expression.embedding.language_model import (
    LanguageModelEmbedder,
    load_language_model,
    refuse_guessing,
)
from meristem.expression.embedding.motif import MotifEmbedder
from meristem.expression.embedding.protocol import Embedder
from meristem.expression.embedding.supervised import SupervisedEmbedder
from meristem.runs.folder import RECORD
from meristem.runs.keys import digest, hash_content
from meristem.runs.revision import revision_of
from meristem.sequence.commands.predict import open_model
from meristem.sequence.models.networks.ensemble import redrawn
from meristem.sequence.motifs.reading import read_motifs

_PROBES = 8  # promoters on which a language model is tried


@dataclass(frozen=True)
class Request:
    """What an embedder is built for."""

    options: EmbedConfig
    length: int  # bp
    seed: int  # of random weights
    known: Sequence[str] = ()  # some sequences of the reference


def _motif(request: Request) -> Embedder:
    options = request.options
    motifs = () if options.motifs is None else tuple(read_motifs(options.motifs))
    return MotifEmbedder(
        request.length, options.bins, motifs, options.kmers, options.threshold
    )


def _model_folder(options: EmbedConfig) -> Path:
    if options.model is None:  # refused by the configuration
        raise ConfigError("has no model", where="embed")
    return options.model


def _supervised(request: Request, *, trained: bool = True) -> Embedder:
    options, folder = request.options, _model_folder(request.options)
    model, about = open_model(folder, options.label), "trained model"
    models = hash_content(folder / "models")
    own = [request.length, options.bins, options.label, models]
    own += [options.hidden, options.placements]
    if not trained:
        model, about = redrawn(model, request.seed), "untrained network"
        own.append(request.seed)
    key = digest(about, own, revision_of(SupervisedEmbedder))
    return SupervisedEmbedder(
        request.length,
        options.bins,
        model,
        key,
        about,
        options.hidden,
        options.placements,
    )


def _language_model(request: Request, *, trained: bool = True) -> Embedder:
    options, folder = request.options, _model_folder(request.options)
    model = load_language_model(
        folder,
        remote_code=options.remote_code,
        revision=options.revision,
        parameters=options.parameters,
        untrained=None if trained else request.seed,
        device=options.device,
    )
    about = folder.name if trained else f"{folder.name}, untrained"
    own = [request.length, options.bins, options.layer, hash_content(folder)]
    if trained:
        probes = list(request.known[:_PROBES])
        if probes:
            refuse_guessing(
                model, probes, folder, rng=np.random.default_rng(request.seed)
            )
    else:
        own.append(request.seed)
    return LanguageModelEmbedder(
        request.length,
        options.bins,
        model,
        options.layer,
        digest(about, own, revision_of(LanguageModelEmbedder)),
        about,
        options.device,
        options.batch,
    )


def _untrained(request: Request) -> Embedder:
    folder = _model_folder(request.options)
    build = _supervised if (folder / RECORD).is_file() else _language_model
    return build(request, trained=False)


EMBEDDERS: dict[str, Callable[[Request], Embedder]] = {
    "motif": _motif,
    "supervised": _supervised,
    "language_model": _language_model,
    "untrained": _untrained,
}


def build_embedder(request: Request) -> Embedder:
    """Return the embedder of a configuration.

    Raises
    ------
    ConfigError
        If its files cannot be used.
    """
    return EMBEDDERS[request.options.kind](request)
