"""Models without training loops: k-mers, or motifs and k-mers, with ridge weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray
from meristem.sequence.features.kmers import canonical, count_kmers
from meristem.sequence.features.occupancy import Bank, make_bank, occupancy
from meristem.sequence.inputs.onehot import OneHot, Pad, base_codes, flip
from meristem.sequence.models.options import KmerOptions, MotifOptions
from meristem.sequence.models.ridge import Ridge, fit_ridge
from meristem.sequence.models.store import restore_motifs, write_motif_model
from meristem.sequence.models.substitutions import Linear
from meristem.sequence.motifs.motif import Motif

_BATCH = 4096


@dataclass(frozen=True)
class ClosedForm:
    """Ridge weights of named features of a sequence.

    Attributes
    ----------
    options
        `KmerOptions` or `MotifOptions`; the latter need `motifs`.
    tasks
        What is predicted.
    window
        Length in bp where features are taken by position; None otherwise.
    pad
        Side on which shorter sequences are filled up.
    ridge
        What was learned.
    motifs
        The set that is scanned.
    """

    options: KmerOptions | MotifOptions
    tasks: tuple[str, ...]
    window: int | None
    pad: Pad
    ridge: Ridge
    motifs: tuple[Motif, ...] = ()

    @property
    def kind(self) -> str:
        """Name in the catalogue."""
        return "motif" if self.options.reads_motifs else "kmer"

    @property
    def feature(self) -> tuple[str, ...]:
        """Names of the features, in the order of the weights."""
        return feature_names(self.options, self.motifs)

    def predict(self, onehot: OneHot) -> FloatArray:  # (n, n_task)
        """Return predictions; both strands give the same."""
        parts = [
            self.of_features(self.features(onehot[start : start + _BATCH]))
            for start in range(0, len(onehot), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.tasks)))

    def features(self, onehot: OneHot) -> NDArray[np.float32]:  # (n, n_feature)
        """Return what is counted, which no fit changes."""
        return features_of(onehot, self.options, make_bank(self.motifs))

    def of_features(self, features: NDArray[np.float32]) -> FloatArray:  # (n, n_task)
        """Return the predictions of sequences whose features are known."""
        return self.ridge.predict(features)

    def ensemble(self, onehot: OneHot) -> FloatArray:  # (1, n, n_task)
        """Return the predictions; there is one member."""
        return self.predict(onehot)[None]

    @property
    def linear(self) -> Linear | None:
        """Weights per unit of every feature; None where positions matter."""
        if self.options.bins > 1:
            return None
        slope = self.ridge.weight / self.ridge.scale[:, None]
        n, words = len(self.motifs), []
        done = 2 * n
        for k in self.options.k:
            size = len(canonical(k)[1])
            words.append(slope[done : done + size])
            done += size
        return Linear(
            make_bank(self.motifs),
            self.options.site_threshold,
            slope[:n],
            slope[n : 2 * n],
            self.options.k,
            tuple(words),
        )

    def hidden(self, onehot: OneHot) -> NDArray[np.float32]:  # (n, n_feature)
        """Return the standardised features."""
        features = self.features(onehot)
        return ((features - self.ridge.centre) / self.ridge.scale).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        ridge = self.ridge
        arrays = {
            "centre": ridge.centre,
            "scale": ridge.scale,
            "weight": ridge.weight,
            "intercept": ridge.intercept,
            "penalty": ridge.penalty,
        }
        write_motif_model(folder, self, self.options, self.motifs, arrays)


def restore_closed_form(
    record: dict, arrays: dict[str, NDArray], options: KmerOptions | MotifOptions
) -> ClosedForm:
    """Return the model that `ClosedForm.save` wrote."""
    motifs = restore_motifs(record, arrays)
    names = ("centre", "scale", "weight", "intercept", "penalty")
    ridge = Ridge(*(arrays[name] for name in names))
    tasks, window = tuple(record["tasks"]), record["window"]
    return ClosedForm(options, tasks, window, record["pad"], ridge, motifs)


def fit_closed_form(
    onehot: OneHot,  # (n, 4, length)
    value: FloatArray,  # (n, n_task)
    group: IntArray,  # (n,)
    options: KmerOptions | MotifOptions,
    *,
    tasks: Sequence[str],
    rng: np.random.Generator,
    pad: Pad = "both",
    motifs: Sequence[Motif] = (),
) -> ClosedForm:
    """Fit the ridge weights of k-mers, or of motifs and k-mers.

    Parameters
    ----------
    onehot, value, group
        Training rows; rows of a group are not parted where the penalty is chosen.
    options
        What is counted.
    tasks
        Names of the columns of `value`.
    rng
        Deals groups into folds.
    pad
        Kept for prediction.
    motifs
        Set that is scanned, for `MotifOptions`.
    """
    features = features_of(onehot, options, make_bank(motifs))
    ridge = fit_ridge(features, value, group, rng)
    window = onehot.shape[2] if options.bins > 1 else None
    return ClosedForm(options, tuple(tasks), window, pad, ridge, tuple(motifs))


def features_of(
    onehot: OneHot,  # (n, 4, length)
    options: KmerOptions | MotifOptions,
    bank: Bank,
) -> NDArray[np.float32]:  # (n, n_feature)
    """Return the features of sequences, averaged over both strands."""
    features = _one_strand(onehot, options, bank)
    if options.bins == 1:
        return features  # k-mers and motifs of both strands are pooled already
    turned = _one_strand(flip(onehot), options, bank)
    return ((features + turned) / 2).astype(np.float32)


def _one_strand(
    onehot: OneHot, options: KmerOptions | MotifOptions, bank: Bank
) -> NDArray[np.float32]:
    code = base_codes(onehot)
    blocks = []
    if options.reads_motifs:
        pooled = occupancy(onehot, bank, options.bins, options.site_threshold)
        blocks.append(pooled.reshape(len(onehot), -1))
    blocks += [count_kmers(code, k, options.word_bins) for k in options.k]
    return np.concatenate(blocks, axis=1)


def feature_names(
    options: KmerOptions | MotifOptions, motifs: Sequence[Motif]
) -> tuple[str, ...]:
    """Return the names of the features of a closed-form model.

    Examples
    --------
    >>> feature_names(KmerOptions(k=(1,)), ())
    ('A', 'C')
    """
    parts = [
        f" in part {part + 1}" if options.bins > 1 else ""
        for part in range(options.bins)
    ]
    names: list[str] = []
    if options.reads_motifs:
        for way in ("all sites", "best site"):
            for part in parts:
                names += [f"{motif.title}, {way}{part}" for motif in motifs]
        parts = [""]
    for k in options.k:
        for part in parts:
            names += [f"{word}{part}" for word in canonical(k)[1]]
    return tuple(names)
