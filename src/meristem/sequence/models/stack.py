"""A weighted mean of models of other kinds: their errors differ, and cancel in part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray
from meristem.sequence.inputs.onehot import OneHot, Pad
from meristem.sequence.models.options import StackOptions
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.models.store import write_model
from meristem.sequence.models.substitutions import substitutions


@dataclass(frozen=True)
class Stack:
    """Fitted models and their weights.

    Attributes
    ----------
    options
        Kinds and weights of the members.
    models
        The members, in the order of the options.
    """

    options: StackOptions
    models: tuple[SequenceModel, ...]

    @property
    def kind(self) -> str:
        """Name in the catalogue."""
        return "stack"

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of what is predicted."""
        return self.models[0].tasks

    @property
    def window(self) -> int | None:
        """Length in bp, of the member that needs one."""
        sizes = [model.window for model in self.models if model.window is not None]
        return sizes[0] if sizes else None

    @property
    def pad(self) -> Pad:
        """Side on which shorter sequences are filled up."""
        return self.models[0].pad

    @property
    def share(self) -> FloatArray:  # (n_model,)
        """Weights that sum to one."""
        weight = np.array([member.weight for member in self.options.members])
        found: FloatArray = weight / weight.sum()
        return found

    def predict(self, onehot: OneHot) -> FloatArray:  # (n, n_task)
        """Return the weighted mean."""
        parts = np.stack([model.predict(onehot) for model in self.models])
        found: FloatArray = np.tensordot(self.share, parts, axes=1)
        return found

    def ensemble(self, onehot: OneHot) -> FloatArray:  # (n_member, n, n_task)
        """Return as many predictions as the largest member has networks.

        Members with fewer are repeated, so that the mean over the first axis is the
        prediction; the spread is that of the networks, each in the company of the rest.
        """
        return self._joined([model.ensemble(onehot) for model in self.models])

    def substituted(
        self,
        codes: NDArray[np.uint8],  # (n, length)
        row: IntArray,  # (m,)
        place: IntArray,  # (m,)
        base: IntArray,  # (m,)
    ) -> FloatArray:  # (n_member, m, n_task)
        """Return predictions with one base replaced minus without, as of `ensemble`."""
        asked = codes, row, place, base
        return self._joined([substitutions(model, *asked) for model in self.models])

    def _joined(self, parts: list[FloatArray]) -> FloatArray:
        most = max(len(part) for part in parts)
        total = np.zeros((most, *parts[0].shape[1:]))
        for share, part in zip(self.share, parts, strict=True):
            centred = part - part.mean(axis=0)
            spread = centred if len(part) == most else np.zeros_like(total)
            total += share * (part.mean(axis=0) + spread)
        return total

    def hidden(self, onehot: OneHot) -> NDArray[np.float32]:  # (n, n_hidden)
        """Return those of the members side by side."""
        return np.concatenate([model.hidden(onehot) for model in self.models], axis=1)

    def save(self, folder: Path) -> None:
        """Write the members into sub-folders, then what joins them."""
        for number, model in enumerate(self.models):
            model.save(folder / f"part{number}")
        record = {"kind": self.kind, "options": self.options.model_dump(mode="json")}
        write_model(folder, record, {"share": self.share})
