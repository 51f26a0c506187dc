"""What every network ensemble needs around its training: rows, targets, members."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from meristem.config.models import NetworkOptions
from meristem.errors import DataError
from meristem.nn.losses import trait_error, trait_loss
from meristem.records import Dataset, FloatArray, Phenotypes, Splits
from meristem.train import FitSettings, Losses


@dataclass(frozen=True)
class Members:
    """Which rows each network of an ensemble learns from and is stopped on.

    Member k is network `k % n_seed` of inner split `k // n_seed`.
    """

    learn: NDArray[np.bool_]  # (n_member, n_sample)
    held: NDArray[np.bool_]  # (n_member, n_sample)
    n_seed: int

    @property
    def n_member(self) -> int:
        """Number of networks."""
        return int(self.learn.shape[0])


@dataclass(frozen=True)
class TargetScale:
    """Mean and spread of every target in the training rows."""

    mean: FloatArray  # (n_target,)
    sd: FloatArray  # (n_target,) > 0


def assign_members(phenotypes: Phenotypes, inner: Splits, seeds: int) -> Members:
    """Give every inner split `seeds` networks.

    Rows without any phenotype are never held out: they serve the omics loss of
    every member. Rows that a split leaves out on both sides are not seen by it.
    """
    n = phenotypes.sample_id.size
    measured = np.asarray(np.isfinite(phenotypes.value).any(axis=1))
    learn = np.zeros((len(inner), n), dtype=bool)
    held = np.zeros((len(inner), n), dtype=bool)
    for k, split in enumerate(inner):
        learn[k, split.train] = True
        held[k, split.test] = measured[split.test]
    learn[:, ~measured] = True
    return Members(
        np.repeat(learn, seeds, axis=0), np.repeat(held, seeds, axis=0), seeds
    )


def repeat_members(members: Members, times: int) -> Members:
    """Return the members one set after the other, `times` sets."""
    learn, held = np.tile(members.learn, (times, 1)), np.tile(members.held, (times, 1))
    return Members(learn, held, members.n_seed)


def fit_targets(phenotypes: Phenotypes) -> TargetScale:
    """Learn mean and spread of every target, weights included.

    Raises
    ------
    DataError
        If a target has fewer than three observations or does not vary.
    """
    observed = np.isfinite(phenotypes.value)
    weight = np.where(observed, phenotypes.weight, 0.0)
    for name, count in zip(phenotypes.target_name, observed.sum(0), strict=True):
        if count < 3:
            raise DataError(
                f"target {name} has {count} observations in the training rows",
                remedy="leave the target out, or use fewer folds",
            )
    value = np.where(observed, phenotypes.value, 0.0)
    mean = (weight * value).sum(0) / weight.sum(0)
    spread = np.where(observed, value - mean, 0.0)
    sd = np.sqrt((weight * spread**2).sum(0) / weight.sum(0))
    return TargetScale(mean, np.where(sd > 0, sd, 1.0))


def target_limits(phenotypes: Phenotypes) -> FloatArray:  # (2, n_target)
    """Return the observed range of every target, widened by a twentieth.

    A network may bend steeply at the rim of what it has seen; what it says beyond
    that range is no knowledge.
    """
    low = np.nanmin(phenotypes.value, axis=0)
    high = np.nanmax(phenotypes.value, axis=0)
    margin = 0.05 * (high - low)
    return np.stack([low - margin, high + margin])


@dataclass(frozen=True)
class TraitTensors:
    """Standardised targets as tensors; a missing value has weight zero."""

    observed: Tensor  # (n_target, n_sample)
    weight: Tensor  # (n_target, n_sample) mean 1 over the observed, 0 missing
    learn: Tensor  # (n_member, n_sample)
    held: Tensor  # (n_member, n_sample)


def trait_tensors(
    phenotypes: Phenotypes,
    scale: TargetScale,
    members: Members,
    device: torch.device,
) -> TraitTensors:
    """Bring targets and member rows to the device."""
    present = np.isfinite(phenotypes.value)
    value = np.where(present, (phenotypes.value - scale.mean) / scale.sd, 0.0)
    weight = np.where(present, phenotypes.weight, 0.0)
    weight = weight / np.maximum(weight.sum(0) / np.maximum(present.sum(0), 1), 1e-300)

    def tensor(array: NDArray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(
            device
        )

    return TraitTensors(
        tensor(value.T), tensor(weight.T), tensor(members.learn), tensor(members.held)
    )


def trait_losses(
    value: Tensor,  # (n_member, n_target, batch)
    traits: TraitTensors,
    rows: Tensor,  # (batch,)
) -> Losses:
    """Return the trait loss of a batch, and the error on the rows held out."""
    whole = rows.numel() == traits.observed.shape[1]
    parts = (traits.observed, traits.weight, traits.learn, traits.held)
    if not whole or not torch.equal(rows, torch.arange(rows.numel())):
        parts = (
            parts[0][:, rows],
            parts[1][:, rows],
            parts[2][:, rows],
            parts[3][:, rows],
        )
    observed, weight, learn, held = parts
    error, total = trait_error(value.detach(), observed, weight, held)
    return Losses(trait_loss(value, observed, weight, learn), error, total)


def out_of_fold(
    value: FloatArray,  # (n_member, n_sample, n_target)
    members: Members,
) -> FloatArray:  # (n_sample, n_target) NaN where a row was never held out
    """Average each row over the members that did not learn from it."""
    held = members.held.astype(float)
    count = held.sum(0)
    total = np.einsum("kb,kbt->bt", held, value)
    mean = total / np.maximum(count, 1)[:, None]
    return np.where(count[:, None] > 0, mean, np.nan)


def fit_settings(options: NetworkOptions) -> FitSettings:
    """Return the descent that the options ask for."""
    return FitSettings(
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        epochs=options.epochs,
        patience=options.patience,
    )


def pick_device(name: str) -> torch.device:
    """Return the device of that name; "auto" is a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """Return a torch generator seeded from `rng`."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


def require_variants(dataset: Dataset) -> None:
    """Raise DataError when there is nothing to learn from."""
    if dataset.genotypes.n_variant == 0:
        raise DataError("there are no variants", remedy="loosen the marker filters")
