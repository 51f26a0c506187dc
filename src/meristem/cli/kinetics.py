"""Commands of the kinetic networks: fit, search, transfer, explain, score."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.options import ConfigPath, Force, OutFolder, Threads

app = typer.Typer(
    help="Kinetically interpretable networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

ModelPath = Annotated[Path, typer.Option("--model", "-m", help="model.json of a run.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bars.")]


def _say_cautions(report: Path) -> None:
    """Say on standard error what the reader of a report must know first."""
    import sys

    from meristem.kinetics.commands.report import read_cautions

    for caution in read_cautions(report.parent):
        sys.stderr.write(f"caution: {caution}\n")


@app.command()
def fit(
    config: ConfigPath,
    out: OutFolder,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Fit a kinetic network with the windows of the configuration."""
    from meristem.cli.console import destination, say
    from meristem.kinetics.commands.fit import fit_run
    from meristem.kinetics.commands.settings import KineticsSettings, read_settings

    settings = read_settings(config, KineticsSettings)
    with destination(out, force=force, quiet=quiet, threads=threads) as to:
        report = fit_run(settings, to)
    _say_cautions(report)
    say(str(report))


@app.command()
def search(
    config: ConfigPath,
    out: OutFolder,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Search windows within the training rows, fit an ensemble, test it once.

    A search that was stopped continues in the same folder.
    """
    from meristem.cli.console import destination, say
    from meristem.kinetics.commands.fit import search_run
    from meristem.kinetics.commands.settings import KineticsSettings, read_settings

    settings = read_settings(config, KineticsSettings)
    with destination(out, force=force, quiet=quiet, threads=threads) as to:
        report = search_run(settings, to)
    _say_cautions(report)
    say(str(report))


@app.command()
def transfer(
    config: ConfigPath,
    out: OutFolder,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Correct a fitted kinetic network with labelled off-target sites."""
    from meristem.cli.console import destination, say
    from meristem.kinetics.commands.settings import TransferSettings, read_settings
    from meristem.kinetics.commands.transfer import transfer_run

    settings = read_settings(config, TransferSettings)
    with destination(out, force=force, quiet=quiet, threads=threads) as to:
        report = transfer_run(settings, to)
    say(str(report))


@app.command()
def explain(
    model: ModelPath,
    guide: Annotated[str, typer.Option(help="Spacer and PAM, 5' to 3'.")],
    out: OutFolder,
    target: Annotated[
        list[str] | None,
        typer.Option(help="Target to explain beside the matched one; may be repeated."),
    ] = None,
    sbml: Annotated[
        bool, typer.Option("--sbml", help="Write each pair as SBML and Antimony too.")
    ] = False,
    force: Force = False,
    threads: Threads = 1,
) -> None:
    """Show rates, control, occupancies and an in-silico mutagenesis map of a guide."""
    from meristem.cli.console import destination, say
    from meristem.kinetics.commands.explain import explain_run

    with destination(out, force=force, threads=threads) as to:
        report = explain_run(model, guide, target or [], to, sbml=sbml)
    say(str(report))


@app.command()
def score(
    model: Annotated[
        list[Path],
        typer.Option(
            "--model",
            "-m",
            help="model.json, or a transfer's folder; several are averaged.",
        ),
    ],
    targets: Annotated[
        Path, typer.Option(help="Sites (table or Cas-OFFinder output; may be gzipped).")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Table to write (TSV).")],
    guide: Annotated[
        str | None, typer.Option(help="Guide of all sites, if not in the table.")
    ] = None,
    weight: Annotated[
        list[float] | None,
        typer.Option(help="Weight of each model, in their order; default: equal."),
    ] = None,
    rates: Annotated[
        bool, typer.Option("--rates", help="Write every rate constant too.")
    ] = False,
    pam: Annotated[
        str | None,
        typer.Option(help="PAM of the guides, IUPAC; default: that of the model."),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Score sites by their predicted rate, in constant memory."""
    from meristem.cli.console import progress, say
    from meristem.errors import ConfigError
    from meristem.kinetics.cas9.pam import read_pam
    from meristem.kinetics.scoring.corrected import read_scorer
    from meristem.kinetics.scoring.pooled import PooledScorer
    from meristem.kinetics.scoring.score import count_rows, score_file
    from meristem.runs.outputs import refuse_overwriting
    from meristem.train.descent import limited_threads

    refuse_overwriting(out, inputs=[*model, targets], force=force)
    scorers = [read_scorer(path) for path in model]
    pooled = len(scorers) > 1 or bool(weight)
    scorer = PooledScorer(scorers, weight or ()) if pooled else scorers[0]
    named = scorer.pam if pam is None else read_pam(pam, scorer.pam.side)
    if named.length != scorer.pam.length:
        raise ConfigError(
            f"the PAM {named.pattern!r} is not {scorer.pam.length} bases long",
            where="--pam",
            remedy=f"the model reads that many (it was fitted with "
            f"{scorer.pam.pattern}); N stands for a free base",
        )
    total = count_rows(targets)
    with limited_threads(threads), progress(quiet=quiet) as notify:
        n = score_file(
            scorer,
            targets,
            out,
            guide=guide,
            rates=rates,
            pam=named,
            progress=lambda done: notify("score", min(done, total), total),
        )
    say(f"{n} sites scored: {out}")
