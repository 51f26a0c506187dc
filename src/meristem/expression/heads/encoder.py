"""A transformer encoder over the position bins of one haplotype."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.config.expression.heads import TransformerOptions

_WAVES = 8  # sines and cosines of the distance


def distance_code(positions: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return what the encoder is told of distances from the start of transcription.

    Side, logarithm, and sines and cosines of the logarithm: near the start few bases
    matter, far from it only the order of size does.

    Parameters
    ----------
    positions
        (n_bin,) bp, negative upstream.

    Returns
    -------
    array
        (n_bin, 2 + 2 * 8).
    """
    signed = np.sign(positions) * np.log1p(np.abs(positions))
    waves = np.outer(signed, np.pi / 2.0 ** np.arange(_WAVES) * 2)
    parts = [np.sign(positions)[:, None], signed[:, None] / 10]
    code = np.concatenate([*parts, np.sin(waves), np.cos(waves)], axis=1)
    return code.astype(np.float32)


class HaplotypeEncoder(nn.Module):
    """Reads deltas by bin; every output is zero for the reference haplotype.

    The effect of a haplotype is z (w + e_g): w is shared, e_g the embedding of the
    gene, which is zero for genes that were not trained on.

    Parameters
    ----------
    channels
        Numbers of a bin.
    positions
        (n_bin,) bp from the start of transcription.
    n_gene
        Genes trained on.
    options
        Shape.
    """

    place: Tensor

    def __init__(
        self,
        channels: int,
        positions: NDArray[np.floating],
        n_gene: int,
        options: TransformerOptions,
    ) -> None:
        super().__init__()
        width = options.width
        code = torch.from_numpy(distance_code(positions))
        self.register_buffer("place", code, persistent=False)
        self.read = nn.Linear(channels, width)
        self.where = nn.Linear(code.shape[1], width)
        self.summary = nn.Parameter(0.02 * torch.randn(width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width,
                options.heads,
                2 * width,
                options.dropout,
                batch_first=True,
                norm_first=True,
            )
            for _ in range(options.layers)
        )
        self.shared = nn.Parameter(torch.randn(width) / math.sqrt(width) / 10)
        self.gene = nn.Embedding(n_gene + 1, width, padding_idx=n_gene)
        self.intercept = nn.Parameter(torch.zeros(n_gene + 1))
        nn.init.zeros_(self.gene.weight)

    def owners(self) -> dict[str, Tensor]:
        """Return the member of every parameter: there is one."""
        return {
            name: torch.zeros([1] * parameter.ndim, dtype=torch.int64)
            for name, parameter in self.named_parameters()
        }

    def latent(self, deltas: Tensor) -> Tensor:  # (n, n_bin, channel) -> (n, width)
        """Return what the encoder makes of haplotypes, minus that of the reference."""
        both = torch.cat([torch.zeros_like(deltas[:1]), deltas])
        tokens = self.read(both) + self.where(self.place)
        head = self.summary.expand(len(both), 1, -1)
        x = torch.cat([head, tokens], dim=1)
        for layer in self.layers:
            x = layer(x)
        return x[1:, 0] - x[:1, 0]

    def effect(
        self, latent: Tensor, gene: Tensor
    ) -> Tensor:  # (n, width), (n,) -> (n,)
        """Return effects of haplotypes, in standard deviations of expression."""
        return (latent * (self.shared + self.gene(gene))).sum(dim=1)
