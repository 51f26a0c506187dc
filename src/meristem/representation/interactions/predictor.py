"""A symmetric network over two proteins with ordered levels as its target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from meristem.records import FloatArray, IntArray
from meristem.representation.interactions.pairs import Pairs

_DROPOUT, _DECAY, _RATE = 0.3, 1e-2, 3e-3


class PairNetwork(nn.Module):
    """f(a, b) = f(b, a): both are encoded alike, then mean, product and distance."""

    def __init__(self, n_feature: int, hidden: int, n_level: int) -> None:
        super().__init__()
        self.encode = nn.Sequential(
            nn.Linear(n_feature, hidden), nn.ReLU(), nn.Dropout(_DROPOUT)
        )
        self.join = nn.Sequential(
            nn.Linear(3 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )
        self.start = nn.Parameter(torch.zeros(()))
        self.step = nn.Parameter(torch.zeros(n_level - 1))

    def forward(
        self,
        x: Tensor,  # (n_protein, n_feature)
        first: Tensor,  # (n_pair,)
        second: Tensor,
    ) -> Tensor:  # (n_pair, n_level) logit of: the level is above k
        """Return the chances, as logits, that levels are above 0, 1, ..."""
        code = self.encode(x)
        a, b = code[first], code[second]
        both = torch.cat([(a + b) / 2, a * b, (a - b).abs()], dim=1)
        rising = torch.cumsum(nn.functional.softplus(self.step), 0)
        cut = torch.cat([self.start[None], self.start + rising])
        return self.join(both) - cut


@dataclass(frozen=True)
class PairPredictor:
    """Fitted networks, and how features were scaled on training proteins."""

    networks: tuple[PairNetwork, ...]
    mean: FloatArray  # (n_feature,)
    sd: FloatArray

    def chances(
        self, features: FloatArray, first: IntArray, second: IntArray
    ) -> FloatArray:  # (n_pair, n_level)
        """Return the chance that each level is above 0, 1, ..., over all seeds."""
        x = torch.as_tensor((features - self.mean) / self.sd, dtype=torch.float32)
        one, two = torch.as_tensor(first), torch.as_tensor(second)
        with torch.no_grad():
            said = [torch.sigmoid(net(x, one, two)) for net in self.networks]
        return torch.stack(said).mean(0).double().numpy()


def fit_predictor(
    features: FloatArray,  # (n_protein, n_feature)
    pairs: Pairs,
    *,
    hidden: int,
    epochs: int,
    seeds: int,
    rng: np.random.Generator,
) -> PairPredictor:
    """Learn levels of pairs from features of their proteins.

    All cuts between levels are logistic regressions on one score (all-threshold loss).

    References
    ----------
    Rennie & Srebro 2005, IJCAI workshop on preferences (ordinal losses).
    """
    used = np.unique(np.concatenate([pairs.first, pairs.second]))
    mean = features[used].mean(axis=0)
    sd = features[used].std(axis=0)
    sd = np.where(sd > 1e-9, sd, 1.0)
    x = torch.as_tensor((features - mean) / sd, dtype=torch.float32)
    first, second = torch.as_tensor(pairs.first), torch.as_tensor(pairs.second)
    level = torch.as_tensor(pairs.level)
    above = (level[:, None] > torch.arange(pairs.n_level)).float()
    networks = []
    for _ in range(seeds):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            net = PairNetwork(features.shape[1], hidden, pairs.n_level)
            optimiser = torch.optim.AdamW(
                net.parameters(), lr=_RATE, weight_decay=_DECAY
            )
            for _ in range(epochs):
                optimiser.zero_grad()
                loss = nn.functional.binary_cross_entropy_with_logits(
                    net(x, first, second), above
                )
                loss.backward()
                optimiser.step()
        networks.append(net.eval())
    return PairPredictor(tuple(networks), mean, sd)
