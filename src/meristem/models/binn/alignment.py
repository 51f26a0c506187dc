"""One sign and scale for the latents of all members of an ensemble."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray, IntArray


@dataclass(frozen=True)
class LatentScale:
    """Mean and signed spread of every latent on the training rows.

    Dividing by the spread brings the members of an ensemble to one sign and scale.
    """

    mean: FloatArray  # (n_member, n_node)
    spread: FloatArray  # (n_member, n_node) sign: alignment between members


def align_latents(
    latent: FloatArray,  # (n_member, n_sample, n_node) on the training rows
    node: IntArray,  # (n_measured,) numbers of measured nodes; may repeat
    measured: FloatArray,  # (n_sample, n_measured) NaN missing
) -> LatentScale:
    """Return the scale that brings all members to one sign.

    The sign of a member is its loading on the leading axis of the members'
    correlation matrix. A measurement stands in that matrix as one more member, whose
    sign the others take; without one the majority has its way.
    """
    n_sample = max(latent.shape[1], 1)
    mean, sd = latent.mean(axis=1), latent.std(axis=1)
    sd = np.where(sd > 1e-9, sd, 1.0)
    standard = (latent - mean[:, None]) / sd[:, None]
    k, n_node = mean.shape
    correlation = np.zeros((n_node, k + 1, k + 1))
    between = np.einsum("kbj,lbj->jkl", standard, standard, optimize=True)
    correlation[:, :k, :k] = between / n_sample
    agreement = _agreement(standard, node, measured)  # (n_node, n_member)
    correlation[:, k, :k] = correlation[:, :k, k] = agreement
    correlation[:, k, k] = (agreement != 0).any(axis=1)
    leading = np.linalg.eigh(correlation)[1][:, :, -1]  # (n_node, n_member + 1)
    sign = np.where(leading[:, :k] < 0, -1.0, 1.0)
    majority = np.where(sign.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    own = np.where(leading[:, k:] < 0, -1.0, 1.0)
    known = np.abs(leading[:, k:]) > 1e-9
    return LatentScale(mean, sd * (sign * np.where(known, own, majority)).T)


def _agreement(
    standard: FloatArray,  # (n_member, n_sample, n_node)
    node: IntArray,  # (n_measured,)
    measured: FloatArray,  # (n_sample, n_measured) NaN missing
) -> FloatArray:  # (n_node, n_member) mean r with the measurements of the node
    seen = np.isfinite(measured)
    n = np.maximum(seen.sum(axis=0), 1)
    own = standard[:, :, node]
    own = np.where(seen, own - np.where(seen, own, 0).sum(axis=1)[:, None] / n, 0.0)
    value = np.where(seen, measured, 0.0)
    value = np.where(seen, value - value.sum(axis=0) / n, 0.0)
    size = np.sqrt((own**2).sum(axis=1) * (value**2).sum(axis=0))
    r = np.einsum("ksj,sj->kj", own, value) / np.where(size > 1e-12, size, 1.0)
    total = np.zeros((standard.shape[2], standard.shape[0]))
    np.add.at(total, node, r.T)
    times = np.bincount(node, minlength=standard.shape[2])
    return total / np.maximum(times, 1)[:, None]
