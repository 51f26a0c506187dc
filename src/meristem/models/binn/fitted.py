"""A fitted BINN: predicts from genotypes, and lets its nodes be read and held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from meristem.errors import ConfigError
from meristem.models.binn.alignment import LatentScale
from meristem.models.binn.deeplift import rescale_shares
from meristem.models.binn.held import hold_nodes
from meristem.models.binn.integrated import account_for_lines, integrate_path
from meristem.models.binn.state import network_arrays, network_meta
from meristem.models.binn.values import network_inputs, network_values
from meristem.models.genomic_error import GenomicError, error_arrays
from meristem.models.marker_model import OfMembers
from meristem.models.networks.members import TargetScale
from meristem.models.packing import pack_scale, pack_targets, plan_arrays
from meristem.models.polygenic import Polygenic
from meristem.models.protocol import Composition, Contributions, Hold, Rule
from meristem.nn.dag import PlanNetwork, Replacement
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    Latents,
    NetworkPlan,
    StrArray,
)


@dataclass(frozen=True)
class FittedBINN(OfMembers):
    """An ensemble of networks over one plan, beside a linear path."""

    plan: NetworkPlan  # compiled for the training variants
    network: PlanNetwork
    markers: MarkerScale  # of the training variants
    targets: TargetScale
    limits: FloatArray  # (2, n_target) what the network may predict
    polygenic: Polygenic
    share: FloatArray  # (n_target,) of the network in the prediction
    latent_scale: LatentScale
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    meta: dict[str, object]
    error: GenomicError | None = None

    @property
    def nodes(self) -> StrArray:  # (n_node,)
        """Names of the nodes of the plan."""
        return self.plan.node_name

    def member_predictions(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_sample, n_target)
        """Return the prediction of every member, linear path included."""
        dosage = self._dosage(genotypes)
        return self._combine(dosage, self._run(dosage, None)[0])

    def member_latents(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_sample, n_node)
        """Return every latent of every member, in the members' own sign and scale."""
        return self._run(self._dosage(genotypes), None)[1]

    def latents(self, genotypes: Genotypes) -> Latents:
        """Return standardised latents averaged over members, sign-aligned."""
        raw = self.member_latents(genotypes)
        scale = self.latent_scale
        aligned = (raw - scale.mean[:, None]) / scale.spread[:, None]
        return Latents(genotypes.sample_id, self.plan.node_name, aligned.mean(axis=0))

    def clamp(
        self,
        genotypes: Genotypes,
        nodes: tuple[str, ...],
        values: FloatArray,  # (n_member, n_clamped)
    ) -> FloatArray:  # (n_member, n_sample, n_target)
        """Predict with the latents of `nodes` held at `values` for all samples."""
        index = torch.tensor([self._node(name) for name in nodes])
        held = torch.from_numpy(np.asarray(values, dtype=np.float32).T[:, :, None])
        mask = torch.ones_like(held, dtype=torch.bool)
        dosage = self._dosage(genotypes)
        replacement = Replacement(index, held, mask)
        return self._combine(dosage, self._run(dosage, replacement)[0])

    def hold(self, genotypes: Genotypes) -> Hold:
        """Return what holding latents does to the predictions of some lines."""
        moved = hold_nodes(
            self.network, self._inputs(self._dosage(genotypes)), self._limited
        )

        def change(nodes: tuple[str, ...], values: FloatArray) -> FloatArray:
            return moved([self._node(name) for name in nodes], values) * self.share

        return change

    def contributions(
        self, genotypes: Genotypes, *, rule: Rule = "integrated", steps: int = 32
    ) -> Contributions:
        """Share out the network's value, relative to the average training line."""
        path = partial(integrate_path, steps=steps)
        account = rescale_shares if rule == "deeplift" else path
        # from standardised to trait units, and to the share of the prediction
        unit = self.targets.sd * self.share
        parts = [
            account(self.network, x) for x in self._inputs(self._dosage(genotypes))
        ]
        return account_for_lines(parts, self.plan, self.network.used_variant, unit)

    def network_value(self, genotypes: Genotypes) -> FloatArray:  # (n_sample, n_target)
        """Return what the network adds to the predictions."""
        standardised = self._run(self._dosage(genotypes), None)[0]
        return self._limited(standardised).mean(axis=0) * self.share

    def alone(self) -> FittedBINN:
        """Return the network with all of the prediction."""
        return replace(self, share=np.ones_like(self.share))

    def inclusion(self) -> None:
        """Return None: training gives no probabilities."""

    def multiplied(self, target: int) -> tuple[tuple[str, str], ...]:
        """Return none: any two nodes below a hidden layer may interact."""
        del target
        return ()

    def composition(self) -> Composition:
        """Return the share of the network, as rows it had not seen allowed."""
        by_evidence = self.meta.get("fit") == "evidence"
        return Composition(
            "evidence" if by_evidence else "descent",
            self.share,
            off_graph=bool(self.meta.get("off_graph", False)),
        )

    def dosage_gradient(
        self,
        genotypes: Genotypes,
    ) -> tuple[FloatArray, FloatArray]:  # each (n_variant, n_target)
        """Return mean d prediction / d dosage: through the network, and polygenic."""
        dosage = self._dosage(genotypes)
        used = self.network.used_variant
        n_target = self.share.size
        slope = np.zeros((used.size, n_target))
        for x in self._inputs(dosage):
            x.requires_grad_(True)
            value = self.network(x).value
            for t in range(n_target):
                total = value[:, t].sum()
                (grad,) = torch.autograd.grad(total, x, retain_graph=t + 1 < n_target)
                slope[:, t] += grad.sum(1).double().numpy()
        slope /= max(dosage.shape[0], 1) * self.network.members
        per_copy = (self.markers.weight / self.markers.sd)[used]
        network = np.zeros((dosage.shape[1], n_target))
        network[used] = slope * per_copy[:, None] * self.targets.sd * self.share
        return network, self.polygenic.effect

    def node_gradient(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_node, n_target)
        """Return mean d prediction / d latent, one member each."""
        dosage = self._dosage(genotypes)
        members, n_target = self.network.members, self.share.size
        slope = np.zeros((members, self.plan.n_node, n_target))
        for x in self._inputs(dosage):
            nudge = torch.zeros(self.plan.n_node, members, x.shape[1])
            nudge.requires_grad_(True)
            value = self.network(x, nudge=nudge).value
            for t in range(n_target):
                total = value[:, t].sum()
                (grad,) = torch.autograd.grad(
                    total, nudge, retain_graph=t + 1 < n_target
                )
                slope[:, :, t] += grad.sum(2).double().numpy().T
        return slope / max(dosage.shape[0], 1) * self.targets.sd * self.share

    def state(self) -> FittedState:
        """Return everything learned as arrays and plain values."""
        arrays = plan_arrays(self.plan) | network_arrays(self.network)
        arrays |= pack_scale(self.markers)
        arrays |= pack_targets(self.trait_name, self.environment_name)
        arrays |= {
            "target_mean": self.targets.mean,
            "target_sd": self.targets.sd,
            "limits": self.limits,
            "polygenic_effect": self.polygenic.effect,
            "polygenic_intercept": self.polygenic.intercept,
            "polygenic_h2": self.polygenic.h2,
            "share": self.share,
            "latent_mean": self.latent_scale.mean,
            "latent_spread": self.latent_scale.spread,
        }
        arrays |= error_arrays(self.error)
        meta = network_meta(self.network, self.plan) | {"fit": self.meta}
        return FittedState("binn", arrays, meta)

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

    def _inputs(self, dosage: NDArray[np.int8]) -> Iterator[Tensor]:
        return network_inputs(self.network, self.markers, dosage)

    def _run(
        self,
        dosage: NDArray[np.int8],
        replacement: Replacement | None,
    ) -> tuple[FloatArray, FloatArray]:
        return network_values(self.network, self.markers, dosage, replacement)

    def _combine(
        self,
        dosage: NDArray[np.int8],
        standardised: FloatArray,  # (n_member, n_sample, n_target)
    ) -> FloatArray:
        linear = self.polygenic.predict(dosage)
        return self.share * self._limited(standardised) + linear

    def _limited(
        self,
        standardised: FloatArray,  # (n_member, n_sample, n_target)
    ) -> FloatArray:
        value = standardised * self.targets.sd + self.targets.mean
        return np.clip(value, *self.limits)
