"""Commands of sequence models: train, predict, explain, design, search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Models of DNA: molecular phenotypes from sequence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

ConfigPath = Annotated[Path, typer.Argument(help="Configuration (TOML).")]
RunPath = Annotated[Path, typer.Argument(help="Run folder of `sequence train`.")]
OutFolder = Annotated[Path, typer.Option("--out", "-o", help="Run folder.")]
Label = Annotated[
    str, typer.Option("--model", "-m", help="Model of the run; default: the best.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace files that Meristem did not write.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")]
Threads = Annotated[
    int, typer.Option(help="Threads of the numerical kernels.", min=1, max=1024)
]


@app.command()
def train(
    config: ConfigPath,
    out: OutFolder,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Evaluate models on folds that do not leak, and fit them on all rows."""
    from meristem.cli.console import progress, say
    from meristem.sequence.commands.settings import read_settings
    from meristem.sequence.commands.train import train_run
    from meristem.train.descent import limited_threads

    settings = read_settings(config)
    with limited_threads(threads), progress(quiet=quiet) as notify:
        report = train_run(settings, out, notify, force=force)
    say(str(report))


@app.command()
def predict(
    run: RunPath,
    sequences: Annotated[
        Path, typer.Option(help="FASTA, or a table with a column of sequences.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Table to write.")],
    model: Label = "",
    column: Annotated[str, typer.Option(help="Column of the sequences.")] = "",
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Predict new sequences with a fitted model."""
    from meristem.cli.console import progress, say
    from meristem.sequence.commands.predict import predict_sequences
    from meristem.train.descent import limited_threads

    with limited_threads(threads), progress(quiet=quiet) as notify:
        n = predict_sequences(
            run,
            sequences,
            out,
            label=model,
            column=column,
            force=force,
            notify=notify,
        )
    say(f"{n} sequences predicted: {out}")
