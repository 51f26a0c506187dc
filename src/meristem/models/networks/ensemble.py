"""A fitted ensemble of networks that read genotypes and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.config.models import NetworkOptions
from meristem.mixed.targets import training_targets
from meristem.models.genomic_error import (
    GenomicError,
    borrowed_error,
    error_arrays,
    restore_error,
)
from meristem.models.marker_model import OfMembers
from meristem.models.networks.members import (
    TargetScale,
    assign_members,
    fit_settings,
    fit_targets,
    out_of_fold,
    pick_device,
    require_variants,
    trait_losses,
    trait_tensors,
)
from meristem.models.packing import (
    pack_scale,
    pack_targets,
    pack_variants,
    unpack_scale,
    unpack_targets,
    unpack_variants,
)
from meristem.models.panel import make_panel
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale, fit_scale
from meristem.records import (
    MISSING,
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    Splits,
    StrArray,
    VariantTable,
)
from meristem.stats.folds import random_splits
from meristem.train import Batches, DosageBatches, Losses, WholeBatch, fit_network

_ROWS = 1024
"""Samples computed at a time."""


@dataclass(frozen=True)
class FittedEnsemble(OfMembers):
    """Networks on genotypes alone, averaged."""

    kind: str
    network: nn.Module  # (n_variant, batch) -> (n_member, n_target, batch)
    standardised: bool  # whether it reads standardised dosages, or plain ones
    variants: VariantTable
    markers: MarkerScale
    targets: TargetScale
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    meta: dict[str, object]
    error: GenomicError | None = None

    def member_predictions(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_sample, n_target)
        """Return the prediction of every member."""
        dosage = self._dosage(genotypes)
        parts = []
        with torch.no_grad():
            for start in range(0, max(dosage.shape[0], 1), _ROWS):
                rows = dosage[start : start + _ROWS]
                value = self.network(_input(rows, self.markers, self.standardised))
                parts.append(value.transpose(1, 2).double().numpy())
        return np.concatenate(parts, axis=1) * self.targets.sd + self.targets.mean

    def _dosage(self, genotypes: Genotypes) -> NDArray[np.int8]:
        return align_variants(genotypes, self.variants).call_dosage

    def state(self) -> FittedState:
        """Return everything learned as arrays and plain values."""
        arrays = {
            f"network.{name}": value.detach().cpu().numpy()
            for name, value in self.network.named_parameters()
        }
        arrays |= pack_variants(self.variants) | pack_scale(self.markers)
        arrays |= {"target_mean": self.targets.mean, "target_sd": self.targets.sd}
        arrays |= pack_targets(self.trait_name, self.environment_name)
        arrays |= error_arrays(self.error)
        return FittedState(self.kind, arrays, dict(self.meta))


def fit_ensemble(
    kind: str,
    dataset: Dataset,
    options: NetworkOptions,
    make_network: Callable[[int, int, int], nn.Module],
    *,
    standardised: bool,
    rng: np.random.Generator,
    inner: Splits,
) -> FittedEnsemble:
    """Train the members of a genotype-only network.

    Parameters
    ----------
    kind
        Name in the catalogue.
    dataset
        Training rows; those without any phenotype are not used.
    options
        Training options, kept in the state.
    make_network
        (n_variant, n_target, n_member) -> network.
    standardised
        Whether the network reads standardised dosages, or plain ones.
    rng
        Source of splits and order.
    inner
        Splits that mimic the outer question; default random folds.
    """
    require_variants(dataset)
    phenotypes = dataset.phenotypes
    device = pick_device(options.device)
    inner = inner or random_splits(dataset.n_sample, options.inner_folds, rng)
    members = assign_members(phenotypes, inner, options.seeds)
    dosage = dataset.genotypes.call_dosage
    markers, targets = fit_scale(dosage), fit_targets(phenotypes)
    network = make_network(dosage.shape[1], phenotypes.n_target, members.n_member)
    network.to(device)
    traits = trait_tensors(phenotypes, targets, members, device)

    def objective(x: Tensor, rows: Tensor, epoch: int) -> Losses:
        return trait_losses(network(x), traits, rows)

    batches = _batches(dosage, markers, options, standardised, device)
    history = fit_network(network, batches, objective, fit_settings(options), rng=rng)
    fitted = FittedEnsemble(
        kind=kind,
        network=network.cpu().eval(),
        standardised=standardised,
        variants=dataset.genotypes.variants,
        markers=markers,
        targets=targets,
        trait_name=phenotypes.trait_name,
        environment_name=phenotypes.environment_name,
        meta={
            "options": options.model_dump(mode="json"),
            "members": members.n_member,
            "ploidy": dataset.genotypes.ploidy,
            "best_epoch": history.best_epoch.tolist(),
            "epochs": int(history.epoch[-1]) + 1,
            "stopped": history.stopped,
        },
    )
    held_out = out_of_fold(fitted.member_predictions(dataset.genotypes), members)
    panel, observed = make_panel(dataset.genotypes), training_targets(phenotypes)
    return replace(fitted, error=borrowed_error(panel, observed, inner, held_out))


def restore_ensemble(state: FittedState, network: nn.Module) -> FittedEnsemble:
    """Return the fitted model of `FittedEnsemble.state`, its weights in `network`."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            stored = np.array(state.arrays[f"network.{name}"], dtype=np.float32)
            parameter.copy_(torch.from_numpy(stored))
    traits, environments = unpack_targets(state.arrays)
    return FittedEnsemble(
        kind=state.kind,
        network=network.eval(),
        standardised=state.kind == "dense",
        variants=unpack_variants(state.arrays),
        markers=unpack_scale(state.arrays),
        targets=TargetScale(state.arrays["target_mean"], state.arrays["target_sd"]),
        trait_name=traits,
        environment_name=environments,
        meta=dict(state.meta),
        error=restore_error(state.arrays),
    )


def _varying(
    dosage: NDArray[np.int8], markers: MarkerScale
) -> NDArray[np.float32]:  # (n_sample, n_variant)
    """Return plain dosages; variants that taught nothing count as missing."""
    return np.where(markers.weight > 0, dosage, MISSING).astype(np.float32)


def _input(
    dosage: NDArray[np.int8], markers: MarkerScale, standardised: bool
) -> Tensor:  # (n_variant, n_sample)
    rows = markers.standardise(dosage) if standardised else _varying(dosage, markers)
    return torch.from_numpy(np.ascontiguousarray(rows.T))


def _batches(
    dosage: NDArray[np.int8],
    markers: MarkerScale,
    options: NetworkOptions,
    standardised: bool,
    device: torch.device,
) -> Batches:
    if options.batch_size == 0 or options.batch_size >= dosage.shape[0]:
        return WholeBatch(_input(dosage, markers, standardised).to(device))
    if not standardised:
        dosage = _varying(dosage, markers).astype(np.int8)
        return DosageBatches(dosage, None, options.batch_size, device=device)
    mean = torch.from_numpy(markers.mean.astype(np.float32))
    factor = torch.from_numpy((markers.weight / markers.sd).astype(np.float32))
    return DosageBatches(dosage, mean, options.batch_size, factor=factor, device=device)
