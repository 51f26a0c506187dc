"""What can be searched of each kind: shape, learning rate, penalties, graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meristem.config.models import ModelOptions, PlanOptions
from meristem.tune.space import Point, Variable, choices, values_at

_TRAINING: dict[str, tuple[Any, ...]] = {
    "learning_rate": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "weight_decay": (1e-6, 1e-4, 1e-3, 1e-2, 1e-1),
}
_GRAPH: dict[str, tuple[Any, ...]] = {
    "hidden": ((), (4,), (16,), (32,), (16, 16)),
    "variant_hidden": ((), (4,), (16,)),
    "width": (1, 2, 4),
    "activation": ("tanh", "silu", "relu"),
    "polygenic": ("stack", "joint", "none"),
    "off_graph": ("auto", "none"),
}
RANGES: dict[str, dict[str, tuple[Any, ...]]] = {
    "dense": {
        "hidden": ((16,), (64,), (64, 64), (64, 64, 64), (128, 128), (256, 64)),
        "dropout": (0.0, 0.1, 0.2, 0.4, 0.6),
        **_TRAINING,
    },
    "cnn": {
        "channels": (4, 8, 16, 32),
        "kernel": (3, 9, 17, 33),
        "stride": (1, 2, 4, 8),
        "hidden": (16, 32, 64, 128),
        "dropout": (0.0, 0.1, 0.2, 0.4, 0.6),
        **_TRAINING,
    },
    "binn": {**_GRAPH, **_TRAINING},
    "boosting": {
        "rounds": (100, 200, 300, 600, 1000),
        "learning_rate": (0.01, 0.02, 0.05, 0.1),
        "leaves": (4, 8, 15, 31),
        "max_features": (0.02, 0.05, 0.1, 0.2, 0.5),
    },
}
"""What an option may be, by kind; neighbours resemble one another."""

LEAN: dict[str, int] = {"seeds": 1, "inner_folds": 2}
"""Networks of an ensemble while options are compared."""
_LENGTH = ("epochs", "rounds")
"""Options that say how long a fit trains."""


def can_tune(options: ModelOptions) -> bool:
    """Tell whether options of this kind can be searched."""
    return getattr(options, "kind", "") in RANGES


@dataclass(frozen=True)
class OptionSpace:
    """Options of one model; a point holds places in the values of each.

    Examples
    --------
    >>> from meristem.config.models import DenseOptions
    >>> space = OptionSpace(DenseOptions(dropout=0.3))
    >>> space.values["dropout"][space.start["dropout"]]
    0.3
    >>> space.build(space.start) == space.base
    True
    """

    base: ModelOptions
    omics: bool = False  # whether a graph can be learned from omics

    @property
    def values(self) -> dict[str, tuple[Any, ...]]:
        """Values of every option; the one that is set is among them."""
        ranges = dict(RANGES[str(getattr(self.base, "kind", ""))])
        if isinstance(self.base, PlanOptions) and self.omics:
            ranges["graph"] = ("knowledge", "both", "learned")
            if self.base.graph not in ranges["graph"]:
                del ranges["graph"]
        found = {}
        for name, known in ranges.items():
            own = getattr(self.base, name)
            found[name] = known if own in known else (*known, own)
        return found

    @property
    def variables(self) -> Mapping[str, Variable]:
        """One choice per option."""
        return choices(self.values)

    @property
    def start(self) -> Point:
        """The point of the options as they are set."""
        return {
            name: known.index(getattr(self.base, name))
            for name, known in self.values.items()
        }

    def build(self, point: Point) -> ModelOptions:
        """Return the options of a point."""
        return self.base.changed(**values_at(self.values, point))


def lean(options: ModelOptions, share: float) -> ModelOptions:
    """Return options of a small ensemble, trained for a share of the usual length."""
    tuned_length = RANGES[str(getattr(options, "kind", ""))].keys() & set(_LENGTH)
    length = {
        name: max(1, round(share * getattr(options, name)))
        for name in _LENGTH
        if name not in tuned_length and hasattr(options, name)
    }
    return options.changed(**LEAN, **length)
