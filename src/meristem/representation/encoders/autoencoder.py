"""Auto-encoders of four kinds, several seeds trained as one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from meristem.errors import DataError
from meristem.records import FloatArray
from meristem.representation.encoders.batches import RowBatches, columns, shuffled
from meristem.representation.encoders.losses import (
    divergence,
    gaussian_loss,
    nb_loss,
    zinb_loss,
)
from meristem.representation.encoders.network import AutoEncoderNetwork, contraction
from meristem.representation.pca import fit_pca
from meristem.representation.protocol import Counts, Values
from meristem.train.descent import FitSettings, Losses, fit_network

HELD_SHARE = 0.05
"""Entries that each member leaves out; they say when it stops."""
FILLS = 5
"""Times that gaps are filled by the reconstruction before factors are read."""
_BATCH = 256
_ANNEAL = 0.25  # share of the epochs over which the divergence gains its weight
_MASK = {"denoising": 0.2, "vae": 0.1}
_LEAST_ROWS = 8


@dataclass(frozen=True)
class NetworkCode:
    """Fitted members of an auto-encoder."""

    network: AutoEncoderNetwork
    held_loss: FloatArray  # (n_member,) mean loss of entries left out
    counts: Counts | None = None  # those of training, where the likelihood is theirs

    @property
    def n_factor(self) -> int:
        """Number of factors."""
        return self.network.k

    @property
    def best(self) -> int:
        """The member that tells entries left out best."""
        return int(np.argmin(self.held_loss))

    def encode(self, x: FloatArray) -> FloatArray:
        """Return the factors; gaps are filled by the members' reconstructions."""
        missing = np.isnan(x)
        filled = np.where(missing, 0.0, x)
        if not missing.any():
            return self._encode(np.broadcast_to(filled, (1, *filled.shape)))
        members = np.repeat(filled[None], self.network.members, axis=0)
        for _ in range(FILLS):
            z = self._encode(members)
            members[:, missing] = self.decode(z)[:, missing]
        return self._encode(members)

    def _encode(self, x: FloatArray) -> FloatArray:  # x: (1 or n_member, n, p)
        whole = x[0].T if x.shape[0] == 1 else np.swapaxes(x, 1, 2)
        with torch.no_grad():
            z, _ = self.network.encode(torch.from_numpy(whole.astype(np.float32)))
        return np.swapaxes(z.double().numpy(), 1, 2)

    def decode(self, z: FloatArray) -> FloatArray:
        """Return standardised values."""
        with torch.no_grad():
            flat = torch.from_numpy(np.swapaxes(z, 1, 2).astype(np.float32))
            said = np.swapaxes(self.network.decode(flat).double().numpy(), 1, 2)
        counts = self.counts
        if counts is None:
            return said
        log_mean = np.clip(_log_mean(counts) + counts.sd * said, -30.0, 30.0)
        return (np.log1p(np.exp(log_mean)) - counts.mean) / counts.sd


@dataclass(frozen=True)
class AutoEncoder:
    """Specification of an auto-encoder.

    - `sparse`: an absolute penalty on the factors, each times the length of its
      loadings;
    - `denoising`: a fifth of the inputs is hidden in training;
    - `contractive`: the squared norm of the encoder's Jacobian is penalised;
    - `vae`: factors are normal, their divergence from unit-normal ones is paid for,
      the noise of every feature is estimated.

    Members start from principal components of their own entries, turned at random.
    Entries left out say when to stop: their loss and, of the first and the third kind,
    the penalty that is paid with it.
    """

    kind: Literal["sparse", "denoising", "contractive", "vae"]
    k: int
    hidden: int = 64
    likelihood: Literal["gaussian", "nb", "zinb"] = "gaussian"
    strength: float = 1.0
    seeds: int = 3
    epochs: int = 300
    learning_rate: float = 1e-3
    threads: int = 1

    def fit(self, values: Values, *, rng: np.random.Generator) -> NetworkCode:
        """Learn from training rows.

        Raises
        ------
        DataError
            If there are fewer than 8 rows, or no counts where counts are asked for.
        """
        n, p = values.x.shape
        if n < _LEAST_ROWS:
            raise DataError(
                f"an auto-encoder needs {_LEAST_ROWS} rows and there are {n}",
                remedy='set `represent = "pca"`',
            )
        if self.likelihood != "gaussian" and values.counts is None:
            raise DataError(
                "a likelihood of counts needs counts",
                remedy='set `likelihood = "gaussian"` for log values',
            )
        values = shuffled(values, _BATCH, rng)
        known = (~np.isnan(values.x)).T.astype(np.float32, order="C")
        used = np.empty((self.seeds, p, n), dtype=np.float32)
        for member in used:
            rng.random(dtype=np.float32, out=member)
            np.multiply(member >= HELD_SHARE, known, out=member)
        filled = np.where(known > 0, values.x.T, 0.0).astype(np.float32, order="C")
        network = self._network(filled, used, rng)
        objective = _Objective(self, network, values.counts, known, used)
        history = fit_network(
            network,
            RowBatches(torch.from_numpy(filled), _BATCH),
            objective,
            FitSettings(
                learning_rate=self.learning_rate,
                weight_decay=1e-3,
                epochs=self.epochs,
                patience=max(20, self.epochs // 5),
                settle=int(self.epochs * _ANNEAL) if self.kind == "vae" else 0,
                threads=self.threads,
            ),
            rng=rng,
        )
        low = np.nanmin(history.held, axis=0)
        counted = self.likelihood != "gaussian"
        return NetworkCode(network, low, values.counts if counted else None)

    def _network(
        self,
        filled: NDArray[np.float32],  # (n_feature, n_sample) gaps 0
        used: NDArray[np.float32],  # (n_member, n_feature, n_sample) 0 or 1
        rng: np.random.Generator,
    ) -> AutoEncoderNetwork:
        p, n = filled.shape
        k = max(1, min(self.k, min(n, p) - 1))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        network = AutoEncoderNetwork(
            p,
            self.hidden,
            k,
            members=self.seeds,
            variational=self.kind == "vae",
            zeros=self.likelihood == "zinb",
            mask=_MASK.get(self.kind, 0.0),
            generator=generator,
        )
        weight, loading = np.empty((2, self.seeds, p, k), dtype=np.float32)
        for member in range(self.seeds):
            own = (used[member] * filled).astype(np.float64)
            code = fit_pca(own.T, k)
            turn = np.linalg.qr(rng.standard_normal((k, k)))[0]
            if self.kind == "sparse":
                turn = np.eye(k)
            assert code.weight is not None  # no gaps: they were filled
            weight[member] = code.weight @ turn
            loading[member] = code.loading @ turn
        network.start_linear(weight, loading)
        return network


class _CountTensors:
    """Counts as the decoder is compared with them, features first."""

    def __init__(self, counts: Counts) -> None:
        whole = np.where(np.isnan(counts.count), 0.0, counts.count).T
        self.count = torch.from_numpy(np.ascontiguousarray(whole, dtype=np.float32))
        log_size = np.log(np.maximum(counts.size, 1e-9)).astype(np.float32)
        self.log_size = torch.from_numpy(log_size)
        self.base = torch.from_numpy(_log_mean(counts).astype(np.float32))[:, None]
        self.spread = torch.from_numpy(counts.sd.astype(np.float32))[:, None]


def _log_mean(counts: Counts) -> FloatArray:  # (n_feature,)
    return np.log(np.maximum(counts.profile, 1e-3))


class _Objective:
    """Losses of a batch for `train.descent`."""

    def __init__(
        self,
        kind: AutoEncoder,
        network: AutoEncoderNetwork,
        counts: Counts | None,
        known: NDArray[np.float32],  # (n_feature, n_sample) 0 or 1
        used: NDArray[np.float32],  # (n_member, n_feature, n_sample) 0 or 1
    ) -> None:
        self.kind, self.network = kind, network
        counted = None if kind.likelihood == "gaussian" else counts
        self.counts = None if counted is None else _CountTensors(counted)
        self.known, self.used = torch.from_numpy(known), torch.from_numpy(used)

    def __call__(self, x: Tensor, rows: Tensor, epoch: int) -> Losses:
        network, kind = self.network, self.kind
        used = columns(self.used, rows)
        own = used * x  # (n_member, n_feature, batch)
        mean, log_variance = network.encode(network.hide(own))
        z = network.sample(mean, log_variance)
        said = network.decode(z)
        n_all = used.sum(dim=(1, 2)).clamp(min=1)
        loss = self._loss(x, rows, said, z, used) / n_all
        per_row = kind.strength * x.shape[1] / n_all  # one row's share of the mean
        paid = torch.zeros_like(loss)
        if log_variance is not None:
            weight = min(1.0, (epoch + 1) / max(1, _ANNEAL * kind.epochs))
            apart = divergence(mean, log_variance).sum(dim=1).mean(dim=1)
            loss = loss + weight * apart * per_row
        elif kind.kind == "sparse":
            length = network.loading.norm(dim=1)  # (n_member, k)
            paid = (z.abs().mean(dim=2) * length).sum(dim=1) * per_row
        elif kind.kind == "contractive":
            paid = contraction(network, own) * per_row
        loss = loss + paid
        if network.training and network.hide.p > 0:  # judged without masks, elsewhere
            return Losses(loss, torch.zeros_like(loss), torch.ones_like(loss))
        held = columns(self.known, rows) - used
        with torch.no_grad():
            error = self._loss(x, rows, said, z, held)
        n_held = held.sum(dim=(1, 2))
        return Losses(loss, error + paid.detach() * n_held, n_held)

    def _loss(
        self,
        x: Tensor,
        rows: Tensor,
        said: Tensor,
        z: Tensor,
        used: Tensor,
    ) -> Tensor:  # (n_member,) summed over the entries used
        network = self.network
        if self.counts is None:
            own = network.noise[..., 0].clamp(-6.0, 3.0)
            noise = own if self.kind.kind == "vae" else torch.zeros_like(own)
            return gaussian_loss(x, said, used, noise)
        count = columns(self.counts.count, rows)
        log_mean = self.counts.base + self.counts.spread * said
        log_mean = log_mean + columns(self.counts.log_size, rows)
        log_mean = log_mean.clamp(-20.0, 20.0)
        dispersion = network.noise.clamp(-5.0, 8.0)
        if network.zeros is None:
            entry = nb_loss(count, log_mean, dispersion)
        else:
            entry = zinb_loss(count, log_mean, dispersion, network.zeros(z))
        return (used * entry).sum(dim=(1, 2))
