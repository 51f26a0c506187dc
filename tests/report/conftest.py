from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from tests.plan.conftest import big, knowledge, plan, table

from meristem.report.artefacts import read_artefacts
from meristem.report.build import build_report
from meristem.report.view import View, make_view

__all__ = ["big", "knowledge", "plan", "table"]


def _load(name: str) -> ModuleType:
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fabricate() -> ModuleType:
    return _load("fabricate_runs")


@pytest.fixture(scope="session")
def small_run(fabricate: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate.fabricate_small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def large_run(fabricate: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate.fabricate_large(tmp_path_factory.mktemp("large"))


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
    return _load("drawing").parse
