"""Commands that reproduce the accuracy figures of the documentation."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.accuracy.expression.commands import bench_expression
from benchmarks.accuracy.kinetics.commands import bench_kinetics
from benchmarks.accuracy.options import (
    H2,
    Data,
    Jobs,
    Models,
    Out,
    Panels,
    Quiet,
    Replicates,
    Seed,
    Sizes,
    Tests,
    measure,
)
from benchmarks.accuracy.representation.commands import bench_representation
from benchmarks.accuracy.sequence.commands import bench_sequence
from meristem.cli.console import say

app = typer.Typer(
    help="Reproduce accuracy figures.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("kinetics")(bench_kinetics)
app.command("sequence")(bench_sequence)
app.command("expression")(bench_expression)
app.command("representation")(bench_representation)

BOTH = "results.csv, summary.csv"


@app.command("decisions")
def decisions(out: Out, seed: Seed = 1) -> None:
    """Promises, nonlinear usefulness, edits and cycles on simulated data."""
    from benchmarks.accuracy.decisions import run_decisions

    say(run_decisions(out, seed).to_string(index=False))
    say(f"results: {out / 'results.csv'}")


@app.command("shoot-branching")
def shoot_branching(
    out: Out,
    n: Annotated[list[int] | None, typer.Option(help="Lines; repeatable.")] = None,
    h2: Annotated[list[float] | None, typer.Option(help="Heritability.")] = None,
    labels: Annotated[
        list[float] | None, typer.Option(help="Share with metabolites.")
    ] = None,
    replicates: Replicates = 5,
    seed: Seed = 1,
    quiet: Quiet = False,
) -> None:
    """Relative error and latents on the simulated shoot-branching network."""
    from benchmarks.accuracy.branching.shoot_branching import run_shoot_branching

    work = partial(
        run_shoot_branching,
        n=tuple(n or (200,)),
        h2=tuple(h2 or (1.0,)),
        labels=tuple(labels or (0.0,)),
        replicates=replicates,
        out=out,
        seed=seed,
    )
    files = f"results.csv, {out / 'latents.csv'}"
    measure(work, out, files, quiet=quiet, stage="cells")


@app.command("recovery")
def recovery(
    out: Out,
    n: Sizes = None,
    test: Tests = None,
    measured: Annotated[
        list[float] | None, typer.Option(help="Share of lines with expression.")
    ] = None,
    trait: Annotated[
        list[str] | None, typer.Option(help="pathways | additive.")
    ] = None,
    model: Models = None,
    causal: Annotated[bool, typer.Option(help="Score causal pathways, genes.")] = True,
    replicates: Replicates = 5,
    seed: Seed = 3000,
    quiet: Quiet = False,
) -> None:
    """Accuracy and causal pathways on the simulated recovery panel."""
    from benchmarks.accuracy.recovery import run_recovery
    from benchmarks.accuracy.recovery_task import DEFAULT_MODELS

    work = partial(
        run_recovery,
        tuple(n or (100, 300, 450, 600)),
        replicates,
        out,
        seed,
        tests=tuple(test or ("within",)),
        measured=tuple(measured or (1.0,)),
        traits=tuple(trait or ("pathways",)),
        models=tuple(model or DEFAULT_MODELS),
        causal=causal,
    )
    measure(work, out, f"{BOTH}, causal.csv", quiet=quiet, stage="cells")


@app.command("priors")
def priors(
    out: Out,
    n: Sizes = None,
    share: Annotated[
        list[float] | None,
        typer.Option(help="Genetic variance through motifs; repeatable."),
    ] = None,
    model: Models = None,
    replicates: Replicates = 10,
    seed: Seed = 7000,
    quiet: Quiet = False,
) -> None:
    """Scores of variants as priors on the simulated regulatory panel."""
    from benchmarks.accuracy.priors import MODELS, run_priors

    sizes, shares = tuple(n or (300, 600)), tuple(share or (0.7, 0.3))
    models = tuple(model or MODELS)
    work = partial(
        run_priors, sizes, replicates, out, seed, shares=shares, models=models
    )
    measure(work, out, BOTH, quiet=quiet, stage="cells")


@app.command("controls")
def controls(
    out: Out,
    benchmark: Annotated[
        list[str] | None, typer.Option(help="shoot-branching | recovery.")
    ] = None,
    n_shoot: Annotated[
        list[int] | None, typer.Option(min=20, help="Training plants; repeatable.")
    ] = None,
    n_recovery: Annotated[int, typer.Option(min=20, help="Training lines.")] = 450,
    model: Models = None,
    replicates: Replicates = 5,
    seed: Seed = 3000,
    quiet: Quiet = False,
) -> None:
    """Shuffled, random, dense and damaged networks beside the true one."""
    from benchmarks.accuracy.controls import BENCHMARKS, run_controls

    work = partial(
        run_controls,
        out,
        replicates,
        seed,
        benchmarks=tuple(benchmark or BENCHMARKS),
        n_shoot=tuple(n_shoot or (200,)),
        n_recovery=n_recovery,
        models=tuple(model or ()),
    )
    measure(work, out, BOTH, quiet=quiet, stage="cells")


@app.command("node-order")
def node_order(
    out: Out,
    n: Annotated[int, typer.Option(help="Training plants.")] = 500,
    h2: H2 = 1.0,
    replicates: Replicates = 10,
    seed: Seed = 1,
    quiet: Quiet = False,
) -> None:
    """Order nodes of shoot branching by importance, beside the true order."""
    from benchmarks.accuracy.branching.node_order import run_node_order

    work = partial(run_node_order, n, h2, replicates, out, seed)
    measure(work, out, "sensitivity.csv", quiet=quiet, stage="replicates")


@app.command("calibration")
def calibration(
    out: Out,
    model: Models = None,
    h2: H2 = 0.5,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Causal loci are no markers.")
    ] = False,
    replicates: Replicates = 200,
    slow_replicates: Annotated[
        int, typer.Option(min=1, help="Replicates of networks and other slow models.")
    ] = 60,
    seed: Seed = 1,
    quiet: Quiet = False,
) -> None:
    """How often a stated chance to be among the best happens."""
    from benchmarks.accuracy.calibration import MODELS, run_calibration

    work = partial(
        run_calibration,
        replicates,
        out,
        seed,
        slow_replicates=slow_replicates,
        models=tuple(model or MODELS),
        h2=h2,
        hidden=hidden,
    )
    measure(work, out, BOTH, quiet=quiet, stage="cells")


@app.command("estimates")
def estimates(
    out: Out,
    case: Annotated[list[str] | None, typer.Option(help="Some cases only.")] = None,
    quiet: Quiet = False,
) -> None:
    """What `meristem check` says a run takes, beside what the run took."""
    from benchmarks.accuracy.estimates import CASES, run_estimates

    work = partial(run_estimates, out, cases=tuple(case or CASES))
    measure(work, out, "results.csv, measured.csv", quiet=quiet, stage="runs")


@app.command("panels")
def panels(
    data: Data,
    out: Out,
    panel: Panels = None,
    model: Models = None,
    examples: Annotated[
        Path, typer.Option(help="Folder of the configurations.")
    ] = Path("examples"),
    replicates: Replicates = 2,
    jobs: Jobs = 1,
    seed: Seed = 1,
    quiet: Quiet = False,
) -> None:
    """Predictive ability on public panels, the network against its rivals."""
    from benchmarks.accuracy.real.panels import PANELS, run_panels

    work = partial(
        run_panels,
        data,
        out,
        panels=tuple(panel or PANELS),
        models=tuple(model or ()),
        replicates=replicates,
        seed=seed,
        jobs=jobs,
        examples=examples,
    )
    measure(work, out, "results.csv", quiet=quiet)


@app.command("null")
def null(
    data: Data,
    out: Out,
    panel: Panels = None,
    arm: Annotated[list[str] | None, typer.Option(help="permuted | additive.")] = None,
    replicates: Replicates = 10,
    seed: Seed = 1,
    quiet: Quiet = False,
) -> None:
    """The mixture where there is nothing beyond what linear models find."""
    from benchmarks.accuracy.real.null import ARMS, DEFAULT_PANELS, run_null

    work = partial(
        run_null,
        data,
        out,
        panels=tuple(panel or DEFAULT_PANELS),
        arms=tuple(arm or ARMS),
        replicates=replicates,
        seed=seed,
    )
    measure(work, out, "folds.csv, summary.csv", quiet=quiet)


@app.command("weights")
def weights(
    data: Data,
    out: Out,
    panel: Panels = None,
    replicates: Replicates = 1,
    seed: Seed = 1,
    quiet: Quiet = False,
) -> None:
    """Shares of the mixture by inner rows, beside those that outer rows choose."""
    from benchmarks.accuracy.real.panel_list import PANELS
    from benchmarks.accuracy.real.weights import run_weights

    some = tuple(panel or PANELS)
    work = partial(
        run_weights, data, out, panels=some, replicates=replicates, seed=seed
    )
    measure(work, out, BOTH, quiet=quiet)


@app.command("sparse")
def sparse(
    data: Data,
    out: Out,
    panel: Panels = None,
    test: Tests = None,
    model: Models = None,
    lines: Annotated[int, typer.Option(min=100, help="Lines at most.")] = 600,
    replicates: Replicates = 5,
    jobs: Jobs = 1,
    seed: Seed = 1,
    quiet: Quiet = False,
) -> None:
    """Few lines, within and across subpopulations: the flagship among its rivals."""
    from benchmarks.accuracy.real.sources import SOURCES
    from benchmarks.accuracy.real.sparse import RECOVERY, run_sparse

    work = partial(
        run_sparse,
        data,
        out,
        panels=tuple(panel or (*SOURCES, RECOVERY)),
        tests=tuple(test or ("within", "across")),
        models=tuple(model or ()),
        replicates=replicates,
        lines=lines,
        seed=seed,
        jobs=jobs,
    )
    measure(work, out, BOTH, quiet=quiet)


@app.command("covariates")
def covariates(
    data: Data,
    out: Out,
    lines: Annotated[int, typer.Option(min=100, help="Mice at most.")] = 500,
    replicates: Replicates = 2,
    jobs: Jobs = 1,
    seed: Seed = 1,
    quiet: Quiet = False,
) -> None:
    """Mice with and without sex, density, litter and cage, on the same folds."""
    from benchmarks.accuracy.real.covariates import run_covariates

    work = partial(
        run_covariates,
        data,
        out,
        replicates=replicates,
        lines=lines,
        seed=seed,
        jobs=jobs,
    )
    measure(work, out, BOTH, quiet=quiet)


@app.command("page")
def page(
    data: Annotated[Path, typer.Option(help="Folder of the tables.")],
    out: Annotated[Path, typer.Option("--out", help="Page to write (Markdown).")],
) -> None:
    """Write the documentation's page of accuracy figures from the tables."""
    from benchmarks.accuracy.page import accuracy_page
    from meristem.text.files import write_text

    write_text(out, accuracy_page(data))
    say(f"page: {out}")
