"""Shared places and small helpers of the knowledge tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from meristem.knowledge.source import SourceText

PRIOR = Path(__file__).resolve().parents[3] / "shared" / "data" / "prior_knowledge"


@pytest.fixture(scope="session")
def prior() -> Path:
    """Return the folder of real prior knowledge, or skip."""
    if not PRIOR.is_dir():
        pytest.skip("shared data are not here")
    return PRIOR


@pytest.fixture
def text() -> Callable[..., SourceText]:
    """Return a maker of sources that never touch the disk."""

    def make(content: str, name: str = "file.txt") -> SourceText:
        return SourceText(Path(name), content, "", len(content))

    return make
