"""Fully connected networks, all members of an ensemble in one tensor."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from meristem.nn.dropout import SeededDropout


class MemberLinear(nn.Module):
    """One linear layer per member: (n_member, n_in, batch) -> (n_member, n_out, batch).

    Parameters
    ----------
    members
        Networks in one tensor.
    n_in, n_out
        Features before and after.
    generator
        Source of the initial weights: uniform within 1 / sqrt(n_in), so that a new
        network is close to linear.
    """

    def __init__(
        self, members: int, n_in: int, n_out: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        bound = 1.0 / max(n_in, 1) ** 0.5
        draw = torch.rand(members, n_out, n_in, generator=generator)
        self.weight = nn.Parameter(bound * (2 * draw - 1))
        draw = torch.rand(members, n_out, 1, generator=generator)
        self.bias = nn.Parameter(bound * (2 * draw - 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer; a two-dimensional input is read by all members."""
        if x.dim() == 3:
            return torch.baddbmm(self.bias, self.weight, x)
        members, n_out, n_in = self.weight.shape
        flat = self.weight.view(members * n_out, n_in) @ x
        return flat.view(members, n_out, -1) + self.bias


class DenseNetwork(nn.Module):
    """Hidden layers with SiLU, then one linear output per target.

    Parameters
    ----------
    n_in
        Variants.
    hidden
        Widths of the hidden layers.
    n_target
        Outputs.
    members
        Networks in one tensor.
    dropout
        Share of hidden units dropped in training.
    generator
        Source of the initial weights and of the dropout masks.
    """

    def __init__(
        self,
        n_in: int,
        hidden: tuple[int, ...],
        n_target: int,
        *,
        members: int,
        dropout: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        sizes = (n_in, *hidden)
        self.layers = nn.ModuleList(
            MemberLinear(members, before, after, generator)
            for before, after in zip(sizes[:-1], sizes[1:], strict=True)
        )
        self.dropout = SeededDropout(dropout, generator)
        self.head = MemberLinear(members, sizes[-1], n_target, generator)
        self.members, self.n_target = members, n_target

    def owners(self) -> dict[str, Tensor]:
        """Return the member of every entry of every parameter, broadcastable."""
        member = torch.arange(self.members)[:, None, None]
        return {name: member for name, _ in self.named_parameters()}

    def forward(
        self,
        x: Tensor,  # (n_variant, batch) standardised
    ) -> Tensor:  # (n_member, n_target, batch)
        """Return the outputs of every member."""
        for layer in self.layers:
            x = self.dropout(nn.functional.silu(layer(x)))
        return self.head(x)
