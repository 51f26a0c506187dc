"""What a command needs to do its work, once for a module; tests take copies."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def good(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder that `MAKE` of the test module writes."""
    folder = tmp_path_factory.mktemp("hostile") / "good"
    request.module.MAKE(folder)
    return folder
