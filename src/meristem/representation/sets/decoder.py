"""One latent per gene set: it reads the genes of its set and writes mostly those."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.records import FloatArray
from meristem.representation.encoders.batches import RowBatches, columns, shuffled
from meristem.representation.protocol import Values
from meristem.train.descent import FitSettings, Losses, fit_network

_HELD = 0.05
_BATCH = 256
_FILLS = 5
_STEPS = 60
_LENGTH = 1e-2  # price of a latent's length at strength 1
OUTSIDE = 0.3
"""Slope (sds of a feature per sd of a latent) that pays for a feature outside."""


class SetsNetwork(nn.Module):
    """Linear latents of sets, all members in one tensor.

    Parameters
    ----------
    member
        Features of every set, shape (n_set, n_feature).
    reads, writes
        First weights, shapes (n_member, n_set, n_feature) and (n_member, n_feature,
        n_set); what is outside a set is not read.
    """

    def __init__(
        self, member: NDArray[np.bool_], reads: FloatArray, writes: FloatArray
    ) -> None:
        super().__init__()
        self.reads = nn.Parameter(torch.from_numpy(reads.astype(np.float32)))
        self.writes = nn.Parameter(torch.from_numpy(writes.astype(np.float32)))
        self.mask: Tensor
        mask = torch.from_numpy(member.astype(np.float32))
        self.register_buffer("mask", mask)

    def owners(self) -> dict[str, Tensor]:
        """Return the member of every entry of every parameter, broadcastable."""
        first = torch.arange(self.reads.shape[0])[:, None, None]
        return {"reads": first, "writes": first}

    def encode(self, x: Tensor) -> Tensor:  # (n_member, n_set, batch)
        """Return the latents; a set reads its own features alone."""
        return torch.matmul(self.reads * self.mask, x)

    def decode(self, z: Tensor) -> Tensor:  # (n_member, n_feature, batch)
        """Return what the latents write."""
        return torch.matmul(self.writes, z)

    def paid(self, z: Tensor) -> tuple[Tensor, Tensor]:  # each (n_member,)
        """Return the absolute weights outside the sets, and the lengths of all.

        Of latents of unit variance: a latent that grows makes no weight cheaper.
        """
        weight = self.writes * z.detach().std(dim=2, correction=0)[:, None]
        outside = (weight.abs() * (1 - self.mask.T)).sum(dim=(1, 2))
        return outside, weight.norm(dim=1).sum(dim=1)


@dataclass(frozen=True)
class SetsCode:
    """Fitted latents of sets."""

    reads: FloatArray  # (n_member, n_set, n_feature) 0 outside the sets
    writes: FloatArray  # (n_member, n_feature, n_set)
    held_loss: FloatArray  # (n_member,)

    @property
    def n_factor(self) -> int:
        """Number of sets."""
        return int(self.reads.shape[1])

    @property
    def best(self) -> int:
        """The member that tells entries left out best."""
        return int(np.argmin(self.held_loss))

    def encode(self, x: FloatArray) -> FloatArray:
        """Return the latents; gaps are filled by what the latents write."""
        missing = np.isnan(x)
        filled = np.repeat(np.where(missing, 0.0, x)[None], self.reads.shape[0], axis=0)
        for _ in range(_FILLS if missing.any() else 0):
            z = filled @ np.swapaxes(self.reads, 1, 2)
            filled[:, missing] = self.decode(z)[:, missing]
        return filled @ np.swapaxes(self.reads, 1, 2)

    def decode(self, z: FloatArray) -> FloatArray:
        """Return standardised values."""
        return z @ np.swapaxes(self.writes, 1, 2)

    def outside_share(self, member: NDArray[np.bool_]) -> FloatArray:  # (n_set,)
        """Return the share of what each latent writes that is outside its set."""
        weight = np.abs(self.writes[self.best])  # (n_feature, n_set)
        total = np.maximum(weight.sum(axis=0), 1e-12)
        return np.asarray((weight * ~member.T).sum(axis=0) / total)


@dataclass(frozen=True)
class SetsAutoEncoder:
    """Specification of latents with names: one per set, reading the set's features.

    A latent writes its own features freely; an absolute penalty keeps what it writes
    elsewhere (a soft mask: knowledge is incomplete) and the length of what sets write
    that explain nothing of their own.

    References
    ----------
    Lotfollahi et al. 2023, Nature Cell Biology 25:337 (soft masks of gene programs).
    """

    member: NDArray[np.bool_]  # (n_set, n_feature)
    strength: float = 1.0
    seeds: int = 3
    epochs: int = 200
    learning_rate: float = 3e-3
    threads: int = 1

    def fit(self, values: Values, *, rng: np.random.Generator) -> SetsCode:
        """Learn from training rows."""
        n, p = values.x.shape
        values = shuffled(values, _BATCH, rng)
        known = ~np.isnan(values.x)
        held = known & (rng.random((self.seeds, n, p), dtype=np.float32) < _HELD)
        reads, writes = self._start(values.x, held, rng)
        network = SetsNetwork(self.member, reads, writes)
        filled = np.ascontiguousarray(np.where(known, values.x, 0.0).T, np.float32)
        seen = torch.from_numpy(np.ascontiguousarray(known.T))
        left = torch.from_numpy(np.ascontiguousarray(np.swapaxes(held, 1, 2)))
        price = self.strength * OUTSIDE

        def objective(x: Tensor, rows: Tensor, epoch: int) -> Losses:
            del epoch
            out = columns(left, rows)
            z = network.encode(x * ~out)
            entry = 0.5 * (x - network.decode(z)) ** 2
            used = columns(seen, rows) & ~out
            loss = (entry * used).sum(dim=(1, 2)) / used.sum(dim=(1, 2)).clamp(min=1)
            outside, length = network.paid(z)
            loss = loss + (price * outside + self.strength * _LENGTH * length) / p
            error = (entry.detach() * out).sum(dim=(1, 2))
            return Losses(loss, error, out.sum(dim=(1, 2)).float())

        history = fit_network(
            network,
            RowBatches(torch.from_numpy(filled), _BATCH),
            objective,
            FitSettings(
                learning_rate=self.learning_rate,
                weight_decay=0.0,
                epochs=self.epochs,
                patience=max(20, self.epochs // 5),
                threads=self.threads,
            ),
            rng=rng,
        )
        with torch.no_grad():
            read = (network.reads * network.mask).double().numpy()
            write = network.writes.detach().double().numpy()
        code = SetsCode(read, write, np.nanmin(history.held, axis=0))
        return replace(code, writes=_settled(values.x, code, self.member, price))

    def _start(
        self, x: FloatArray, held: NDArray[np.bool_], rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Return the first component of every set, and half of what it writes."""
        n_set, p = self.member.shape
        reads = np.zeros((self.seeds, n_set, p))
        writes = 1e-3 * rng.standard_normal((self.seeds, p, n_set))
        for seed in range(self.seeds):
            filled = np.where(held[seed] | np.isnan(x), 0.0, x)
            for number, row in enumerate(self.member):
                columns = np.flatnonzero(row)
                own = filled[:, columns]
                axis = first_component(own)
                sd = max(float((own @ axis).std()), 1e-6)
                reads[seed, number, columns] = axis / sd
                writes[seed, columns, number] = 0.5 * sd * axis
        return reads, writes


def _settled(
    x: FloatArray, code: SetsCode, member: NDArray[np.bool_], price: float
) -> FloatArray:  # (n_member, n_feature, n_set)
    """Return the best weights given the latents: those not worth their price are 0.

    References
    ----------
    Beck & Teboulle 2009, SIAM J Imaging Sci 2:183 (accelerated proximal gradient).
    """
    latents = code.encode(x)
    filled = np.where(np.isnan(x), code.decode(latents), x)
    found = []
    for z, own, start in zip(latents, filled, code.writes, strict=True):
        sd = np.maximum(z.std(axis=0), 1e-9)
        unit = z / sd
        gram, cross = unit.T @ unit / len(z), unit.T @ own / len(z)
        step = 1.0 / max(float(np.linalg.eigvalsh(gram)[-1]), 1e-9)
        cut = step * price * ~member
        weight = ahead = start.T * sd[:, None]
        pace = 1.0
        for _ in range(_STEPS):
            moved = ahead - step * (gram @ ahead - cross)
            new = np.sign(moved) * np.maximum(np.abs(moved) - cut, 0.0)
            faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
            ahead = new + (pace - 1) / faster * (new - weight)
            weight, pace = new, faster
        found.append((weight / sd[:, None]).T)
    return np.array(found)


def first_component(x: FloatArray) -> FloatArray:  # (n_feature,) of length 1
    """Return the direction of largest variance; its mean loading is not negative."""
    n, p = x.shape
    if n <= p:
        left = np.linalg.eigh(x @ x.T)[1][:, -1]
        axis = x.T @ left
    else:
        axis = np.linalg.eigh(x.T @ x)[1][:, -1]
    size = np.linalg.norm(axis)
    axis = axis / size if size > 0 else np.full(p, p**-0.5)
    return axis if axis.sum() >= 0 else -axis
