"""Commands of personal expression: from genomes of lines to their expression."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.options import ConfigPath, Force, OtherFolder, Quiet

app = typer.Typer(
    help="Expression of lines from their own genomes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command()
def haplotypes(
    config: ConfigPath,
    out: OtherFolder = None,
    interval: Annotated[
        str, typer.Option(help="contig:start-end[:-]: print one line's sequence of it.")
    ] = "",
    sample: Annotated[str, typer.Option(help="The line of --interval.")] = "",
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write the distinct haplotypes of every gene, and count the work ahead."""
    from meristem.cli.console import destination, say
    from meristem.config.read import read_expression_config
    from meristem.errors import ConfigError
    from meristem.expression.commands.haplotypes import (
        haplotypes_run,
        interval_sequence,
    )

    settings = read_expression_config(config)
    if bool(interval) != bool(sample):
        raise ConfigError(
            "--interval and --sample go together",
            where="meristem expression haplotypes",
        )
    if interval:
        found = interval_sequence(settings, interval, sample)
        for number, text in enumerate(found.copies, start=1):
            say(
                f">{found.sample} {interval} copy={number} variants={found.n_variant} "
                f"missing={found.n_missing} unphased={found.n_unphased}"
            )
            say(text)
        return
    where = out or settings.run.out
    with destination(where, force=force, quiet=quiet) as to:
        work = haplotypes_run(settings, to)
    say(str(work))


@app.command()
def embed(
    config: ConfigPath,
    out: OtherFolder = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Embed every distinct haplotype once; what is known is not embedded again."""
    from meristem.cli.console import destination, say
    from meristem.config.read import read_expression_config
    from meristem.expression.commands.embed import embed_run

    settings = read_expression_config(config)
    where = out or settings.run.out
    with destination(where, force=force, quiet=quiet) as to:
        report = embed_run(settings, to)
    say(str(report))


@app.command()
def train(
    config: ConfigPath,
    out: OtherFolder = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Compare models of expression on lines and genes held out."""
    from meristem.cli.console import destination, say
    from meristem.config.read import read_expression_run
    from meristem.expression.commands.train import train_run

    settings = read_expression_run(config)
    where = out or settings.run.out
    with destination(where, force=force, quiet=quiet) as to:
        report = train_run(settings, to)
    say(str(report))


@app.command()
def predict(config: ConfigPath, out: OtherFolder = None, force: Force = False) -> None:
    """Predict expression of lines without any, as an omics table for analyses."""
    from meristem.cli.console import destination, say
    from meristem.config.read import read_expression_run
    from meristem.expression.commands.predict import predict_run

    settings = read_expression_run(config)
    with destination(out or settings.run.out, force=force) as to:
        say(str(predict_run(settings, to)))


@app.command()
def report(config: ConfigPath, out: OtherFolder = None) -> None:
    """Write the page of a run of `train` anew."""
    from meristem.cli.console import say
    from meristem.config.read import read_expression_run
    from meristem.expression.commands.report import build_training_report

    settings = read_expression_run(config)
    say(str(build_training_report(out or settings.run.out)))


@app.command()
def explain(
    config: ConfigPath,
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder of its own.")],
    head: Annotated[
        str, typer.Option(help="ridge | elastic_net | shared_ridge | transformer.")
    ] = "ridge",
    gene: Annotated[
        list[str] | None, typer.Option(help="Gene to explain; may be repeated.")
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Say which variant of whose promoter carries the predictions, and draw it."""
    from meristem.cli.console import destination, say
    from meristem.config.read import read_expression_config
    from meristem.expression.commands.explain import explain_expression
    from meristem.expression.heads.catalog import default_options

    settings, options = read_expression_config(config), default_options(head)
    with destination(out, force=force, quiet=quiet) as to:
        page = explain_expression(settings, to, options, tuple(gene or ()))
    say(str(page))
