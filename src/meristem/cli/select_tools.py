"""Commands that turn a run into crosses, training sets, edits and programmes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meristem.cli.console import say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from meristem.pipeline.analysis import Analysis

Run = Annotated[Path, typer.Argument(help="Folder of a finished run.")]
Model = Annotated[str, typer.Option("--model", help="Model of the run.")]
Trait = Annotated[
    list[str] | None,
    typer.Option("--trait", help="trait or trait=weight; repeat for an index."),
]
Candidates = Annotated[
    Path | None,
    typer.Option("--candidates", help="Genotypes; default: the lines of the run."),
]
Map = Annotated[
    Path | None,
    typer.Option("--map", help="Genetic map: a table with cM, or a .bim file."),
]
Rate = Annotated[
    float | None,
    typer.Option("--cm-per-mb", min=1e-6, max=1e4, help="Rate instead of a map."),
]
Function = Annotated[str, typer.Option("--map-function", help="haldane or kosambi.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def _write(
    analysis: Analysis,
    tables: dict[Path, pd.DataFrame],
    inputs: Iterable[Path | None],
    *,
    force: bool,
) -> None:
    """Write tables whole, each over nothing that is not its own."""
    from meristem.runs.lock import locked
    from meristem.runs.outputs import list_output, refuse_overwriting
    from meristem.text.files import replacing

    read = [*inputs, *(item.path for item in analysis.inputs)]
    for target in tables:
        refuse_overwriting(target, inputs=read, written_by=analysis.folder, force=force)
    for target, table in tables.items():
        with replacing(target) as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
        with locked(analysis.folder.path):
            list_output(analysis.folder, target)


def _answer(notes: Iterable[str], out: Path, *, as_json: bool) -> None:
    if as_json:
        say_json({"out": str(out), "notes": list(notes)})
        return
    for note in notes:
        say(note)
    say(f"written: {out}")


def crosses(
    run: Run,
    out: Annotated[Path | None, typer.Option("--out", help="CSV to write.")] = None,
    model: Model = "",
    trait: Trait = None,
    candidates: Candidates = None,
    genetic_map: Map = None,
    cm_per_mb: Rate = None,
    map_function: Function = "haldane",
    progeny: Annotated[
        str, typer.Option("--progeny", help="dh, selfed, ril or family.")
    ] = "dh",
    generation: Annotated[
        int, typer.Option("--generation", min=1, max=50, help="Selfings, see docs.")
    ] = 1,
    intermating: Annotated[
        int, typer.Option("--intermating", min=0, max=50, help="Rounds before.")
    ] = 0,
    phased: Annotated[
        Path | None, typer.Option("--phased", help="Phased VCF of outbred parents.")
    ] = None,
    selected: Annotated[
        float, typer.Option("--selected", help="Share selected in a family.")
    ] = 0.05,
    accuracy: Annotated[
        float, typer.Option("--accuracy", help="Accuracy within families.")
    ] = 1.0,
    check: Annotated[str, typer.Option("--check", help="Line to beat.")] = "",
    top: Annotated[int, typer.Option("--top", min=1, max=1_000_000)] = 200,
    simulate: Annotated[
        int, typer.Option("--simulate", min=0, max=100_000, help="Progeny per cross.")
    ] = 0,
    most_simulated: Annotated[
        int, typer.Option("--most-simulated", min=1, max=100_000, help="Crosses.")
    ] = 200,
    draws: Annotated[
        int, typer.Option("--draws", min=0, max=1000, help="Draws of the effects.")
    ] = 0,
    n_progeny: Annotated[
        int, typer.Option("--n-progeny", min=1, max=100_000, help="Per family.")
    ] = 100,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Rank all crosses of the candidates by the usefulness of their progeny."""
    from meristem.pipeline.analysis import open_run
    from meristem.pipeline.decisions.crosses import CrossRequest, rank_crosses
    from meristem.pipeline.decisions.material import MapRequest
    from meristem.select.crosses.progeny import Progeny

    analysis = open_run(run)
    made = None
    if progeny != "family":
        made = Progeny(progeny, generation, intermating)  # type: ignore[arg-type]
    request = CrossRequest(
        label=model,
        traits=tuple(trait or ()),
        candidates=candidates,
        phased=phased,
        map=MapRequest(genetic_map, cm_per_mb, map_function),  # type: ignore[arg-type]
        progeny=made,
        selected=selected,
        accuracy=accuracy,
        check=check,
        top=top,
        simulate=simulate,
        most_simulated=most_simulated,
        draws=draws,
        n_progeny=n_progeny,
    )
    result = rank_crosses(analysis, request)
    target = out or run / "crosses.csv"
    given = [candidates, genetic_map, phased]
    _write(analysis, {target: result.table}, given, force=force)
    _answer(result.notes, target, as_json=as_json)


def attach(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    for command in (crosses,):
        app.command()(command)
