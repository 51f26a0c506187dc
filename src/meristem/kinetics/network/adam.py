"""Adam over stacked members, each with its own clipping."""

from __future__ import annotations

import torch
from torch import Tensor

from meristem.kinetics.network.design import Design, Parameters
from meristem.kinetics.network.kinn import FitOptions


class StackedAdam:
    """Adam over stacked members, with the norm clipped per member and rate."""

    def __init__(self, parameters: Parameters) -> None:
        self.first = {k: torch.zeros_like(v) for k, v in parameters.items()}
        self.second = {k: torch.zeros_like(v) for k, v in parameters.items()}
        self.n_step = 0

    def step(
        self,
        parameters: Parameters,
        design: Design,
        options: FitOptions,
    ) -> None:
        """Move every parameter by its gradient and forget the gradient."""
        rate = options.learning_rate * options.decay ** (
            self.n_step // options.decay_steps
        )
        self.n_step += 1
        fix_1 = 1.0 - 0.9**self.n_step
        fix_2 = 1.0 - 0.999**self.n_step
        with torch.no_grad():
            for name, value in parameters.items():
                gradient = value.grad
                if gradient is None:
                    continue
                gradient = _clipped(name, gradient, design, options.clip_norm)
                first = self.first[name].mul_(0.9).add_(gradient, alpha=0.1)
                second = self.second[name].mul_(0.999)
                second.addcmul_(gradient, gradient, value=0.001)
                divisor = (second / fix_2).sqrt_().add_(1e-7)
                value.addcdiv_(first, divisor, value=-rate / fix_1)
                value.grad = None

    def take(self, members: Tensor) -> None:
        """Keep the moments of some members."""
        self.first = {k: v[members] for k, v in self.first.items()}
        self.second = {k: v[members] for k, v in self.second.items()}


def _clipped(name: str, gradient: Tensor, design: Design, most: float) -> Tensor:
    """Clip per member and rate; a filter's own gradient is the sum's over filters."""
    if name in ("log_sigma", "background"):
        return gradient.clamp(-most, most)
    shape = (*design.filters.shape, *([1] * (gradient.dim() - 2)))
    filters = design.filters.reshape(shape)
    gradient = gradient / filters
    norm = gradient.reshape(*design.filters.shape, -1).norm(dim=-1).reshape(shape)
    return gradient * (most / (norm * filters.sqrt() + 1e-12)).clamp(max=1.0)
