"""What a fitted model of DNA offers, whatever it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import OneHot, Pad


@runtime_checkable
class SequenceModel(Protocol):
    """A fitted model: one-hot sequences in, one number per task out."""

    @property
    def kind(self) -> str:
        """Name in the catalogue."""
        ...

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of what is predicted."""
        ...

    @property
    def window(self) -> int | None:
        """Length in bp that the model takes; None: any."""
        ...

    @property
    def pad(self) -> Pad:
        """Side on which shorter sequences are filled up."""
        ...

    def predict(self, onehot: OneHot) -> FloatArray:  # (n, n_task)
        """Return predictions, averaged over both strands and over the ensemble."""
        ...

    def ensemble(self, onehot: OneHot) -> FloatArray:  # (n_member, n, n_task)
        """Return the predictions of every member, averaged over both strands."""
        ...

    def hidden(self, onehot: OneHot) -> NDArray[np.float32]:  # (n, n_hidden)
        """Return what the last layer reads: hidden units, or scaled features."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model into a folder (see `store.restore_model`)."""
        ...
