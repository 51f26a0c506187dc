"""Commands of models of DNA: train, predict, explain, design, generate, search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.options import ConfigPath, Force, OutFolder, Quiet, Threads

app = typer.Typer(
    help="Models of DNA: molecular phenotypes, variant effects, motifs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

RunPath = Annotated[Path, typer.Argument(help="Run folder of `sequence train`.")]
Label = Annotated[
    str, typer.Option("--model", "-m", help="Model of the run; default: the best.")
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
    from meristem.cli.console import destination, say
    from meristem.sequence.commands.settings import read_settings
    from meristem.sequence.commands.train import train_run

    settings = read_settings(config)
    with destination(out, force=force, quiet=quiet, threads=threads) as to:
        report = train_run(settings, to)
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
            run, sequences, out, label=model, column=column, force=force, notify=notify
        )
    say(f"{n} sequences predicted: {out}")


@app.command()
def explain(
    run: RunPath,
    out: OutFolder,
    method: Annotated[
        str,
        typer.Option(help="ism | saliency | input_x_gradient | integrated | deeplift."),
    ] = "ism",
    sequences: Annotated[
        Path | None, typer.Option(help="FASTA or table; default: the run's data.")
    ] = None,
    task: Annotated[str, typer.Option(help="Task; default: the first.")] = "",
    model: Label = "",
    motifs: Annotated[
        Path | None,
        typer.Option(help="Motifs (MEME or JASPAR) to name finds by."),
    ] = None,
    most: Annotated[
        int, typer.Option(min=1, max=100_000, help="Sequences to explain.")
    ] = 200,
    finder: Annotated[
        str,
        typer.Option(
            help="What finds motifs in the maps: seqlets | modisco (TF-MoDISco; needs "
            "the extra `motifs`)."
        ),
    ] = "seqlets",
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Show which bases make a prediction, and which motifs they spell."""
    from meristem.cli.console import destination, say
    from meristem.sequence.commands.explain import Question, explain_run

    question = Question(method, task, model, sequences, most, motifs, finder)
    with destination(out, force=force, quiet=quiet, threads=threads) as to:
        report = explain_run(run, to, question)
    say(str(report))


@app.command()
def design(
    run: RunPath,
    out: OutFolder,
    start: Annotated[Path, typer.Option(help="FASTA or table of sequences to edit.")],
    edits: Annotated[int, typer.Option(min=1, max=1000, help="Most bases.")] = 6,
    direction: Annotated[
        list[str] | None,
        typer.Option(help="TASK=WEIGHT, 1 raises, -1 lowers; may be repeated."),
    ] = None,
    strategy: Annotated[
        str, typer.Option(help="greedy | beam | genetic | gradient.")
    ] = "beam",
    forbid: Annotated[
        list[str] | None,
        typer.Option(help="Word that no design may hold; may be repeated."),
    ] = None,
    gc_low: Annotated[float, typer.Option(min=0, max=1, help="Least G + C.")] = 0.0,
    gc_high: Annotated[float, typer.Option(min=0, max=1, help="Most G + C.")] = 1.0,
    pam: Annotated[
        str, typer.Option(help="Edit only what an editor with this PAM reaches.")
    ] = "",
    free: Annotated[
        bool, typer.Option("--free", help="Do not ask for likely k-mers.")
    ] = False,
    oracle: Annotated[str, typer.Option(help="Model that guides the search.")] = "",
    validator: Annotated[str, typer.Option(help="Model that judges it.")] = "",
    caution: Annotated[
        float,
        typer.Option(
            min=0,
            max=100,
            help="Standard deviations among the oracle's models by which a gain is "
            "lowered while it is sought.",
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 1,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Edit sequences towards a prediction; another model judges the result."""
    from meristem.cli.console import destination, say
    from meristem.sequence.commands.design import Wish, design_run

    wish = Wish(
        start,
        edits,
        _numbers(direction, "--direction", "WEIGHT"),
        strategy,
        tuple(forbid or ()),
        (gc_low, gc_high),
        pam.upper(),
        not free,
        oracle,
        validator,
        caution,
        seed,
    )
    with destination(out, force=force, quiet=quiet, threads=threads) as to:
        report = design_run(run, to, wish)
    say(str(report))


@app.command()
def generate(
    run: RunPath,
    out: OutFolder,
    n: Annotated[int, typer.Option(min=2, max=100_000, help="Sequences.")] = 500,
    method: Annotated[
        str, typer.Option(help="vae (conditional autoencoder) | gan (Wasserstein).")
    ] = "vae",
    want: Annotated[
        list[str] | None,
        typer.Option(help="TASK=VALUE; default: five quantiles of every task."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=100_000, help="Epochs.")] = 60,
    temperature: Annotated[
        float, typer.Option(min=0, max=10, help="0: the likeliest bases.")
    ] = 1.0,
    model: Label = "",
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 1,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Generate sequences; their words, novelty and predicted activity are measured."""
    from meristem.cli.console import destination, say
    from meristem.errors import ConfigError
    from meristem.sequence.commands.generate import Order, generate_run
    from meristem.sequence.generation.networks import GenerateOptions

    if method not in ("vae", "gan"):
        raise ConfigError(
            f"there is no method {method!r}", where="--method", remedy="use vae or gan"
        )
    options = GenerateOptions(
        method="vae" if method == "vae" else "gan",
        epochs=epochs,
        temperature=temperature,
    )
    order = Order(n, options, _numbers(want, "--want", "VALUE"), model, seed)
    with destination(out, force=force, quiet=quiet, threads=threads) as to:
        report = generate_run(run, to, order)
    say(str(report))


def _numbers(
    words: list[str] | None, option: str, what: str
) -> tuple[tuple[str, float], ...]:
    """Return number by task of TASK=NUMBER."""
    from math import isfinite

    from meristem.errors import ConfigError

    found = []
    for word in words or []:
        task, _, number = word.partition("=")
        try:
            found.append((task, float(number)))
        except ValueError:
            found.append((task, float("nan")))
        if not isfinite(found[-1][1]):
            raise ConfigError(
                f"{word!r} is not TASK={what}",
                where=option,
                remedy=f"write such as {option} leaf=1, or =-1",
            )
    return tuple(found)


@app.command()
def search(
    config: ConfigPath,
    out: OutFolder,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Search network architectures within training rows, test what was found once.

    A search that was stopped continues in the same folder.
    """
    from meristem.cli.console import destination, say
    from meristem.sequence.commands.search import search_run
    from meristem.sequence.commands.settings import read_settings

    settings = read_settings(config)
    with destination(out, force=force, quiet=quiet, threads=threads) as to:
        report = search_run(settings, to)
    say(str(report))
