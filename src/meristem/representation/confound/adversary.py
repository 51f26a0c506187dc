"""Adversarial auto-encoder: factors from which nobody can tell the confounders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from meristem.nn.dense import DenseNetwork, MemberLinear
from meristem.records import FloatArray
from meristem.representation.confound.confounders import (
    Confounder,
    Design,
    fit_design,
)
from meristem.representation.confound.linear import Regression, fit_regression
from meristem.representation.pca import LinearCode, fit_pca
from meristem.train.descent import limited_threads

TINY = 1e-4
"""Added to variances of factors."""


@dataclass(frozen=True)
class AdversarialSettings:
    """How the game is played; the defaults serve some hundred samples."""

    k: int = 20  # factors; twice as many components are read
    weight: float = 10.0  # of the adversary's loss against the reconstruction
    pretrain: int = 200  # steps of the auto-encoder alone, then of the adversary alone
    rounds: int = 600  # alternations
    adversary_steps: int = 5  # of every round
    hidden: int = 32  # units of the adversary
    learning_rate: float = 2e-3
    noise: float = 0.3  # sd added to factors of unit variance: none hides in another
    threads: int = 1


@dataclass(frozen=True)
class Adversarial:
    """A fitted auto-encoder whose factors do not tell the confounders.

    The linear effects are taken off first; what the game removes is what regression
    leaves: batches that differ in variance, in correlation, in more than one way.
    """

    regression: Regression
    code: LinearCode  # components of the regressed values that the game starts from
    weight: FloatArray  # (k, n_component) encoder of components
    bias: FloatArray  # (k,)
    loading: FloatArray  # (n_component, k) decoder to components

    def clean(self, x: FloatArray, confounders: Sequence[Confounder]) -> FloatArray:
        """Return what the factors say of the values."""
        z = self.factors(x, confounders)
        return z @ self.loading.T @ self.code.loading.T

    def factors(
        self, x: FloatArray, confounders: Sequence[Confounder]
    ) -> FloatArray:  # (n_sample, k)
        """Return the factors."""
        z = self.code.encode(self.regression.clean(x, confounders))[0]
        return z @ self.weight.T + self.bias


def fit_adversarial(
    x: FloatArray,  # (n_sample, n_feature) NaN missing
    confounders: Sequence[Confounder],
    *,
    rng: np.random.Generator,
    settings: AdversarialSettings | None = None,
) -> Adversarial:
    """Play the game of an encoder against an adversary that reads its factors.

    1. the encoder learns to reconstruct, 2. the adversary learns to tell confounders
    from frozen factors (softmax for labels, squared error for numbers), 3. by turns:
    the adversary improves, the encoder reconstructs and makes the adversary fail.

    References
    ----------
    Dincer, Janizek & Lee 2020, Bioinformatics 36:i573 (AD-AE).
    """
    settings = settings or AdversarialSettings()
    regression = fit_regression(x, confounders)
    cleaned = regression.clean(x, confounders)
    code = fit_pca(cleaned, 2 * settings.k)
    scores = code.encode(cleaned)[0]
    design = fit_design(confounders)
    game = _Game(scores, confounders, design, code, settings, rng)
    with limited_threads(settings.threads):
        game.play()
    weight, bias, loading = game.maps()
    return Adversarial(regression, code, weight, bias, loading)


class _Game:
    """Encoder, decoder and adversary on the scores of the samples.

    The encoder is linear in the components, which hold the values' common part: with
    some hundred samples a deeper one finds ways to hide what it knows from one
    adversary that the next one reads.
    """

    def __init__(
        self,
        scores: FloatArray,  # (n_sample, k)
        confounders: Sequence[Confounder],
        design: Design,
        code: LinearCode,
        settings: AdversarialSettings,
        rng: np.random.Generator,
    ) -> None:
        n_component = scores.shape[1]
        k = min(settings.k, n_component)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        self.settings, self.generator = settings, generator
        self.x = torch.from_numpy(scores.T.astype(np.float32))
        length = (code.loading**2).sum(axis=0) / (code.loading**2).sum()
        self.share = torch.from_numpy(length.astype(np.float32))[:, None]
        self.heads = _heads(confounders, design)
        self.encoder = MemberLinear(1, n_component, k, generator)
        self.decoder = MemberLinear(1, k, n_component, generator)
        with torch.no_grad():
            self.encoder.weight.copy_(torch.eye(k, n_component)[None])
            self.decoder.weight.copy_(torch.eye(n_component, k)[None])
            for layer in (self.encoder, self.decoder):
                layer.bias.zero_()
        self.adversary = DenseNetwork(
            k,
            (settings.hidden,),
            sum(head.width for head in self.heads),
            members=1,
            dropout=0.0,
            generator=generator,
        )
        kinds = (self.encoder, self.decoder)
        own = [p for module in kinds for p in module.parameters()]
        rate = settings.learning_rate
        self.builds = torch.optim.Adam(own, lr=rate, fused=True)
        self.attacks = torch.optim.AdamW(
            self.adversary.parameters(), lr=3 * rate, weight_decay=1e-2, fused=True
        )

    def play(self) -> None:
        """Run the three phases."""
        for _ in range(self.settings.pretrain):
            self._build(0.0)
        for _ in range(self.settings.pretrain):
            self._attack()
        for _ in range(self.settings.rounds):
            for _ in range(self.settings.adversary_steps):
                self._attack()
            self._build(self.settings.weight)

    def maps(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return encoder weights and bias, and decoder weights."""
        with torch.no_grad():
            z = self.encoder(self.x)[0].double()
            sd = (z.var(dim=1, correction=0) + TINY).sqrt()
            weight = self.encoder.weight[0].double() / sd[:, None]
            bias = (self.encoder.bias[0, :, 0].double() - z.mean(dim=1)) / sd
            loading = self.decoder.weight[0].double()
            return weight.numpy(), bias.numpy(), loading.numpy()

    def _factors(self) -> Tensor:  # (1, k, n_sample)
        z = self.encoder(self.x)
        # of unit variance, noise added: shrinking a factor hides nothing in it
        centred = z - z.mean(dim=2, keepdim=True)
        unit = centred / (centred.var(dim=2, keepdim=True, correction=0) + TINY).sqrt()
        noise = torch.randn(unit.shape, generator=self.generator)
        noised: Tensor = unit + self.settings.noise * noise
        return noised

    def _adversary_loss(self, z: Tensor) -> Tensor:
        said = self.adversary(z)[0]
        losses, place = [], 0
        for head in self.heads:
            losses.append(head.loss(said[place : place + head.width]))
            place += head.width
        return torch.stack(losses).mean()

    def _attack(self) -> None:
        with torch.no_grad():
            z = self._factors()
        loss = self._adversary_loss(z)
        self.attacks.zero_grad(set_to_none=True)
        loss.backward()
        self.attacks.step()

    def _build(self, weight: float) -> None:
        z = self._factors()
        error = (self.decoder(z)[0] - self.x) ** 2
        loss = (self.share * error).sum(dim=0).mean()
        if weight:
            # at most at chance: a wrong adversary tells as much as a right one
            loss = loss - weight * self._adversary_loss(z).clamp(max=1.0)
        self.builds.zero_grad(set_to_none=True)
        loss.backward()
        self.builds.step()


@dataclass(frozen=True)
class _Head:
    """One confounder: what the adversary says, and its loss over that of chance."""

    target: Tensor  # (n_sample,) class, or (n_sample,) number
    known: Tensor  # (n_sample,)
    width: int
    chance: float

    def loss(self, said: Tensor) -> Tensor:
        """Return the loss over that of guessing: 1 tells nothing."""
        if self.width == 1:
            error = (said[0] - self.target) ** 2
        else:
            error = nn.functional.cross_entropy(said.T, self.target, reduction="none")
        return (error * self.known).sum() / self.known.sum() / self.chance


def _heads(confounders: Sequence[Confounder], design: Design) -> list[_Head]:
    heads, place = [], 0
    for one, levels in zip(confounders, design.level, strict=True):
        if not levels:
            assert one.number is not None
            z = (one.number - design.mean[place]) / design.sd[place]
            known = ~np.isnan(z)
            target = torch.from_numpy(np.where(known, z, 0.0).astype(np.float32))
            heads.append(_Head(target, torch.from_numpy(known).float(), 1, 1.0))
            place += 1
            continue
        number = {level: i for i, level in enumerate(levels)}
        index = np.array([number.get(text, -1) for text in one.label.tolist()])
        known = index >= 0
        share = np.bincount(index[known]) / known.sum()
        chance = float(-(share * np.log(np.maximum(share, 1e-12))).sum())
        target = torch.from_numpy(np.maximum(index, 0))
        flag = torch.from_numpy(known).float()
        heads.append(_Head(target, flag, len(levels), max(chance, 1e-6)))
        place += len(levels)
    return heads
