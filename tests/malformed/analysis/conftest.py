"""One small analysis for every hostile input; tests take copies."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.malformed.analysis.folder import make_good


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the inputs of one small model."""
    folder = tmp_path_factory.mktemp("hostile") / "good"
    make_good(folder)
    return folder
