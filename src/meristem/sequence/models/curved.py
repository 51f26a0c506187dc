"""Gaussian-kernel ridge on occupancies of motifs and counts of k-mers.

Effects of motifs then saturate and depend on one another. The distance weighs the
motifs as much as each length of k-mers. Bandwidth and penalty are chosen by the exact
error on groups left out, without refits: for a group g, y_g - yhat_g = inv(C_gg) a_g
with C = inv(K + l I) and a = C y.

References
----------
Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, section 2.2 and
equations 5.12 (leaving out); Williams & Seeger 2001, NIPS (subset of rows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray
from meristem.sequence.features.occupancy import make_bank
from meristem.sequence.inputs.onehot import OneHot, Pad
from meristem.sequence.models.closed_form import features_of
from meristem.sequence.models.options import CurvedOptions
from meristem.sequence.models.ridge import refuse_flat
from meristem.sequence.models.store import restore_motifs, write_motif_model
from meristem.sequence.motifs.motif import Motif

BANDWIDTHS = (0.03, 0.1, 0.3)
"""Candidates for gamma, per mean squared distance from the centre."""

PENALTIES = (0.1, 0.3, 0.6, 1.2, 2.4)

MOST_CHOICE = 2500  # rows that bandwidth and penalty are chosen on
_BATCH = 1024

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Curved:
    """Weights of training rows around which the prediction is curved.

    Attributes
    ----------
    options, tasks, window, pad, motifs
        As of `closed_form.ClosedForm`.
    centre, scale
        Mean of every feature, and what it is divided by before distances are taken.
    anchor
        Scaled features of training rows.
    weight
        What each of them adds, by task.
    intercept, bandwidth, penalty
        By task.
    """

    options: CurvedOptions
    tasks: tuple[str, ...]
    window: int | None
    pad: Pad
    motifs: tuple[Motif, ...]
    centre: Matrix  # (n_feature,)
    scale: Matrix  # (n_feature,)
    anchor: Matrix  # (n_anchor, n_feature)
    weight: FloatArray  # (n_anchor, n_task)
    intercept: FloatArray  # (n_task,)
    bandwidth: FloatArray  # (n_task,)
    penalty: FloatArray  # (n_task,)

    @property
    def kind(self) -> str:
        """Name in the catalogue."""
        return "curved"

    def predict(self, onehot: OneHot) -> FloatArray:  # (n, n_task)
        """Return predictions; both strands give the same."""
        parts = [
            self.of_features(self.features(onehot[start : start + _BATCH]))
            for start in range(0, len(onehot), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.tasks)))

    def features(self, onehot: OneHot) -> Matrix:  # (n, n_feature)
        """Return what is counted, which no fit changes."""
        return features_of(onehot, self.options, make_bank(self.motifs))

    def of_features(self, features: Matrix) -> FloatArray:  # (n, n_task)
        """Return the predictions of sequences whose features are known."""
        out = np.tile(self.intercept, (len(features), 1))
        for start in range(0, len(features), _BATCH):
            cut = slice(start, start + _BATCH)
            scaled = (features[cut] - self.centre) / self.scale
            apart = squared_distance(scaled, self.anchor)
            for bandwidth in np.unique(self.bandwidth):
                tasks = np.flatnonzero(self.bandwidth == bandwidth)
                kernel = np.exp(-np.float32(bandwidth) * apart)
                out[cut, tasks] += kernel @ self.weight[:, tasks]
        return out

    def ensemble(self, onehot: OneHot) -> FloatArray:  # (1, n, n_task)
        """Return the predictions; there is one member."""
        return self.predict(onehot)[None]

    def hidden(self, onehot: OneHot) -> Matrix:  # (n, n_feature)
        """Return the scaled features between which distances are taken."""
        return ((self.features(onehot) - self.centre) / self.scale).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        names = ("centre", "scale", "anchor", "weight", "intercept", "bandwidth")
        arrays = {name: getattr(self, name) for name in (*names, "penalty")}
        write_motif_model(folder, self, self.options, self.motifs, arrays)


def restore_curved(record: dict, arrays: dict[str, NDArray]) -> Curved:
    """Return the model that `Curved.save` wrote."""
    motifs = restore_motifs(record, arrays)
    names = ("centre", "scale", "anchor", "weight", "intercept", "bandwidth")
    return Curved(
        CurvedOptions.model_validate(record["options"]),
        tuple(record["tasks"]),
        record["window"],
        record["pad"],
        motifs,
        *(arrays[name] for name in (*names, "penalty")),
    )


def fit_curved(
    onehot: OneHot,  # (n, 4, length)
    value: FloatArray,  # (n, n_task)
    group: IntArray,  # (n,)
    options: CurvedOptions,
    *,
    tasks: Sequence[str],
    rng: np.random.Generator,
    pad: Pad = "both",
    motifs: Sequence[Motif] = (),
) -> Curved:
    """Fit all tasks, each on its measured rows.

    Parameters
    ----------
    onehot, value, group
        Training rows; rows of a group are left out together where bandwidth and
        penalty are chosen.
    options
        What is counted, and the most rows that are kept.
    tasks
        Names of the columns of `value`.
    rng
        Draws rows where there are many.
    pad
        Kept for prediction.
    motifs
        Set that is scanned.
    """
    features = features_of(onehot, options, make_bank(motifs))
    centre, scale = _scaling(features, len(motifs) * 2 * options.bins, options)
    scaled = (features - centre) / scale
    anchors = np.arange(len(scaled))
    if anchors.size > options.rows:
        anchors = np.sort(rng.choice(anchors, options.rows, replace=False))
    n_task = value.shape[1]
    weight = np.zeros((anchors.size, n_task))
    intercept, bandwidth, penalty = (np.zeros(n_task) for _ in range(3))
    for task in range(n_task):
        there = ~np.isnan(value[:, task])
        refuse_flat(value[there, task])
        kept = np.flatnonzero(there[anchors])
        rows = anchors[kept]
        y = value[rows, task]
        intercept[task] = y.mean()
        chosen = _choose(scaled[rows], y - y.mean(), group[rows], rng)
        bandwidth[task], penalty[task] = chosen
        kernel = np.exp(-np.float32(chosen[0]) * squared_distance(scaled[rows]))
        weight[kept, task] = _solve(kernel, chosen[1], y - y.mean())
    window = onehot.shape[2] if options.bins > 1 else None
    return Curved(
        options,
        tuple(tasks),
        window,
        pad,
        tuple(motifs),
        centre,
        scale,
        scaled[anchors],
        weight,
        intercept,
        bandwidth,
        penalty,
    )


def _scaling(
    features: Matrix, n_occupancy: int, options: CurvedOptions
) -> tuple[Matrix, Matrix]:
    """Return means and divisors: one unit of squared distance to each block."""
    centre = features.mean(axis=0)
    spread = features.std(axis=0)
    varies = spread > 1e-6
    sizes = [n_occupancy, *(_n_kmer(k) for k in options.k)]
    block = np.repeat(np.arange(len(sizes)), sizes)
    count = np.bincount(block[varies], minlength=len(sizes))
    share = np.sqrt(np.maximum(count, 1))[block]
    scale = np.where(varies, spread * share, np.inf)
    return centre, scale.astype(np.float32)


def _n_kmer(k: int) -> int:
    """Return the number of k-mers, reverse complements as one."""
    palindromes = 4 ** (k // 2) if k % 2 == 0 else 0
    return int(4**k + palindromes) // 2


def squared_distance(
    one: Matrix,  # (n, n_feature)
    other: Matrix | None = None,  # (m, n_feature)
) -> Matrix:  # (n, m)
    """Return squared distances between rows.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [3.0, 4.0]], dtype=np.float32)
    >>> squared_distance(x).tolist()
    [[0.0, 25.0], [25.0, 0.0]]
    """
    other = one if other is None else other
    apart = one @ other.T
    apart *= -2
    apart += (one * one).sum(axis=1)[:, None]
    apart += (other * other).sum(axis=1)[None]
    return np.maximum(apart, 0, out=apart)


def _solve(kernel: Matrix, penalty: float, y: FloatArray) -> FloatArray:
    kernel[np.diag_indices_from(kernel)] += np.float32(penalty)
    factor = scipy.linalg.cho_factor(
        kernel, lower=True, overwrite_a=True, check_finite=False
    )
    solved: FloatArray = scipy.linalg.cho_solve(factor, y.astype(np.float32))
    return solved.astype(np.float64)


def _choose(
    scaled: Matrix, y: FloatArray, group: IntArray, rng: np.random.Generator
) -> tuple[float, float]:
    """Return bandwidth and penalty of the least error on groups left out.

    The kernel is in units of the variance of y, so that the penalty is the noise over
    the curved part.
    """
    if len(y) > MOST_CHOICE:
        order = rng.permutation(np.unique(group))
        rank = np.empty(order.max() + 1, dtype=np.int64)
        rank[order] = np.arange(order.size)
        rows = np.argsort(rank[group], kind="stable")[:MOST_CHOICE]
        scaled, y, group = scaled[rows], y[rows], group[rows]
    members = [np.flatnonzero(group == name) for name in np.unique(group)]
    apart = squared_distance(scaled)
    best, chosen = np.inf, (BANDWIDTHS[0], PENALTIES[-1])
    for bandwidth in BANDWIDTHS:
        kernel = np.exp(-np.float32(bandwidth) * apart).astype(np.float64)
        for penalty in PENALTIES:
            inside = kernel + penalty * np.eye(len(y))
            inverse = scipy.linalg.inv(inside, check_finite=False)
            error = left_out_error(inverse, y, members)
            if error < best:
                best, chosen = error, (bandwidth, penalty)
    return chosen


def left_out_error(
    inverse: FloatArray,  # (n, n) of K + l I
    y: FloatArray,  # (n,)
    members: Sequence[IntArray],
) -> float:
    """Return the summed squared error of groups left out, without refits."""
    a = inverse @ y
    alone = [rows[0] for rows in members if rows.size == 1]
    error = float(((a[alone] / np.diag(inverse)[alone]) ** 2).sum())
    for rows in members:
        if rows.size > 1:
            gap = np.linalg.solve(inverse[np.ix_(rows, rows)], a[rows])
            error += float(gap @ gap)
    return error
