"""One small analysis on real files, shared by the tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pipeline.inputs import write_inputs

from meristem.config import AnalysisConfig, read_config
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("pipeline") / "inputs")


@pytest.fixture(scope="session")
def config(inputs: Path) -> AnalysisConfig:
    return read_config(inputs)


@pytest.fixture(scope="session")
def finished(config: AnalysisConfig, inputs: Path) -> Analysis:
    """The whole run; tests read it and leave it as it is."""
    analysis = Analysis(config, RunFolder(inputs.parent / "run"), command="test")
    run_stages(analysis)
    return analysis
