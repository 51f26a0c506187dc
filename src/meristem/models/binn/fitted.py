"""A fitted BINN: predicts from genotypes, and lets its nodes be read and held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from meristem.errors import ConfigError
from meristem.models.binn.state import network_arrays, network_meta
from meristem.models.genomic_error import GenomicError, error_arrays, posterior_of
from meristem.models.networks.members import TargetScale
from meristem.models.packing import pack_scale, pack_targets, plan_arrays
from meristem.models.polygenic import Polygenic
from meristem.nn.dag import PlanNetwork, Replacement
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    Latents,
    NetworkPlan,
    Posterior,
    Predictions,
    StrArray,
)

_ROWS = 1024
"""Samples computed at a time."""


@dataclass(frozen=True)
class LatentScale:
    """Mean and signed spread of every latent on the training rows.

    Dividing by the spread brings the members of an ensemble to one sign and scale.
    """

    mean: FloatArray  # (n_member, n_node)
    spread: FloatArray  # (n_member, n_node) sign: alignment between members


@dataclass(frozen=True)
class FittedBINN:
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

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values of lines."""
        dosage = self._dosage(genotypes)
        return posterior_of(self.error, self.predict(genotypes), dosage)

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; spread is the sd over the members."""
        members = self.member_predictions(genotypes)
        spread = members.std(axis=0, ddof=1) if members.shape[0] > 1 else None
        value = members.mean(axis=0)
        return Predictions(
            genotypes.sample_id,
            self.trait_name,
            self.environment_name,
            value,
            np.full(value.shape, np.nan) if spread is None else spread,
        )

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
        network = standardised * self.targets.sd + self.targets.mean
        network = np.clip(network, *self.limits)
        linear = self.polygenic.predict(dosage)
        return self.share * network + linear


def network_inputs(
    network: PlanNetwork,
    markers: MarkerScale,
    dosage: NDArray[np.int8],  # (n_sample, n_variant)
) -> Iterator[Tensor]:  # each (n_used_variant, rows)
    """Yield the standardised variants that the network reads, some rows at a time."""
    used = network.used_variant
    scale = markers.take(used)
    for start in range(0, dosage.shape[0], _ROWS):
        rows = dosage[start : start + _ROWS, used]
        yield torch.from_numpy(np.ascontiguousarray(scale.standardise(rows).T))


def network_values(
    network: PlanNetwork,
    markers: MarkerScale,
    dosage: NDArray[np.int8],  # (n_sample, n_variant)
    replacement: Replacement | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return standardised traits and latents, members first, samples second."""
    members = network.members
    values = [np.zeros((members, 0, network.n_target))]
    latents = [np.zeros((members, 0, network.n_node))]
    with torch.no_grad():
        for x in network_inputs(network, markers, dosage):
            output = network(x, replacement=replacement)
            values.append(output.value.transpose(1, 2).double().numpy())
            latents.append(output.latent.permute(1, 2, 0).double().numpy())
    return np.concatenate(values, axis=1), np.concatenate(latents, axis=1)


def align_latents(
    latent: FloatArray,  # (n_member, n_sample, n_node) on the training rows
    node: IntArray,  # (n_measured,) numbers of measured nodes; may repeat
    measured: FloatArray,  # (n_sample, n_measured) NaN missing
) -> LatentScale:
    """Return the scale that brings all members to one sign.

    The sign of a member is its loading on the leading axis of the members'
    correlation matrix. A measurement stands in that matrix as one more member, whose
    sign the others take; without one the majority has its way.
    """
    n_sample = max(latent.shape[1], 1)
    mean, sd = latent.mean(axis=1), latent.std(axis=1)
    sd = np.where(sd > 1e-9, sd, 1.0)
    standard = (latent - mean[:, None]) / sd[:, None]
    k, n_node = mean.shape
    correlation = np.zeros((n_node, k + 1, k + 1))
    between = np.einsum("kbj,lbj->jkl", standard, standard, optimize=True)
    correlation[:, :k, :k] = between / n_sample
    agreement = _agreement(standard, node, measured)  # (n_node, n_member)
    correlation[:, k, :k] = correlation[:, :k, k] = agreement
    correlation[:, k, k] = (agreement != 0).any(axis=1)
    leading = np.linalg.eigh(correlation)[1][:, :, -1]  # (n_node, n_member + 1)
    sign = np.where(leading[:, :k] < 0, -1.0, 1.0)
    majority = np.where(sign.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    own = np.where(leading[:, k:] < 0, -1.0, 1.0)
    known = np.abs(leading[:, k:]) > 1e-9
    return LatentScale(mean, sd * (sign * np.where(known, own, majority)).T)


def _agreement(
    standard: FloatArray,  # (n_member, n_sample, n_node)
    node: IntArray,  # (n_measured,)
    measured: FloatArray,  # (n_sample, n_measured) NaN missing
) -> FloatArray:  # (n_node, n_member) mean r with the measurements of the node
    seen = np.isfinite(measured)
    n = np.maximum(seen.sum(axis=0), 1)
    own = standard[:, :, node]
    own = np.where(seen, own - np.where(seen, own, 0).sum(axis=1)[:, None] / n, 0.0)
    value = np.where(seen, measured, 0.0)
    value = np.where(seen, value - value.sum(axis=0) / n, 0.0)
    size = np.sqrt((own**2).sum(axis=1) * (value**2).sum(axis=0))
    r = np.einsum("ksj,sj->kj", own, value) / np.where(size > 1e-12, size, 1.0)
    total = np.zeros((standard.shape[2], standard.shape[0]))
    np.add.at(total, node, r.T)
    times = np.bincount(node, minlength=standard.shape[2])
    return total / np.maximum(times, 1)[:, None]
