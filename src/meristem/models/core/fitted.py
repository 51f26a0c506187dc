"""A fitted core: predicts from genotypes, and lets its nodes be read and held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.mixed.groups import Members
from meristem.models.core.core import Core, CoreHead
from meristem.models.core.exact import (
    CoreState,
    ExplicitNetwork,
    explicit_shares,
    multiplied_sets,
)
from meristem.models.core.genes import GeneLatents
from meristem.models.core.products import Products
from meristem.models.effects import predict_linear
from meristem.models.genomic_error import (
    GenomicError,
    error_arrays,
    restore_error,
)
from meristem.models.marker_model import OfMembers
from meristem.models.packing import (
    pack_scale,
    pack_targets,
    plan_arrays,
    plan_from_arrays,
    unpack_scale,
    unpack_targets,
)
from meristem.models.protocol import (
    Composition,
    Contributions,
    Hold,
    Inclusion,
    Rule,
)
from meristem.prepare.match import align_variants
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    Latents,
    StrArray,
)

_ROWS = 512
"""Samples computed at a time."""
_HEAD = ("gene_effect", "loading", "set_effect", "inclusion", "variance")
_PRODUCT = ("first", "second", "effect", "centre")


@dataclass(frozen=True)
class FittedCore(OfMembers, ExplicitNetwork):
    """One explicit network over a plan; the latent of a set is that of target one.

    Nodes that no omics feature measures and that are no set have latent 0: the
    polygenic path reads their variants.
    """

    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    meta: dict[str, object]
    error: GenomicError | None = None

    @property
    def nodes(self) -> StrArray:  # (n_node,)
        """Names of the nodes of the plan."""
        return self.plan.node_name

    @property
    def share(self) -> FloatArray:  # (n_target,)
        """Return 1: the share beside the path from all variants is in the weights."""
        return np.ones(len(self.core.heads))

    def member_predictions(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (1, n_sample, n_target)
        """Return the prediction."""
        return self._predict(genotypes, {})

    def member_latents(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (1, n_sample, n_node)
        """Return every latent, in sd: of the measured expression, of the sets."""
        dosage = self._dosage(genotypes)
        value = np.zeros((1, genotypes.n_sample, self.plan.n_node))
        for rows, own in self._own(dosage):
            genes = self.core.latents.join(own)
            value[0][rows, self.gene_node] = genes
            value[0][rows, self.set_node] = self.core.activity(genes, 0)
        return value

    def latents(self, genotypes: Genotypes) -> Latents:
        """Return the latents of the one network."""
        raw = self.member_latents(genotypes)[0]
        return Latents(genotypes.sample_id, self.plan.node_name, raw)

    def clamp(
        self,
        genotypes: Genotypes,
        nodes: tuple[str, ...],
        values: FloatArray,  # (1, n_clamped)
    ) -> FloatArray:  # (1, n_sample, n_target)
        """Predict with latents held for all samples.

        A gene that is held also holds what it does to the genes it regulates.
        """
        flat = np.asarray(values, dtype=np.float64).ravel().tolist()
        held = {self._node(name): v for name, v in zip(nodes, flat, strict=True)}
        return self._predict(genotypes, held)

    def hold(self, genotypes: Genotypes) -> Hold:
        """Return what holding latents does to the predictions, exactly."""
        state = CoreState(self, genotypes)

        def change(nodes: tuple[str, ...], values: FloatArray) -> FloatArray:
            held = np.asarray(values, dtype=np.float64).ravel()
            return state.hold([self._node(name) for name in nodes], held)[None]

        return change

    def contributions(
        self, genotypes: Genotypes, *, rule: Rule = "integrated", steps: int = 32
    ) -> Contributions:
        """Share out what genes and sets add: both rules give the same, exactly."""
        del rule, steps
        return explicit_shares(self, genotypes)

    def network_value(self, genotypes: Genotypes) -> FloatArray:  # (n_sample, n_target)
        """Return what genes and sets add to the predictions."""
        dosage, rest = self._dosage(genotypes), np.zeros(len(self.core.heads))
        linear = predict_linear(dosage, self.markers, self.core.marker_effect, rest)
        return np.asarray(self.member_predictions(genotypes)[0] - linear)

    def alone(self) -> FittedCore:
        """Return the core itself: its weights hold its share."""
        return self

    def inclusion(self) -> Inclusion | None:
        """Return the posterior probability that each set has a variance above 0."""
        names = self.core.sets.name
        if names.size == 0:
            return None
        columns = [head.inclusion for head in self.core.heads]
        return Inclusion(names, np.column_stack(columns))

    def multiplied(self, target: int) -> tuple[tuple[str, str], ...]:
        """Return the pairs of different sets that are multiplied for a target."""
        return multiplied_sets(self, target)

    def composition(self) -> Composition:
        """Return that all is the core, and the share of products in it."""
        return Composition(
            "core",
            network_share=np.ones(len(self.core.heads)),
            products_share=self.products_share,
        )

    def dosage_gradient(
        self,
        genotypes: Genotypes,
    ) -> tuple[FloatArray, FloatArray]:  # each (n_variant, n_target)
        """Return mean d prediction / d dosage: through the network, and polygenic."""
        gene_slope, _ = self._slopes(genotypes)
        latents, n_variant = self.core.latents, self.plan.variants.n_variant
        cis = latents.genes.matrix(latents.cis, n_variant)
        network = np.asarray(cis @ gene_slope)
        network *= (self.markers.weight / self.markers.sd)[:, None]
        return network, self.core.marker_effect.copy()

    def node_gradient(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (1, n_node, n_target)
        """Return mean d prediction / d latent."""
        gene_slope, set_slope = self._slopes(genotypes)
        slope = np.zeros((1, self.plan.n_node, len(self.core.heads)))
        slope[0, self.gene_node] = gene_slope
        slope[0, self.set_node] = set_slope
        return slope

    def state(self) -> FittedState:
        """Return everything learned as arrays and plain values."""
        arrays = plan_arrays(self.plan) | pack_scale(self.markers)
        arrays |= pack_targets(self.trait_name, self.environment_name)
        core = self.core
        arrays |= {
            "gene_node": self.gene_node,
            "set_node": self.set_node,
            "share": self.products_share,
            "core.marker_effect": core.marker_effect,
            "latents.cis": core.latents.cis,
            "latents.centre": core.latents.centre,
            "latents.regulator": core.latents.regulator,
            "latents.trans": core.latents.trans,
        }
        for label, members in (("genes", core.latents.genes), ("sets", core.sets)):
            arrays[f"{label}.name"] = members.name
            arrays[f"{label}.start"] = members.start
            arrays[f"{label}.member"] = members.member
        for number, head in enumerate(core.heads):
            arrays |= {f"head{number}.{name}": getattr(head, name) for name in _HEAD}
            for name in _PRODUCT:
                arrays[f"head{number}.product.{name}"] = getattr(head.products, name)
        arrays |= error_arrays(self.error)
        meta: dict[str, object] = {
            "first_node": [level.first_node for level in self.plan.levels],
            "level_size": [level.n_node for level in self.plan.levels],
            "plan_source": self.plan.source,
            "intercept": [head.intercept for head in core.heads],
            "residual": [head.residual for head in core.heads],
            "fit": self.meta,
        }
        return FittedState("core", arrays, meta)

    def _node(self, name: str) -> int:
        found = np.flatnonzero(self.plan.node_name == name)
        if found.size == 0:
            raise ConfigError(
                f"there is no node called {name!r} in the network",
                remedy="use a name from nodes.csv",
            )
        return int(found[0])

    def _dosage(self, genotypes: Genotypes) -> NDArray[np.int8]:
        return align_variants(genotypes, self.plan.variants).call_dosage

    def _own(self, dosage: NDArray[np.int8]) -> Iterator[tuple[slice, FloatArray]]:
        """Yield rows, and what the variants of each gene say of them."""
        for start in range(0, dosage.shape[0], _ROWS):
            rows = slice(start, min(start + _ROWS, dosage.shape[0]))
            yield rows, self.core.latents.own(self.markers.standardise(dosage[rows]))

    def _predict(
        self, genotypes: Genotypes, held: dict[int, float]
    ) -> FloatArray:  # (1, n_sample, n_target)
        dosage, core = self._dosage(genotypes), self.core
        held_genes = _places(self.gene_node, held)
        held_sets = _places(self.set_node, held)
        intercept = np.array([head.intercept for head in core.heads])
        value = predict_linear(dosage, self.markers, core.marker_effect, intercept)
        for rows, own in self._own(dosage):
            for gene, level in held_genes:
                own[:, gene] = level
            genes = core.latents.join(own)
            for gene, level in held_genes:
                genes[:, gene] = level
            for t, head in enumerate(core.heads):
                activity = core.activity(genes, t)
                for place, level in held_sets:
                    activity[:, place] = level
                value[rows, t] += genes @ head.gene_effect
                value[rows, t] += activity @ head.set_effect
                value[rows, t] += self.products_share[t] * head.products.value(activity)
        return value[None]

    def _slopes(
        self, genotypes: Genotypes
    ) -> tuple[FloatArray, FloatArray]:  # (n_gene, n_target), (n_set, n_target)
        """Return mean derivatives by gene latents (regulation included) and sets."""
        dosage, core = self._dosage(genotypes), self.core
        n_target = len(core.heads)
        gene_slope = np.zeros((self.gene_node.size, n_target))
        set_slope = np.zeros((self.set_node.size, n_target))
        for rows, own in self._own(dosage):
            genes = core.latents.join(own)
            part = (rows.stop - rows.start) / max(dosage.shape[0], 1)
            for t, head in enumerate(core.heads):
                bend = head.products.slope(core.activity(genes, t))
                set_slope[:, t] += part * (
                    head.set_effect + self.products_share[t] * bend
                )
        for t, head in enumerate(core.heads):
            through = np.asarray(core.loadings(t) @ set_slope[:, t])
            gene_slope[:, t] = head.gene_effect + through
        latents = core.latents
        regulated = latents.trans @ gene_slope  # (n_regulator, n_target)
        gene_slope[latents.regulator] += regulated
        return gene_slope, set_slope


def _places(
    node: IntArray,  # (n,) numbers in the plan
    held: dict[int, float],
) -> list[tuple[int, float]]:
    """Return positions in `node` that are held, with their values."""
    return [(i, held[n]) for i, n in enumerate(node.tolist()) if n in held]


def restore_core(state: FittedState) -> FittedCore:
    """Return the fitted model that `FittedCore.state` described."""
    arrays, meta = state.arrays, state.meta
    intercept: Any = meta["intercept"]
    residual: Any = meta["residual"]
    fit: Any = meta["fit"]
    heads = []
    for number in range(len(intercept)):
        products = [arrays[f"head{number}.product.{name}"] for name in _PRODUCT]
        parts = {name: arrays[f"head{number}.{name}"] for name in _HEAD}
        heads.append(
            CoreHead(
                intercept=float(intercept[number]),
                residual=float(residual[number]),
                products=Products(*products),
                **parts,
            )
        )
    genes, sets = (
        Members(*(arrays[f"{label}.{part}"] for part in ("name", "start", "member")))
        for label in ("genes", "sets")
    )
    latents = GeneLatents(
        genes,
        arrays["latents.cis"],
        arrays["latents.centre"],
        arrays["latents.regulator"],
        arrays["latents.trans"],
    )
    trait_name, environment_name = unpack_targets(arrays)
    return FittedCore(
        plan=plan_from_arrays(state),
        core=Core(latents, sets, tuple(heads), arrays["core.marker_effect"]),
        gene_node=arrays["gene_node"],
        set_node=arrays["set_node"],
        markers=unpack_scale(arrays),
        products_share=arrays["share"],
        trait_name=trait_name,
        environment_name=environment_name,
        meta=dict(fit),
        error=restore_error(arrays),
    )
