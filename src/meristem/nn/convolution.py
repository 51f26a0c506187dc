"""1-D convolution along the genome, all members of an ensemble in one tensor."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from meristem.nn.dense import MemberLinear
from meristem.nn.dropout import SeededDropout


class ConvolutionNetwork(nn.Module):
    """One-hot dosages, one convolution, one hidden layer, one output per target.

    A missing call has no one-hot entry at all.

    Parameters
    ----------
    n_in
        Variants, in genome order.
    n_target
        Outputs.
    ploidy
        Highest dosage.
    channels, kernel, stride
        Of the convolution; the kernel is cut to the number of variants.
    hidden
        Width of the hidden layer.
    members
        Networks in one tensor.
    dropout
        Share of units dropped before the hidden layer and the head.
    generator
        Source of the initial weights and of the dropout masks.
    """

    def __init__(  # noqa: PLR0913 - a network is described by its sizes
        self,
        n_in: int,
        n_target: int,
        *,
        ploidy: int,
        channels: int,
        kernel: int,
        stride: int,
        hidden: int,
        members: int,
        dropout: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        kernel = min(kernel, n_in)
        self.levels, self.stride, self.members = ploidy + 1, stride, members
        shape = (members * channels, self.levels, kernel)
        bound = 1.0 / (self.levels * kernel) ** 0.5
        draw = torch.rand(shape, generator=generator)
        self.filters = nn.Parameter(bound * (2 * draw - 1))
        self.filter_bias = nn.Parameter(torch.zeros(members * channels))
        length = (n_in - kernel) // stride + 1
        self.hidden = MemberLinear(members, channels * length, hidden, generator)
        self.head = MemberLinear(members, hidden, n_target, generator)
        self.dropout = SeededDropout(dropout, generator)

    def owners(self) -> dict[str, Tensor]:
        """Return the member of every entry of every parameter, broadcastable."""
        member = torch.arange(self.members)
        owner = {name: member[:, None, None] for name, _ in self.named_parameters()}
        channel = member.repeat_interleave(self.filters.shape[0] // self.members)
        return owner | {"filters": channel[:, None, None], "filter_bias": channel}

    def forward(
        self,
        x: Tensor,  # (n_variant, batch) dosages, negative missing
    ) -> Tensor:  # (n_member, n_target, batch)
        """Return the outputs of every member."""
        level = torch.arange(self.levels, device=x.device)
        one_hot = (x.t()[:, None] == level[:, None]).to(self.filters.dtype)
        maps = nn.functional.conv1d(
            one_hot, self.filters, self.filter_bias, stride=self.stride
        )
        z = torch.relu(maps).view(x.shape[1], self.members, -1).permute(1, 2, 0)
        z = torch.relu(self.hidden(self.dropout(z)))
        return self.head(self.dropout(z))
