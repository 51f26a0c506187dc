"""The command line: one thin command per stage; heavy imports inside commands."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from meristem._version import __version__
from meristem.errors import MeristemError

INTERRUPTED = 130
"""Exit code of an interrupted command: 128 + SIGINT."""

UNEXPECTED = 70
"""Exit code of a fault of the program itself: EX_SOFTWARE of sysexits.h."""

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
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of any error.")
    ] = False,
) -> None:
    """Biologically informed genotype-to-phenotype modelling."""


def _mount() -> None:
    """Attach the commands; their modules import nothing heavy at the top."""
    from meristem.cli import (
        analysis,
        expression,
        kinetics,
        knowledge,
        represent,
        select,
        sequence,
        simulate,
        store,
        variants,
    )

    for module in (analysis, store, knowledge, represent):
        module.attach(app)
    app.add_typer(simulate.app, name="simulate")
    app.add_typer(kinetics.app, name="kinetics")
    variants.attach(sequence.app)
    app.add_typer(sequence.app, name="sequence")
    app.add_typer(expression.app, name="expression")
    app.add_typer(select.app, name="select")


_mount()


def main(commands: Callable[[], object] = app) -> None:
    """Run the command line.

    A fault the user can mend ends with exit code 2, one of the program itself with 70;
    `--debug`, anywhere on the line, shows the traceback of either.
    """
    debug = "--debug" in sys.argv[1:]
    if debug:
        sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        commands()
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # typer turns the interrupt into an exit
            _interrupted()
        raise
    except BrokenPipeError:  # the reader of the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last resort of the program
        if debug:
            traceback.print_exc()
        message, code = explain_error(error)
        sys.stderr.write(f"error: {message}\n")
        sys.exit(code)


def explain_error(error: Exception) -> tuple[str, int]:
    """Return the message of any error, and the exit code it ends the program with."""
    if isinstance(error, MeristemError):
        return error.message, 2
    if isinstance(error, MemoryError):
        return (
            f"there is not enough memory ({_place(error)})\n"
            "  remedy: `meristem check CONFIG` estimates what an analysis needs; use "
            "fewer processes (--jobs), fewer markers or a smaller model",
            2,
        )
    if isinstance(error, OSError) and error.filename is not None:
        return (
            f"{error.filename}: {error.strerror} ({_place(error)})\n"
            "  remedy: check that the path exists, that you may use it, and that the "
            "disk is not full",
            2,
        )
    if isinstance(error, OSError) and error.errno is not None:
        return (
            f"{error.strerror} ({_place(error)})\n"
            "  remedy: free space on the disk, then start the same command again",
            2,
        )
    what = " ".join(str(error).split())[:200]
    return (
        f"unexpected {type(error).__name__} at {_place(error)}: {what}; a fault of "
        f"Meristem {__version__}: please send this line, the command and its "
        "configuration (--debug shows the traceback)",
        UNEXPECTED,
    )


def _place(error: Exception) -> str:
    """Return file and line where an error came from: the last of ours on its way."""
    frames = traceback.extract_tb(error.__traceback__, limit=None)
    package = Path(__file__).parents[1]
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(package)]
    if not ours:
        return "an unknown place"
    last = ours[-1]
    return f"{Path(last.filename).relative_to(package.parent)}:{last.lineno}"


def _interrupted() -> NoReturn:
    sys.stderr.write("interrupted; start the same command again to continue\n")
    sys.exit(INTERRUPTED)
