"""Options that several commands have, with one meaning and one help text each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AnalysisPath = Annotated[Path, typer.Argument(help="Analysis configuration (TOML).")]
ConfigPath = Annotated[Path, typer.Argument(help="Configuration (TOML).")]
OutFolder = Annotated[Path, typer.Option("--out", "-o", help="Run folder.")]
OtherFolder = Annotated[
    Path | None, typer.Option("--out", "-o", help="Run folder; default: run.out.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace files that Meristem did not write.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")]
Json = Annotated[bool, typer.Option("--json", help="Result as JSON.")]
Threads = Annotated[
    int, typer.Option(help="Threads of the numerical kernels.", min=1, max=1024)
]
