from __future__ import annotations

from pathlib import Path

import pytest
from tests.representation.commands.test_run import write_case

from meristem.config.read import read_represent_config
from meristem.errors import MeristemError
from meristem.representation.commands.report import build_represent_report
from meristem.representation.commands.run import represent_run
from meristem.runs.destination import Destination


def test_the_page_is_made_of_the_folder_alone(tmp_path: Path) -> None:
    config = read_represent_config(write_case(tmp_path))
    page = represent_run(config, Destination(tmp_path / "out"))
    before = page.read_text()
    (tmp_path / "rna.csv").unlink()
    assert build_represent_report(tmp_path / "out").read_text() == before
    with (tmp_path / "out" / "tables.csv").open("a") as file:
        file.write("changed\n")
    with pytest.raises(MeristemError):
        build_represent_report(tmp_path / "out")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeristemError, match="no run folder|not a run folder"):
        build_represent_report(tmp_path)
