"""The layer before the output of a trained model of DNA, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.expression.embedding.protocol import Embedding, bin_edges
from meristem.records import StrArray
from meristem.sequence.inputs.onehot import OneHot, encode
from meristem.sequence.models.protocol import SequenceModel

_BATCH = 2048  # windows given to the model at once


@dataclass(frozen=True)
class SupervisedEmbedder:
    """Hidden units and predictions of a model, averaged over windows of every bin.

    The middles of the windows are spread evenly over the bin, as far as the sequence
    reaches; a window is as long as the model reads, or as the bin where it reads any
    length. The predictions stand
    behind the hidden units: their change is what the model says without any training
    on expression.
    """

    length: int  # bp
    n_bin: int
    model: SequenceModel
    key: str
    about: str = "trained model"
    hidden: bool = True  # whether the hidden units are given too
    placements: int = 1  # windows of every bin

    def __post_init__(self) -> None:
        if self.model.window is not None and self.model.window > self.length:
            raise ConfigError(
                f"the model reads {self.model.window} bp, more than the {self.length} "
                "bp around the transcription starts",
                where="embed.model",
                remedy="raise genes.upstream or genes.downstream",
            )

    @property
    def name(self) -> str:
        """What it is, for reports."""
        windows = f"{self.placements * self.n_bin} windows in {self.n_bin} bins"
        return f"{self.about} ({self.model.kind}), {windows}"

    @cached_property
    def channels(self) -> StrArray:
        """(n_channel,) hidden units, then tasks."""
        width = self._read(encode(["A" * self._window()])).shape[1]
        n_unit = width - len(self.model.tasks)
        units = [f"unit {number + 1}" for number in range(n_unit)]
        return np.array([*units, *(f"predicted {task}" for task in self.model.tasks)])

    def _window(self) -> int:
        edges = bin_edges(self.length, self.n_bin)
        return self.model.window or int(np.diff(edges).max())

    def _read(self, onehot: OneHot) -> Embedding:  # (n, n_channel)
        told = self.model.predict(onehot).astype(np.float32)
        if not self.hidden:
            return told
        return np.concatenate([self.model.hidden(onehot), told], axis=1)

    def starts(self) -> NDArray[np.int64]:  # (n_bin * placements,)
        """Return where the windows begin, bin by bin."""
        window, n = self._window(), self.n_bin * self.placements
        middle = ((np.arange(n) + 0.5) * self.length / n).astype(np.int64)
        return np.clip(middle - window // 2, 0, self.length - window)

    def embed(self, sequences: Sequence[str]) -> Embedding:
        """Return (n, n_bin * n_channel) numbers of the sequences."""
        window = self._window()
        texts = [text[s : s + window] for text in sequences for s in self.starts()]
        distinct = list(dict.fromkeys(texts))  # most bins of a haplotype do not vary
        parts = [
            self._read(encode(distinct[first : first + _BATCH]))
            for first in range(0, len(distinct), _BATCH)
        ]
        place = {text: row for row, text in enumerate(distinct)}
        rows = np.array([place[text] for text in texts])
        shape = (len(sequences), self.n_bin, self.placements, -1)
        found: Embedding = np.concatenate(parts)[rows].reshape(shape).mean(axis=2)
        return found.reshape(len(sequences), -1)
