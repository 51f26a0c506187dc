"""A conditional variational autoencoder and a Wasserstein generator of DNA.

Both make a sequence from noise and wanted values of the tasks.

References
----------
Kingma & Welling 2014, ICLR; Sohn, Lee & Yan 2015, NeurIPS (conditional autoencoders);
Bowman et al. 2016, CoNLL (raising the weight of the divergence); Gulrajani et al. 2017,
NeurIPS (gradient penalty); Killoran et al. 2017, arXiv:1712.06148 (of DNA).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from meristem.config.strict import Strict
from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import OneHot

Method = Literal["vae", "gan"]
Progress = Callable[[int, int], None]

_CRITIC_STEPS = 3  # of the critic for one of the generator
_PENALTY = 10.0
_WARM = 0.5  # share of the epochs over which the divergence gains its weight


class GenerateOptions(Strict):
    """Shape and training of a generative model.

    ``noise``: size of what a sequence is made from; ``channels``: of the convolutions;
    ``divergence``: weight of the divergence from the standard normal (VAE);
    ``temperature`` at which bases are drawn, 0: the likeliest base (VAE).
    """

    method: Method = "vae"
    noise: int = Field(default=32, ge=2, le=1024)
    channels: int = Field(default=48, ge=4, le=1024)
    epochs: int = Field(default=60, ge=1, le=100_000)
    batch: int = Field(default=64, ge=2, le=65_536)
    learning_rate: float = Field(default=1e-3, gt=0, le=1)
    divergence: float = Field(default=1.0, ge=0, le=100)
    temperature: float = Field(default=1.0, ge=0, le=10)


class _Block(nn.Module):
    """x + conv(act(x)) twice over positions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inside = nn.Sequential(
            nn.ReLU(),
            nn.Conv1d(channels, channels, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 5, padding=2),
        )

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place), same out
        """Return the input plus what the block adds."""
        return x + 0.3 * self.inside(x)


class Maker(nn.Module):
    """Noise and wanted values in, logits of bases out."""

    def __init__(self, options: GenerateOptions, length: int, n_task: int) -> None:
        super().__init__()
        self.places = math.ceil(length / 4)
        self.length = length
        width = options.channels
        self.begin = nn.Linear(options.noise + n_task, width * self.places)
        self.rest = nn.Sequential(
            _Block(width),
            nn.Upsample(scale_factor=4),
            nn.Conv1d(width, width, 5, padding=2),
            _Block(width),
            nn.ReLU(),
            nn.Conv1d(width, 4, 5, padding=2),
        )

    def forward(self, noise: Tensor, wanted: Tensor) -> Tensor:  # (n, 4, length)
        """Return logits."""
        x = self.begin(torch.cat([noise, wanted], dim=1))
        out: Tensor = self.rest(x.view(len(x), -1, self.places))
        return out[:, :, : self.length]


class Reader(nn.Module):
    """A sequence and its values in, some numbers out."""

    def __init__(
        self, options: GenerateOptions, length: int, n_task: int, n_output: int
    ) -> None:
        super().__init__()
        width = options.channels
        self.body = nn.Sequential(
            nn.Conv1d(4 + n_task, width, 9, padding=4),
            _Block(width),
            nn.AvgPool1d(4, ceil_mode=True),
            _Block(width),
            nn.Flatten(),
            nn.ReLU(),
            nn.Linear(width * math.ceil(length / 4), n_output),
        )

    def forward(self, x: Tensor, value: Tensor) -> Tensor:  # (n, n_output)
        """Return the output."""
        spread = value[:, :, None].expand(-1, -1, x.shape[2])
        out: Tensor = self.body(torch.cat([x, spread], dim=1))
        return out


class Generator:
    """A trained model that makes sequences.

    Parameters
    ----------
    maker
        The network.
    options
        How it was trained.
    centre, scale
        (n_task,) of the values it was shown.
    """

    def __init__(
        self,
        maker: Maker,
        options: GenerateOptions,
        centre: FloatArray,
        scale: FloatArray,
    ) -> None:
        self.maker = maker.eval()
        self.options = options
        self.centre = centre
        self.scale = scale

    @torch.no_grad()
    def draw(
        self,
        wanted: FloatArray,  # (n, n_task) units of the tasks
        rng: np.random.Generator,
    ) -> NDArray[np.uint8]:  # (n, length) codes of bases
        """Return new sequences."""
        source = torch.Generator().manual_seed(int(rng.integers(2**31)))
        noise = torch.randn(len(wanted), self.options.noise, generator=source)
        value = torch.from_numpy((wanted - self.centre) / self.scale).float()
        logits = self.maker(noise, value)
        heat = self.options.temperature
        if heat > 0:
            share = torch.rand(logits.shape, generator=source).clamp(1e-9, 1 - 1e-9)
            logits = logits / heat - torch.log(-torch.log(share))
        codes: NDArray[np.uint8] = logits.argmax(1).numpy().astype(np.uint8)
        return codes


def train_generator(
    onehot: OneHot,  # (n, 4, length)
    value: FloatArray,  # (n, n_task) NaN: the mean of the task
    options: GenerateOptions,
    rng: np.random.Generator,
    progress: Progress = lambda done, total: None,
) -> Generator:
    """Return a generator of sequences like those of training rows.

    Parameters
    ----------
    onehot, value
        Training rows.
    options
        Method, shape and training.
    rng
        Source of randomness.
    progress
        Called with epochs done and in all.
    """
    centre, spread = np.nanmean(value, axis=0), np.nanstd(value, axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    shown = np.nan_to_num((value - centre) / scale).astype(np.float32)
    torch.manual_seed(int(rng.integers(2**31)))
    maker = Maker(options, onehot.shape[2], value.shape[1])
    train = _train_vae if options.method == "vae" else _train_gan
    train(maker, torch.from_numpy(onehot), torch.from_numpy(shown), options, progress)
    return Generator(maker, options, centre, scale)


def _batches(n: int, options: GenerateOptions) -> list[Tensor]:
    parts = torch.randperm(n).split(options.batch)
    return [part for part in parts if len(part) > 1]


def _adam(network: nn.Module, options: GenerateOptions) -> torch.optim.Adam:
    betas = (0.5, 0.9) if options.method == "gan" else (0.9, 0.999)
    return torch.optim.Adam(network.parameters(), options.learning_rate, betas)


def _train_vae(
    maker: Maker, x: Tensor, y: Tensor, options: GenerateOptions, progress: Progress
) -> None:
    """Raise the evidence bound: bases given noise, less the divergence of the noise."""
    reader = Reader(options, x.shape[2], y.shape[1], 2 * options.noise)
    optimisers = [_adam(network, options) for network in (maker, reader)]
    for epoch in range(options.epochs):
        warm = min(1.0, (epoch + 1) / (_WARM * options.epochs))
        for rows in _batches(len(x), options):
            mean, log_variance = reader(x[rows], y[rows]).clamp(-8, 8).chunk(2, 1)
            noise = mean + torch.randn_like(mean) * (log_variance / 2).exp()
            bases = maker(noise, y[rows]).log_softmax(1)
            misfit = -(bases * x[rows]).sum((1, 2)).mean()
            apart = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
            for optimiser in optimisers:
                optimiser.zero_grad(set_to_none=True)
            (misfit + warm * options.divergence * apart).backward()
            for optimiser in optimisers:
                optimiser.step()
        progress(epoch + 1, options.epochs)


def _train_gan(
    maker: Maker, x: Tensor, y: Tensor, options: GenerateOptions, progress: Progress
) -> None:
    """Lower the Wasserstein distance that a critic with a gradient penalty sees."""
    critic = Reader(options, x.shape[2], y.shape[1], 1)
    making, judging = _adam(maker, options), _adam(critic, options)
    step = 0
    for epoch in range(options.epochs):
        for rows in _batches(len(x), options):
            noise = torch.randn(len(rows), options.noise)
            made = maker(noise, y[rows]).softmax(1)
            cost = _judged(critic, x[rows], made.detach(), y[rows])
            judging.zero_grad(set_to_none=True)
            cost.backward()
            judging.step()
            step += 1
            if step % _CRITIC_STEPS == 0:
                making.zero_grad(set_to_none=True)
                (-critic(made, y[rows]).mean()).backward()
                making.step()
        progress(epoch + 1, options.epochs)


def _judged(critic: Reader, real: Tensor, made: Tensor, y: Tensor) -> Tensor:
    """Return the cost of a critic: made above real, and slopes that are not 1."""
    share = torch.rand(len(real), 1, 1)
    between = (share * real + (1 - share) * made).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between, y).sum(), between, create_graph=True)
    steep = (slope.flatten(1).norm(dim=1) - 1) ** 2
    cost: Tensor = critic(made, y).mean() - critic(real, y).mean()
    return cost + _PENALTY * steep.mean()
