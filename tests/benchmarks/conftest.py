"""`python -m benchmarks WORDS`, called in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from tests.cli.conftest import Call


@pytest.fixture
def call(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run `python -m benchmarks WORDS`; return exit code, output, error output."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["benchmarks", *map(str, words)])
        code = 0
        try:
            code = main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
