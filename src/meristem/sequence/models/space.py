"""The space of architectures: one choice per option of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meristem.sequence.models.options import ModelOptions, NetworkOptions
from meristem.tune.space import Point, Variable, choices, values_at

OPTIONS: dict[str, tuple[Any, ...]] = {
    "channels": (16, 32, 64, 96),
    "first_kernel": (7, 11, 15, 19),
    "depth": (0, 1, 2, 3),
    "kernel": (3, 5, 7),
    "pool": (1, 2, 4, 8),
    "read": ("flat", "mean", "both"),
    "hidden": (16, 32, 64, 128),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.5),
    "first": ("relu", "exp", "gelu"),
    "activation": ("relu", "gelu", "elu", "silu"),
}
"""What an option may be; neighbours resemble one another."""


@dataclass(frozen=True)
class NetworkSpace:
    """Shapes of one kind of network; a point holds places in `OPTIONS`."""

    base: NetworkOptions  # options that are not searched

    @classmethod
    def of(cls, options: ModelOptions) -> NetworkSpace:
        """Return the space around the options of a network."""
        return cls(NetworkOptions.model_validate(options.model_dump()))

    @property
    def variables(self) -> Mapping[str, Variable]:
        """One choice per option."""
        return choices(OPTIONS)

    def build(self, point: Point) -> NetworkOptions:
        """Return the options of a point.

        Examples
        --------
        >>> space = NetworkSpace(NetworkOptions())
        >>> space.build({name: 0 for name in OPTIONS}).read
        'flat'
        """
        return self.base.model_copy(update=values_at(OPTIONS, point))
