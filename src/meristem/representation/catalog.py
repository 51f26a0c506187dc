"""The kinds of representation: one literal table."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from meristem.config.represent import RepresentOptions
from meristem.errors import ConfigError
from meristem.representation.pca import PCA, LinearAutoEncoder
from meristem.representation.protocol import Kind
from meristem.representation.sets.membership import FeatureSets

Make = Callable[[RepresentOptions, int, FeatureSets | None], Kind]


def _pca(options: RepresentOptions, k: int, sets: FeatureSets | None) -> Kind:
    return PCA(k)


def _linear(options: RepresentOptions, k: int, sets: FeatureSets | None) -> Kind:
    return LinearAutoEncoder(k)


def _network(options: RepresentOptions, k: int, sets: FeatureSets | None) -> Kind:
    return _load("encoders.autoencoder:AutoEncoder")(
        options.represent,
        k,
        options.hidden,
        options.likelihood,
        options.strength,
        options.seeds,
        options.epochs,
        options.learning_rate,
    )


def _sets(options: RepresentOptions, k: int, sets: FeatureSets | None) -> Kind:
    if sets is None:
        raise ConfigError(
            'represent = "sets" needs gene sets and there is no knowledge',
            remedy="add a [knowledge] section with gene_sets or an annotation",
        )
    return _load("sets.decoder:SetsAutoEncoder")(
        sets.member,
        options.strength,
        options.seeds,
        options.epochs,
        options.learning_rate,
    )


def _load(place: str) -> Any:
    """Return what needs torch, when it is asked for; a fit by components does not."""
    module, _, name = place.partition(":")
    return getattr(import_module(f"meristem.representation.{module}"), name)


CATALOG: dict[str, Make] = {
    "pca": _pca,
    "linear": _linear,
    "sparse": _network,
    "denoising": _network,
    "contractive": _network,
    "vae": _network,
    "sets": _sets,
}


def make_kind(
    options: RepresentOptions, k: int, sets: FeatureSets | None = None
) -> Kind:
    """Return the representation that options ask for, with k factors.

    Examples
    --------
    >>> make_kind(RepresentOptions(represent="pca"), 4)
    PCA(k=4)
    """
    return CATALOG[options.represent](options, k, sets)
