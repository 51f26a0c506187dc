"""The command line called in this process, and a small analysis for it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from meristem.cli.main import main
from meristem.simulate.shoot_branching import simulate_shoot_branching
from meristem.simulate.write import write_shoot_branching

Call = Callable[..., tuple[int, str, str]]
"""Takes the words of a command; returns exit code, output, error output."""


def caller(
    program_main: Callable[[], int | None],
    program: str,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Call:
    """Return a runner of `program WORDS`."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [program, *map(str, words)])
        try:
            code = program_main() or 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def call(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run `meristem WORDS`; return exit code, standard output, standard error."""
    return caller(main, "meristem", capsys, monkeypatch)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Configuration of 30 simulated lines with two quick models."""
    population = simulate_shoot_branching(
        n_train=30, n_test=4, h2=0.8, labels=0.5, rng=np.random.default_rng(5)
    )
    config = write_shoot_branching(population, tmp_path_factory.mktemp("cli") / "demo")
    text = config.read_text(encoding="utf-8")
    head = text[: text.index("[[models]]")]
    models = '[[models]]\nkind = "gblup"\n\n[[models]]\nkind = "ridge"\n'
    config.write_text(head + models, encoding="utf-8")
    return config
