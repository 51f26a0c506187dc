"""What can be searched of a representation: kind, factors, width, penalty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meristem.config.represent import NETWORKS, READS, RepresentOptions
from meristem.tune.space import Point, Variable, choices, values_at

_K = (2, 5, 10, 20, 40, 80)
_HIDDEN = (16, 32, 64, 128, 256)
_STRENGTH = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_RATE = (3e-4, 1e-3, 3e-3)


@dataclass(frozen=True)
class Shape:
    """A representation that can be fitted: options, and one number of factors."""

    options: RepresentOptions
    k: int

    def plain(self) -> dict[str, object]:
        """Return what is searched of the kind."""
        kind = self.options.represent
        found: dict[str, object] = {"represent": kind}
        for name in READS[kind]:
            found[name] = self.k if name == "k" else getattr(self.options, name)
        return found


@dataclass(frozen=True)
class ShapeSpace:
    """Shapes around options as they are set; a point holds places in `values`.

    Examples
    --------
    >>> space = ShapeSpace(RepresentOptions(represent="pca", k=(3,)), most=30)
    >>> space.values["k"]
    (2, 3, 5, 10, 20)
    >>> space.build(space.start[0]).plain()
    {'represent': 'pca', 'k': 3}
    """

    base: RepresentOptions
    most: int  # factors that the rows allow
    values: Mapping[str, tuple[Any, ...]] = field(init=False)

    def __post_init__(self) -> None:
        base = self.base
        values: dict[str, tuple[Any, ...]] = {"represent": self._kinds()}
        reads = {name for kind in values["represent"] for name in READS[kind]}
        known: dict[str, tuple[Any, ...]] = {
            "k": tuple(k for k in _K if k <= self.most),
            "hidden": _HIDDEN,
            "strength": _STRENGTH,
            "learning_rate": _RATE,
        }
        if base.removes and base.deconfound == "adversarial":
            # the adversary's weight as well: what is removed must not be searched
            known["strength"] = ()
        for name, usual in known.items():
            if name in reads:
                own = self._k() if name == "k" else (getattr(base, name),)
                values[name] = tuple(sorted({*usual, *own}))
        object.__setattr__(self, "values", values)

    def _k(self) -> tuple[int, ...]:
        return tuple(sorted({min(k, self.most) for k in self.base.k}))

    def _kinds(self) -> tuple[str, ...]:
        base = self.base
        if base.represent == "sets":
            return ("sets",)
        asked: tuple[str, ...] = () if base.tune is None else base.tune.kinds
        if not asked:
            asked = NETWORKS if base.likelihood != "gaussian" else ("pca", *NETWORKS)
        return tuple(dict.fromkeys((base.represent, *asked)))

    @property
    def variables(self) -> Mapping[str, Variable]:
        """One choice per option."""
        return choices(self.values)

    @property
    def start(self) -> tuple[Point, ...]:
        """The options as they are set, once for every number of factors they name."""
        base = {
            name: known.index(getattr(self.base, name))
            for name, known in self.values.items()
            if name != "k"
        }
        if "k" not in self.values:
            return (base,)
        return tuple(base | {"k": self.values["k"].index(k)} for k in self._k())

    def build(self, point: Point) -> Shape:
        """Return the shape of a point; what its kind does not read stays as set."""
        found = values_at(self.values, point)
        kind = found["represent"]
        update = {n: v for n, v in found.items() if n in READS[kind] and n != "k"}
        options = self.base.model_copy(update={**update, "represent": kind})
        return Shape(options, found.get("k", self._k()[0]))


def lean(shape: Shape, share: float) -> Shape:
    """Return a shape of one network, trained for a share of the usual length."""
    epochs = max(1, round(share * shape.options.epochs))
    update = {"seeds": 1, "epochs": epochs}
    return Shape(shape.options.model_copy(update=update), shape.k)
