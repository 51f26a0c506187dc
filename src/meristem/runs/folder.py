"""The run folder: where every artefact lies, and which stages are done.

A stage leaves a stamp that holds its key: a digest of its part of the
configuration and of everything it read. A stage whose stamp and outputs are there
is not run again; a run that was killed continues where it was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from meristem.errors import ConfigError
from meristem.text.files import replacing, write_text

CONTRACT_VERSION = 1


@dataclass(frozen=True)
class RunFolder:
    """A run folder on disk."""

    path: Path

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """Return the run folder at `path`, which must hold a `run.json`.

        Raises
        ------
        ConfigError
            If there is none.
        """
        path = Path(path)
        if not (path / "run.json").is_file():
            raise ConfigError(
                "is not a run folder (it holds no run.json)",
                where=path,
                remedy="give the folder that `meristem run` or `train` wrote",
            )
        return cls(path)

    def file(self, name: str) -> Path:
        """Return the path of an artefact."""
        return self.path / name

    def write_json(self, name: str, content: object) -> None:
        """Write an artefact as JSON, whole or not at all."""
        text = json.dumps(content, indent=1, sort_keys=False, allow_nan=False)
        write_text(self.file(name), text + "\n")

    def read_json(self, name: str) -> Any:
        """Read a JSON artefact."""
        return json.loads(self.file(name).read_text(encoding="utf-8"))

    def write_table(self, name: str, frame: pd.DataFrame) -> None:
        """Write an artefact as CSV, whole or not at all."""
        with replacing(self.file(name)) as temporary:
            frame.to_csv(temporary, index=False, lineterminator="\n")

    def read_table(self, name: str) -> pd.DataFrame:
        """Read a CSV artefact; names stay text, empty cells of text columns ''."""
        text = dict.fromkeys(
            ("sample_id", "trait", "environment", "model", "split", "fold", "group"),
            str,
        )
        frame = pd.read_csv(
            self.file(name), dtype=text, keep_default_na=False, na_values=[""]
        )
        present = [column for column in text if column in frame.columns]
        frame[present] = frame[present].fillna("")
        return frame

    def is_done(self, stage: str, key: str, outputs: tuple[str, ...]) -> bool:
        """Return whether `stage` was finished with this key and its files are there."""
        stamp = self.file(f"work/{stage}.stamp")
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != key:
            return False
        return all(self.file(name).exists() for name in outputs)

    def mark_done(self, stage: str, key: str) -> None:
        """Leave the stamp of a finished stage."""
        write_text(self.file(f"work/{stage}.stamp"), key)


def digest(*parts: object) -> str:
    """Return a short digest of JSON-able values."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
