"""The run folder: where every artefact lies, whole, and which stages are done.

`run.json` lists every artefact with its checksum, written before the artefact takes its
place: a file that is cut or changed is noticed, and one that Meristem did not write is
not replaced. A stage leaves a stamp that holds its key and its files; a stage whose
stamp and files are as they were is not run again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from meristem.errors import ConfigError, DataError
from meristem.runs.keys import hash_content
from meristem.text.files import replacing, write_text

CONTRACT_VERSION = 1
RECORD = "run.json"

_TEXT = ("sample_id", "trait", "environment", "model", "split", "fold", "group")

_FIELDS: dict[str, type] = {
    "artefacts": dict,
    "config": dict,
    "inputs": list,
    "kind": str,
    "models": list,
    "outputs": dict,
    "seeds": dict,
    "timings": list,
    "title": str,
    "versions": dict,
}
"""What readers of `run.json` take apart."""

_ENTRIES: dict[str, dict[str, type]] = {
    "inputs": {"role": str, "path": str, "sha256": str},
    "models": {"label": str},
    "timings": {"stage": str, "seconds": float},
}
"""What each entry of a list holds."""


@dataclass(frozen=True)
class RunFolder:
    """A run folder on disk.

    Attributes
    ----------
    path
        The folder.
    force
        Replace files that Meristem did not write.
    """

    path: Path
    force: bool = False

    @classmethod
    def open(cls, path: str | Path, *, force: bool = False) -> RunFolder:
        """Return the run folder at `path`, which must hold a `run.json`.

        Raises
        ------
        ConfigError
            If there is none, or it is damaged.
        """
        path = Path(path)
        if not (path / RECORD).is_file():
            raise ConfigError(
                "is not a run folder (it holds no run.json)",
                where=path,
                remedy="give the folder that `meristem run` or `meristem train` wrote",
            )
        folder = cls(path, force)
        folder.record()
        return folder

    def file(self, name: str) -> Path:
        """Return the path of an artefact."""
        return self.path / name

    def record(self) -> dict[str, Any]:
        """Return the content of `run.json`; nothing if it is not there.

        Raises
        ------
        ConfigError
            If it is damaged.
        """
        path = self.file(RECORD)
        if not path.is_file():
            return {}
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged_record(path, f"it is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise _damaged_record(path, "it holds no JSON object")
        for name, kind in _FIELDS.items():
            if not isinstance(content.get(name, kind()), kind):
                raise _damaged_record(path, f"{name!r} is no {kind.__name__}")
        if content.get("contract_version", 1) != CONTRACT_VERSION:
            raise _damaged_record(path, "it is of another version of Meristem")
        for name, entry in _ENTRIES.items():
            if not all(_is_entry(item, entry) for item in content.get(name, [])):
                needed = ", ".join(entry)
                raise _damaged_record(path, f"an entry of {name!r} lacks {needed}")
        return content

    def former_record(self) -> dict[str, Any]:
        """Return `run.json` to write it anew: nothing if it is absent or damaged."""
        try:
            return self.record()
        except ConfigError:
            return {}

    def refuse_foreign(self, names: Iterable[str]) -> None:
        """Refuse a folder where an artefact would replace a file of somebody else.

        Raises
        ------
        ConfigError
            If a file of such a name is there and `run.json` does not list it.
        """
        there = {name for name in names if self.file(name).exists()}
        if self.force or not there:
            return
        record = self.former_record()
        if self.file(RECORD).is_file() and "artefacts" not in record:
            return  # of an older version, or damaged: the list is lost
        listed = set(record.get("artefacts", {}))
        listed |= {name.split("/")[0] for name in listed}  # the folders they lie in
        foreign = sorted(there - listed)
        if foreign:
            raise ConfigError(
                f"holds files that Meristem did not write: {', '.join(foreign)}",
                where=self.path,
                remedy="use another folder, move them away, or replace them with "
                "--force",
            )

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Give a temporary path; at the end the file takes its place, whole, listed."""
        self.refuse_foreign([name])
        with replacing(self.file(name)) as temporary:
            yield temporary
            self._list({name: hash_content(temporary)})

    def announce(self, *names: str) -> None:
        """List files or folders that something else is about to write.

        Raises
        ------
        ConfigError
            If one is there that is not listed.
        """
        self.refuse_foreign(names)
        listed = self.former_record().get("artefacts", {})
        self._list({name: listed.get(name, "") for name in names})

    def note(self, *names: str) -> None:
        """Enter the checksums of files that something else wrote."""
        self._list({name: hash_content(self.file(name)) for name in names})

    def drop(self, name: str) -> None:
        """Remove an artefact of an earlier configuration."""
        if name in self.former_record().get("artefacts", {}):
            self.file(name).unlink(missing_ok=True)
            self._list({name: None})

    def write_json(self, name: str, content: object) -> None:
        """Write an artefact as JSON, whole or not at all."""
        text = json.dumps(content, indent=1, sort_keys=False, allow_nan=False)
        with self.writing(name) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    def read_json(self, name: str) -> Any:
        """Read a JSON artefact; see `_reading`."""
        with self._reading(name) as path:
            return json.loads(path.read_text(encoding="utf-8"))

    def write_table(self, name: str, frame: pd.DataFrame) -> None:
        """Write an artefact as CSV, whole or not at all."""
        with self.writing(name) as temporary:
            frame.to_csv(temporary, index=False, lineterminator="\n")

    def read_table(self, name: str) -> pd.DataFrame:
        """Read a CSV artefact; names stay text, empty cells of text columns ''."""
        with self._reading(name) as path:
            frame = pd.read_csv(
                path,
                dtype=dict.fromkeys(_TEXT, str),
                keep_default_na=False,
                na_values=[""],
            )
        present = [column for column in _TEXT if column in frame.columns]
        frame[present] = frame[present].fillna("")
        return frame

    @contextmanager
    def _reading(self, name: str) -> Iterator[Path]:
        """Give the path of an artefact to read.

        Raises
        ------
        DataError
            If it is not as it was written.
        """
        self.refuse_damaged([name])
        try:
            yield self.file(name)
        except (OSError, ValueError) as error:
            raise self._damaged(name) from error

    def refuse_damaged(self, names: Iterable[str] | None = None) -> None:
        """Refuse artefacts (default: all) that are there, but not as written.

        Raises
        ------
        DataError
            If one is cut or changed; the remedy is the command that wrote it.
        """
        listed = self.former_record().get("artefacts", {})
        for name in listed if names is None else names:
            path, known = self.file(name), listed.get(name)
            if known and path.exists() and hash_content(path) != known:
                raise self._damaged(name)

    def refuse_lost(self, names: Iterable[str] | None = None) -> None:
        """Refuse a folder that lost artefacts, or the list that tells them whole.

        Parameters
        ----------
        names
            Artefacts that must be there if the run wrote them; default: all at the top.

        Raises
        ------
        DataError
            If `run.json` has no list, or an artefact of it is no file any more.
        """
        listed = self.record().get("artefacts", {})
        if not listed:
            raise self._damaged(RECORD, "lists no artefacts with their checksums")
        for name in (n for n in listed if "/" not in n) if names is None else names:
            if listed.get(name) and not self.file(name).exists():
                raise self._damaged(name, "is gone, though this run wrote it")

    def _damaged(
        self, name: str, what: str = "is not as it was written: it was cut or changed"
    ) -> DataError:
        command = self.former_record().get("command") or "meristem run"
        return DataError(
            what,
            where=self.file(name),
            remedy=f"start the same command again, it mends its folder: {command}",
        )

    def _list(self, checksums: dict[str, str | None]) -> None:
        """Enter checksums in `run.json`; None takes a file off the list."""
        record = self.former_record()
        former = record.get("artefacts", {})
        all_ = former | checksums
        listed = {name: sum_ for name, sum_ in all_.items() if sum_ is not None}
        if listed != former:
            self.write_record({**record, "artefacts": listed})

    def write_record(self, content: dict[str, Any]) -> None:
        """Write `run.json`, whole or not at all."""
        text = json.dumps(content, indent=1, allow_nan=False, default=str)
        write_text(self.file(RECORD), text + "\n")

    def is_done(self, stage: str, key: str) -> bool:
        """Return whether `stage` was finished with this key and left its files."""
        stamp = self.file(f"work/{stage}.stamp")
        try:
            content = json.loads(stamp.read_text(encoding="utf-8"))
            files: dict[str, str] = content["files"]
            done = content["key"] == key and all(
                hash_content(self.file(name)) == known for name, known in files.items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False
        if done:
            self._list(dict(files))
        return done

    def mark_done(self, stage: str, key: str, outputs: Iterable[str]) -> None:
        """Leave the stamp of a finished stage, with those of its files that exist."""
        there = [name for name in outputs if self.file(name).exists()]
        files = {name: hash_content(self.file(name)) for name in there}
        self._list(dict(files))
        write_text(
            self.file(f"work/{stage}.stamp"), json.dumps({"key": key, "files": files})
        )


def _is_entry(item: object, fields: dict[str, type]) -> bool:
    return isinstance(item, dict) and all(
        isinstance(item.get(name), (kind, int) if kind is float else kind)
        for name, kind in fields.items()
    )


def _damaged_record(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"is damaged ({reason})",
        where=path,
        remedy="start `meristem run` with its configuration in this folder again; what "
        "is done is kept",
    )
