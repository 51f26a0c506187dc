"""A 1-D convolutional network on one-hot genotypes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from meristem.config.models import CNNOptions
from meristem.models.networks.ensemble import (
    FittedEnsemble,
    fit_ensemble,
    restore_ensemble,
)
from meristem.models.networks.members import torch_generator
from meristem.nn.convolution import ConvolutionNetwork
from meristem.records import Dataset, FittedState, Splits


@dataclass(frozen=True)
class CNN:
    """Specification of a convolutional network."""

    options: CNNOptions

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedEnsemble:
        """Train the ensemble; variants stand in genome order."""
        generator = torch_generator(rng)
        ploidy = dataset.genotypes.ploidy

        def make(n_variant: int, n_target: int, members: int) -> ConvolutionNetwork:
            sizes = (n_variant, n_target, members, ploidy)
            return _network(self.options, sizes, generator)

        return fit_ensemble(
            "cnn",
            dataset,
            self.options,
            make,
            standardised=False,
            rng=rng,
            inner=inner,
        )


def restore_cnn(state: FittedState) -> FittedEnsemble:
    """Return the fitted convolutional network that a state describes."""
    meta: dict[str, Any] = state.meta
    sizes = (
        state.arrays["variant_position"].size,
        state.arrays["trait_name"].size,
        int(meta["members"]),
        int(meta["ploidy"]),
    )
    network = _network(CNNOptions(**meta["options"]), sizes, torch.Generator())
    return restore_ensemble(state, network)


def _network(
    options: CNNOptions,
    sizes: tuple[int, int, int, int],  # variants, targets, members, ploidy
    generator: torch.Generator,
) -> ConvolutionNetwork:
    n_variant, n_target, members, ploidy = sizes
    return ConvolutionNetwork(
        n_variant,
        n_target,
        ploidy=ploidy,
        channels=options.channels,
        kernel=options.kernel,
        stride=options.stride,
        hidden=options.hidden,
        members=members,
        dropout=options.dropout,
        generator=generator,
    )
