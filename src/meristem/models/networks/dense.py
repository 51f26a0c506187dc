"""A fully connected network on dosages: what a network does without knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from meristem.config.models import DenseOptions
from meristem.models.networks.ensemble import (
    FittedEnsemble,
    fit_ensemble,
    restore_ensemble,
)
from meristem.models.networks.members import torch_generator
from meristem.nn.dense import DenseNetwork
from meristem.records import Dataset, FittedState, Splits


@dataclass(frozen=True)
class Dense:
    """Specification of a dense network."""

    options: DenseOptions

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedEnsemble:
        """Train the ensemble; see `models.protocol.Predictor`."""
        generator = torch_generator(rng)

        def make(n_variant: int, n_target: int, members: int) -> DenseNetwork:
            return _network(self.options, n_variant, n_target, members, generator)

        return fit_ensemble(
            "dense",
            dataset,
            self.options,
            make,
            standardised=True,
            rng=rng,
            inner=inner,
        )


def restore_dense(state: FittedState) -> FittedEnsemble:
    """Return the fitted dense network that a state describes."""
    meta: dict[str, Any] = state.meta
    network = _network(
        DenseOptions(**meta["options"]),
        state.arrays["variant_position"].size,
        state.arrays["trait_name"].size,
        int(meta["members"]),
        torch.Generator(),
    )
    return restore_ensemble(state, network)


def _network(
    options: DenseOptions,
    n_variant: int,
    n_target: int,
    members: int,
    generator: torch.Generator,
) -> DenseNetwork:
    return DenseNetwork(
        n_variant,
        options.hidden,
        n_target,
        members=members,
        dropout=options.dropout,
        generator=generator,
    )
