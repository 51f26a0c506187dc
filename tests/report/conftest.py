from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


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
