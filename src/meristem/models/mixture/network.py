"""A network beside a mixture of other models: its nodes, at the share it earned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.mixed.averaging.share import Share
from meristem.models.genomic_error import GenomicError, error_arrays, posterior_of
from meristem.models.mixture.fitted import FittedMixture, pack_models
from meristem.models.protocol import (
    Composition,
    Contributions,
    FittedNetwork,
    Hold,
    Inclusion,
    Rule,
)
from meristem.prepare.match import align_variants
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    Latents,
    NetworkPlan,
    Posterior,
    Predictions,
    StrArray,
)


@dataclass(frozen=True)
class FittedMixedNetwork:
    """(1 - share) x a mixture of models of all variants + share x a network."""

    mixture: FittedMixture
    network: FittedNetwork  # with all of the prediction
    share: FloatArray  # (n_target,) in [0, 1]
    network_share: Share  # the same, with its interval
    beside: FloatArray  # (n_variant, n_target) linear effects of the mixture, per copy
    error: GenomicError | None = None

    @property
    def plan(self) -> NetworkPlan:
        """The graph, compiled for the variants of the training rows."""
        return self.network.plan

    @property
    def nodes(self) -> StrArray:  # (n_node,)
        """Names of the nodes."""
        return self.network.nodes

    @property
    def trait_name(self) -> StrArray:  # (n_target,)
        """Trait of every target."""
        return self.mixture.trait_name

    @property
    def environment_name(self) -> StrArray:  # (n_target,)
        """Environment of every target."""
        return self.mixture.environment_name

    def shares(self) -> tuple[Share, ...]:
        """Return the share of every part in the prediction."""
        rest = self.network_share.rest()
        beside = tuple(share.within(rest) for share in self.mixture.shares())
        return (*beside, self.network_share)

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; spread is the sd over the networks."""
        found = self.network.predict(genotypes)
        value = self._beside(genotypes) + self.share * found.value
        return replace(found, value=value, spread=self.share * found.spread)

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values of lines."""
        dosage = align_variants(genotypes, self.mixture.variants).call_dosage
        return posterior_of(self.error, self.predict(genotypes), dosage)

    def member_predictions(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_sample, n_target)
        """Return the prediction of every member, the mixture included."""
        members = self.network.member_predictions(genotypes)
        return np.asarray(self._beside(genotypes) + self.share * members)

    def _beside(self, genotypes: Genotypes) -> FloatArray:  # (n_sample, n_target)
        if (self.share >= 1).all():
            return np.zeros((genotypes.n_sample, self.share.size))
        return (1 - self.share) * self.mixture.predict(genotypes).value

    def member_latents(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_sample, n_node)
        """Return every latent of every member, in the members' own sign and scale."""
        return self.network.member_latents(genotypes)

    def latents(self, genotypes: Genotypes) -> Latents:
        """Return the latents averaged over members."""
        return self.network.latents(genotypes)

    def hold(self, genotypes: Genotypes) -> Hold:
        """Return what holding latents does to the predictions."""
        inside = self.network.hold(genotypes)

        def change(nodes: tuple[str, ...], values: FloatArray) -> FloatArray:
            return self.share * inside(nodes, values)

        return change

    def contributions(
        self, genotypes: Genotypes, *, rule: Rule = "integrated", steps: int = 32
    ) -> Contributions:
        """Share out what the network adds to the predictions."""
        found = self.network.contributions(genotypes, rule=rule, steps=steps)
        parts = ("variant", "node", "difference", "gap")
        return replace(found, **{p: self.share * getattr(found, p) for p in parts})

    def network_value(self, genotypes: Genotypes) -> FloatArray:  # (n_sample, n_target)
        """Return what nodes add to the predictions."""
        return self.share * self.network.network_value(genotypes)

    def dosage_gradient(
        self,
        genotypes: Genotypes,
    ) -> tuple[FloatArray, FloatArray]:  # each (n_variant, n_target)
        """Return mean d prediction / d dosage: through the network, and beside it."""
        inside, path = self.network.dosage_gradient(genotypes)
        return self.share * inside, self.share * path + (1 - self.share) * self.beside

    def node_gradient(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_node, n_target)
        """Return mean d prediction / d latent, one member each."""
        return self.share * self.network.node_gradient(genotypes)

    def alone(self) -> FittedNetwork:
        """Return the network with all of the prediction."""
        return self.network.alone()

    def inclusion(self) -> Inclusion | None:
        """Return how probable it is that sets act; None where the fit does not say."""
        return self.network.inclusion()

    def multiplied(self, target: int) -> tuple[tuple[str, str], ...]:
        """Return the pairs of nodes known to be multiplied."""
        return self.network.multiplied(target)

    def composition(self) -> Composition:
        """Return how the network was fitted, and its share as unseen rows allowed."""
        found = self.network.composition()
        scan = [s.value for s in self.mixture.shares() if s.part == "scan"]
        return replace(
            found, network_share=self.share, scan_share=scan[0] if scan else None
        )

    def state(self) -> FittedState:
        """Return mixture and network."""
        arrays, models = pack_models((self.mixture, self.network))
        own = self.network_share
        arrays |= {
            "beside": self.beside,
            "network_share": np.stack([own.value, own.low, own.high]),
            **error_arrays(self.error),
        }
        meta: dict[str, object] = {"models": models, "network": own.part}
        return FittedState("auto", arrays, meta)
