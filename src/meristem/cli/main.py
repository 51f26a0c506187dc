"""The command line: one thin command per stage; heavy imports inside commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from meristem._version import __version__
from meristem.errors import MeristemError

INTERRUPTED = 130
"""Exit code of an interrupted command: 128 + SIGINT."""

app = typer.Typer(
    name="meristem",
    help="Biologically informed genotype-to-phenotype modelling.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"meristem {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Version."),
    ] = False,
) -> None:
    """Biologically informed genotype-to-phenotype modelling."""


def _mount() -> None:
    """Attach the commands; their modules import nothing heavy at the top."""
    from meristem.cli import analysis, kinetics, knowledge, simulate

    for module in (analysis, knowledge):
        module.attach(app)
    app.add_typer(simulate.app, name="simulate")
    app.add_typer(kinetics.app, name="kinetics")


_mount()


def main(commands: Callable[[], object] = app) -> None:
    """Run the command line; a fault the user can mend ends with exit code 2."""
    try:
        commands()
    except MeristemError as error:
        sys.stderr.write(f"error: {error.message}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # typer turns the interrupt into an exit
            _interrupted()
        raise


def _interrupted() -> NoReturn:
    sys.stderr.write("interrupted; start the same command again to continue\n")
    sys.exit(INTERRUPTED)
