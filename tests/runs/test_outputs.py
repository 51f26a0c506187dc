from __future__ import annotations

from pathlib import Path

import pytest

from meristem.errors import ConfigError
from meristem.runs.folder import RunFolder
from meristem.runs.outputs import list_output, refuse_overwriting


def test_what_is_absent_may_be_written(tmp_path: Path) -> None:
    refuse_overwriting(tmp_path / "a.csv", inputs=[tmp_path / "a.csv", None])


def test_an_input_is_never_replaced_unasked(tmp_path: Path) -> None:
    target, link = tmp_path / "a.vcf", tmp_path / "link.vcf"
    target.write_text("x")
    link.symlink_to(target)
    for given in (target, link, tmp_path / "." / "a.vcf"):
        with pytest.raises(ConfigError, match="is an input") as caught:
            refuse_overwriting(given, inputs=[target])
        assert "--force" in caught.value.remedy
    refuse_overwriting(target, inputs=[target], force=True)


def test_only_what_the_run_wrote_may_be_replaced(tmp_path: Path) -> None:
    folder, target = RunFolder(tmp_path / "run"), tmp_path / "p.csv"
    folder.write_record({})
    target.write_text("x")
    with pytest.raises(ConfigError, match="there already"):
        refuse_overwriting(target, written_by=folder)
    list_output(folder, target)
    refuse_overwriting(target, written_by=folder)
    target.write_text("changed by hand")
    with pytest.raises(ConfigError, match="not as this run left it"):
        refuse_overwriting(target, written_by=folder)


def test_files_that_begin_as_the_command_writes_them(tmp_path: Path) -> None:
    target = tmp_path / "p.svg"
    target.write_text("<svg>")
    refuse_overwriting(target, like=b"<svg")
    with pytest.raises(ConfigError):
        refuse_overwriting(target, like=b"<html")
