"""How an analysis is run: seed, processes, memory, and where it goes."""

from __future__ import annotations

from pathlib import Path

from pydantic import ByteSize, Field, TypeAdapter, ValidationError

from meristem.config.strict import Strict
from meristem.errors import ConfigError

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
    max_memory: ByteSize | None = Field(
        default=None,
        ge=2**28,
        description='memory of the run, "4 GB"; what needs more is refused before it '
        "starts. Genotypes above an eighth of it (of the machine's, where it is not "
        "given) stay on disk and are read in blocks",
    )
    out: Path = Field(default=Path("run"), description="run folder")


def parse_memory(text: str) -> int:
    """Return the bytes that a size like `4GB` or `512 MiB` stands for.

    Raises
    ------
    ConfigError
        If it is no size, or below 256 MiB.

    Examples
    --------
    >>> parse_memory("4 GB")
    4000000000
    """
    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError as error:
        raise ConfigError(
            f"{text!r} is no size", where="max_memory", remedy='write "4GB" or "512MiB"'
        ) from error
    if size < 2**28:
        raise ConfigError(
            f"{text!r} is less than any run needs",
            where="max_memory",
            remedy="allow 256 MiB at least",
        )
    return size
