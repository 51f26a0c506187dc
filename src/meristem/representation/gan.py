"""A small generative adversarial network over factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from meristem.records import FloatArray

_HIDDEN, _BATCH = 32, 64
_STEPS, _CRITIC_STEPS = 800, 2
_PENALTY, _RATE = 1.0, 2e-3


@dataclass(frozen=True)
class FactorGan:
    """A generator of factors, learned from those of a table."""

    generator: nn.Module
    mean: FloatArray  # (n_factor,)
    sd: FloatArray
    n_noise: int

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:  # (n, n_factor)
        """Return factors of new rows."""
        noise = torch.as_tensor(
            rng.standard_normal((n, self.n_noise)), dtype=torch.float32
        )
        with torch.no_grad():
            made = self.generator(noise).double().numpy()
        return np.asarray(made * self.sd + self.mean)


def fit_factor_gan(
    z: FloatArray,  # (n, n_factor)
    *,
    rng: np.random.Generator,
    steps: int = _STEPS,
) -> FactorGan:
    """Learn to draw factors like those of the rows (Wasserstein, gradient penalty).

    Parameters
    ----------
    z
        Factors of the rows.
    rng
        Source of randomness.
    steps
        Of the generator; the critic takes two for each.

    References
    ----------
    Gulrajani et al. 2017, NeurIPS 30 (WGAN-GP).
    """
    mean, sd = z.mean(axis=0), np.maximum(z.std(axis=0), 1e-9)
    real = torch.as_tensor((z - mean) / sd, dtype=torch.float32)
    n, k = real.shape
    n_noise = max(k, 4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        generator, critic = _layers(n_noise, k), _layers(k, 1)
        making = torch.optim.Adam(generator.parameters(), _RATE, betas=(0.5, 0.9))
        judging = torch.optim.Adam(critic.parameters(), _RATE, betas=(0.5, 0.9))
        size = min(_BATCH, n)
        for _ in range(steps):
            for _ in range(_CRITIC_STEPS):
                rows = real[torch.randint(n, (size,))]
                made = generator(torch.randn(size, n_noise)).detach()
                judging.zero_grad()
                loss = critic(made).mean() - critic(rows).mean()
                (loss + _penalty(critic, rows, made)).backward()
                judging.step()
            making.zero_grad()
            (-critic(generator(torch.randn(size, n_noise))).mean()).backward()
            making.step()
    return FactorGan(generator.eval(), mean, sd, n_noise)


def _layers(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(n_in, _HIDDEN),
        nn.LeakyReLU(0.2),
        nn.Linear(_HIDDEN, _HIDDEN),
        nn.LeakyReLU(0.2),
        nn.Linear(_HIDDEN, n_out),
    )


def _penalty(critic: nn.Module, rows: Tensor, made: Tensor) -> Tensor:
    """Return how far slopes of the critic between rows and samples are from 1."""
    share = torch.rand(rows.shape[0], 1)
    between = (share * rows + (1 - share) * made).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return _PENALTY * ((slope.norm(dim=1) - 1) ** 2).mean()
