from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.drawing import parse
from tests.plan.toys import big, plan
from tests.report.fabricated.runs import fabricate_large, fabricate_small

from meristem.report.artefacts import read_artefacts
from meristem.report.build import build_report
from meristem.report.view import View, make_view

__all__ = ["big", "plan"]


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate_small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def large_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate_large(tmp_path_factory.mktemp("large"))


@pytest.fixture(scope="session")
def small_view(small_run: Path) -> View:
    return make_view(read_artefacts(small_run))


@pytest.fixture(scope="session")
def large_view(large_run: Path) -> View:
    return make_view(read_artefacts(large_run))


@pytest.fixture(scope="session")
def built(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "run"
    shutil.copytree(small_run, folder)
    return build_report(folder)


@pytest.fixture(scope="session")
def built_large(large_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "run"
    shutil.copytree(large_run, folder)
    return build_report(folder)


@pytest.fixture(scope="session")
def parse_svg() -> Callable[[str], ElementTree.Element]:
    """Return a parser of drawings that also checks that no text leaves the drawing."""
    return parse
