"""Attribute the logit of a corrected network to bases and edits of a pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from meristem.errors import DataError
from meristem.kinetics.cas9.encode import Encoding
from meristem.kinetics.transfer.net import TransferFit
from meristem.records import FloatArray


def integrated_gradients(
    fit: TransferFit,
    x: Encoding,  # (n, 25, 13)
    *,
    steps: int = 32,
    block: int = 2000,
) -> FloatArray:  # (n, 25, 13)
    """Return how much each entry of the encoding adds to the logit.

    From the empty encoding (no base, no edit) along a straight line to the pair; the
    entries of a pair sum to the difference of the logits at both ends.

    Parameters
    ----------
    fit
        A trained network.
    x
        Encoded pairs.
    steps
        Points of the midpoint rule.
    block
        Pairs in memory at a time.

    References
    ----------
    Sundararajan, Taly & Yan 2017, ICML 70:3319 (completeness axiom).
    """
    if steps < 1:
        raise DataError(f"{steps} steps are too few", remedy="use 1 or more")
    out = []
    for i in range(0, len(x), block):
        chunk = torch.from_numpy(x[i : i + block]).float()
        total = torch.zeros_like(chunk)
        for step in range(steps):
            point = (chunk * ((step + 0.5) / steps)).requires_grad_(True)
            (gradient,) = torch.autograd.grad(fit.net(point).sum(), point)
            total += gradient
        out.append((total / steps * chunk).double().numpy())
    return np.concatenate(out)


def base_effects(
    fits: Sequence[TransferFit],
    x: Encoding,  # (n, 25, 13)
    rows: np.ndarray,  # (n_row,)
) -> FloatArray:  # (25, 13)
    """Return the mean attribution of some pairs over an ensemble."""
    parts = [integrated_gradients(fit, x[rows]).mean(axis=0) for fit in fits]
    return np.mean(parts, axis=0)
