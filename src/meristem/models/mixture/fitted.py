"""A fitted mixture: models of all variants, and a network where there is one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meristem.mixed.averaging.share import Share
from meristem.models.genomic_error import (
    GenomicError,
    error_arrays,
    posterior_of,
    restore_error,
)
from meristem.models.packing import (
    pack_targets,
    pack_variants,
    prefixed,
    unpack_targets,
    unpack_variants,
    with_prefix,
)
from meristem.models.protocol import (
    Fitted,
    FittedWithNeeds,
    Needs,
    predict_measured,
)
from meristem.prepare.match import align_variants
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    OmicsTable,
    Posterior,
    Predictions,
    StrArray,
    VariantTable,
)


@dataclass(frozen=True)
class FittedMixture:
    """A weighted sum of fitted models.

    Parts that have no weight for any target are not kept; `shares` has them all.
    """

    kind: str  # of the state: "auto" or "stack"
    parts: tuple[Fitted, ...]
    weight: FloatArray  # (n_part, n_target)
    intercept: FloatArray  # (n_target,)
    variants: VariantTable
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    part_share: tuple[Share, ...]
    error: GenomicError | None = None

    @property
    def needs(self) -> Needs:
        """What the parts need together."""
        known = [part.needs for part in self.parts if isinstance(part, FittedWithNeeds)]
        return reduce(or_, known, Needs())

    def shares(self) -> tuple[Share, ...]:
        """Return the share of every part in the prediction."""
        return self.part_share

    def predict(
        self, genotypes: Genotypes, omics: tuple[OmicsTable, ...] = ()
    ) -> Predictions:
        """Predict every target; the spread is that of `posterior` alone."""
        value = self.intercept + self._sum(self.parts, self.weight, genotypes, omics)
        return Predictions.of(self, genotypes.sample_id, value)

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values of lines."""
        predictions = self.predict(genotypes)
        dosage = align_variants(genotypes, self.variants).call_dosage
        return posterior_of(self.error, predictions, dosage)

    def state(self) -> FittedState:
        """Return the parts, their weights and shares."""
        arrays, meta = pack_models(self.parts)
        arrays |= {
            "weight": self.weight,
            "intercept": self.intercept,
            **pack_variants(self.variants),
            **pack_targets(self.trait_name, self.environment_name),
            **error_arrays(self.error),
        }
        for number, share in enumerate(self.part_share):
            rows = np.stack([share.value, share.low, share.high])
            arrays[f"share{number}"] = rows
        names = [share.part for share in self.part_share]
        return FittedState(self.kind, arrays, {"models": meta, "shares": names})

    def _sum(
        self,
        parts: Iterable[Fitted],
        weight: FloatArray,  # (n_part, n_target)
        genotypes: Genotypes,
        omics: tuple[OmicsTable, ...] = (),
    ) -> FloatArray:  # (n_sample, n_target)
        total = np.zeros((genotypes.n_sample, self.trait_name.size))
        for part, factor in zip(parts, weight, strict=True):
            value = predict_measured(part, genotypes, omics).value
            total += np.where(factor > 0, factor * value, 0.0)
        return total


def pack_models(models: Iterable[Fitted]) -> tuple[dict[str, NDArray], list[dict]]:
    """Return the arrays of models under their numbers, and kinds and plain values."""
    arrays: dict[str, NDArray] = {}
    meta = []
    for number, state in enumerate(model.state() for model in models):
        arrays |= with_prefix(state.arrays, f"{number}.")
        meta.append({"kind": state.kind, "meta": state.meta})
    return arrays, meta


def model_states(state: FittedState) -> list[FittedState]:
    """Return the states of `pack_models`."""
    models: Any = state.meta["models"]
    return [
        FittedState(model["kind"], prefixed(state.arrays, f"{k}."), model["meta"])
        for k, model in enumerate(models)
    ]


def mixture_fields(state: FittedState) -> dict[str, Any]:
    """Return the fields of a mixture, its parts apart."""
    arrays = state.arrays
    names: Any = state.meta["shares"]
    trait_name, environment_name = unpack_targets(arrays)
    return {
        "kind": state.kind,
        "weight": arrays["weight"],
        "intercept": arrays["intercept"],
        "variants": unpack_variants(arrays),
        "trait_name": trait_name,
        "environment_name": environment_name,
        "part_share": tuple(
            Share(name, *arrays[f"share{number}"]) for number, name in enumerate(names)
        ),
        "error": restore_error(arrays),
    }
