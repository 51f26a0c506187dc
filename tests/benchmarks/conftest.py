"""`python -m benchmarks WORDS`, called in this process."""

from __future__ import annotations

import pytest
from benchmarks.__main__ import main
from tests.calls import Call, caller


@pytest.fixture
def call(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run `python -m benchmarks WORDS`; return exit code, output, error output."""
    return caller(main, "benchmarks", capsys, monkeypatch)
