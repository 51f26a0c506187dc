"""The commands that turn omics tables into factors, and sequences into pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.options import ConfigPath, Force, OtherFolder, Quiet

Config = Annotated[
    Path, typer.Argument(help="Configuration (TOML), of its own or of an analysis.")
]


def attach(app: typer.Typer) -> None:
    """Attach the commands."""
    app.command()(represent)
    app.command()(interactions)


def represent(
    config: Config, out: OtherFolder = None, force: Force = False, quiet: Quiet = False
) -> None:
    """Write factors, cleaned and filled tables of omics, and what the factors are."""
    from meristem.cli.console import destination, say
    from meristem.config.read import read_represent_config
    from meristem.representation.commands.run import represent_run

    settings = read_represent_config(config)
    where = out or settings.run.out
    with destination(where, force=force, quiet=quiet) as to:
        report = represent_run(settings, to)
    say(str(report))


def interactions(
    config: ConfigPath,
    out: OtherFolder = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Learn which proteins interact from their sequences, beside the baselines."""
    from meristem.cli.console import destination, say
    from meristem.config.read import read_interactions_config
    from meristem.representation.commands.interactions import interactions_run

    settings = read_interactions_config(config)
    where = out or settings.run.out
    with destination(where, force=force, quiet=quiet) as to:
        report = interactions_run(settings, to)
    say(str(report))
