"""What an analysis is called, and how it is run."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from meristem.config.strict import Strict

MOST_JOBS = 1024
"""Processes of one run."""


class RunConfig(Strict):
    """What the analysis is called, and how it is run."""

    title: str = "Meristem analysis"
    question: str = Field(default="", description="one sentence, shown in the report")
    seed: int = Field(default=1, ge=0)
    jobs: int = Field(
        default=1, ge=1, le=MOST_JOBS, description="processes; one torch thread each"
    )
    out: Path = Field(default=Path("run"), description="run folder")
