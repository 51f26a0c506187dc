"""Commands that reproduce the accuracy figures of the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.console import progress, say

app = typer.Typer(help="Reproduce accuracy figures.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", help="Folder to write.")]
Replicates = Annotated[int, typer.Option(min=1, help="Replicates.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")]


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
    from meristem.bench.shoot_branching import run_shoot_branching

    with progress(quiet=quiet) as notify:
        table = run_shoot_branching(
            n=tuple(n or (200,)),
            h2=tuple(h2 or (1.0,)),
            labels=tuple(labels or (0.0,)),
            replicates=replicates,
            out=out,
            seed=seed,
            progress=lambda done, total: notify("cells", done, total),
        )
    say(table)
    say(f"results: {out / 'results.csv'}, {out / 'latents.csv'}")
