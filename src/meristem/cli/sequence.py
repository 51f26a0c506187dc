"""Commands of models of DNA."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Models of DNA: variant effects, consequences, motifs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
