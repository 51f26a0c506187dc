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
    typer.Option("--cm-per-mb", min=1e-6, max=1e6, help="Rate instead of a map."),
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
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as temporary:
            separator = "\t" if target.suffix == ".score" else ","
            table.to_csv(temporary, sep=separator, index=False, lineterminator="\n")
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
    pools: Annotated[
        str, typer.Option("--pools", help="Grouping of the run: cross its two pools.")
    ] = "",
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
    segments: Annotated[
        int,
        typer.Option(
            "--segments", min=0, max=1000, help="Per chromosome, for OHV; 0: no OHV."
        ),
    ] = 3,
    wanted: Annotated[
        list[str] | None,
        typer.Option("--wanted", help="Allele to stack, variant=A; repeatable."),
    ] = None,
    combine: Annotated[
        int,
        typer.Option("--combine", min=0, max=500, help="Best crosses, 2 to 4 parents."),
    ] = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Rank all crosses of the candidates by the usefulness of their progeny."""
    from meristem.pipeline.analysis import open_run
    from meristem.pipeline.decisions.cross_tables import CrossRequest
    from meristem.pipeline.decisions.crosses import rank_crosses
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
        pools=pools,
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
        segments=segments,
        wanted=_wanted(wanted or []),
        combine=combine,
    )
    result = rank_crosses(analysis, request)
    target = out or run / "crosses.csv"
    given = [candidates, genetic_map, phased]
    tables = {target: result.table}
    if result.multiparent is not None:
        tables[target.with_name(f"{target.stem}_multiparent.csv")] = result.multiparent
    _write(analysis, tables, given, force=force)
    _answer(result.notes, target, as_json=as_json)


def _wanted(words: list[str]) -> dict[str, str]:
    """Return the alleles of words such as marker_7=A."""
    from meristem.errors import ConfigError

    found: dict[str, str] = {}
    for word in words:
        name, _, allele = word.rpartition("=")
        if not name or not allele or name in found:
            raise ConfigError(
                f"{word!r} is no wanted allele",
                where="--wanted",
                remedy="write variant=allele, such as marker_7=A, each variant once",
            )
        found[name] = allele
    return found


def design(
    run: Run,
    out: Annotated[Path | None, typer.Option("--out", help="CSV to write.")] = None,
    model: Model = "",
    trait: Trait = None,
    candidates: Candidates = None,
    n: Annotated[
        int | None, typer.Option("--n", min=1, max=1_000_000, help="How many.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option("--budget", min=0, help="Cost of all together.")
    ] = None,
    costs: Annotated[
        Path | None, typer.Option("--costs", help="Table of line and cost.")
    ] = None,
    criterion: Annotated[str, typer.Option("--criterion", help="cd or pev.")] = "cd",
    h2: Annotated[
        float | None, typer.Option("--h2", help="Of a phenotype; default: the model's.")
    ] = None,
    environments: Annotated[
        int, typer.Option("--environments", min=1, max=1000, help="Sparse testing.")
    ] = 1,
    interaction: Annotated[
        float, typer.Option("--interaction", min=0, max=0.99, help="Share of G x E.")
    ] = 0.5,
    node: Annotated[str, typer.Option("--node", help="Learn this node best.")] = "",
    seconds: Annotated[
        float, typer.Option("--seconds", min=0, max=86_400, help="For exchanges.")
    ] = 15.0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Choose which lines, or plots, to phenotype next."""
    from meristem.pipeline.analysis import open_run
    from meristem.pipeline.decisions.design import DesignRequest, design_training

    analysis = open_run(run)
    request = DesignRequest(
        label=model,
        traits=tuple(trait or ()),
        candidates=candidates,
        n=n,
        budget=budget,
        costs=costs,
        criterion=criterion,  # type: ignore[arg-type]
        h2=h2,
        environments=environments,
        interaction=interaction,
        node=node,
        seconds=seconds,
    )
    result = design_training(analysis, request)
    target = out or run / "next.csv"
    _write(analysis, {target: result.table}, [candidates, costs], force=force)
    _answer(result.notes, target, as_json=as_json)


def edits(
    run: Run,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write.")] = None,
    model: Model = "",
    trait: Trait = None,
    candidates: Candidates = None,
    line: Annotated[
        list[str] | None, typer.Option("--line", help="Line to edit; repeatable.")
    ] = None,
    elite: Annotated[
        int, typer.Option("--elite", min=1, max=10_000, help="Best lines to edit.")
    ] = 20,
    top: Annotated[int, typer.Option("--top", min=1, max=10_000)] = 50,
    budget: Annotated[
        float, typer.Option("--budget", min=1, max=10_000, help="Edits of the set.")
    ] = 5,
    genes: Annotated[
        Path | None, typer.Option("--genes", help="Default: those of the run.")
    ] = None,
    flank: Annotated[
        int, typer.Option("--flank", min=0, max=10_000_000, help="bp beside a gene.")
    ] = 5000,
    known: Annotated[
        Path | None, typer.Option("--known-qtl", help="name,contig,start,end.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="variant,weight: prior knowledge.")
    ] = None,
    variant_scores: Annotated[
        Path | None,
        typer.Option("--scores", help="Scores of variants; default: the run's."),
    ] = None,
    fasta: Annotated[
        Path | None, typer.Option("--fasta", help="Reference genome: adds guides.")
    ] = None,
    mismatches: Annotated[
        int, typer.Option("--mismatches", min=0, max=6, help="Of off-target sites.")
    ] = 3,
    kinetics: Annotated[
        Path | None, typer.Option("--kinetics", help="Kinetic model: off-target rates.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """List candidate genes and alleles worth editing, with guides: hypotheses."""
    from meristem.pipeline.analysis import open_run
    from meristem.pipeline.decisions.edits import EditRequest, rank_edits
    from meristem.pipeline.decisions.off_target import read_site_scores

    analysis = open_run(run)
    request = EditRequest(
        label=model,
        traits=tuple(trait or ()),
        candidates=candidates,
        lines=tuple(line or ()),
        elite=elite,
        top=top,
        budget=budget,
        genes=genes,
        flank=flank,
        known=known,
        weights=weights,
        scores=variant_scores,
        fasta=fasta,
        most_mismatch=mismatches,
    )
    scores = None if kinetics is None else read_site_scores(kinetics)
    result = rank_edits(analysis, request, scores)
    folder = out or run / "edits"  # the run's own genes.csv is another one
    tables = {
        folder / "edits.csv": result.edits,
        folder / "edits_by_line.csv": result.by_line,
    }
    if result.genes is not None:
        tables[folder / "genes.csv"] = result.genes
    given = [candidates, genes, known, weights, variant_scores, fasta, kinetics]
    _write(analysis, tables, given, force=force)
    _answer(result.notes, folder / "edits.csv", as_json=as_json)


def cycles(
    run: Run,
    out: Annotated[Path | None, typer.Option("--out", help="CSV to write.")] = None,
    model: Model = "",
    trait: Trait = None,
    candidates: Candidates = None,
    phased: Annotated[
        Path | None, typer.Option("--phased", help="Phased VCF of founders.")
    ] = None,
    genetic_map: Map = None,
    cm_per_mb: Rate = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            "--strategy", help="truncation, ocs, ocs+usefulness, two-part, random."
        ),
    ] = None,
    n_cycle: Annotated[int, typer.Option("--cycles", min=1, max=200)] = 5,
    n_cross: Annotated[int, typer.Option("--crosses", min=1, max=10_000)] = 10,
    n_line: Annotated[
        int, typer.Option("--lines", min=1, max=10_000, help="Of each cross.")
    ] = 20,
    plots: Annotated[int, typer.Option("--plots", min=1, max=1000)] = 1,
    cost: Annotated[
        str,
        typer.Option("--cost", help="Of a cross, a line, a plot, a genotyped seed."),
    ] = "50,30,20,5",
    founders: Annotated[
        int, typer.Option("--founders", min=2, max=100_000, help="Best lines.")
    ] = 100,
    parents: Annotated[
        int, typer.Option("--parents", min=2, max=100_000, help="Of truncation.")
    ] = 20,
    ne: Annotated[
        float | None, typer.Option("--ne", min=0.51, help="Default: truncation's.")
    ] = None,
    h2: Annotated[float, typer.Option("--h2", help="Of one plot.")] = 0.5,
    replicates: Annotated[int, typer.Option("--replicates", min=2, max=10_000)] = 20,
    truth: Annotated[str, typer.Option("--truth", help="model or random.")] = "model",
    n_qtl: Annotated[int, typer.Option("--qtl", min=1, max=1_000_000)] = 100,
    rapid: Annotated[
        int, typer.Option("--rapid", min=1, max=20, help="Rounds of two-part.")
    ] = 2,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Simulate breeding programmes from the lines of a run; compare strategies."""
    from meristem.pipeline.analysis import open_run
    from meristem.pipeline.decisions.cycles import CycleRequest, simulate_cycles
    from meristem.pipeline.decisions.material import MapRequest
    from meristem.select.cycles.programme import Plan

    analysis = open_run(run)
    request = CycleRequest(
        label=model,
        traits=tuple(trait or ()),
        candidates=candidates,
        phased=phased,
        map=MapRequest(genetic_map, cm_per_mb),
        strategies=tuple(strategy or CycleRequest.strategies),
        plan=Plan(n_cycle, n_cross, n_line, plots, *_costs(cost)),
        n_founder=founders,
        n_parent=parents,
        ne=ne,
        h2=h2,
        n_replicate=replicates,
        truth=truth,
        n_qtl=n_qtl,
        rapid=rapid,
    )
    result = simulate_cycles(analysis, request)
    target = out or run / "cycles.csv"
    beside = target.with_name(f"{target.stem}_differences.csv")
    tables = {target: result.cycles, beside: result.differences}
    _write(analysis, tables, [candidates, phased, genetic_map], force=force)
    _answer(result.notes, target, as_json=as_json)


def _costs(text: str) -> tuple[float, ...]:
    """Return the costs of a text such as 50,30,20,5; the last may be left out."""
    from meristem.errors import ConfigError

    try:
        costs = tuple(float(word) for word in text.split(","))
    except ValueError:
        costs = ()
    if len(costs) not in (3, 4) or not all(0 <= value < 1e12 for value in costs):
        raise ConfigError(
            f"{text!r} are no three or four costs",
            where="--cost",
            remedy="give those of a cross, a line, a plot and, for rapid rounds, a "
            "genotyped seed, such as 50,30,20,5",
        )
    return costs


def effects(
    run: Run,
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    model: Model = "",
    trait: Trait = None,
    candidates: Candidates = None,
    genetic_map: Map = None,
    cm_per_mb: Rate = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Export marker effects: CSV, plink2 --score, and with a map for simulators."""
    from meristem.pipeline.analysis import open_run
    from meristem.pipeline.decisions.effects import export_effects
    from meristem.pipeline.decisions.material import MapRequest

    analysis = open_run(run)
    placed = genetic_map is not None or cm_per_mb is not None
    result = export_effects(
        analysis,
        label=model,
        traits=tuple(trait or ()),
        candidates=candidates,
        map_request=MapRequest(genetic_map, cm_per_mb) if placed else None,
    )
    tables = {out / name: table for name, table in result.tables.items()}
    _write(analysis, tables, [candidates, genetic_map], force=force)
    _answer(result.notes, out, as_json=as_json)


def attach(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    for command in (crosses, design, edits, cycles, effects):
        app.command()(command)
