"""Files that a command may replace: those that Meristem wrote, and no input of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from meristem.errors import ConfigError
from meristem.runs.folder import RECORD, RunFolder
from meristem.runs.keys import hash_content


def refuse_overwriting(
    target: Path,
    *,
    inputs: Iterable[Path | None] = (),
    written_by: RunFolder | None = None,
    like: bytes = b"",
    force: bool = False,
) -> None:
    """Refuse to replace an input of the command, or a file of somebody else.

    Parameters
    ----------
    target
        What the command is about to write.
    inputs
        Files that it reads; None is skipped.
    written_by
        Run folder whose commands may replace what they wrote, as long as it is as they
        wrote it (see `list_output`).
    like
        How files of this command begin that may be replaced; empty: none.
    force
        Replace whatever is there.

    Raises
    ------
    ConfigError
        If the file is there and may not be replaced.
    """
    if written_by is not None and _is_of_run(target, written_by):
        raise ConfigError(
            "is a file of the run itself",
            where=target,
            remedy="give another name",
        )
    if force or not target.exists():
        return
    if any(
        path is not None and path.exists() and path.samefile(target) for path in inputs
    ):
        raise ConfigError(
            "is an input of this command, and would be replaced",
            where=target,
            remedy="give another name, or replace it with --force",
        )
    if like and target.is_file() and target.read_bytes().startswith(like):
        return
    if written_by is not None:
        known = written_by.record().get("outputs", {}).get(str(target.resolve()))
        if known == hash_content(target):
            return
    raise ConfigError(
        "is there already, and not as this run left it"
        if written_by is not None
        else "is there already",
        where=target,
        remedy="give another name, or replace it with --force",
    )


def _is_of_run(target: Path, folder: RunFolder) -> bool:
    place, home = target.resolve(), folder.path.resolve()
    if not place.is_relative_to(home) or place == home:
        return False
    name = str(place.relative_to(home))
    listed = (RECORD, *folder.record().get("artefacts", {}))
    return name in listed or name.split("/")[0] in ("figures", "models", "work")


def list_output(folder: RunFolder, target: Path) -> None:
    """Enter a file that a command wrote in `run.json`, so that it may replace it."""
    record = folder.record()
    outputs = {**record.get("outputs", {}), str(target.resolve()): hash_content(target)}
    folder.write_record({**record, "outputs": outputs})
