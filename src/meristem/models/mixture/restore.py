"""Mixtures from their states."""

from __future__ import annotations

from meristem.errors import DataError
from meristem.mixed.averaging.share import Share
from meristem.models.catalog import restore
from meristem.models.genomic_error import restore_error
from meristem.models.mixture.fitted import (
    FittedMixture,
    mixture_fields,
    model_states,
)
from meristem.models.mixture.network import FittedMixedNetwork
from meristem.models.protocol import as_network
from meristem.records import FittedState


def restore_mixture(state: FittedState) -> FittedMixture | FittedMixedNetwork:
    """Return the fitted mixture of a state, with its network where it has one.

    Raises
    ------
    DataError
        If the state's network is no network.
    """
    if "network" not in state.meta:
        parts = tuple(restore(one) for one in model_states(state))
        return FittedMixture(parts=parts, **mixture_fields(state))
    first, second = model_states(state)
    parts = tuple(restore(one) for one in model_states(first))
    network = as_network(restore(second))
    if network is None:
        raise DataError(
            f"holds a model of kind {second.kind!r} in place of a network",
            remedy="fit the model again",
        )
    share = Share(str(state.meta["network"]), *state.arrays["network_share"])
    return FittedMixedNetwork(
        FittedMixture(parts=parts, **mixture_fields(first)),
        network,
        share.value,
        share,
        state.arrays["beside"],
        restore_error(state.arrays),
    )
